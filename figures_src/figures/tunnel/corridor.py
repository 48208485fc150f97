"""A piece of art: the artwork's corridor, built of the tensors of one run. The way down on the left wall, the middle on the
floor, the way up on the right, the remaining noise as stars, the clock as cables, the word's brightest cells as lamps.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes.attention import Attention, word_tokens
from denoised.probes.features import Features, stages, telling
from denoised.probes.runs import clock, noise, prompted, walk
from plotting.corridor import DEEP, FLOOR, HORIZON, LEFT, RIM, SIDE, SKY, Sheet, View, paint
from plotting.layout import picture
from plotting.output import Animation, Output
from plotting.style import DARK, NARROW, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The tunnel, built of tensors"

PROMPT, WORD = "red heart, twemoji style", "heart"
SEED = 4
STEPS = 10
GUIDANCE = 3.0
WALLS = {"left": ("down 1", "down 2", "down 3"), "right": ("up 3", "up 2", "up 1")}  # from the top
BAND = (SIDE - RIM) // 3
ON_FLOOR = 4  # maps of the middle, side by side
STAR = 1.0  # standard deviations: a number of the noise beyond this is a star
PERIODS = (200, 430, 920)  # of t, in steps of the schedule: three of the clock's hands
FRAMES, FPS = 8, 14  # a slab
FILM = (640, 480)


def shares(maps):
    """Maps [S, C, h, w] around their own mean over the picture, each channel on one scale for all steps, in [-1, 1]."""
    flat = maps - maps.mean((2, 3), keepdim=True)
    scale = flat.abs().transpose(0, 1).flatten(1).quantile(0.99, dim=1).clamp(min=1e-9)
    return (flat / scale[None, :, None, None]).clamp(-1, 1).numpy()


def peak(lamp):
    """(row, column, times the mean) of the brightest cell of attention to a word, [cells]."""
    side = round(lamp.numel() ** 0.5)
    row, column = divmod(int(lamp.argmax()), side)
    return row, column, float(lamp.max() / lamp.mean())


def hands(unet):
    """Frequencies (radians a step) of the embedding's waves that come closest to PERIODS."""
    half = unet.time_proj.num_channels // 2
    every = 10000.0 ** (-np.arange(half) / half)
    return [float(every[np.abs(np.log(every * period / (2 * np.pi))).argmin()]) for period in PERIODS]


def watch(pipe, steps):
    """One run: maps {place: [S, C, h, w]}, attention to the word {place: [[cells] a step]}, steps, finished latent."""
    names = {words: name for words, name in stages(pipe.unet) if words not in ("first convolution", "answer")}
    seen: list = []
    with Features(pipe.unet, names.values()) as heard, Attention(pipe.unet) as watched:
        end = walk(pipe, prompted(pipe, [PROMPT], GUIDANCE), noise(pipe, [SEED]), steps, seen=seen)
    # of each call the second half of the batch is the one with the prompt
    maps = {words: torch.stack([call[-1] for call in heard.maps[name]]) for words, name in names.items()}
    tokens = word_tokens(encode_prompts(pipe, [PROMPT]).tokens[0], WORD)
    lamps: dict = {}
    for name, calls in watched.weights.items():
        head = name.split(".")
        place = "middle" if head[0] == "mid_block" else f"{head[0].split('_')[0]} {int(head[1]) + 1}"
        lamps.setdefault(place, []).append(torch.stack([call[-1][:, tokens].sum(-1) for call in calls]))
    return maps, {place: torch.stack(each).mean(0) for place, each in lamps.items()}, seen, end


