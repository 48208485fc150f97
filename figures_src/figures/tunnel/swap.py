"""Which steps decide what: the prompt is exchanged at step k, for another subject or another style, and the finished
latent is compared with what each prompt alone gives, separately for coarse shapes and for fine detail.
"""

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.probes import bands
from denoised.probes.runs import noise, prompted, walk
from plotting.layout import picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The prompt changed midway"

PAIRS = (  # first prompt, second prompt
    ("cat face, noto style", "red apple, noto style"),
    ("pizza, twemoji style", "red heart, twemoji style"),
    ("house, noto style", "rocket, noto style"),
    ("octopus, twemoji style", "tiger face, twemoji style"),
)
SEED = 21
STEPS = 10
AT = (0, 1, 2, 3, 4, 5, 7, 10)  # steps made with the first prompt
SHOWN = 2  # pairs in the picture
GUIDANCE = 3.0


def survived(x, first, second):
    """How much of the first prompt is left in x, band by band: 1 = as with the first alone, 0 = as with the second.
    Each [N, C, h, w]; -> [N, 3], coarse to fine. It is x's place on the straight way between the two."""
    rings = bands.masks(*x.shape[-2:])
    way, here = (torch.fft.fft2(one.double(), norm="ortho") for one in (first - second, x - second))
    rows = []
    for ring in rings:
        p, q = way[..., ring].flatten(1), here[..., ring].flatten(1)
        rows.append((p.conj() * q).real.sum(1) / p.abs().square().sum(1))
    return torch.stack(rows, 1)


def half(at, curve):
    """After how many steps a rising curve passes one half, between two points on a straight line; the last `at` if
    it never does."""
    for i in range(1, len(at)):
        if curve[i] >= 0.5:
            low, high = curve[i - 1], curve[i]
            return float(at[i - 1] + (at[i] - at[i - 1]) * (0.5 - low) / (high - low)) if high > low else float(at[i])
    return float(at[-1])


@torch.no_grad()
def make(lab, smoke=False):
    pipe = lab.pipeline()
    pairs, steps, at = (PAIRS[:1], 2, (0, 1, 2)) if smoke else (PAIRS, STEPS, AT)
    one, two = (prompted(pipe, [pair[k] for pair in pairs], GUIDANCE) for k in (0, 1))
    start = noise(pipe, [SEED + k for k in range(len(pairs))])
    seen: list = []
    end = walk(pipe, one, start, steps, seen=seen)
    path = [*(step.xt for step in seen), end]
    ends = {k: walk(pipe, two, path[k], steps, start=k) for k in at}
    left = torch.stack([survived(ends[k], ends[at[-1]], ends[0]) for k in at]).numpy()  # [K, N, 3]
    curves = left.mean(1)
    coarse, fine = curves[:, 0], curves[:, 2]
    halves = {band: half(at, curves[:, j]) for j, band in enumerate(bands.NAMES)}
    early = min(range(len(at)), key=lambda i: abs(at[i] - steps / 3))
    n = {
        "pairs": len(pairs), "steps": steps, "guidance": GUIDANCE,
        **{f"half_{band}": value for band, value in halves.items()},
        **{f"half_{band}_percent": 100 * value / steps for band, value in halves.items()},
        "third_step": at[early], "third_coarse": 100 * float(coarse[early]), "third_fine": 100 * float(fine[early]),
        "middle_coarse": 100 * float(np.interp(steps / 2, at, coarse)),
        "middle_fine": 100 * float(np.interp(steps / 2, at, fine)),
        "first_step_coarse": 100 * float(np.interp(1, at, coarse)), "coarse_wavelength": 8,
    }  # fmt: skip
    n["coarse_first"] = int(halves["coarse"] < halves["fine"])
    few = range(min(SHOWN, len(pairs)))
    images = {k: decode(pipe.vae, ends[k][: len(few)]) for k in at}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4 if narrow else len(at)
        gap = 6
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        for i in few:
            a, b = (p.split(",")[0] for p in pairs[i])
            fig.note(0, y, f"“{a}” first, “{b}” after", "text", 13, weight=600)
            y += 23
            for j, k in enumerate(at):
                x, top = (j % columns) * (cell + gap), y + (j // columns) * (cell + 24)
                picture(fig, images[k][i], x, top, cell, cell)
                fig.note(x + cell / 2, top + cell + 4, f"{k} of {steps}", "muted", 11, ha="center")
            y += -(-len(at) // columns) * (cell + 24) + 8
        y += 8
        fig.note(0, y, "How much of the first prompt survives", size=14, weight=600)
        x = 0
        for words, colour in (("coarse shapes", "latent"), ("fine detail", "accent")):
            fig.note(x, y + 22, "■", colour, 12)
            fig.note(x + 15, y + 22, words, "ink", 12)
            x += 125
        ax = fig.area(44, y + 50, fig.width - 60, 160, below=42)
        for curve, band, colour in ((coarse, 0, "latent"), (fine, 2, "accent")):
            for pair in range(len(pairs)):
                ax.plot(at, left[:, pair, band], color=theme.colour(colour), linewidth=0.9, alpha=0.35)
            ax.plot(at, curve, "o-", color=theme.colour(colour), markersize=5)
        ax.axhline(0.5, color=theme.muted, linewidth=1)
        ax.set(xlim=(-0.2, steps + 0.2), ylim=(min(-0.1, float(left[..., [0, 2]].min()) - 0.03), 1.1),
               yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])  # fmt: skip
        ax.set_xlabel(f"steps with the first prompt, of {steps}")
        return fig

    return Output(
        alt=(
            f"Two rows of pictures: the prompt is exchanged after 0 to {steps} of {steps} steps. Curves of how much of "
            f"the first prompt survives: half of the coarse shapes after {n['half_coarse']:.1f} steps, half of the fine "
            f"detail after {n['half_fine']:.1f}; after {n['third_step']} steps {n['third_coarse']:.0f} % of the coarse "
            f"and {n['third_fine']:.0f} % of the fine."
        ),
        caption=(
            f"**What a step has decided, a later prompt cannot take back.** The first prompt rules for so many of "
            f"{steps} steps, the second for the rest. Below, how much of the first survives in the finished latent, in "
            f"waves longer than {n['coarse_wavelength']} cells (shapes) and in the shortest (detail): 100 % is the first "
            f"prompt's own result, 0 % the second's. Half of the shapes are settled after {n['half_coarse']:.1f} steps, "
            f"half of the detail after {n['half_fine']:.1f}; in the middle of the run {n['middle_coarse']:.0f} % and "
            f"{n['middle_fine']:.0f} %. Mean over {n['pairs']} pairs (thin lines), guidance {GUIDANCE:g}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
