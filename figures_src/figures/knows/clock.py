"""A clock at each half hour, asked for, drawn, and read again: what the words name against what the hands show. Read from
the results of `scripts/lab_clock.py`.

Tests claims: r07-22.
"""

import numpy as np

from denoised.studies import clock, shelf
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Asked for half past two"
TINY_ONLY = "It reads what was measured with the small model."

RESAMPLES = 4000
SHOWN = ("twelve-oclock", "two-thirty", "three-oclock", "six-thirty", "four-oclock", "seven-thirty")  # last two: held out


def interval(right, rng, resamples=RESAMPLES) -> tuple[float, float]:
    """95 % (low, high) of the mean of right, a list of one array of drawings a time; whole times are drawn anew."""
    sums, sizes = np.array([r.sum() for r in right], float), np.array([r.size for r in right])
    pick = rng.integers(len(right), size=(resamples, len(right)))
    return tuple(float(v) for v in np.percentile(sums[pick].sum(1) / sizes[pick].sum(1), (2.5, 97.5)))


def by_time(right, among) -> list:
    """What was drawn of each time for which `among` [styles, times] has some style; right [styles, times, seeds]."""
    return [right[among[:, k], k].ravel() for k in range(right.shape[1]) if among[:, k].any()]


def whole_hours(said) -> np.ndarray:
    return said % 2 == 0


def make(lab, smoke=False):
    facts, arrays = clock.load()
    shelf.expect(facts, lab, clock.NETWORKS, "lab_clock")
    rng, resamples = np.random.default_rng(0), 200 if smoke else RESAMPLES
    label = [f"{k // 2 or 12}:{'30' if k % 2 else '00'}" for k in range(len(clock.TIMES))]
    said, split, times = arrays["said"].astype(int), arrays["split"], len(clock.TIMES)
    asked = np.arange(times)[None, :, None]
    right = said == asked
    known = {facts["real_styles"][i]: float((row == np.arange(times)).mean()) for i, row in enumerate(arrays["real"])}
    n = {"reader": float((arrays["real"] == np.arange(times)).mean()), "real": int(arrays["real"].size),
         "reader_drawn": min(known[s] for s in clock.SETTINGS.styles), "times": times, "chance": 1 / times,
         "drawings": int(said.size), "steps": clock.SETTINGS.steps, "guidance": clock.SETTINGS.guidance,
         "seeds": len(clock.SETTINGS.seeds)}  # fmt: skip
    for name, among in (("seen", split == "train"), ("kept", split == "clock")):
        some = by_time(right, among)
        low, high = interval(some, rng, resamples)
        n |= {f"{name}": float(np.concatenate(some).mean()), f"{name}_low": low, f"{name}_high": high,
              f"{name}_times": len(some), f"{name}_drawings": int(sum(map(len, some)))}  # fmt: skip
    half = whole_hours(said) == whole_hours(asked)
    low, high = interval(by_time(half, np.ones_like(split, bool)), rng, resamples)
    n |= {"half": float(half.mean()), "half_low": low, "half_high": high}
    hours = (said // 2) == (asked // 2)
    n |= {"hour": float(hours.mean()), "hour_chance": 2 / times}
    counts = np.bincount(said.ravel(), minlength=times)
    first, second = np.argsort(-counts)[:2]
    n |= {"first": label[first], "second": label[second], "two_share": float((counts[first] + counts[second]) / said.size),
          "different": int((counts > 0).sum())}  # fmt: skip
    table = np.zeros((times, times))
    np.add.at(table, (np.broadcast_to(asked, said.shape).ravel(), said.ravel()), 1)
    at = [clock.TIMES.index(time) for time in SHOWN]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell = 46 if narrow else 62
        fig.note(0, 0, "Real clocks, and what is drawn for them", size=13, weight=600)
        held = [label[k] + ("*" if split[0, k] == "clock" else "") for k in at]
        rows = [[arrays["icons"][k] for k in at], [arrays["drawn"][k] for k in at]]
        sheets = [rows] if narrow else [[[r[i] for i in part] for r in rows] for part in ((0, 1, 2), (3, 4, 5))]
        words = [held] if narrow else [held[:3], held[3:]]
        y = 24
        for pictures, names in zip(sheets, words, strict=True):
            y = image_grid(fig, pictures, labels=[[None] * len(names), names], x=0, y=y, cell=cell,
                           gap=12 if narrow else 16)  # fmt: skip
            y += 10
        fig.note(0, y, "* held out of training in every style", "muted", 11)
        x, y = (0, y + 40) if narrow else (300, 0)
        fig.note(x, y, "Asked (down) and drawn (across)", size=13, weight=600)
        side = 286 if narrow else 340
        ax = fig.area(x + 46, y + 28, side, side, grid="", below=48)
        ax.imshow(table, cmap=theme.sequential("prediction"), interpolation="nearest")
        ax.plot([-0.5, times - 0.5], [-0.5, times - 0.5], color=theme.muted, linewidth=0.8)
        ticks = range(0, times, 6)
        ax.set_xticks(ticks, [label[k] for k in ticks])
        ax.set_yticks(ticks, [label[k] for k in ticks])
        return fig

    return Output(
        alt=(
            f"Real clocks above drawn ones for six times, and a table of {times} times asked for against times read off "
            f"{n['drawings']} drawings: {n['seen']:.0%} of learned and {n['kept']:.0%} of held-out ones are right."
        ),
        caption=(
            f"**Asked for each half hour.** {n['drawings']} drawings ({n['times']} times, two styles, {n['seeds']} seeds, "
            f"guidance {n['guidance']:g}). Right, by the reader: {n['seen']:.0%} ({n['seen_low']:.0%} to "
            f"{n['seen_high']:.0%}) of times that were learned in that style, {n['kept']:.0%} ({n['kept_low']:.0%} to "
            f"{n['kept_high']:.0%}) of times held out everywhere; {n['chance']:.0%} by chance. Full or half "
            f"hour is right in {n['half']:.0%} ({n['half_low']:.0%} to {n['half_high']:.0%}). Two times, "
            f"{n['first']} and {n['second']}, make up {n['two_share']:.0%} of what was drawn. The reader names "
            f"{n['reader']:.0%} of {n['real']} real clocks, at least {n['reader_drawn']:.0%} in the two styles."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
