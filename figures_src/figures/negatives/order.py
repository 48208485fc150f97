"""Does it matter in which order negatives are written? The same five, shuffled, with one seed, next to other seeds; and an
order-blind reading as the control.

Tests claims: r10b-08.
"""

import numpy as np
import torch

from denoised.diffusion.guidance import guided
from denoised.pipeline import decode, encode_prompts
from denoised.probes import runs
from denoised.probes.negatives import apart, strangers
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The order of negatives"

PROMPT = "cat face, noto style"
NEGATIVES = ("red", "house", "flower", "man", "rocket")
ORDERS, SEEDS = 8, 6
STEPS, GUIDANCE = 8, 4.0


@torch.no_grad()
def finished(pipe, negatives, seeds, steps, blind=False):
    """Latents [N, C, h, w] of PROMPT with one negative text and one seed each; `blind` replaces the negative's states by
    their mean over words, in which the order is lost but for what the reader made of it."""
    text = encode_prompts(pipe, [PROMPT] * len(seeds)).states
    no = encode_prompts(pipe, negatives).states
    if blind:
        words = [encode_prompts(pipe, text.split(", ")).states.mean((0, 1), keepdim=True) for text in negatives]
        no = torch.cat(words).expand_as(text)

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    return runs.walk(pipe, guided(unet, GUIDANCE, text, no), runs.noise(pipe, seeds), steps)


def make(lab, smoke=False):
    pipe = lab.pipeline()
    orders, seeds, steps = (2, 2, 2) if smoke else (ORDERS, SEEDS, STEPS)
    rng = np.random.default_rng(4)
    lines = [", ".join(NEGATIVES)] + [", ".join(rng.permutation(NEGATIVES)) for _ in range(orders - 1)]
    by_order = finished(pipe, lines, [0] * orders, steps)
    by_seed = finished(pipe, [lines[0]] * seeds, range(seeds), steps)
    blind = finished(pipe, lines[:2], [0, 0], steps, blind=True)
    without = finished(pipe, [""], [0], steps)
    moved = apart(by_order[1:], by_order[:1].expand_as(by_order[1:]))
    n = {
        "orders": orders, "seeds": seeds, "negatives": len(NEGATIVES), "steps": steps, "guidance": GUIDANCE,
        "by_order": strangers(by_order), "by_seed": strangers(by_seed), "by_blind": float(apart(*blind.split(1))[0]),
        "order_least": float(moved.min()), "order_most": float(moved.max()),
        "by_negatives": float(apart(without, by_order[:1])[0]),
    }  # fmt: skip
    n["of_seed"] = n["by_order"] / n["by_seed"]
    n["of_negatives"] = n["by_order"] / max(n["by_negatives"], 1e-6)
    pictures = decode(pipe.vae, torch.cat([by_order[:5], by_seed[:5]]))
    half = min(5, orders)
    rows = [list(pictures[:half]), list(pictures[half : half + min(5, seeds)])]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        names = ["one seed,\norders", "one order,\nseeds"]
        cell, gap = (50, 6) if narrow else (76, 8)
        y = image_grid(fig, rows, rows=names, left=78, cell=cell, gap=gap, size=12)
        x, y = (0, y + 28) if narrow else (78 + 5 * (cell + gap) + 26, 0)
        width = fig.width - x
        fig.note(x, y, "How far apart they end", size=14, weight=600)
        y += 26
        bars = (
            ("order unreadable (control)", "by_blind", "noise"), ("another order", "by_order", "text"),
            ("negatives or none", "by_negatives", "prediction"), ("another seed", "by_seed", "latent"),
        )  # fmt: skip
        top = max(n[key] for _, key, _ in bars)
        for word, key, colour in bars:
            fig.note(x, y, word, "ink", 12)
            fig.note(x + width, y, f"{n[key]:.2f}", "ink", 12, ha="right")
            ax = fig.area(x, y + 18, width, 8, grid="", below=6)
            ax.set_axis_off()
            ax.barh([0], [n[key] / top], color=theme.colour(colour), height=1)
            ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
            y += 36
        return fig

    return Output(
        alt=(
            f"A cat with the same {n['negatives']} negatives in several orders, and with several seeds. Bars of how far "
            f"finished latents are apart: another order {n['by_order']:.2f}, another seed {n['by_seed']:.2f}, negatives "
            f"or none {n['by_negatives']:.2f}, and {n['by_blind']:.2f} where the order cannot be read."
        ),
        caption=(
            f"**The order counts, a little.** The same {n['negatives']} negatives in {n['orders']} orders and one seed: "
            f"finished latents are {n['by_order']:.2f} apart on average, from {n['order_least']:.2f} to "
            f"{n['order_most']:.2f} from the first order, which is {n['of_seed']:.0%} of the {n['by_seed']:.2f} between "
            f"{n['seeds']} seeds. Having negatives at all moves the picture by {n['by_negatives']:.2f}. Control: where "
            f"each negative is read by itself and only their mean is handed on, two orders end {n['by_blind']:.2f} apart."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
