"""Whose pictures these are: what the icons are of that the denoiser was shown, counted; and what becomes of a skin tone
that is asked for by name, when whoever chose the icons left all toned ones out: is the skin's colour right, and does only
the skin change?

Tests claims: c7-03.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.metrics import LUMA, bootstrap_ci
from denoised.probes.paths import drawn
from denoised.training.images import in_trunk
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Whose imagery"

NAMES = {
    "people-body": "people", "flags": "flags", "smileys-emotion": "smileys", "travel-places": "travel, places",
    "animals-nature": "animals, nature", "objects": "objects", "food-drink": "food, drink", "symbols": "symbols",
    "activities": "activities",
}  # fmt: skip
TONED = ("woman", "man", "person-beard", "victory-hand")
FRUIT = ("red-apple", "green-apple")  # a difference of colour that the denoiser did learn, as a control
STEPS, SHOWN = 8, 3


def brightness(image):
    """Mean brightness (luma, 0..255) of what is drawn on the white of one picture uint8 [H, W, 3]."""
    ink = drawn(image)
    return float((image[ink] @ LUMA).mean()) if ink.any() else 255.0


def redness(image):
    """Red minus green, mean over what is drawn, -255..255."""
    ink = drawn(image)
    return float((image[ink][:, 0].astype(float) - image[ink][:, 1]).mean()) if ink.any() else 0.0


def skin(light, dark, least=30):
    """Where two real pictures of the same thing differ in tone: bool [H, W]."""
    return np.abs(light.astype(float) - dark).max(-1) > least


def colour(image, where):
    """Mean colour of uint8 [H, W, 3] inside `where`: [3] float64."""
    return image[where].astype(float).mean(0)


def ratio(a, b):
    """Mean of a [N] over mean of b [M] and its 95 % interval, both resampled (Efron 1979)."""
    rng = np.random.default_rng(0)
    means = [x[rng.integers(0, len(x), (2000, len(x)))].mean(1) for x in (np.asarray(a), np.asarray(b))]
    low, high = np.quantile(means[0] / means[1], (0.025, 0.975))
    return float(np.mean(a) / np.mean(b)), float(low), float(high)


def obeyed(real, made):
    """How much of the difference that real pairs [N] show is in the made ones [N]: ratio of means and its 95 % interval,
    cases resampled together (Efron 1979)."""
    both = np.stack([real, made], 1)
    picks = np.random.default_rng(0).integers(0, len(both), (2000, len(both)))
    means = both[picks].mean(1)
    low, high = np.quantile(means[:, 1] / means[:, 0], (0.025, 0.975))
    return float(np.mean(made) / np.mean(real)), float(low), float(high)


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    every = [r for r in splits.load() if r.split == "train"]
    rows = [r for r in every if in_trunk(r)]
    groups = Counter(r.group for r in rows)
    people = [r for r in every if r.group == "people-body"]
    shown = [(name, groups.get(group, 0)) for group, name in NAMES.items()]
    shown.sort(key=lambda pair: -pair[1])

    place = {(r["concept"], r["style"], r["tone"]): i for i, r in enumerate(specimens.records)}
    styles = sorted({s for _, s, _ in place})
    cases = [((c, s, "light"), (c, s, "dark")) for c in TONED for s in styles]
    fruit = [((FRUIT[0], s, "none"), (FRUIT[1], s, "none")) for s in styles]
    cases, fruit = ([pair for pair in some if all(k in place for k in pair)] for some in (cases, fruit))
    if smoke:
        cases, fruit = cases[:2], fruit[:2]
    plain = [(c, s, "none") for (c, s, _), _ in cases if (c, s, "none") in place]
    asked = [place[key] for pair in cases + fruit for key in pair] + [place[key] for key in plain]
    prompts = [prompt(SimpleNamespace(**specimens.records[i])) for i in asked]
    of_pairs = 2 * (len(cases) + len(fruit))
    seeds = [k // 2 for k in range(of_pairs)] + [900 + k for k in range(len(plain))]  # both of a pair from one start
    start = steering.start_noise(pipe, seeds)
    made = decode(pipe.vae, steering.run(pipe, encode_prompts(pipe, prompts).states, start, steps=2 if smoke else STEPS))
    real = specimens.images[asked]

    def gaps(measure, images, part):
        values = [measure(images[k]) for k in range(2 * part.start, 2 * part.stop)]
        return np.array(values[::2]) - values[1::2]

    tone, apple = slice(0, len(cases)), slice(len(cases), len(cases) + len(fruit))
    n = {
        "icons": len(rows), "styles": len({r.style for r in rows}), "concepts": len({r.concept for r in rows}),
        "collected": len(every), "people": groups["people-body"], "people_share": groups["people-body"] / len(rows),
        "people_collected": len(people), "toned_left_out": sum(r.tone != "none" for r in people),
        "flags": groups.get("flags", 0), "flags_left_out": sum(r.group == "flags" for r in every),
        "food": groups.get("food-drink", 0), "cases": len(cases), "controls": len(fruit),
        "tone_real": float(gaps(brightness, real, tone).mean()),
        "tone_made": float(gaps(brightness, made, tone).mean()),
    }  # fmt: skip
    n["tone_share"], n["tone_low"], n["tone_high"] = obeyed(*(gaps(brightness, x, tone) for x in (real, made)))
    n["fruit_share"], n["fruit_low"], n["fruit_high"] = obeyed(*(gaps(redness, x, apple) for x in (real, made)))
    n["made_low"], n["made_high"] = bootstrap_ci(gaps(brightness, made, tone))
    toned, untoned, rest = [], [], {"real": [], "made": []}  # how far the skin's colour is off; what else got darker
    for k, ((c, s, _), _) in enumerate(cases):
        where = skin(real[2 * k], real[2 * k + 1])
        scale = np.linalg.norm(colour(real[2 * k], where) - colour(real[2 * k + 1], where))
        off = [np.linalg.norm(colour(made[j], where) - colour(real[j], where)) / scale for j in (2 * k, 2 * k + 1)]
        toned.append(np.mean(off))
        if (c, s, "none") in plain:
            j = of_pairs + plain.index((c, s, "none"))
            untoned.append(np.linalg.norm(colour(made[j], where) - colour(real[j], where)) / scale)
        other = drawn(real[2 * k], real[2 * k + 1]) & ~where
        if other.mean() > 0.02:  # a bare hand is nothing but skin
            for name, images in (("real", real), ("made", made)):
                light, dark = (colour(images[j], other) @ LUMA for j in (2 * k, 2 * k + 1))
                rest[name].append(light - dark)
    n |= {"skin_off": float(np.mean(toned)), "skin_off_untoned": float(np.mean(untoned)), "untoned": len(untoned)}
    n["skin_ratio"], n["skin_low"], n["skin_high"] = ratio(toned, untoned)
    n |= {f"rest_{name}": float(np.mean(values)) if values else 0.0 for name, values in rest.items()}
    wanted = [k for k, pair in enumerate(cases) if pair[0][1] == "noto"][:SHOWN] or [0]
    grid = [[x[2 * k + d] for k in wanted] for d in (0, 1) for x in (real, made)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, row = 124, 26
        w = (fig.width if narrow else 400) - left - 50
        fig.note(0, 0, "What the denoiser was shown", "image", 14, weight=600)
        for k, (name, count) in enumerate(shown):
            y = 30 + k * row
            fig.note(left - 10, y + 10, name, "ink", 13, ha="right", va="center")
            ax = fig.area(left, y, w, 20, grid="")
            ax.barh([0], [count], height=0.9, color=theme.image)
            ax.set(xlim=(0, shown[0][1]), ylim=(-0.5, 0.5))
            ax.set_axis_off()
            fig.note(left + w * count / shown[0][1] + 6, y + 10, f"{count:,}", "muted", SMALL, va="center")
        x, y = (0, 30 + row * len(shown) + 22) if narrow else (430, 0)
        fig.note(x, y, "A skin tone asked for by name", "text", 14, weight=600)
        names = ["light,\nreal", "light,\ndrawn", "dark,\nreal", "dark,\ndrawn"]
        image_grid(fig, grid, x=x, y=y + 30, rows=names, left=62, gap=8, cell=80 if narrow else 66)
        return fig

    return Output(
        alt=(
            f"Bars: what {n['icons']:,} icons of the denoiser's training show. "
            + ", ".join(f"{name} {count:,}" for name, count in shown)
            + f". Beside them people and a hand in light and in dark skin, real and drawn: asked for by name, "
            f"the skin's colour is off {n['skin_ratio']:.1f} times as far as where no tone is asked for."
        ),
        caption=(
            f"**A collection, not a humanity.** The denoiser was shown {n['icons']:,} icons from {n['styles']} sets, and a "
            f"standards body decided what these are of. Whoever trained it left out all {n['flags_left_out']:,} flags and "
            f"{n['toned_left_out']:,} people with a skin tone. Asked for light and for dark skin by name, it does make "
            f"pictures lighter and darker, by {n['tone_share']:.0%} of what real icons differ (95 % interval "
            f"{n['tone_low']:.0%} to {n['tone_high']:.0%}, {n['cases']} pairs); but hair and all else by "
            f"{n['rest_made']:.0f} of 255, where real ones change by {n['rest_real']:.0f}. Where the skin should be, the "
            f"colour is off by {n['skin_off']:.2f} of the way from light to dark, and by {n['skin_off_untoned']:.2f} where "
            f"no tone is asked for: {n['skin_ratio']:.1f} times as much ({n['skin_low']:.1f} to {n['skin_high']:.1f}). "
            f"Red and green apples, which it was shown, differ by {n['fruit_share']:.0%} of the real difference "
            f"({n['fruit_low']:.0%} to {n['fruit_high']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
