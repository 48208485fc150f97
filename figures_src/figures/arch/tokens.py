"""Two ways to draw, side by side: a picture told token by token, row by row, and the same prompt denoised; both learnt from
the same few icons, and both asked for pairs of concept and style that they have never seen.

Tests claims: r09-14. Read from the results of `scripts/lab_pieces.py`.
"""

import numpy as np

from denoised.models.fsq import LEVELS, PLACES, SIDE
from denoised.probes.judge import Share
from denoised.studies import pieces
from plotting.layout import picture, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Told token by token, and denoised"

STAGES = (2, 6, 9, 12, 16)
SCALE = 2
BARS = {"real": "real icons", "remade": "real, as tokens", "told": "told", "denoised": "denoised"}
COLOURS = {"real": "muted", "remade": "muted", "told": "attention", "denoised": "prediction"}


def colours(tokens, upto, ground):
    """Tokens [64] as a picture uint8 [8, 8, 3]: three of a token's four digits are red, green and blue; those that are
    still to come have the colour `ground`."""
    rest, digits = np.asarray(tokens, int).reshape(SIDE, SIDE), []
    for level in reversed(LEVELS):
        digits.append(rest % level / (level - 1))
        rest = rest // level
    found = np.round(40 + 200 * np.stack(digits[:3], -1)).astype(np.uint8)
    found.reshape(-1, 3)[upto:] = ground
    return found


def pooled(runs, part, key="right"):
    """(share, low, high, lowest seed, highest seed) of hits of all seeds together, with Wilson's interval."""
    hits = [run[part[0]][part[1]][key] for run in runs]
    share = Share(sum(h for h, _ in hits), sum(m for _, m in hits))
    each = [h / m for h, m in hits]
    return share.share, *share.interval, min(each), max(each)


def between(values, draws=2000):
    """95 % of means [pictures, places] with pictures drawn anew."""
    rng, rows = np.random.default_rng(0), values.mean(1)
    return tuple(
        map(float, np.quantile(rows[rng.integers(len(rows), size=(draws, len(rows)))].mean(1), [0.025, 0.975]))
    )


