"""A copy of a copy of a copy: pictures sent through the real autoencoder again and again, next to JPEG of that size,
what the judge still recognizes, and where such orbits go: towards a training icon, or nowhere?

Tests claims: r13-03, r13-10. Read from the results of `scripts/lab_copies.py`.
"""

import numpy as np

from denoised.errors import DenoisedError
from denoised.probes.judge import Share
from denoised.studies import copies, shelf
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "A copy of a copy"
TINY_ONLY = "It reads a study of this project's autoencoder."

SHOWN = 3  # icons; the photograph and a random latent come after them


def make(lab, smoke=False):
    facts, arrays = copies.load()
    settings, icons = copies.SETTINGS, facts["icons"]
    if facts["weights"] != shelf.weights_digest(lab.weight("emoji-sd/vae")):
        raise DenoisedError("The copies were made by another autoencoder: run `python scripts/lab_copies.py`.")
    vae_db, jpeg_db = arrays["vae_db"][:, :icons].mean(1), arrays["jpeg_db"].mean(1)
    cycles, ends = settings.cycles, arrays["ends_db"]
    looks = settings.looks
    named = {way: [arrays[f"judge_{'jpeg_' if way == 'jpeg' and c else ''}{c}"].mean(1) for c in looks]
             for way in ("vae", "jpeg")}  # fmt: skip
    n = {
        "cycles": cycles, "icons": icons, "budget": facts["budget"], "archive": facts["archive"],
        "deterministic": facts["deterministic"],
        "first_db": float(vae_db[0]), "last_db": float(vae_db[-1]), "loss_db": float(vae_db[0] - vae_db[-1]),
        "jpeg_first_db": float(jpeg_db[0]), "jpeg_last_db": float(jpeg_db[-1]),
        "jpeg_loss_db": float(jpeg_db[0] - jpeg_db[-1]), "last_step_db": float(arrays["step_db"][-1].mean()),
        "landed": int((ends >= settings.landed_db).sum()), "orbits": len(ends), "dreams": settings.dreams,
        "nearest_db": float(ends.max()), "nearest_dream_db": float(ends[icons + 1 :].max()),
        "landed_within_db": settings.landed_db,
    }  # fmt: skip
    for way in named:
        for when, at in (("start", 0), ("first", looks.index(1)), ("last", len(looks) - 1)):
            n[f"{way}_top1_{when}"], n[f"{way}_top5_{when}"] = (float(x) for x in named[way][at])
    hits = arrays[f"judge_{looks[-1]}"][1].sum()
    n["vae_top5_last_low"], n["vae_top5_last_high"] = Share(int(hits), icons).interval
    rows = [
        [arrays["start"][i], *(arrays[f"after_{c}"][i] for c in settings.shown), arrays["nearest"][i]]
        for i in range(SHOWN + 2)
    ]  # fmt: skip
    names = [*("unseen icon" for _ in range(SHOWN)), "photo", "random\nlatent"]
    columns = ["start", *(f"after {c}" for c in settings.shown), "likest\ntraining icon"]
    steps = np.arange(1, cycles + 1)

    def plot(fig, x, y, width, height, title, lines, percent):
        theme = fig.theme
        fig.note(x, y, title, size=14, weight=600)
        ax = fig.area(x + (42 if percent else 26), y + 28, width - (132 if percent else 112), height, below=42)
        for at, values, colour, word in lines:
            ax.plot(at, values, color=theme.colour(colour), label=word)
        top = max(max(values) for _, values, _, _ in lines)
        if percent:
            ax.set_ylim(0, min(1.05, 1.15 * top + 0.02))
            ticks = [t for t in (0, 0.25, 0.5, 0.75, 1) if t <= 1.15 * top]
            ax.set_yticks(ticks, [f"{t:.0%}" for t in ticks])
        else:
            low = min(min(values) for _, values, _, _ in lines)
            ax.set_ylim(low - 2, top + 2)
            ax.set_yticks(range(5 * int(np.ceil((low - 2) / 5)), int(top + 2) + 1, 5))
        ax.set_xticks([0, *range(5, cycles + 1, 5)] if percent else [1, *range(5, cycles + 1, 5)])
        ax.set_xlim(-0.5 if percent else 0.5, cycles + 0.5)
        ax.set_xlabel("times copied")
        label_ends(ax, {word: word for _, _, _, word in lines}, size=12)
        return y + 28 + height + 42

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            words = [name.replace(" ", "\n") for name in names]
            y = image_grid(fig, rows, columns=[*columns[:-1], "likest\nknown"], rows=words, left=66, cell=54, gap=5,
                           size=11)  # fmt: skip
            x, y, width = 0, y + 26, fig.width
        else:
            image_grid(fig, rows, columns=columns, rows=names, left=84, cell=64, gap=7, size=12)
            x, y, width = 84 + 5 * 71 + 22, 0, fig.width - (84 + 5 * 71 + 22)
        lines = ((steps, vae_db, "latent", "autoencoder"), (steps, jpeg_db, "attention", "JPEG"))
        y = plot(fig, x, y, width, 118, "Likeness to the start (dB)", lines, False) + 10
        top5 = {way: [float(v[1]) for v in some] for way, some in named.items()}
        lines = ((looks, top5["vae"], "latent", "autoencoder"), (looks, top5["jpeg"], "attention", "JPEG"))
        plot(fig, x, y, width, 118, "Recognized by the judge", lines, True)
        return fig

    told = "bit for bit the same each time it is made" if n["deterministic"] else "not quite the same each time"
    return Output(
        alt=(
            f"Rows of pictures, copied 1, 5 and {cycles} times by the autoencoder, with the likest training icon at "
            "the right: colours drift and detail goes, and what is left does not become the training icon. Two plots: "
            f"unseen icons fall from {n['first_db']:.1f} to {n['last_db']:.1f} dB, JPEG copies of the same size from "
            f"{n['jpeg_first_db']:.1f} to {n['jpeg_last_db']:.1f}; the judge has the icon's concept among its first "
            f"five names in {n['vae_top5_start']:.0%} of icons, in {n['vae_top5_last']:.0%} of last copies, and in "
            f"{n['jpeg_top5_last']:.0%} of JPEG's."
        ),
        caption=(
            f"**A copy of a copy of a copy.** {icons} unseen icons, encoded and decoded {cycles} times over: from "
            f"{n['first_db']:.1f} to {n['last_db']:.1f} dB, a loss of {n['loss_db']:.1f} dB; JPEG at the same "
            f"{n['budget']:,} bytes loses {n['jpeg_loss_db']:.1f}. The judge, who has seen none of them, has the right "
            f"concept among its first five of over a thousand for {n['vae_top5_start']:.0%} of the icons themselves, "
            f"for {n['vae_top5_first']:.0%} of first copies and {n['vae_top5_last']:.0%} of last ones (95 % interval "
            f"{n['vae_top5_last_low']:.0%} to {n['vae_top5_last_high']:.0%}); JPEG's last: {n['jpeg_top5_last']:.0%}. "
            f"Every copy is {told}. Of all {n['orbits']} orbits, those of a photograph and of {n['dreams']} random "
            f"latents included, {n['landed']} ended within {n['landed_within_db']:.0f} dB of one of "
            f"{n['archive']:,} training icons (without copies in other skin tones); the nearest came to "
            f"{n['nearest_db']:.1f} dB."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
