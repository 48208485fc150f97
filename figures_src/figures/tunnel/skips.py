"""What the skip connections carry: each is cut in turn, in all calls of a sampling run, and the harm to single answers
is measured on icons that no model has seen. What is lost is told apart into coarse and fine.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import bands
from denoised.probes.features import count_skips, cut_skips
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import bet, homework, noise, prompted, walk
from plotting.layout import picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Cutting the skips"

PROMPT = "cat face, noto style"
SEED = 3
STEPS = 10
GUIDANCE = 3.0
ICONS = 24
T = (150, 400, 650)  # one after the other, an icon each


def source(pipe):
    """["16×16, 48 maps", ...]: where each skip comes from, in the order of `cut_skips`."""
    side, words = pipe.unet.config.sample_size, []
    channels = pipe.unet.config.block_out_channels
    words.append((side, channels[0]))
    for level, width in enumerate(channels):
        words.append((side, width))
        if level < len(channels) - 1:
            side //= 2
            words.append((side, width))
    return words


@torch.no_grad()
def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    picks = specimens.where(split="concept")[: 3 if smoke else ICONS]
    steps = 1 if smoke else STEPS
    x0 = encode(pipe.vae, specimens.images[picks])
    t = torch.tensor([T[i % len(T)] for i in range(len(picks))])
    xt, right, _ = homework(pipe, x0, t, lab.generator("noise"))
    text = encode_prompts(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks]).states
    model, start = prompted(pipe, [PROMPT], GUIDANCE), noise(pipe, [SEED])
    every = range(count_skips(pipe.unet))
    versions = {"whole": [], **{str(k): [k] for k in every}, "all": list(every)}
    error, lost, ends = {}, {}, {}
    for name, numbers in versions.items():
        with cut_skips(pipe.unet, numbers):
            answer = pipe.unet(xt, t, encoder_hidden_states=text, return_dict=False)[0]
            ends[name] = walk(pipe, model, start, steps)
        error[name] = (answer - right).square().flatten(1).mean(1).double().numpy()
        lost[name] = bet(pipe, answer, xt, t)
    images = dict(zip(ends, decode(pipe.vae, torch.cat(list(ends.values()))), strict=True))
    widths = source(pipe)
    n = {
        "icons": len(picks),
        "skips": len(every),
        "steps": steps,
        "guidance": GUIDANCE,
        "error_whole": float(error["whole"].mean()),
    }
    for name in versions:
        if name == "whole":
            continue
        ratio = error[name] / error["whole"]
        low, high = bootstrap_ci(np.log2(ratio))
        # bands of the bet that are no longer what they were: 0 = nothing lost, 1 = unrelated
        gone = 1 - bands.correlation(lost[name], lost["whole"]).mean(0)
        n |= {
            f"times_{name}": float(2 ** np.log2(ratio).mean()),
            f"low_{name}": float(2**low), f"high_{name}": float(2**high),
            f"coarse_lost_{name}": 100 * float(gone[0]), f"fine_lost_{name}": 100 * float(gone[-1]),
        }  # fmt: skip
    worst = max(every, key=lambda k: n[f"times_{k}"])
    mildest = min(every, key=lambda k: n[f"times_{k}"])
    finest = max(every, key=lambda k: n[f"fine_lost_{k}"])
    n |= {
        "worst": worst + 1, "worst_times": n[f"times_{worst}"], "mildest": mildest + 1,
        "mildest_times": n[f"times_{mildest}"], "finest": finest + 1, "finest_lost": n[f"fine_lost_{finest}"],
        "worst_side": widths[worst][0], "mildest_side": widths[mildest][0],
    }  # fmt: skip

    def words(name):
        if name == "whole":
            return "nothing cut", ""
        if name == "all":
            return "all cut", f"error ×{n['times_all']:.1f}"
        side, maps = widths[int(name)]
        return f"skip {int(name) + 1}: {side}×{side}", f"error ×{n[f'times_{name}']:.1f}"

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, gap = (4, 8) if narrow else (8, 8)
        cell = (fig.width - gap * (columns - 1)) // columns
        high = cell + 44
        for j, name in enumerate(versions):
            x, y = (j % columns) * (cell + gap), (j // columns) * high
            picture(fig, images[name], x, y, cell, cell)
            head, told = words(name)
            fig.note(x + cell / 2, y + cell + 5, head, "ink", 11, ha="center")
            fig.note(x + cell / 2, y + cell + 21, told, "prediction", 11, ha="center")
        y = -(-len(versions) // columns) * high + 10
        fig.note(0, y, "What of the bet is no longer the same", size=14, weight=600)
        fig.note(0, y + 22, "■", "latent", 12)
        fig.note(15, y + 22, "coarse shapes", "ink", 12)
        fig.note(125, y + 22, "■", "accent", 12)
        fig.note(140, y + 22, "fine detail", "ink", 12)
        ax = fig.area(44, y + 50, fig.width - 48, 150, below=26)
        names = [name for name in versions if name != "whole"]
        for shift, key, colour in ((-0.2, "coarse", "latent"), (0.2, "fine", "accent")):
            heights = [min(n[f"{key}_lost_{name}"], 110) for name in names]
            ax.bar(np.arange(len(names)) + shift, heights, width=0.36, color=theme.colour(colour))
        highest = max(n[f"{key}_lost_{name}"] for key in ("coarse", "fine") for name in names)
        ticks = [0, 20, 40] if highest < 44 else [0, 50, 100]
        ax.set(ylim=(0, ticks[-1] * 1.1), yticks=ticks, yticklabels=[f"{tick} %" for tick in ticks])
        ax.set_xticks(range(len(names)), [str(int(k) + 1) if k != "all" else "all" for k in names])
        return fig

    return Output(
        alt=(
            f"The prompt “{PROMPT}” drawn with nothing cut, with each of {n['skips']} skip connections cut, and with "
            f"all cut. Error of single answers: worst with skip {n['worst']} cut, ×{n['worst_times']:.1f}, least with "
            f"skip {n['mildest']}, ×{n['mildest_times']:.2f}; all cut ×{n['times_all']:.1f}. Bars below: share of "
            f"coarse shapes and of fine detail of the bet that is no longer the same, fine detail most with skip "
            f"{n['finest']} ({n['finest_lost']:.0f} %)."
        ),
        caption=(
            f"**What each bridge carries.** Skip 1 leaves the first convolution, the last one the deepest level; a cut "
            f"one delivers zeros. Above, one prompt and one seed, {steps} steps. The factors say how the squared error "
            f"of single answers grows on {n['icons']} icons of unseen concepts: most with skip {n['worst']} cut "
            f"(×{n['worst_times']:.1f}), least with skip {n['mildest']} (×{n['mildest_times']:.2f}). Below, how far the "
            f"bet on the clean latent is no longer the uncut network's, in its longest and in its shortest waves; fine "
            f"detail suffers most from skip {n['finest']} ({n['finest_lost']:.0f} %)."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
