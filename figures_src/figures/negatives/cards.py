"""What do authors of models advise about negatives? Every card of a text-to-image model among the first hundred of a public
collection, read and sorted by hand.

Tests claims: r10b-04. The collection is github.com/Wenxin-Jiang/CS577-NLP, project/model_cards/_noArch, at commit a8600e1,
in the order of its file names; the sorted list is `denoised/studies/cards.csv`.
"""

import csv

from denoised import studies
from denoised.errors import DenoisedError
from denoised.probes.judge import Share
from plotting.bars import share_bar
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What model cards say about negatives"
TINY_ONLY = "It counts what people wrote, whatever the model."

LOOKED_AT = 100  # cards of any kind, the first in alphabetical order
KINDS = {
    "list": "give words to negate",
    "none": "advise none",
    "free": "leave the choice to you",
    "silent": "do not mention them",
}


def read():
    """[(card, advice)] of the committed list. Raises DenoisedError for an advice that is none of KINDS."""
    from importlib.resources import files

    rows = list(csv.DictReader((files(studies) / "cards.csv").read_text(encoding="utf-8").splitlines()))
    for row in rows:
        if row["advice"] not in KINDS:
            raise DenoisedError(f"cards.csv: '{row['advice']}' of {row['card']} is none of {', '.join(KINDS)}.")
    return [(row["card"], row["advice"]) for row in rows]


def make(lab, smoke=False):
    cards = read()
    count = {kind: sum(advice == kind for _, advice in cards) for kind in KINDS}
    n = {"cards": len(cards), "looked_at": LOOKED_AT} | {f"n_{kind}": some for kind, some in count.items()}
    for name, kinds in (("advised", ("list", "none")), ("advised_or_silent", ("list", "none", "silent")),
                        *((kind, (kind,)) for kind in KINDS)):  # fmt: skip
        some = Share(sum(count[kind] for kind in kinds), len(cards))
        n[name], (n[f"{name}_low"], n[f"{name}_high"]) = some.share, some.interval

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = 0
        for kind, words in KINDS.items():
            colour = "text" if kind in ("list", "none") else "noise"
            fig.note(0, y, words, "ink", 13)
            fig.note(fig.width, y, f"{count[kind]} of {len(cards)}", "ink", 13, ha="right", weight=600)
            ax = share_bar(fig, 0, y + 21, fig.width, 12, count[kind] / len(cards), colour)
            ax.plot([n[f"{kind}_low"], n[f"{kind}_high"]], [0, 0], color=theme.ink, linewidth=2)
            y += 46
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"Bars for {n['cards']} model cards: {n['n_list']} give words to negate, {n['n_none']} advise none, "
            f"{n['n_free']} leave the choice to the reader, {n['n_silent']} do not mention negatives. Black lines show "
            "wide intervals."
        ),
        caption=(
            f"**Most say nothing.** All {n['cards']} cards of text-to-image models among the first {n['looked_at']} of a "
            f"public collection, in alphabetical order, sorted by one reader. {n['n_list']} give particular words or a "
            f"list, {n['n_silent']} never mention negatives. Black: 95 % intervals; for a list or none at all, as advice, "
            f"{n['advised_low']:.0%} to {n['advised_high']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
