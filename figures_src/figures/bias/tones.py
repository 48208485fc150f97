"""Does a decoder that has never seen dark skin make it lighter? Held-out drawings in dark and in light skin, through tiny
decoders with and without dark skin in their diet.

Tests claims: r10-16. Read from the results of `scripts/lab_unseen.py`.
"""

from denoised.probes.metrics import bootstrap_ci
from denoised.studies import unseen
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Dark skin, through a decoder that has seen none"
TINY_ONLY = "It compares decoders that this project trained on chosen kinds of emoji."


def make(lab, smoke=False):
    facts, arrays = unseen.load()
    way = {diet: unseen.mean(arrays, f"lightened_{diet}") for diet in ("shipped", "balanced", "light")}
    back = {diet: unseen.mean(arrays, f"darkened_{diet}") for diet in way}
    n = {"drawings": len(way["light"]), "runs": unseen.SETTINGS.runs}
    for name, values in (("at", way), ("pale_at", back)):
        for diet, some in values.items():
            n[f"{name}_{diet}"] = float(some.mean())
            n[f"{name}_{diet}_low"], n[f"{name}_{diet}_high"] = bootstrap_ci(some)
    n["lightened"] = n["at_light"] - n["at_balanced"]
    n["lightened_low"], n["lightened_high"] = bootstrap_ci(way["light"] - way["balanced"])
    n["lightened_most"] = float((way["light"] - way["balanced"]).max())
    n["darkened"] = n["pale_at_light"] - n["pale_at_balanced"]
    n["darkened_low"], n["darkened_high"] = bootstrap_ci(back["light"] - back["balanced"])
    lost = unseen.cost(arrays, "dark", "light")
    n["lost_db"], (n["lost_low"], n["lost_high"]) = float(lost.mean()), bootstrap_ci(lost)
    sides = ("tones", "tones_balanced", "tones_light", "tones_light_skin")
    rows = list(zip(*(arrays[f"shown_{side}"][:4] for side in sides), strict=True))
    bars = [("dark, shipped decoder", "at_shipped", "image"), ("dark, balanced diet", "at_balanced", "prediction"),
            ("dark, never seen", "at_light", "latent"), ("light, by the same", "pale_at_light", "noise")]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (78, 8) if narrow else (84, 8)
        heads = ["drawn", "balanced\ndiet", "no dark\nskin", "drawn in\nlight skin"]
        y = image_grid(fig, rows, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (4 * (cell + gap) + 26, 0)
        effects = [(word, n[k], n[f"{k}_low"], n[f"{k}_high"], colour) for word, k, colour in bars]
        least, most = min(low for _, _, low, _, _ in effects), max(high for _, _, _, high, _ in effects)
        limits = (min(-0.05, least - 0.02), max(0.25, most + 0.02))
        y = forest(fig, x, y, fig.width - x, "How far towards the other skin", effects, limits, "+.1%")
        fig.note(x, y, "The line: not at all. All the way\nwould be 100%.", "muted", 12)
        return fig

    return Output(
        alt=(
            "People with dark skin as drawn, through a decoder on a balanced diet and through one that has seen no dark "
            f"skin, and the same drawings in light skin. Dark skin moves {n['at_balanced']:.1%} of the way to light skin "
            f"through the first and {n['at_light']:.1%} through the second."
        ),
        caption=(
            f"**Skin that was never seen.** {n['drawings']} held-out drawings in dark skin. In the pixels that differ "
            "between dark and light, a round trip with a balanced diet ends "
            f"{n['at_balanced']:.1%} of the way towards the light version, one without dark skin {n['at_light']:.1%}: "
            f"{n['lightened']:+.1%} for the diet (95 % interval {n['lightened_low']:+.1%} to {n['lightened_high']:+.1%}; "
            f"at most {n['lightened_most']:+.1%}). On these drawings the diet costs {n['lost_db']:.2f} dB. As a control, "
            f"light skin through the same decoder moves {n['pale_at_light']:+.1%} towards dark."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