def build(maps, lamps, seen, alpha_bar, unet):
    """(the sheet, numbers about it) of a run."""
    steps = len(seen)
    sheet = Sheet(steps)
    drawn = {
        place: shares(each[:, telling(each, ON_FLOOR if place == "middle" else 1)]) for place, each in maps.items()
    }
    stars, strengths = [], []
    for i, step in enumerate(seen):
        for wall, places in WALLS.items():
            for band, place in enumerate(places):
                plane = drawn[place][i, 0]
                # down the left wall, up the right one; on both the picture's left is the reader's left
                start = LEFT + RIM + band * BAND if wall == "left" else SKY - RIM - (band + 1) * BAND
                turned = plane.T if wall == "left" else plane[::-1, ::-1].T
                sheet.tiles(i, start, BAND, turned)
                if place in lamps:
                    row, column, times = peak(lamps[place][i])
                    side = len(plane)
                    if wall == "right":
                        row, column = side - 1 - row, side - 1 - column
                    light(sheet, i, (column + 0.5) / side, start + (row + 0.5) * BAND / side, times)
                    strengths.append(times)
        row, column, times = peak(lamps["middle"][i])
        wide = SIDE // ON_FLOOR
        for k, plane in enumerate(drawn["middle"][i]):
            start, side = FLOOR + k * wide, len(plane)
            sheet.tiles(i, start, wide, plane[::-1])  # the picture's foot is nearest
            light(sheet, i, (side - 0.5 - row) / side, start + (column + 0.5) * wide / side, times)
        strengths.append(times)
        left = (step.eps[0] * (1 - alpha_bar[step.t]) ** 0.5).float().numpy()  # the noise that is in the latent
        channels, high, across = left.shape
        for k, y, x in zip(*np.nonzero(np.abs(left) > STAR), strict=True):
            beyond = abs(left[k, y, x]) - STAR
            along = SKY + SIDE * (1 - (k + (x + 0.5) / across) / channels)
            sheet.light((i + (y + 0.5) / high) * DEEP, along, 1.6 + 1.7 * min(beyond, 2),
                        min(1, 0.45 + beyond / 2), float(left[k, y, x]))  # fmt: skip
        stars.append(100 * float((np.abs(left) > STAR).mean()))
    t = np.interp((np.arange(steps * DEEP) + 0.5) / DEEP, np.arange(steps + 1), [*(step.t for step in seen), 0])
    for frequency in hands(unet):
        sheet.hang(np.sin(frequency * t), right=False)
        sheet.hang(np.cos(frequency * t), right=True)
    tiles = steps * sum(each.shape[1] * each.shape[2] * each.shape[3] for each in drawn.values())
    return sheet, {
        "steps": steps, "tiles": tiles, "lamps": len(strengths), "stars_first": stars[0], "stars_middle": stars[steps // 2],
        "stars_last": stars[-1], "lamp_mean": float(np.mean(strengths)), "lamp_most": max(strengths),
        "sides": ", ".join(f"{len(drawn[place][0, 0])}" for place in WALLS["left"]), "cables": len(PERIODS),
    }  # fmt: skip


def light(sheet, slab, depth, along, times):
    """A lamp, larger the more its cell exceeds the mean."""
    sheet.light((slab + depth) * DEEP, along, 8 + 6 * min(times - 1, 1.5), 1.0)


def make(lab, smoke=False):
    pipe = lab.pipeline()
    steps = 2 if smoke else STEPS
    maps, lamps, seen, end = watch(pipe, steps)
    sheet, n = build(maps, lamps, seen, clock(pipe, 1)[1], pipe.unet)
    n["guidance"] = GUIDANCE
    light_at_the_end = decode(pipe.vae, end)[0]
    key = ("left wall: the way down", "floor: the middle", "right wall: the way up", "cables: the clock",
           "stars: noise left in the latent", f"lamps: where “{WORD}” is looked at most")  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width, height = (NARROW, 420) if narrow else (fig.width, 500)
        reach = max(width, 2 * (1 - HORIZON) * height)  # of two pixels to one of the page: the walls leave no gap
        view = View(steps, 2 * width, 2 * height, reach, HORIZON)
        picture(fig, view(paint(sheet, theme), light_at_the_end, theme), 0, 0, width, height, frame=False, radius=8)
        rows = (key[:2], key[2:4], key[4:5], key[5:]) if narrow else (key[:3], key[3:])
        for k, words in enumerate(rows):
            fig.note(fig.width / 2, height + 10 + 18 * k, " · ".join(words), "muted", 11 if narrow else 12, ha="center")
        return fig

    window = View(steps, *FILM, FILM[0] / 2)
    packed = paint(sheet, DARK)
    # it ends where the picture fills the window's height
    last = steps + np.log(0.72) / window.ratio
    passed = np.linspace(0, last, 3 if smoke else round(last * FRAMES))
    film = [window(packed, light_at_the_end, DARK, at) for at in passed]
    return Output(
        alt=(
            f"A corridor in perspective with {n['tiles']:,} glowing tiles, blue and brown, in {steps} slabs of equal make "
            f"that shrink towards a bright square in the distance: the finished picture for “{PROMPT}”. On the left wall "
            "fine tiles at the top, coarse ones at its foot; the floor has the coarsest; on the right wall they become "
            "fine again, and there the outline of the finished thing stands in tiles, slab after slab. Overhead "
            f"a night sky: {n['stars_first']:.0f} % of the noise's numbers are stars in the nearest slab, "
            f"{n['stars_last']:.0f} % in the last. Cables swing along the upper edges, and {n['lamps']} small lamps hang "
            "on walls and floor. The film walks through it until the square fills the view."
        ),
        caption=(
            f"**The tunnel.** Nothing in it is painted by hand: every tile, star, lamp and bend is a number of one run, "
            f"“{PROMPT}”, {steps} steps, one slab a step, noise nearest. Tiles: feature maps of the U-Net, the one "
            f"at each place that varies most, {n['sides']} cells a side from the top of the left wall down; blue above "
            "their mean, brown below. Stars: those numbers of the remaining noise that exceed one standard deviation of "
            f"fresh noise, {n['stars_first']:.0f} % of them at first, {n['stars_middle']:.0f} % half way, "
            f"{n['stars_last']:.0f} % in the last slab. Lamps: the cell where the word “{WORD}” is looked at most, "
            f"{n['lamp_mean']:.1f} times the mean on average. Cables: {n['cables']} of the sines (left) and cosines "
            "(right) that tell the network the time. The light: the decoded picture. Slabs lengthen with their distance, "
            "so that each step is as wide to the eye as the next."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(film, fps=FPS, hold_last=2.0, poster=len(film) // 2),
    )
