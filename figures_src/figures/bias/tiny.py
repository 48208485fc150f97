"""A tiny decoder beside the shipped one on the same latents: operations, parameters, likeness, fine detail, and what a
judge still recognizes. Seconds are for `scripts/bench_tiny_decoder.py`, since they depend on the machine.

Tests claims: r10-19.
"""

import numpy as np

from denoised.models import judge as judge_model
from denoised.models import tiny
from denoised.models import vae as vae_model
from denoised.pipeline import decode, encode
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci, high_frequency_ratio, psnr
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/tiny-balanced", "judge")
DATA = ("specimens",)
TITLE = "A tiny decoder"
TINY_ONLY = "Its tiny decoder was trained here, on this project's latents."

SHOWN = ("cat-face", "pizza", "house", "person-beard")


def make(lab, smoke=False):
    vae, net, specimens = lab.vae(), judge_model.load(lab.weight("judge")), lab.specimens()
    small = tiny.load(lab.weight("decoders/tiny-balanced/decoder.safetensors"))
    records = specimens.records
    picks = [i for i, r in enumerate(records) if r["split"] in ("concept", "pair") and r["tone"] == "none"]
    picks = picks[:: 40 if smoke else 3]
    images, alpha = specimens.images[picks], specimens.alpha[picks]
    z = encode(vae, images)
    made = {"shipped": decode(vae, z), "tiny": tiny.decode(small, z)}
    one = z[:1]
    full = [p for name, p in vae.named_parameters() if name.startswith(("decoder.", "post_quant_conv."))]
    n = {
        "icons": len(picks), "parameters_shipped": sum(p.numel() for p in full),
        "parameters_tiny": sum(p.numel() for p in small.parameters()),
        "operations_shipped": tiny.multiply_adds(vae_model.Half(vae), one),
        "operations_tiny": tiny.multiply_adds(small, one),
    }  # fmt: skip
    n["cheaper"], n["smaller"] = (n[f"{k}_shipped"] / n[f"{k}_tiny"] for k in ("operations", "parameters"))
    likeness = {name: psnr(some, images, alpha) for name, some in made.items()}
    judged = {"real": images} | made
    asked = [records[i]["concept"] for i in picks]
    for name, some in judged.items():
        best = judge.names(net, judge.look(net, some), k=5)
        hits = Share(sum(c in five for c, five in zip(asked, best, strict=True)), len(asked))
        n |= {f"top5_{name}": hits.share, f"top5_{name}_low": hits.interval[0], f"top5_{name}_high": hits.interval[1]}
    for name, some in made.items():
        n[f"psnr_{name}"] = float(likeness[name].mean())
        n[f"detail_{name}"] = float(np.nanmedian(high_frequency_ratio(some, images)))
    n["loss_db"] = n["psnr_shipped"] - n["psnr_tiny"]
    n["loss_low"], n["loss_high"] = bootstrap_ci(likeness["shipped"] - likeness["tiny"])
    cast = [specimens.where(concept=c, style="noto", tone="none")[0] for c in SHOWN]
    zs = encode(vae, specimens.images[cast])
    rows = [list(specimens.images[cast]), list(decode(vae, zs)), list(tiny.decode(small, zs))]
    bars = [("operations", n["operations_tiny"] / n["operations_shipped"], "latent"),
            ("parameters", n["parameters_tiny"] / n["parameters_shipped"], "latent"),
            ("fine detail", n["detail_tiny"] / n["detail_shipped"], "prediction"),
            ("recognized by the judge", n["top5_tiny"] / max(n["top5_shipped"], 1e-9), "prediction")]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (66, 6) if narrow else (96, 8)
        y = image_grid(fig, rows, rows=["drawn", "shipped", "tiny"], left=64, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (64 + 4 * (cell + gap) + 20, 0)
        width = fig.width - x
        fig.note(x, y, "Tiny, as a share of shipped", size=14, weight=600)
        y += 30
        for word, value, colour in bars:
            fig.note(x, y, word, "ink", 12)
            fig.note(x + width, y, f"{value:.0%}", "ink", 12, ha="right", weight=600)
            share_bar(fig, x, y + 19, width, 9, min(value, 1), colour)
            y += 40
        return fig

    return Output(
        alt=(
            "Four icons as drawn, through the shipped decoder and, softer, through the tiny one. Bars of tiny as a share "
            f"of shipped: operations {bars[0][1]:.0%}, parameters {bars[1][1]:.0%}, fine detail {bars[2][1]:.0%}, "
            f"recognized {bars[3][1]:.0%}."
        ),
        caption=(
            f"**Small, quick, soft.** {n['parameters_tiny']:,} parameters instead of {n['parameters_shipped']:,}, and one "
            f"in {n['cheaper']:.0f} of the multiplications. On {n['icons']} held-out icons it reaches {n['psnr_tiny']:.1f} "
            f"dB where the shipped decoder reaches {n['psnr_shipped']:.1f} ({n['loss_db']:.1f} less; 95 % interval "
            f"{n['loss_low']:.1f} to {n['loss_high']:.1f}), with {n['detail_tiny']:.0%} of the original's fine detail "
            f"against {n['detail_shipped']:.0%}. The judge has the right concept among its first five for "
            f"{n['top5_real']:.0%} of the icons themselves, {n['top5_shipped']:.0%} and {n['top5_tiny']:.0%} of the two "
            "decoders' pictures."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
