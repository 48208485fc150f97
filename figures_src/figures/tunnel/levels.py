"""The U-Net level by level: size and width of its feature maps, what each place costs, and three of the maps there, on
the way from noise to a picture. The film runs through all steps.

Tests claims: r12-02.
"""

import numpy as np
import torch
from matplotlib.patches import FancyArrowPatch

from denoised.pipeline import PREDICTIONS, decode, encode, encode_prompts
from denoised.probes.features import Features, stages, telling
from denoised.probes.flow import Operations
from denoised.probes.latents import fit_preview
from denoised.probes.runs import clock, noise, prompted, walk
from plotting.layout import colour_map, picture, rasterize, resize, to_uint8
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The U-Net, level by level"

PROMPT = "cat face, noto style"
SEED = 3
STEPS = 16
GUIDANCE = 3.0
SHOWN = 3  # maps a place
SCALE = 2
PLACES = {  # words -> (row and side of the U, modules whose operations are counted together)
    "down 1": (0, "left", ("conv_in", "down_blocks.0")),
    "down 2": (1, "left", ("down_blocks.1",)),
    "down 3": (2, "left", ("down_blocks.2",)),
    "middle": (3, "middle", ("mid_block",)),
    "up 1": (2, "right", ("up_blocks.0",)),
    "up 2": (1, "right", ("up_blocks.1",)),
    "up 3": (0, "right", ("up_blocks.2", "conv_norm_out", "conv_act", "conv_out")),
}


