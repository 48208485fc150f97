"""Is there anything about eyes, hands, animals or people in the denoiser's layers that a weighted sum can read, and that is
not there in the same net before training, or in the latents that it is given?

Tests claims: r07-01.
"""

import numpy as np

from denoised import measured
from denoised.measured import knows_probes
from plotting.forest import ROW, forest
from plotting.layout import picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "What a weighted sum can read"
TINY_ONLY = "It reads what was measured with the small model."

WORDS = {"unet": ("denoiser", "prediction"), "random": ("untrained", "noise"), "latents": ("latents", "latent"),
         "shuffled": ("facts shuffled", "text")}  # fmt: skip
KEYS = ("eyes", "hand", "animal", "person")  # of FACTS
SHOWN = 6


def interval(values) -> tuple[float, float]:
    """95 % (low, high) of a mean over splits of one set into halves, which share most of what they are made from: the
    variance is not divided by their number alone (Nadeau & Bengio 2003)."""
    values = np.asarray(values, float)
    half = 1.96 * values.std(ddof=1) * np.sqrt(1 / len(values) + 1)  # as many asked as fitted to
    return float(values.mean() - half), float(values.mean() + half)


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_probes, smoke)
    table = arrays["auroc"].astype(float)
    gained = 0
    for f, key in enumerate(KEYS):
        for k, name in enumerate(knows_probes.NETS):
            low, high = interval(table[f, k])
            n |= {f"{key}_{name}": float(table[f, k].mean()), f"{key}_{name}_low": max(low, 0.0),
                  f"{key}_{name}_high": min(high, 1.0)}  # fmt: skip
        leads = {}
        for name in ("random", "latents"):
            lead = table[f, 0] - table[f, knows_probes.NETS.index(name)]
            leads[name] = interval(lead)
            n |= {f"{key}_over_{name}": float(lead.mean()), f"{key}_over_{name}_low": leads[name][0],
                  f"{key}_over_{name}_high": leads[name][1]}  # fmt: skip
        gained += min(low for low, _ in leads.values()) > 0
    n |= {"gained": gained}
    layer = arrays["places"].mean(0).argmax()
    n |= {"best_layer": knows_probes.LAYERS[layer % len(knows_probes.LAYERS)]}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width = 350 if narrow else 330
        y = 0.0
        for f, (key, title) in enumerate(zip(KEYS, knows_probes.FACTS, strict=True)):
            x, top = (0, y) if narrow else (380 * (f % 2), y)
            fig.note(x, top, title, size=14, weight=600)
            cell, gap = 46, (350 - 46 * SHOWN) / (SHOWN - 1) if narrow else 11
            for i in range(SHOWN):
                left = x + i * (cell + gap)
                picture(fig, arrays["first"][f, i], left, top + 26, cell)
                true = bool(arrays["true"][f, i])
                fig.note(left + cell / 2, top + 28 + cell, "yes" if true else "no", "image" if true else "prediction", 11,
                         ha="center")  # fmt: skip
            rows = [(words, n[f"{key}_{name}"], n[f"{key}_{name}_low"], n[f"{key}_{name}_high"], colour)
                    for name, (words, colour) in WORDS.items()]  # fmt: skip
            end = forest(fig, x, top + 70, width, "", rows, (0.3, 1.02), ".2f", zero=0.5)
            y = end + 14 if narrow or f % 2 else y
        fig.set_height(y - ROW / 2 + 10)
        return fig

    def said(key, name="unet"):
        return f"{n[f'{key}_{name}']:.2f}"

    return Output(
        alt=(
            "Four facts, for each the six icons that a probe of the denoiser is surest of, and dots with intervals: how "
            "often an icon with the fact is put before one without. Eyes: "
            f"{said('eyes')} from the denoiser, {said('eyes', 'random')} from the untrained net, {said('eyes', 'latents')} "
            f"from latents; hands {said('hand')}, {said('hand', 'random')}, {said('hand', 'latents')}; animals "
            f"{said('animal')}, {said('animal', 'random')}, {said('animal', 'latents')}; people {said('person')}, "
            f"{said('person', 'random')}, {said('person', 'latents')}."
        ),
        caption=(
            f"**What can be read off.** {n['icons']} icons that the denoiser never met; a weighted sum of one layer's "
            f"features is fitted to half of the things and asked about the others. Dots: how often an icon of which it "
            f"is true gets more than one of which it isn't (the line at {0.5:g} is chance), mean of {n['splits']} splits "
            f"with 95 % intervals. Pictures: what the denoiser's probe is surest of in one split, and whether the caption "
            f"says so. Against "
            f"the untrained net it gains {n['eyes_over_random']:.2f} ({n['eyes_over_random_low']:.2f} to "
            f"{n['eyes_over_random_high']:.2f}) for eyes, {n['hand_over_random']:.2f} ({n['hand_over_random_low']:.2f} to "
            f"{n['hand_over_random_high']:.2f}) for hands, {n['animal_over_random']:.2f} "
            f"({n['animal_over_random_low']:.2f} to {n['animal_over_random_high']:.2f}) for animals, "
            f"{n['person_over_random']:.2f} ({n['person_over_random_low']:.2f} to {n['person_over_random_high']:.2f}) "
            f"for people."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
