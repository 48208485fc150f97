"""What vae/swap measures: how four decoders paint the same latents of unseen icons, and how far one of them pushes
drawings of another style towards its own."""

import numpy as np

from denoised import pipeline
from denoised.pipeline import decode, encode
from denoised.probes import metrics
from denoised.probes.metrics import high_frequency_ratio, outline, psnr, saturation

FIGURE = "vae/swap"
WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto", "decoders/twemoji")
DATA = ("specimens",)
SOURCES = (pipeline, metrics)

DECODERS = ("base", "openmoji", "noto", "twemoji")
STYLES = DECODERS[1:]


def measure(lab, smoke=False):
    """(numbers, no arrays)."""
    specimens = lab.specimens()
    vaes = {name: lab.vae(name) for name in DECODERS}
    thin = 6 if smoke else 1
    records = specimens.records
    unseen = {
        style: [i for i, r in enumerate(records) if r["style"] == style and r["split"] in ("concept", "pair")][::thin]
        for style in STYLES
    }
    unseen["other"] = [i for i in specimens.where(split="concept") if records[i]["style"] not in unseen][:: 3 * thin]

    n, made = {}, {}
    for style, picks in unseen.items():
        images = specimens.images[picks]
        z = encode(vaes["base"], images)
        made[style] = {name: decode(vaes[name], z) for name in DECODERS}
        for name in DECODERS:
            n[f"psnr_{style}_by_{name}"] = float(psnr(made[style][name], images).mean())
        n[f"count_{style}"] = len(picks)
    every = {name: np.concatenate([made[s][name] for s in unseen]) for name in DECODERS}
    originals = np.concatenate([specimens.images[picks] for picks in unseen.values()])
    inside = np.concatenate([specimens.alpha[picks] for picks in unseen.values()])
    n |= {f"psnr_{name}": float(psnr(every[name], originals).mean()) for name in DECODERS}
    n |= {f"saturation_{name}": float(saturation(every[name], inside).mean()) for name in DECODERS}
    n |= {f"detail_{name}": float(np.nanmean(high_frequency_ratio(every[name], originals))) for name in DECODERS}
    n |= {f"outline_{name}": float(outline(every[name]).mean()) for name in DECODERS}
    n["saturation_real"] = float(saturation(originals, inside).mean())
    n["psnr_between"] = float(psnr(every["openmoji"], every["noto"]).mean())
    n["psnr_to_base"] = min(float(psnr(every[name], every["base"]).mean()) for name in STYLES)
    for name in STYLES:
        n[f"gain_{name}_db"] = n[f"psnr_{name}_by_{name}"] - n[f"psnr_{name}_by_base"]
        n[f"elsewhere_{name}_db"] = n[f"psnr_other_by_{name}"] - n["psnr_other_by_base"]

    # How far does a decoder push a drawing towards its style, if the same concept drawn in that style is all the way?
    both = [  # concepts that the specimens hold in both styles
        [i for s in ("openmoji", "noto") for i in specimens.where(style=s, concept=c, tone="none")[:1]]
        for c in sorted({r["concept"] for r in records})
    ]
    pairs = np.array([pair for pair in both if len(pair) == 2])[::thin]
    real = {style: outline(specimens.images[pairs[:, k]]).mean() for k, style in enumerate(("openmoji", "noto"))}
    z = encode(vaes["base"], specimens.images[pairs[:, 1]])
    pushed = {name: float(outline(decode(vaes[name], z)).mean()) for name in ("base", "openmoji")}
    n |= {
        "concepts_in_both": len(pairs),
        "outline_of_openmoji": float(real["openmoji"]), "outline_of_noto": float(real["noto"]),
        "outline_real": float(real["openmoji"] - real["noto"]),
        "outline_noto_by_base": pushed["base"], "outline_noto_by_openmoji": pushed["openmoji"],
        "outline_moved": (pushed["openmoji"] - pushed["base"]) / float(real["openmoji"] - real["noto"]),
    }  # fmt: skip
    return n, {}
