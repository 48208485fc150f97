"""Train an AutoencoderTiny (Bohan 2023) that stands in for the shipped autoencoder: the same latents, much less work.

Its decoder learns to paint icons from the autoencoder's latents, its encoder to give those latents. Whole icons, since a
window's latents know nothing of what lies beside it, and a decoder of this depth looks across half of the picture.
"""

import torch
import torch.nn.functional as F

from denoised.models import tiny_vae
from denoised.training import images, loop
from denoised.training.autoencoder import held_out, psnr_of, reconstruction_loss
from denoised.training.denoiser import _cached, _digest, encode_all
from denoised.training.presets import Preset

ENCODER_EVERY = 4  # its lessons are cheap to come by: the latents are a plain target


def train_tiny_autoencoder(preset: Preset, vae, **limits):
    """A new AutoencoderTiny from random weights. Returns (autoencoder, report).

    extra: l2 (weight of the squared error against absolute error and gradients).
    """
    torch.manual_seed(preset.seed)
    small = tiny_vae.build().to(memory_format=torch.channels_last)
    rows, pictures = images.select(lambda row: row.split == "train")
    trunk = torch.tensor([i for i, row in enumerate(rows) if images.in_trunk(row)])
    key = _digest(vae, ("encoder.", "quant_conv."))
    latents = _cached(f"latents-{key}-train", lambda: encode_all(vae, pictures))
    test = held_out(96)

    def loss_of(step, generator):
        # As for the autoencoder: skin-tone copies and flags are half of all icons, and every fourth batch is enough.
        place = torch.randint(len(rows if step % 4 == 3 else trunk), (preset.batch,), generator=generator)
        place = place if step % 4 == 3 else trunk[place]
        x = images.to_float(pictures[place]).contiguous(memory_format=torch.channels_last)
        z = latents[place].contiguous(memory_format=torch.channels_last)
        with loop.bf16():
            y = small.decode(z).sample.float()
        painted = reconstruction_loss(y, x, preset.extra["l2"])
        if step % ENCODER_EVERY:
            return painted, {"painted": painted.item()}
        with loop.bf16():
            told = F.mse_loss(small.encode(x).latents.float(), z)
        return painted + told, {"painted": painted.item(), "told": ENCODER_EVERY * told.item()}

    report = loop.train(preset, small, loss_of, lambda: likeness(vae, small, test), **limits)
    if report["finished"]:
        report |= {"held_out": likeness(vae, small, held_out(400))}
    return small, report


@torch.no_grad()
def likeness(vae, small, pictures: torch.Tensor, batch: int = 16) -> dict:
    """Mean PSNR in dB of icons, uint8 [N, 3, 128, 128]: through the shipped autoencoder, the tiny decoder on its latents,
    and the tiny encoder and decoder."""
    found = {"shipped": psnr_of(vae, pictures)}
    ways = {"decoder": lambda x: encode_all(vae, x), "both": lambda x: small.encode(images.to_float(x)).latents}
    for name, encode in ways.items():
        values = []
        for part in pictures.split(batch):
            y = small.decode(encode(part)).sample.clamp(-1, 1)
            error = ((y - images.to_float(part)) / 2).square().mean((1, 2, 3)).clamp_min(1e-10)
            values.append(-10 * error.log10())
        found[name] = round(torch.cat(values).mean().item(), 3)
    return found
