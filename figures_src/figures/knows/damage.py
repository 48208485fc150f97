"""The same relative noise on the weights of each part in turn: which part can least be spared?

Tests claims: r00-02.
"""

import numpy as np
import torch

from denoised import measured
from denoised.lab import seed_of
from denoised.measured import knows_damage
from denoised.pipeline import decode
from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Equal damage"
TINY_ONLY = "The judge knows the small model's emoji only."

WORDS = {"text": ("text encoder", "text"), "unet": ("U-Net", "prediction"), "decoder": ("VAE decoder", "latent")}


def drops(arrays) -> dict[str, np.ndarray]:
    """{part: how much less often each prompt's thing is seen than undamaged [N], mean over levels}."""
    whole = arrays["right_whole"].astype(float)
    return {part: whole - arrays[f"right_{part}"].astype(float).mean(0) for part in WORDS}


def compare(lost) -> dict:
    """Which part loses least, and by how much: 95 % intervals that draw prompts anew, the same for both parts."""
    order = sorted(lost, key=lambda part: lost[part].mean())
    least, following = order[:2]
    found = {"least": least, "most": order[-1], "decoder_is_least": int(least == "decoder")}
    found["decoder_over_least_low"] = bootstrap_ci(lost["decoder"] - lost[least])[0] if least != "decoder" else 0.0
    found["least_under_next_low"] = bootstrap_ci(lost[following] - lost[least])[0]
    return found


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_damage, smoke)
    levels = knows_damage.LEVELS[-1:] if smoke else knows_damage.LEVELS
    curves = {}
    for part in WORDS:
        shares = [Share(int(row.sum()), row.size) for row in arrays[f"right_{part}"]]
        curves[part] = [(s.share, *s.interval) for s in shares]
        for level, share, kid in zip(levels, shares, arrays[f"kid_{part}"], strict=True):
            key = f"{part}_{100 * level:g}"
            n |= {
                key: share.share,
                f"{key}_low": share.interval[0],
                f"{key}_high": share.interval[1],
                f"far_{key}": float(kid - n["kid_whole"]),
            }
    for name in ("whole", "real"):
        share = Share(int(arrays[f"right_{name}"].sum()), len(arrays[f"right_{name}"]))
        n |= {f"{name}_top5": share.share, f"{name}_low": share.interval[0], f"{name}_high": share.interval[1]}
    lost = drops(arrays)
    for part, values in lost.items():
        low, high = bootstrap_ci(values)
        n |= {f"drop_{part}": float(values.mean()), f"drop_{part}_low": low, f"drop_{part}_high": high}
    found = compare(lost)
    n |= found | {"least": WORDS[found["least"]][0], "most": WORDS[found["most"]][0]}

    vae, whole = lab.vae(), torch.from_numpy(arrays["shown_whole"])
    sound = decode(vae, whole)[0]
    rows = {part: decode(vae, torch.from_numpy(arrays[f"shown_{part}"])) for part in ("text", "unet")}
    rows["decoder"] = []
    for level in levels:
        with knows_damage.noisy([vae.decoder, vae.post_quant_conv], level, seed_of("decoder", 0)):
            rows["decoder"].append(decode(vae, whole)[0])

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, cell, gap = (0, 62, 10) if narrow else (112, 104, 14)
        heads = ["whole", *(f"{100 * level:g} %" for level in levels)]
        for k, word in enumerate(heads):
            fig.note(left + k * (cell + gap) + cell / 2, 0, word, "muted", 12, ha="center")
        y = 22.0
        for part, (words, colour) in WORDS.items():
            if narrow:
                fig.note(0, y, words, colour, 12, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, words, colour, 13, va="center", weight=600)
            for k, image in enumerate([sound, *rows[part]]):
                picture(fig, image, left + k * (cell + gap), y, cell)
            y += cell + 12
        x = np.array([0, *(100 * level for level in levels)])
        y += 12
        for k, (title, key) in enumerate(
            (("Thing among the judge's first five", "top5"), ("Further from real icons (KID)", "kid"))
        ):
            a, b = (0, y + k * 230) if narrow else (370 * k, y)
            fig.note(a, b, title, size=13, weight=600)
            ax = fig.area(a + 46, b + 28, (196 if narrow else 206), 150, below=46)
            for part, (words, colour) in WORDS.items():
                if key == "top5":
                    values = np.array([(n["whole_top5"], n["whole_low"], n["whole_high"]), *curves[part]])
                    ax.fill_between(x, values[:, 1], values[:, 2], color=theme.colour(colour), alpha=0.15, linewidth=0)
                    line = values[:, 0]
                else:
                    line = [0, *(arrays[f"kid_{part}"] - n["kid_whole"])]
                ax.plot(x, line, color=theme.colour(colour), label=words)
            if key == "top5":
                ax.axhline(n["real_top5"], color=theme.muted, linewidth=1, linestyle=":")
                ax.set_ylim(0, 1.02)
                ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xticks(x, [f"{v:g}" for v in x])
            ax.set_xlim(0, x[-1])
            ax.set_xlabel("noise, % of the weights")
            label_ends(ax, {words: words for words, _ in WORDS.values()}, size=12)
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    top = f"{100 * levels[-1]:g}"
    return Output(
        alt=(
            "The same drawing with more and more noise on the weights of text encoder, U-Net and VAE decoder, and charts: "
            f"the judge sees the thing in {n['whole_top5']:.0%} of drawings of the whole model; with noise of {top} % on "
            f"the text encoder in {n[f'text_{top}']:.0%}, on the U-Net in {n[f'unet_{top}']:.0%}, on the decoder in "
            f"{n[f'decoder_{top}']:.0%}."
        ),
        caption=(
            f"**Equal damage.** Each weight of one part gets random noise, in per cent of the usual size of its table's "
            f"weights; {n['prompts']} learned prompts, {n['draws']} draws of noise. The judge's first five hold the "
            f"thing in {n['real_top5']:.0%} of the same real icons (dotted; it was taught them) and "
            f"{n['whole_top5']:.0%} of undamaged drawings. Of that, over all levels, is lost: text encoder "
            f"{said('drop_text')}, U-Net {said('drop_unet')}, VAE decoder {said('drop_decoder')}. With {top} % the "
            f"distance from real icons changes by {n[f'far_text_{top}']:.3f}, {n[f'far_unet_{top}']:.3f} and "
            f"{n[f'far_decoder_{top}']:.3f}. Bands are Wilson's 95 % intervals; distances of so few pictures are rough."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
