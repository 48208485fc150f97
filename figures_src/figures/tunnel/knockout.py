"""What breaks when a part is taken out: at each place of the U-Net the convolutions, the self-attention, the reading of
words or the feed-forward layers are silenced, and so are the clock and the pooled text. Errors on unseen icons.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import encode, encode_prompts
from denoised.probes.features import branches, without
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import homework
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "One part missing"

ICONS = 16
PLACES = ("down 1", "down 2", "down 3", "middle", "up 1", "up 2", "up 3")
KINDS = (("convolution", "convolution"), ("self-attention", "self-\nattention"), ("feed-forward", "feed-\nforward"),
         ("words", "words"))  # fmt: skip
INPUTS = (("clock", "the clock t", "time_embedding"), ("pooled", "the pooled text", "add_embedding"))


@torch.no_grad()
def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    unet = pipe.unet
    picks = specimens.where(split="pair")[:: 40 if smoke else 6][:ICONS]
    x0 = encode(pipe.vae, specimens.images[picks])
    t = torch.linspace(60, 940, len(picks)).long()  # all noise levels alike, one an icon
    xt, right, _ = homework(pipe, x0, t, lab.generator("noise"))
    text = encode_prompts(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks]).states
    found = branches(unet)
    parts = {
        (kind, place): [name for k, p, name in found if (k, p) == (kind, place)]
        for kind, _ in KINDS
        for place in PLACES
    }
    parts |= {
        (kind, "everywhere"): [name for k, _, name in found if k == kind] for kind, _ in KINDS if kind != "convolution"
    }
    parts |= {(key, "everywhere"): [module] for key, _, module in INPUTS}
    parts = {key: names for key, names in parts.items() if names}

    def errors(names):
        with without(unet, names):
            answer = unet(xt, t, encoder_hidden_states=text, return_dict=False)[0]
        return (answer - right).square().flatten(1).mean(1).double().numpy()

    whole = errors([])
    n = {"icons": len(picks), "parts": len(parts), "error_whole": float(whole.mean())}
    for (kind, place), names in parts.items():
        ratio = np.log2(errors(names) / whole)
        low, high = bootstrap_ci(ratio)
        key = f"{kind}_{place}".replace("-", "_").replace(" ", "_")
        n |= {f"times_{key}": float(2 ** ratio.mean()), f"low_{key}": float(2**low), f"high_{key}": float(2**high)}

    def times(kind, place):
        return n.get(f"times_{kind}_{place}".replace("-", "_").replace(" ", "_"))

    blocks = {key: times(*key) for key in parts if key[1] != "everywhere"}
    worst, mildest = max(blocks, key=blocks.get), min(blocks, key=blocks.get)
    n |= {
        "worst": f"{worst[0]} at {worst[1]}", "worst_times": blocks[worst],
        "mildest": f"{mildest[0]} at {mildest[1]}", "mildest_times": blocks[mildest],
        "idle": sum(value < 1.05 for value in blocks.values()), "blocks": len(blocks),
    }  # fmt: skip

    def shown(value):
        return f"×{value:.0f}" if value >= 10 else f"×{value:.1f}" if value >= 1.95 else f"×{value:.2f}"

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, right_edge = (80, 0) if narrow else (110, 0)
        width = (fig.width - left - right_edge) / len(KINDS)
        high = 34
        cmap, top = theme.sequential("prediction"), np.log2(max(blocks.values()) + 0.01)
        for j, (_, words) in enumerate(KINDS):
            fig.note(left + (j + 0.5) * width, 34, words, "ink", 12, ha="center", va="bottom")
        rows = [*PLACES, "everywhere"]
        for i, place in enumerate(rows):
            y = 40 + i * (high + 3) + (10 if place == "everywhere" else 0)
            fig.note(left - 10, y + high / 2, place, "ink", 12 if not narrow else 11, ha="right", va="center")
            for j, (kind, _) in enumerate(KINDS):
                value = times(kind, place)
                if value is None:
                    continue
                ax = fig.area(left + j * width + 2, y, width - 4, high, grid="")
                strength = 0.85 * min(1, max(0, np.log2(value) / top))
                ax.axvspan(0, 1, color=cmap(strength), linewidth=0)  # a face colour is lost where figures are saved
                ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
                ink = theme.paper if strength > 0.5 else theme.ink
                ax.text(0.5, 0.47, shown(value), ha="center", va="center", fontsize=12, color=ink)
        y = 40 + len(rows) * (high + 3) + 24
        fig.note(0, y, "And its two dials", size=14, weight=600)
        for k, (key, words, _) in enumerate(INPUTS):
            told = f"without {words}: error {shown(times(key, 'everywhere'))}"
            fig.note(0, y + 24 + 20 * k, told, "ink", 12)
        return fig

    words_all, self_all = times("words", "everywhere"), times("self-attention", "everywhere")
    return Output(
        alt=(
            f"Table of {n['blocks']} parts of the U-Net by place and kind: how the squared error grows when the part is "
            f"silenced. Most: {n['worst']}, ×{n['worst_times']:.1f}. Least: {n['mildest']}, ×{n['mildest_times']:.2f}. "
            f"All self-attention ×{self_all:.2f}, all reading of words ×{words_all:.2f}; without the clock "
            f"×{times('clock', 'everywhere'):.1f}, without the pooled text ×{times('pooled', 'everywhere'):.2f}."
        ),
        caption=(
            f"**Some parts carry, others fill in.** Each number: by what factor the squared error of the answer grows, "
            f"on {n['icons']} icons whose style was held out in training, all noise levels alike, when this part answers "
            f"nothing and what flows past it stays. Most is broken by {n['worst']} (×{n['worst_times']:.1f}), least by "
            f"{n['mildest']} (×{n['mildest_times']:.2f}); {n['idle']} of {n['blocks']} change the error by less than "
            f"5 %. Without the clock: {shown(times('clock', 'everywhere'))}. A part that is not missed in one answer may "
            "be missed over a whole run, and a factor below one means that it did harm here."
        ),
        numbers=n,
        draw=draw,
    )
