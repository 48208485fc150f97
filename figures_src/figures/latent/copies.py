"""What the model draws beside the icon that its prompt names: an icon it was trained on, or one it never saw. How near
does it come, and are its patches nearer to the training icons than those of an honest newcomer?

Tests claims: c1-03, c6-01.
"""

import torch

from denoised import measured
from denoised.measured import latent_copies
from denoised.measured.latent_copies import NEAR, SHOWN
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Copies, cousins and strangers"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_copies, smoke)
    icons = lab.specimens().images[found["icons"]]
    made, share = decode(lab.vae(), torch.from_numpy(found["made"])), found["share"]
    count, pool = len(icons) // 2, int(found["pool"])

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = min(4 if narrow else SHOWN, count)
        left = 88 if narrow else 104
        cell = min(116, (fig.width - left - 8 * (shown - 1)) // shown)
        picks = [*range(shown), *range(count, count + shown)]
        grid, names = [], []
        for title, part in (("trained on", picks[:shown]), ("never seen", picks[shown:])):
            grid += [[icons[k] for k in part], [made[k] for k in part]]
            names += [f"icon,\n{title}", "what is\ndrawn"]
        labels = [[], [f"{share[k]:.2f}" for k in picks[:shown]], [], [f"{share[k]:.2f}" for k in picks[shown:]]]
        labels = [row or [""] * shown for row in labels]
        image_grid(fig, grid, rows=names, labels=labels, left=left, gap=8, cell=cell)
        return fig

    return Output(
        alt=(
            f"Icons and what the model draws for their prompts. For {n['seen']} icons of its training set the result "
            "lies "
            f"{n['share_seen']:.2f} times as far from the icon as the nearest other style's drawing of the same thing; "
            f"for {n['unseen']} unseen ones {n['share_unseen']:.2f} times. Near copies: {n['copies_percent']:.0f} %."
        ),
        caption=(
            f"**Does it repeat what it was shown?** Under each result: its distance from the icon that the prompt "
            "names, as a share of the distance from there to the nearest other drawing of the same thing; under "
            f"{NEAR:g} we call it a near copy. Icons seen in training: median {n['share_seen']:.2f} (95 % interval "
            f"{n['share_seen_low']:.2f} to {n['share_seen_high']:.2f}), {n['copies_percent']:.0f} % near copies "
            f"({n['copies_seen_low']:.0%} to {n['copies_seen_high']:.0%} of {n['seen']}). Style and thing known, "
            "combination never "
            f"seen: {n['share_unseen']:.2f}. Patches: those of results are {n['patch_ratio_9']:.2f} times "
            f"({n['patch_low_9']:.2f} to {n['patch_high_9']:.2f}) as far from {pool} training icons as those of "
            f"{n['newcomers']} real newcomers. One "
            "would mean no nearer; mind that a soft patch is near to many things, so that blur looks like borrowing."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
