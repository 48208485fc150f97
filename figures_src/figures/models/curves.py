"""How the weights came about: the measure that counts for each model, against the number of training examples it
had seen, read from the cards that training wrote beside the weights.
"""

import json

import numpy as np
from safetensors import safe_open

from denoised import rounding
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = (
    "emoji-sd/vae", "emoji-sd/text_encoder", "emoji-sd/unet", "decoders/openmoji", "decoders/noto", "decoders/twemoji",
    "tiny-vae", "dit/transformer", "small", "judge", "judge2",
)  # fmt: skip
# What draws; the judges' sizes are told beside it.
NAMES = dict(zip(("vae", "text", "unet", "openmoji", "noto", "twemoji", "quick", "dit", "small"), WEIGHTS, strict=False))
DATA = ()
TITLE = "Training curves and cards"

UNKNOWN = "not recorded"  # what a page shows for a number that a card does not have


def card(lab, name):
    return json.loads((lab.weight(name) / "card.json").read_text(encoding="utf-8"))


def parameters(lab, name):
    """(number of parameters, bytes) in the safetensors files of a weight."""
    count = size = 0
    for path in sorted(lab.weight(name).glob("*.safetensors")):
        size += path.stat().st_size
        with safe_open(path, "np") as file:
            aside = ("pos_embed.pos_embed", rounding.SCALE)  # never learned; what whole numbers are multiplied by
            learned = [key for key in file.keys() if not key.endswith(aside)]  # noqa: SIM118
            count += sum(int(np.prod(file.get_slice(key).get_shape())) for key in learned)
    return count, size


def stages(found):
    """The runs that made a model, in order: cards of an earlier stage are nested in the later one's."""
    earlier = found.get("encoder") or found.get("start")
    return [*(stages(earlier) if earlier else []), found]


def ends(run):
    """{measure: its value for the finished weights}, named as the points of the curve name them."""
    found = {"psnr": run.get("psnr_after", run.get("psnr_held_out")), "gap": run.get("gap")}
    found |= {key: run.get("retrieval_pair", {}).get(key) for key in ("top1", "top5")}
    return {key: value for key, value in found.items() if value is not None}


def series(runs, key):
    """x (examples seen, in thousands, the stages one after the other), y, and where each stage begins."""
    x, y, starts, before = [], [], [], 0
    for run in runs:
        points = [point for point in run.get("curve", []) if key in point]
        starts.append(before / 1000)
        x += [(before + point["samples"]) / 1000 for point in points]
        y += [point[key] for point in points]
        if key in ends(run) and run.get("samples"):
            x.append((before + run["samples"]) / 1000)
            y.append(ends(run)[key])
        before += run.get("samples") or (run["curve"][-1]["samples"] if run.get("curve") else 0)
    return x, y, starts


def facts(prefix, runs):
    """What a page says of the runs of one model: flat numbers under `prefix`."""
    last = runs[-1]
    seconds = [run["seconds"] for run in runs if "seconds" in run]
    samples = [run["samples"] for run in runs if "samples" in run]
    return {
        f"{prefix}_minutes": sum(seconds) / 60 if seconds else UNKNOWN,
        f"{prefix}_samples": sum(samples) if samples else UNKNOWN,
        f"{prefix}_batch": last["preset"]["batch"],
        f"{prefix}_rate": last["preset"]["lr"],
        f"{prefix}_decay": last["preset"]["weight_decay"],
        f"{prefix}_seed": last["preset"]["seed"],
        f"{prefix}_data": last["data"],
    }