def costs(unet, text):
    """Operations of one call on one latent: ({words: count}, total)."""
    modules = [name for _, _, names in PLACES.values() for name in names]
    side = unet.config.sample_size
    with torch.no_grad(), Operations(unet, modules) as counted:
        unet(torch.zeros(1, unet.config.in_channels, side, side), 500, encoder_hidden_states=text[:1])
    return {w: sum(counted.total(place=name) for name in names) for w, (_, _, names) in PLACES.items()}, counted.total()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    steps = 2 if smoke else STEPS
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)
    names = dict(stages(pipe.unet))
    text = encode_prompts(pipe, [PROMPT]).states
    spent, total = costs(pipe.unet, text)
    seen: list = []
    with Features(pipe.unet, [names[words] for words in PLACES]) as watched:
        end = walk(pipe, prompted(pipe, [PROMPT], GUIDANCE), noise(pipe, [SEED]), steps, seen=seen)
    # of each call the second half of the batch is the one with the prompt
    maps = {words: torch.stack([call[-1] for call in watched.maps[names[words]]]) for words in PLACES}
    picks = {words: telling(each, SHOWN) for words, each in maps.items()}
    drawn = {}  # [S, shown, h, w], each map around its own mean over the picture and on one scale for all steps
    for words, each in maps.items():
        chosen = each[:, picks[words]]
        chosen = chosen - chosen.mean((2, 3), keepdim=True)
        drawn[words] = (chosen / chosen.abs().amax((0, 2, 3), keepdim=True).clamp(min=1e-9)).numpy()
    bets = decode(pipe.vae, torch.cat([*(one.x0 for one in seen), end]))
    latents = preview(torch.cat([*(one.xt for one in seen), end]))
    alpha_bar = clock(pipe, steps)[1]
    still = int(np.argmin([abs(float(alpha_bar[one.t]) - 0.5) for one in seen]))  # as much picture as noise

    n = {
        "steps": steps, "parameters": sum(p.numel() for p in pipe.unet.parameters()), "operations_millions": total / 1e6,
        "values_in": latents.shape[1] * latents.shape[2] * pipe.unet.config.in_channels, "shown_t": seen[still].t,
        "prediction": PREDICTIONS[pipe.scheduler.config.prediction_type],
    }  # fmt: skip
    for words, each in maps.items():
        key = words.replace(" ", "_")
        n |= {
            f"side_{key}": each.shape[-1], f"channels_{key}": each.shape[1],
            f"cost_{key}": 100 * spent[words] / total, f"values_{key}": each[0].numel(),
        }  # fmt: skip
    by_level = {row: sum(n[f"cost_{w.replace(' ', '_')}"] for w in PLACES if PLACES[w][0] == row) for row in range(4)}
    n |= {
        "cost_level_1": by_level[0], "cost_level_2": by_level[1], "cost_level_3": by_level[2] + by_level[3],
        "widest": max(each.shape[1] for each in maps.values()), "places": len(PLACES),
    }  # fmt: skip
    dearest = max(PLACES, key=lambda w: spent[w])
    n |= {"dearest": dearest, "dearest_percent": 100 * spent[dearest] / total}

    def u_shape(fig, i, top, costs_too, put=picture):
        """The U at step i, from y = top px, its pictures placed by `put`; -> its lower edge."""
        gap = 4 if fig.narrow else 8
        cell = 46 if fig.narrow else 84
        width = SHOWN * cell + (SHOWN - 1) * gap
        high = cell + (50 if costs_too else 34)
        for words, (row, side, _) in PLACES.items():
            x = {"left": 0, "right": fig.width - width, "middle": (fig.width - width) / 2}[side]
            y = top + row * high
            key = words.replace(" ", "_")
            size = f"{n[f'side_{key}']}×{n[f'side_{key}']}, {n[f'channels_{key}']} maps"
            fig.note(x, y, words, "ink", 12, weight=600)
            fig.note(x + width, y, size, "muted", 11, ha="right")
            for k in range(SHOWN):
                image = colour_map(drawn[words][min(i, steps - 1), k], fig.theme, limit=1.0)
                put(fig, image, x + k * (cell + gap), y + 18, cell, cell, smooth=False, radius=3)
            if costs_too:
                cost = n[f"cost_{key}"]
                bar = fig.area(x, y + 18 + cell + 5, width - 44, 7, grid="")
                bar.barh([0], [100], color=fig.theme.grid)
                bar.barh([0], [cost], color=fig.theme.latent)
                bar.set(xlim=(0, 60), ylim=(-0.4, 0.4), xticks=[], yticks=[])
                fig.note(x + width, y + 18 + cell + 8.5, f"{cost:.0f} %", "latent", 11, ha="right", va="center")
            if side == "left":  # the skip connection to the other side
                ax = fig.area(x + width + 4, y + 18 + cell / 2 - 8, fig.width - 2 * width - 8, 16, grid="")
                ax.set_axis_off()
                ax.set(xlim=(0, 1), ylim=(-1, 1))
                style = {"arrowstyle": "-|>", "mutation_scale": 11, "color": fig.theme.muted, "lw": 1.3}
                ax.add_patch(FancyArrowPatch((0, 0), (1, 0), shrinkA=0, shrinkB=0, **style))
                if row == 0:
                    fig.note(fig.width / 2, y + 18 + cell / 2 - 20, "skips", "muted", 11, ha="center")
        return top + 4 * high

    def ends(fig, i, y, put=picture):
        """What goes in and what comes out, above the U; -> the lower edge."""
        side = 64 if fig.narrow else 96
        for x, ha, text, colour, image, smooth in (
            (0, "left", "in: noisy latent", "noise", latents[i], False),
            (fig.width - side, "right", "out: its bet", "image", bets[i], True),
        ):
            put(fig, image, x, y, side, side, smooth)
            beside = x + side + 10 if ha == "left" else x - 10
            fig.note(beside, y + side / 2 - 9, text, colour, 12, ha=ha, weight=600)
            told = f"t = {seen[i].t if i < steps else 0}" if ha == "left" else "decoded"
            fig.note(beside, y + side / 2 + 8, told, "muted", 12, ha=ha)
        return y + side + 14

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = u_shape(fig, still, ends(fig, still, 0), costs_too=True)
        fig.note(0, y - 2, "Bars: share of a call’s operations", "latent", 11)
        fig.set_height(y + 18)
        return fig

    def frame(i):
        pictures = []

        def later(fig, image, x, y, w, h, smooth, radius=0):
            pictures.append((resize(to_uint8(image), w * SCALE, h * SCALE, smooth), round(x) * SCALE, round(y) * SCALE))

        fig = new_figure(LIGHT, narrow=True)
        y = u_shape(fig, i, ends(fig, i, 8, later), costs_too=False, put=later)
        line = fig.area(60, y + 2, fig.width - 120, 6, grid="")
        line.barh([0], [1], color=LIGHT.grid)
        line.barh([0], [i / steps], color=LIGHT.accent)
        line.set(xlim=(0, 1), ylim=(-0.4, 0.4), xticks=[], yticks=[])
        fig.note(52, y + 5, "noise", "noise", 12, ha="right", va="center")
        fig.note(fig.width - 52, y + 5, "picture", "image", 12, va="center")
        fig.set_height(y + 20)
        sheet = rasterize(fig, SCALE)
        for image, left, top in pictures:  # pasted: an axes a picture takes matplotlib ten times as long
            sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
        return sheet

    with context(LIGHT):
        frames = [frame(i) for i in range(steps + 1)]
    told = "; ".join(
        f"{w} {n[f'side_{k}']}×{n[f'side_{k}']} with {n[f'channels_{k}']} maps, {n[f'cost_{k}']:.0f} %"
        for w, k in ((w, w.replace(" ", "_")) for w in PLACES)
    )
    return Output(
        alt=(
            f"The U-Net drawn as a U, with three feature maps at each of {n['places']} places and the share of "
            f"operations spent there: {told}. Arrows lead straight across from the way down to the way up. Above, the "
            f"noisy latent that goes in at t = {n['shown_t']} and the picture that the answer stands for."
        ),
        caption=(
            f"**Smaller and wider, then back.** One call of the network, at t = {n['shown_t']}, prompt “{PROMPT}”. At "
            f"each place three of its feature maps, those that vary most over the picture (blue above their mean, brown "
            f"below). A call takes {n['operations_millions']:,.0f} million operations; level 1 takes "
            f"{n['cost_level_1']:.0f} % of them, level 2 {n['cost_level_2']:.0f} % and the deepest, the middle included, "
            f"{n['cost_level_3']:.0f} %. Operations are counted, not timed, so they are the same on every machine."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=6, hold_last=2.0, poster=still),
    )
