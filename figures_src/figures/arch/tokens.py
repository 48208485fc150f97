"""Two ways to draw, side by side: a picture told token by token, row by row, and the same prompt denoised; both learnt from
the same few icons, and both asked for pairs of concept and style that they have never seen.

Tests claims: r09-14. Read from the results of `scripts/lab_pieces.py`.
"""

import numpy as np

from denoised.models.fsq import LEVELS, PLACES, SIDE
from denoised.probes.judge import Share
from denoised.studies import pieces
from plotting.layout import picture, rasterize, resize
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Told token by token, and denoised"

STAGES = (2, 6, 9, 12, 16)
SCALE = 2
WHITE = np.array([255, 255, 255], np.uint8)
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


def strip(pictures, gap, ground):
    """Pictures uint8 [H, W, 3] of one height side by side, `gap` pixels of the colour `ground` between them."""
    bar = np.broadcast_to(ground, (len(pictures[0]), gap, 3))
    parts = [part for one in pictures for part in (bar, one)][1:]
    return np.concatenate(parts, 1)


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
        edge, cell = 8, 109
        fig.note(edge, 8, f"told: {4 * look} of {PLACES} tokens", "ink", 12, weight=600)
        fig.note(
            fig.width - edge, 8, f"step {look} of {s.steps}" if look else "noise", "ink", 12, weight=600, ha="right"
        )
        paper, panel = (
            np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)], np.uint8) for c in (theme.paper, theme.panel)
        )
        gap, size = 8 * SCALE, cell * SCALE
        rows = []
        for row, tokens in enumerate(arrays["film_tokens"]):
            three = [resize(colours(tokens, 4 * look, panel), size, size, smooth=False)]
            three += [resize(arrays[f"film_{way}"][row, look], size, size, smooth=True) for way in pieces.WAYS]
            rows.append(strip(three, gap, paper))
        board = strip([part.swapaxes(0, 1) for part in rows], gap, paper).swapaxes(0, 1)
        high = len(rows) * (cell + 8) - 8
        picture(fig, board, edge, 32, fig.width - 2 * edge, high)
        fig.set_height(32 + high + 8)
        return fig

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, gap = 66 if narrow else 96, 6
        cell = 52 if narrow else 92
        y = 0
        for k, look in enumerate(STAGES):
            fig.note(left + k * (cell + gap) + cell / 2, y, f"{look / s.steps:.0%}", "muted", 12, ha="center")
        y += 20

        def row(y, word, pictures, cell):
            fig.note(0, y + cell / 2, word, "muted", 12, va="center")
            board = strip([resize(one, 2 * cell, 2 * cell) for one in pictures], 2 * gap, WHITE)
            picture(fig, board, left, y, board.shape[1] // 2, cell)
            return y + cell + 4

        for place, concept in enumerate(s.film):
            fig.note(0, y, concept.replace("-", " "), "ink", 12, weight=600)
            y += 18
            for way in pieces.WAYS:
                y = row(y, way, arrays[f"film_{way}"][place, list(STAGES)], cell)
            y += 8
        fig.note(0, y + 6, "Pairs of concept and style that were held out", size=14, weight=600)
        y += 32
        many = 5 if narrow else s.shown
        for way in ("real", *pieces.WAYS):
            y = row(y, way, arrays[f"sheet_{way}_held"][:many], 52 if narrow else 70)
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
            f"**Told, or denoised.** A picture as {PLACES} tokens (squares in the film), each one of {n['words']} in use, "
            f"told row by row by a Transformer of {sizes['teller']} parameters: {n['calls_told']} calls. Same prompt by "
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
