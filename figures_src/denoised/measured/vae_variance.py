"""What vae/variance measures: how the variance of pixels is split between latents and decoders, and how far a linear map
comes."""

import numpy as np
from PIL import Image

from denoised import pipeline
from denoised.pipeline import decode, encode
from denoised.probes import crossed, latents, metrics
from denoised.probes.crossed import variance_shares
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import psnr

FIGURE = "vae/variance"
WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
SOURCES = (pipeline, crossed, latents, metrics)

DECODERS = ("base", "openmoji", "noto")
CONCEPT = "cat-face"


def enlarged(preview):
    """A preview uint8 [h, w, 3] as large as a picture."""
    return np.asarray(Image.fromarray(preview).resize((128, 128), Image.Resampling.LANCZOS))


def measure(lab, smoke=False):
    """(numbers, arrays): of three icons of middling difficulty which specimens they are, their latents, and their linear
    previews uint8 [h, w, 3]."""
    specimens = lab.specimens()
    decoders = {name: lab.vae(name) for name in DECODERS}
    base = decoders["base"]
    mixed = specimens.where(split="concept")[:: 24 if smoke else 3]
    same = specimens.where(concept=CONCEPT, tone="none")[: 3 if smoke else None]
    training = specimens.where(split="train")[: 12 if smoke else 96]

    made = {}
    for name, picks in (("mixed", mixed), ("same", same)):
        z = encode(base, specimens.images[picks])
        made[name] = z, np.stack([decode(decoders[d], z) for d in DECODERS], axis=1)
    latent, decoder, both = map(float, variance_shares(made["mixed"][1]))
    latent_same, decoder_same, both_same = map(float, variance_shares(made["same"][1]))

    preview = fit_preview(encode(base, specimens.images[training]), specimens.images[training])
    z, pictures = made["mixed"]
    real, full = specimens.images[mixed], pictures[:, 0]
    flat = np.stack([enlarged(p) for p in preview(z)])
    error = ((flat.astype(float) - full) ** 2).sum()
    linear = 1 - error / ((full - full.mean((0, 1, 2))) ** 2).sum()
    n = {
        "icons": len(mixed), "decoders": len(DECODERS), "styles": len(same),
        "latent_share": latent, "decoder_share": decoder, "both_share": both,
        "latent_share_same": latent_same, "decoder_share_same": decoder_same, "both_share_same": both_same,
        "linear_r2": float(linear),
        "psnr_linear": float(psnr(flat, real).mean()), "psnr_decoder": float(psnr(full, real).mean()),
    }  # fmt: skip
    n["decoder_gains_db"] = n["psnr_decoder"] - n["psnr_linear"]
    n["parameters_linear"] = int(preview.matrix.size)
    n["parameters_decoder"] = sum(
        p.numel() for name, p in base.named_parameters() if name.startswith(("decoder.", "post_quant_conv."))
    )
    middling = np.argsort(psnr(full, real))[[len(mixed) // 4, len(mixed) // 2, 3 * len(mixed) // 4]]
    which = np.array(mixed)[middling]
    return n, {"icons": which, "latents": z[middling].numpy(), "previews": preview(z)[middling]}