def make(lab, smoke=False):
    facts, arrays = pieces.load()
    s, runs = pieces.SETTINGS, facts["runs"]
    n = {"seeds": len(s.seeds), "learnt": facts["learnt"], "held": facts["held"], "concepts": len(pieces.CONCEPTS),
         "words": facts["words"], "unigram": facts["unigram"], "psnr_held": facts["psnr_held"],
         "psnr_seen": facts["psnr_seen"], "tokens": PLACES, "steps": s.steps, "guidance": s.guidance,
         "outside": float(arrays["outside"].mean()), "touched": float(arrays["touched"].mean()), "square": 64}  # fmt: skip
    n["outside_low"], n["outside_high"] = between(arrays["outside"])
    n |= {f"calls_{way}": calls for way, calls in facts["calls"].items()}
    n |= {f"parameters_{name}": count for name, count in facts["parameters"].items()}
    n["convolutions"] = facts["convolutions"] / facts["parameters"]["tokenizer"]
    for group in ("seen", "held"):
        n[f"bits_{group}"] = float(np.mean([run["bits"][group] for run in runs]))
        for way in pieces.WAYS:
            for key, word in (("right", "right"), ("right_style", "style"), ("other", "other")):
                names = (f"{word}_{way}_{group}{end}" for end in ("", "_low", "_high", "_least", "_most"))
                n |= dict(zip(names, pooled(runs, (way, group), key), strict=True))
            n[f"near_{way}_{group}"] = float(np.mean([run[way][group]["near"] for run in runs]))
        for way in ("real", "remade"):
            hits, asked = facts[way][group]["right"]
            n[f"right_{way}_{group}"] = hits / asked
            n[f"right_{way}_{group}_low"], n[f"right_{way}_{group}_high"] = Share(hits, asked).interval
    n["near_real_held"] = facts["real"]["held"]["near"]
    for name in ("tokenizer", "teller", "denoiser"):
        n[f"{name}_minutes"] = float(np.mean([run["seconds"][name] for run in runs])) / 60

    def sheet(theme, look):
        """One picture of the film."""
        fig = new_figure(theme, True)
        edge, cell = 8, 104
        fig.note(edge, 8, f"told: {4 * look} of {PLACES} tokens", "ink", 12, weight=600)
        fig.note(
            fig.width - edge, 8, f"step {look} of {s.steps}" if look else "noise", "ink", 12, weight=600, ha="right"
        )
        ground = np.array([int(theme.panel[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        for row, tokens in enumerate(arrays["film_tokens"]):
            y = 32 + row * (cell + 8)
            picture(fig, colours(tokens, 4 * look, ground), edge, y, cell, cell, smooth=False)
            picture(fig, arrays["film_told"][row, look], edge + cell + 8, y, cell, cell)
            picture(fig, arrays["film_denoised"][row, look], fig.width - edge - cell, y, cell, cell)
        fig.set_height(32 + len(arrays["film_tokens"]) * (cell + 8))
        return fig

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 66 if narrow else 96
        cell = (fig.width - left) // len(STAGES) - 6 if narrow else 80
        y = 0
        for k, look in enumerate(STAGES):
            x = left + k * (cell + 6) + cell / 2
            fig.note(x, y, f"{look / s.steps:.0%}", "muted", 12, ha="center")
        y += 20
        for row, concept in enumerate(s.film):
            fig.note(0, y, concept.replace("-", " "), "ink", 12, weight=600)
            y += 18
            for way in pieces.WAYS:
                fig.note(0, y + cell / 2, way, "muted", 12, va="center")
                for k, look in enumerate(STAGES):
                    picture(fig, arrays[f"film_{way}"][row, look], left + k * (cell + 6), y, cell, cell)
                y += cell + 4
            y += 8
        fig.note(0, y + 6, "Pairs of concept and style that were held out", size=14, weight=600)
        y += 32
        small = (fig.width - left) // (5 if narrow else s.shown) - 5
        for way, word in (("real", "real"), ("told", "told"), ("denoised", "denoised")):
            fig.note(0, y + small / 2, word, "muted", 12, va="center")
            for k in range(5 if narrow else s.shown):
                picture(fig, arrays[f"sheet_{way}_held"][k], left + k * (small + 5), y, small, small)
            y += small + 4
        fig.note(0, y + 14, "The judge names the concept", size=14, weight=600)
        y += 40
        for group, word in (("seen", "icons learnt"), ("held", "pairs held out")):
            fig.note(0, y, word, "ink", 12, weight=600)
            ax = fig.area(110, y + 20, fig.width - 110 - 46, 22 * len(BARS), grid="x", below=26)
            for i, way in enumerate(BARS):
                value = n[f"right_{way}_{group}"]
                ax.barh([i], [value], height=0.62, color=theme.colour(COLOURS[way]))
                ax.plot(
                    [n[f"right_{way}_{group}_low"], n[f"right_{way}_{group}_high"]],
                    [i, i],
                    color=theme.ink,
                    linewidth=1.5,
                )
                fig.note(fig.width, y + 20 + 22 * (i + 0.5), f"{value:.0%}", "ink", 12, ha="right", va="center")
            ax.set_yticks(range(len(BARS)), list(BARS.values()))
            ax.set(xlim=(0, 1.02), ylim=(len(BARS) - 0.4, -0.6))
            ax.set_xticks([0, 0.5, 1], ["0", "½", "all"])
            y += 20 + 22 * len(BARS) + 36
        fig.set_height(y)
        return fig

    with context(LIGHT):
        frames = [rasterize(sheet(LIGHT, look), SCALE) for look in (range(2) if smoke else range(s.looks))]

    def right(way, group):
        return f"{n[f'right_{way}_{group}']:.0%}"

    sizes = {name: f"{count / 1e6:.1f} million" for name, count in facts["parameters"].items()}
    return Output(
        alt=(
            "Three prompts at five moments, told token by token from the top row down, and denoised from noise all "
            "over. Below, eight held-out pairs, real, told and denoised, and bars: the judge names the concept of "
            f"learnt icons in {right('told', 'seen')} told, {right('denoised', 'seen')} denoised, "
            f"{right('real', 'seen')} real; of held-out pairs {right('told', 'held')}, {right('denoised', 'held')}, "
            f"{right('real', 'held')}."
        ),
        caption=(
            f"**Told, or denoised.** Left a picture as {PLACES} tokens, each one of {n['words']} in use, told row by "
            f"row by a Transformer of {sizes['teller']} parameters: {n['calls_told']} calls. Right the same prompt by "
            f"the laboratory’s denoiser ({sizes['denoiser']}): {n['calls_denoised']} calls. Both learnt from the same "
            f"{n['learnt']} icons of {n['concepts']} concepts, {n['teller_minutes']:.1f} and "
            f"{n['denoiser_minutes']:.1f} minutes of processor time. The judge names the concept in "
            f"{right('told', 'seen')} and {right('denoised', 'seen')} of drawings (control, another concept: "
            f"{n['other_told_seen']:.0%}, {n['other_denoised_seen']:.0%}), of pairs that were held out in "
            f"{right('told', 'held')} and {right('denoised', 'held')}; {n['seeds']} seeds, lines Wilson’s intervals. "
            f"Real icons through the tokenizer: {right('remade', 'seen')} and {right('remade', 'held')}; real ones "
            f"{right('real', 'seen')} and {right('real', 'held')}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=3, hold_last=2.5),
    )
