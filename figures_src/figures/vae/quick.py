"""A whole AutoencoderTiny in the autoencoder's place: what its decoder costs and keeps beside the shipped one and the
tiniest, all on the same latents. Seconds are for `scripts/bench_tiny_decoder.py`, since they depend on the machine.

Tests claims: r10-19.
"""

import numpy as np

from denoised.models import judge as judge_model
from denoised.models import tiny, tiny_vae
from denoised.models import vae as vae_model
from denoised.pipeline import decode, encode
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci, high_frequency_ratio, psnr
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "tiny-vae", "decoders/tiny-balanced", "judge")
DATA = ("specimens",)
TITLE = "A quick decoder"
TINY_ONLY = "Its quick decoder was trained here, on this project's latents."

ROWS = {"shipped": "ours", "quick": "quick", "tiny": "tiniest"}
COLOURS = {"quick": "prediction", "tiny": "latent"}
COLUMNS = 6


def make(lab, smoke=False):
    vae, net, specimens = lab.vae(), judge_model.load(lab.weight("judge")), lab.specimens()
    quick = tiny_vae.load(lab.weight("tiny-vae"))
    tiniest = tiny.load(lab.weight("decoders/tiny-balanced/decoder.safetensors"))
    picks = specimens.where(split="concept", tone="none")[:: 40 if smoke else 2]
    images, alpha = specimens.images[picks], specimens.alpha[picks]
    z = encode(vae, images)
    made = {"shipped": decode(vae, z), "quick": decode(quick, z), "tiny": tiny.decode(tiniest, z)}
    modules = {"shipped": vae_model.Half(vae), "quick": quick.decoder, "tiny": tiniest}
    full = [p for name, p in vae.named_parameters() if name.startswith(("decoder.", "post_quant_conv."))]
    n = {"icons": len(picks), "parameters_shipped": sum(p.numel() for p in full)}
    asked = [specimens.records[i]["concept"] for i in picks]
    for name, pictures in {"real": images, **made}.items():
        best = judge.names(net, judge.look(net, pictures), k=5)
        n[f"top5_{name}"] = Share(sum(c in five for c, five in zip(asked, best, strict=True)), len(asked)).share
    for name, pictures in made.items():
        n[f"operations_{name}"] = tiny.multiply_adds(modules[name], z[:1])
        n[f"parameters_{name}"] = n.get(f"parameters_{name}") or sum(p.numel() for p in modules[name].parameters())
        n[f"psnr_{name}"] = float(psnr(images, pictures).mean())
        n[f"inside_{name}"] = float(psnr(images, pictures, alpha).mean())
        n[f"detail_{name}"] = float(np.nanmedian(high_frequency_ratio(pictures, images)))
    for name in COLOURS:
        gap = psnr(images, made["shipped"]) - psnr(images, made[name])
        n[f"loss_{name}"] = float(gap.mean())
        n[f"loss_{name}_low"], n[f"loss_{name}_high"] = bootstrap_ci(gap)
        n[f"cheaper_{name}"] = n["operations_shipped"] / n[f"operations_{name}"]
    shown = np.linspace(0, len(picks) - 1, COLUMNS).round().astype(int)
    rows = [list(images[shown]), *(list(made[name][shown]) for name in ROWS)]
    bars = [("multiplications", "operations"), ("parameters", "parameters"), ("fine detail", "detail"),
            ("recognized by the judge", "top5")]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap, left = (46, 5, 56) if narrow else (72, 7, 64)
        y = image_grid(fig, rows, rows=["drawn", *ROWS.values()], left=left, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (left + COLUMNS * (cell + gap) + 22, 0)
        width = fig.width - x
        fig.note(x, y, "As a share of ours", size=14, weight=600)
        y += 28
        for word, field in bars:
            fig.note(x, y, word, "ink", 12)
            y += 20
            for name, colour in COLOURS.items():
                value = n[f"{field}_{name}"] / max(n[f"{field}_shipped"], 1e-9)
                fig.note(x, y + 7, ROWS[name], colour, SMALL, va="center", weight=600)
                share_bar(fig, x + 58, y + 3, width - 102, 8, min(value, 1), colour)
                fig.note(x + width, y + 7, f"{value:.0%}", "ink", SMALL, ha="right", va="center", weight=600)
                y += 19
            y += 12
        fig.set_height(max(fig.height, y))
        return fig

    def signed(value):
        return f"{value:+.1f}".replace("-", "−")

    def share(field, name):
        return f"{n[f'{field}_{name}'] / max(n[f'{field}_shipped'], 1e-9):.0%}"

    return Output(
        alt=(
            f"{COLUMNS} icons of held-out things as drawn, through our decoder, through the quick one and, softest, "
            "through the tiniest. Bars as a share of ours, quick and tiniest: multiplications "
            f"{share('operations', 'quick')} and {share('operations', 'tiny')}, parameters "
            f"{share('parameters', 'quick')} and {share('parameters', 'tiny')}, fine detail {share('detail', 'quick')} "
            f"and {share('detail', 'tiny')}, recognized {share('top5', 'quick')} and {share('top5', 'tiny')}."
        ),
        caption=(
            f"**A decoder for the impatient.** {n['parameters_quick']:,} parameters instead of "
            f"{n['parameters_shipped']:,}, one in {n['cheaper_quick']:.1f} of the multiplications. On {n['icons']} "
            f"held-out icons it reaches {n['psnr_quick']:.1f} dB, ours {n['psnr_shipped']:.1f} and the tiniest "
            f"{n['psnr_tiny']:.1f} (quick minus ours {signed(-n['loss_quick'])}, 95 % interval "
            f"{signed(-n['loss_quick_high'])} to {signed(-n['loss_quick_low'])}); inside the icons' outlines "
            f"{n['inside_quick']:.1f}, {n['inside_shipped']:.1f} and {n['inside_tiny']:.1f}. The judge, which has met "
            f"most of these icons, has the right concept among its first five for {n['top5_real']:.0%} of the icons "
            f"themselves, and for {n['top5_shipped']:.0%}, {n['top5_quick']:.0%} and {n['top5_tiny']:.0%} of what the "
            "three paint of them."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
