"""Which steps decide what: the prompt is exchanged at step k, for another subject or another style, and the finished
latent is compared with what each prompt alone gives, separately for coarse shapes and for fine detail.
"""

import torch

from denoised import measured
from denoised.measured import tunnel_swap
from denoised.measured.tunnel_swap import GUIDANCE, PAIRS
from denoised.pipeline import decode
from plotting.layout import picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The prompt changed midway"


def make(lab, smoke=False):
    n, found = measured.results(lab, tunnel_swap, smoke)
    at, left, steps = found["at"].tolist(), found["left"], n["steps"]
    coarse, _, fine = left.mean(1).T
    images = [decode(lab.vae(), torch.from_numpy(z)) for z in found["shown"]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4 if narrow else len(at)
        gap = 6
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        for i in range(len(images[0])):
            a, b = (p.split(",")[0] for p in PAIRS[i])
            fig.note(0, y, f"“{a}” first, “{b}” after", "text", 13, weight=600)
            y += 23
            for j, k in enumerate(at):
                x, top = (j % columns) * (cell + gap), y + (j // columns) * (cell + 24)
                picture(fig, images[j][i], x, top, cell, cell)
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
            for pair in range(n["pairs"]):
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
