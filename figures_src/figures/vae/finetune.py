"""What it took to give the decoder another style: seconds, parameters and likeness before and after, as the
cards beside the weights recorded them at training, against the training of the whole autoencoder.

Tests claims: r10-17.
"""

import json

from denoised.errors import DenoisedError
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto", "decoders/twemoji")
DATA = ()
TITLE = "Teaching a decoder a style"

STYLES = {"openmoji": "OpenMoji", "noto": "Noto", "twemoji": "Twemoji"}


def stages(found):
    """The runs that made a model, the last one first: each goes on from the one in its card's "start"."""
    return [found, *(stages(found["start"]) if found.get("start") else [])]


def card(lab, name):
    return json.loads((lab.weight(name) / "card.json").read_text(encoding="utf-8"))


def field(facts, name, where):
    if name not in facts:
        raise DenoisedError(f"The card of {where} does not say '{name}': train it with `python scripts/train.py`.")
    return facts[name]


def make(lab, smoke=False):
    vae, whole = lab.vae(), card(lab, "emoji-sd/vae")
    parameters = sum(p.numel() for p in vae.parameters())
    trained = sum(p.numel() for name, p in vae.named_parameters() if name.startswith(("decoder.", "post_quant_conv.")))
    n = {
        "parameters": parameters, "parameters_trained": trained, "parameter_share": trained / parameters,
        "minutes_whole": sum(field(run, "seconds", "the autoencoder") for run in stages(whole)) / 60,
        "samples_whole": sum(field(run, "samples", "the autoencoder") for run in stages(whole)),
    }  # fmt: skip
    for style in STYLES:
        facts = card(lab, f"decoders/{style}")
        seconds, before, after, samples = (
            field(facts, name, f"the decoder {style}") for name in ("seconds", "psnr_before", "psnr_after", "samples")
        )
        n |= {
            f"minutes_{style}": seconds / 60, f"samples_{style}": samples, f"before_{style}": before,
            f"after_{style}": after, f"gain_{style}": after - before,
        }  # fmt: skip
    n["minutes"] = max(n[f"minutes_{style}"] for style in STYLES)
    n["seconds_share"] = n["minutes"] / n["minutes_whole"]
    n["gain_db"] = min(n[f"gain_{style}"] for style in STYLES)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Minutes of training", size=14, weight=600)
        rows = [("whole autoencoder", n["minutes_whole"], "image")]
        rows += [(f"{name} decoder", n[f"minutes_{style}"], "prediction") for style, name in STYLES.items()]
        left, y = 140, 28
        for word, minutes, colour in rows:
            fig.note(left - 12, y + 12, word, "ink", 12, ha="right", va="center")
            ax = fig.area(left, y, fig.width - left - 52, 24, grid="")
            ax.set_axis_off()
            ax.barh([0], [minutes], height=0.8, color=theme.colour(colour))
            ax.set(xlim=(0, n["minutes_whole"]), ylim=(-0.5, 0.5))
            ax.annotate(f"{minutes:.0f}", (minutes, 0), xytext=(7, 0), textcoords="offset points", va="center",
                        fontsize=13, weight=600, color=theme.ink, annotation_clip=False)  # fmt: skip
            y += 30
        y += 14
        fig.note(0, y, "Likeness on unseen icons of the style (dB)", size=14, weight=600)
        y += 28
        values = [n[f"{when}_{style}"] for style in STYLES for when in ("before", "after")]
        margin, left = 0.3 * (max(values) - min(values)), 84 if narrow else left
        low, high = min(values) - margin, max(values) + margin
        for style, name in STYLES.items():
            fig.note(left - 12, y + 14, name, "ink", 12, ha="right", va="center")
            ax = fig.area(left, y, fig.width - left - 52, 28, grid="")
            ax.set(xlim=(low, high), ylim=(-1, 1))
            ax.set_axis_off()
            before, after = n[f"before_{style}"], n[f"after_{style}"]
            ax.axhline(0, color=theme.grid, linewidth=1, zorder=0)
            arrow = {"arrowstyle": "-|>", "color": theme.prediction, "lw": 2.4}
            ax.annotate("", (after, 0), (before, 0), arrowprops=arrow)
            ax.plot([before], [0], "o", color=theme.image, markersize=8)
            right = after >= before
            ground = {"facecolor": theme.paper, "edgecolor": "none", "pad": 1.5}
            for value, side in ((before, -1 if right else 1), (after, 1 if right else -1)):
                ax.annotate(f"{value:.1f}", (value, 0), xytext=(11 * side, 0), textcoords="offset points", va="center",
                            ha="right" if side < 0 else "left", fontsize=12, weight=600, color=theme.ink,
                            annotation_clip=False, bbox=ground)  # fmt: skip
            y += 36
        fig.set_height(y)
        return fig

    gains = {style: f"{'+' if n[f'gain_{style}'] >= 0 else '−'}{abs(n[f'gain_{style}']):.1f} dB" for style in STYLES}
    told = ", ".join(f"{name} {n[f'before_{s}']:.1f} to {n[f'after_{s}']:.1f} dB" for s, name in STYLES.items())
    return Output(
        alt=(
            f"Bars of training time: the whole autoencoder {n['minutes_whole']:.0f} minutes, the OpenMoji "
            f"decoder {n['minutes_openmoji']:.0f}, the Noto decoder {n['minutes_noto']:.0f}, the Twemoji decoder "
            f"{n['minutes_twemoji']:.0f}. Arrows of likeness before and after: {told}."
        ),
        caption=(
            f"**A decoder learns a style in minutes.** With the encoder frozen only {trained:,} of "
            f"{parameters:,} parameters are trained, for {n['minutes_openmoji']:.0f}, {n['minutes_noto']:.0f} "
            f"and {n['minutes_twemoji']:.0f} minutes on one processor core; the whole autoencoder took "
            f"{n['minutes_whole']:.0f}. On held-out drawings of the style: {gains['openmoji']} (OpenMoji), {gains['noto']} "
            f"(Noto), {gains['twemoji']} (Twemoji). Times are those of our training runs, written into the "
            "cards beside the weights."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
