"""Does an autoencoder remember? Orbits of repeated round trips in tiny autoencoders, fed with few and with many
icons, three seeds each. Read from the results of `scripts/lab_attractors.py`.

Tests claims: r13-03.
"""

import numpy as np

from denoised.studies import attractors
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Memory by underfeeding"

NAMES = ("few", "some", "many")  # in the order of attractors.SETTINGS.archives
SHOWN = (0, 1, 2)


def make(lab, smoke=False):
    facts, arrays = attractors.load()
    settings = attractors.SETTINGS
    runs = dict(zip(NAMES, (facts["runs"][str(count)] for count in settings.archives), strict=True))

    def values(name, field):
        return np.array([run[field] for run in runs[name]])

    n = {
        "seeds": len(settings.seeds), "runs": len(NAMES) * len(settings.seeds), "seconds": facts["seconds"],
        "cycles": settings.cycles, "starts": settings.starts, "held_out": settings.held_out,
        "landed_within_db": settings.landed_db,
    }  # fmt: skip
    for name, count in zip(NAMES, settings.archives, strict=True):
        n |= {
            f"icons_{name}": count,
            f"landed_{name}": float(values(name, "landed_codes").mean()),
            f"landed_lowest_{name}": float(values(name, "landed_codes").min()),
            f"landed_highest_{name}": float(values(name, "landed_codes").max()),
            f"landed_photos_{name}": float(values(name, "landed_held_out").mean()),
            f"landed_unseen_{name}": float(values(name, "landed_unseen_codes").max()),
            f"returns_known_{name}": float(values(name, "returns_known").mean()),
            f"psnr_known_{name}": float(values(name, "psnr_known").mean()),
            f"psnr_held_out_{name}": float(values(name, "psnr_held_out").mean()),
        }  # fmt: skip
        n[f"gap_{name}"] = n[f"psnr_known_{name}"] - n[f"psnr_held_out_{name}"]

    words = [f"{count:,} icons" for count in settings.archives]
    counts = ["given", *(f"{c}" if c > 1 else "once" for c in settings.shown), "likest\nknown"]

    def strip(count, kind, i):
        trail = arrays[f"{kind}_orbit_{count}"][i]
        return [arrays[f"{kind}_start_{count}"][i], *trail, arrays[f"{kind}_nearest_{count}"][i]]

    def bars(fig, x, y, width, key, title, colour):
        fig.note(x, y, title, "ink", 13)
        for i, (name, word) in enumerate(zip(NAMES, words, strict=True)):
            top = y + 24 + 20 * i
            fig.note(x + 74, top + 7, word, "muted", 12, ha="right", va="center")
            share_bar(fig, x + 84, top, width - 84 - 44, 14, n[f"{key}_{name}"], colour)
            fig.note(x + width, top + 7, f"{n[f'{key}_{name}']:.0%}", "ink", 12, ha="right", va="center")
        return y + 24 + 60

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (64, 10) if narrow else (40, 5)
        fig.note(0, 0, "Unseen icons, sent round and round", size=14, weight=600)
        y = 28
        block = 5 * cell + 4 * gap
        for k, (word, count, name) in enumerate(zip(words, settings.archives, NAMES, strict=True)):
            x, top = (0, y) if narrow else (k * (fig.width - block) / 2, 28)
            fig.note(x, top, f"fed with {word}", "ink", 13, weight=600)
            told = f"round trip {n[f'psnr_known_{name}']:.0f} dB at home, {n[f'psnr_held_out_{name}']:.0f} away"
            fig.note(x, top + 19, told, "muted", 12 if narrow else 11)
            grid = [strip(count, "held_out", i) for i in SHOWN]
            bottom = image_grid(fig, grid, x=x, y=top + 40, columns=counts, cell=cell, gap=gap, size=11)
            y = bottom + 22
        parts = (
            ("landed", "Random codes that end on a training icon", "latent"),
            ("landed_photos", "Unseen icons that end on a training icon", "image"),
        )
        for k, part in enumerate(parts):
            if narrow:
                y = bars(fig, 0, y, fig.width, *part) + 16
            else:
                bars(fig, 380 * k, y, 340, *part)
        return fig

    return Output(
        alt=(
            "Strips of small pictures for three autoencoders: an unseen icon, the same after one, ten and "
            f"{n['cycles']} round trips, and the likest training icon. Fed with {n['icons_few']} icons, the orbit "
            "ends on "
            f"one of them; fed with {n['icons_many']:,}, it ends on none of them. Bars: of random codes "
            f"{n['landed_few']:.0%}, {n['landed_some']:.0%} and {n['landed_many']:.0%} end on a training icon."
        ),
        caption=(
            f"**An underfed autoencoder is a memory, a well-fed one is not.** {n['runs']} tiny autoencoders "
            f"({n['seeds']} seeds each; pictures of 32 pixels) that differ in how many icons they were trained on. "
            "Start "
            f"from a random code, decode, encode, decode, {n['cycles']} times: with {n['icons_few']} icons "
            f"{n['landed_few']:.0%} of the orbits end within {n['landed_within_db']:.0f} dB of a training icon, with "
            f"{n['icons_some']} {n['landed_some']:.0%} (seeds: {n['landed_lowest_some']:.0%} to "
            f"{n['landed_highest_some']:.0%}), with {n['icons_many']:,} {n['landed_many']:.0%}. None ends on an icon "
            f"that was held out, the control: {n['landed_unseen_few']:.0%}. The smallest does not even wait: it "
            "answers "
            f"{n['returns_known_few']:.0%} of unseen icons with something nearer to one of its own than to what it was "
            f"given, and its round trips are {n['gap_few']:.1f} dB better at home; with {n['icons_many']:,} that gap "
            "is "
            f"{n['gap_many']:.1f} dB."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
