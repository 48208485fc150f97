"""The front page's parts that follow from the rest of the site: a card for each page of a section, and the verdicts."""

import yaml

from sitekit.errors import SiteError, did_you_mean
from sitekit.ledger import VERDICTS
from sitekit.ledger_html import LABELS, badge
from sitekit.markup import escape, format_number, number_span
from sitekit.pages import split_front_matter

MEANINGS = {
    "holds": "We measured it, and the numbers agree.",
    "partly": "Right in one respect, wrong in another; the page says which.",
    "false": "We measured it, and the numbers say otherwise.",
    "outdated": "True when it was written, or of older models.",
    "cited": "Too large for our model; the work that settles it is named.",
    "explained": "A metaphor or an opinion: we say what it means, not whether it is true.",
    "untested": "The test is written down and still has to run.",
}


def front_matter(path):
    """A page's title, description, ... as its head says."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")[: split_front_matter(text)[1]]
    head = "\n".join(line for line in lines if line.rstrip() not in ("---", "..."))
    return yaml.safe_load(head) or {}


def section_of(nav, title):
    """[(title, page)] of a section of the navigation, in its order; SiteError if there is none of that title."""
    sections = {name: below for item in nav or [] if isinstance(item, dict) for name, below in item.items()}
    found = sections.get(title)
    if not isinstance(found, list):
        raise SiteError(f"the navigation has no section {title!r}{did_you_mean(title, sections)}")
    return [next(iter(item.items())) for item in found if isinstance(item, dict)]


def tally(counts):
    """How many claims of which verdict, as a bar of their colours: {"holds": 3, ...} -> HTML, "" for none."""
    if not any(counts.values()):
        return ""
    parts = [
        f'<span data-verdict="{verdict}" style="flex-grow: {counts[verdict]}"></span>'
        for verdict in VERDICTS
        if counts.get(verdict)
    ]
    return f'<span class="dn-tally" aria-hidden="true">{"".join(parts)}</span>'


def counts_on(site, page):
    """verdict -> number of claims that a page shows, one by one or by section."""
    shown = {}
    for use in site.pages.uses:
        if use.page == page and use.args[:1] and use.args[0]:
            if use.macro == "claim":
                shown |= {use.args[0]: site.ledger.claim(use.args[0])}
            elif use.macro == "claims":
                shown |= {claim["id"]: claim for claim in site.ledger.section(use.args[0])["claims"]}
    return {verdict: sum(claim.verdict == verdict for claim in shown.values()) for verdict in VERDICTS}


def words(counts):
    """{"holds": 3, "false": 1} -> "4 claims: 3 holds · 1 false", numbers marked."""
    total = sum(counts.values())
    if not total:
        return ""
    one = [f"{number_span(format_number(n), 'claims ledger')} {LABELS[v]}" for v, n in counts.items() if n]
    noun = "claim" if total == 1 else "claims"
    return f'{number_span(format_number(total), "claims ledger")} {noun}: {" · ".join(one)}'


def cards(site, nav, title, pictures):
    """A card for each page of a section: picture, title, description, and what became of its claims.

    pictures: {page: figure id}; a page without one gets a card without a picture.
    """
    made = []
    for name, page in section_of(nav, title):
        head = front_matter(site.docs / page)
        if not head.get("description"):
            raise SiteError(f"{page} has no description in its front matter, so its card has nothing to say")
        counts = counts_on(site, page)
        found = f'<span class="dn-card__claims">{tally(counts)}{words(counts)}</span>' if any(counts.values()) else ""
        seen = site.figure_html(site.figures.get(pictures[page])).detail() if page in pictures else ""
        made.append(
            f'<a class="dn-card" href="{escape(site.href(page))}">'
            f'{seen}<strong>{escape(name)}</strong><span>{escape(head["description"])}</span>{found}</a>'
        )
    return f'<div class="dn-cards">{"".join(made)}</div>'


def verdicts(site):
    """Every verdict with its meaning and how many claims have it; above them the same as a bar."""
    counts = site.ledger.counts()
    rows = "".join(
        f"<div><dt>{badge(verdict)}</dt><dd>{number_span(format_number(counts[verdict]), 'claims ledger')} "
        f"<span>{escape(MEANINGS[verdict])}</span></dd></div>"
        for verdict in VERDICTS
    )
    return f'{tally(counts)}<dl class="dn-legend">{rows}</dl>'