def make(lab, smoke=False):
    cards = {prefix: card(lab, name) for prefix, name in NAMES.items()}
    runs = {prefix: stages(found) for prefix, found in cards.items()}
    vae, clip, unet = (cards[prefix] for prefix in ("vae", "text", "unet"))
    dit = cards["dit"]
    n = {}
    for prefix, name in NAMES.items():
        n |= facts(prefix, runs[prefix])
        count, size = parameters(lab, name)
        n |= {f"{prefix}_parameters_millions": count / 1e6, f"{prefix}_megabytes": size / 1e6}
    n["megabytes"] = sum(n[f"{prefix}_megabytes"] for prefix in NAMES)
    n |= {f"{judge}_megabytes": parameters(lab, judge)[1] / 1e6 for judge in ("judge", "judge2")}
    n["parameters_millions"] = sum(n[f"{p}_parameters_millions"] for p in ("vae", "text", "unet"))
    n["stages"] = len(runs["unet"])
    polished = vae.get("psnr_after")
    n["vae_psnr"] = polished or vae.get("psnr_held_out", UNKNOWN)
    n["vae_psnr_before_polish"] = vae.get("psnr_before", UNKNOWN)
    retrieval = clip.get("retrieval_pair", {})
    n |= {f"text_{key}": retrieval.get(key, UNKNOWN) for key in ("top1", "top5", "among")}
    n["text_chance"] = 100 / retrieval["among"] if retrieval else UNKNOWN
    n |= {"unet_gap": unet.get("gap", UNKNOWN), "unet_probe_loss": unet.get("probe_loss", UNKNOWN)}
    n |= {"dit_gap": dit.get("gap", UNKNOWN), "dit_stages": len(runs["dit"])}
    for style in ("openmoji", "noto", "twemoji"):
        made = cards[style]
        n |= {f"{style}_psnr_before": made.get("psnr_before", UNKNOWN)}
        n |= {f"{style}_psnr_after": made.get("psnr_after", UNKNOWN)}
    n |= {f"quick_psnr_{way}": value for way, value in cards["quick"]["held_out"].items()}
    n["quick_loss"] = n["quick_psnr_shipped"] - n["quick_psnr_decoder"]
    n["interim"] = int(any(found.get("interim") for found in cards.values()))

    panels = (  # title, weights, key, colour, unit
        ("VAE: fidelity on held-out icons", "vae", ("psnr",), ("image",), "dB"),
        ("Text encoder: right picture first", "text", ("top1",), ("text",), "%"),
        ("U-Net: training loss", "unet", ("loss",), ("prediction",), ""),
        ("U-Net: how much the caption matters", "unet", ("gap",), ("attention",), ""),
        ("Transformer: training loss", "dit", ("loss",), ("prediction",), ""),
        ("Transformer: how much the caption matters", "dit", ("gap",), ("attention",), ""),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width, height = (316, 140) if narrow else (306, 150)
        for i, (title, name, keys, colours, unit) in enumerate(panels):
            left = 38 if narrow or i % 2 == 0 else 408
            top = (i if narrow else i // 2) * (height + 84)
            fig.note(left - 38, top, title + (f" ({unit})" if unit else ""), size=13, weight=600)
            ax = fig.area(left, top + 28, width, height, below=40)
            for key, colour in zip(keys, colours, strict=True):
                x, y, starts = series(runs[name], key)
                if not x:
                    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
                    fig.note(left + width / 2, top + 28 + height / 2, "no curve on the card", "muted", 12, ha="center",
                             va="center")  # fmt: skip
                    continue
                ax.plot(x, y, color=theme.colour(colour), marker="o", markersize=4)
                for begin in starts[1:]:
                    ax.axvline(begin, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
                spread = max(y) - min(y) or 0.1 * abs(max(y)) or 1.0
                ax.set_ylim(min(y) - 0.12 * spread, max(y) + 0.12 * spread)
                ax.set_xlim(0, max(x) * 1.02)
                ax.locator_params(axis="x", nbins=5)
                ax.locator_params(axis="y", nbins=4)
                ax.set_xlabel("thousand examples seen", labelpad=2)
        return fig

    def said(key, unit):
        return f"{n[key]:.1f} {unit}" if not isinstance(n[key], str) else UNKNOWN

    return Output(
        alt=(
            f"Six curves over the course of training. The VAE's fidelity on held-out icons ends at "
            f"{said('vae_psnr', 'dB')}; the text encoder picks the right picture first in {said('text_top1', '%')} of "
            f"cases; the U-Net's loss falls, and the gap that wrong captions make ends at {said('unet_gap', '')}; the "
            f"transformer's falls, too, and its gap ends at {said('dit_gap', '')}. All "
            f"of its weights together are {n['megabytes']:.1f} MB."
        ),
        caption=(
            f"**{n['parameters_millions']:.0f} million parameters, trained on two processor cores, and a "
            "transformer.** Each point was measured with the averaged weights of that moment, the last one with those "
            "that are shipped (the VAE's on more icons than before). A dashed line marks where a further stage "
            "begins: for U-Net and transformer, where they move on from small pictures to full size. The gap is the "
            "loss with other icons' captions over the loss with the right ones; at one, the model would be deaf to "
            "words."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
