"""The claims ledger as HTML: one claim, a section of them, the whole page with its filter."""

import re
from html import unescape
from itertools import chain

from jinja2 import TemplateError

from sitekit import expressions
from sitekit.errors import SiteError
from sitekit.ledger import VERDICTS
from sitekit.markup import escape, format_number, inline, number_span

LABELS = {
    "holds": "holds",
    "partly": "partly true",
    "false": "false",
    "outdated": "outdated",
    "cited": "settled by literature",
    "explained": "explained",
    "untested": "not yet tested",
}
BY = {
    "human": "the author says",
    "model": "the chat model says",
    "both": "both say",
    "essay": "the essay says",
}


# Characters a line of a claim has on a wide page and on a phone (of 412 px), measured; see `lines`.
WIDE, PHONE = 61, 43


def lines(*texts):
    """About how many lines these paragraphs of HTML take on a wide page and on a phone, as a style: by them a browser
    knows how tall a claim is that it has not laid out (ledger.css)."""
    lengths = [len(unescape(re.sub(r"<[^>]*>", "", text))) for text in texts if text]
    wide, phone = (sum(-(-length // width) for length in lengths) for width in (WIDE, PHONE))
    return f"--dn-lines: {wide}; --dn-lines-phone: {phone}"


def badge(verdict):
    """The verdict as a small word in its colour."""
    return f'<span class="dn-verdict" data-verdict="{verdict}">{LABELS.get(verdict, verdict)}</span>'


class LedgerHtml:
    """Renders claims of site.ledger; env is the macros plugin, whose macros may stand in a claim's 'says'."""

    def __init__(self, site, env):
        self.site = site
        self.env = env
        self._templates = {}

    def claim(self, claim):
        """One claim, wherever it is shown. Its id is the claim's on the ledger page, claim-... elsewhere."""
        home = self.site.home_of("ledger")
        here = self.site.page.file.src_uri == home
        element = claim["id"] if here else self.site.unique_id("claim-" + claim["id"])
        name = escape(claim["id"])
        if home:
            name = f'<a href="{escape(self.site.href(home, claim["id"]))}">{name}</a>'
        verdict = claim.verdict
        who = BY.get(claim["by"], claim["by"])
        text, says = inline(claim["claim"]), self._says(claim)
        return (
            f'<article class="dn-claim" id="{escape(element)}" data-verdict="{verdict}" '
            f'aria-label="Claim {escape(claim["id"])}" style="{lines(text, says)}">'
            f'<p class="dn-claim-head">{badge(verdict)} '
            f'<span class="dn-claim-id">{name}</span> <span class="dn-claim-by">{escape(who)}:</span></p>'
            f'<p class="dn-claim-text">{text}</p>'
            + (f'<p class="dn-claim-says">{says}</p>' if says else "")
            + self._how(claim, here)
            + "</article>"
        )

    def section(self, section):
        return f'<div class="dn-claims">{"".join(self.claim(c) for c in section["claims"])}</div>'

    def page(self, block):
        """Markdown of the whole ledger page; block(html) keeps a piece of HTML out of Markdown's reach."""
        parts = [block(self._filter())]
        for section in self.site.ledger.sections.values():
            if not section["claims"]:
                continue
            title = "".join("\\" + ch if ch in "\\`*_[]<>#" else ch for ch in section["title"])
            parts += [
                f"## {title} {{: #{section['id']} }}",
                block(self._about(section)),
                block(self.section(section)),
            ]
        return "\n\n".join(parts)

    def _template(self, expression):
        """A claim is shown on its section's page and in the ledger: its macros are compiled once."""
        if expression not in self._templates:
            self._templates[expression] = self.env.env.from_string(expression)
        return self._templates[expression]

    def _says(self, claim):
        if not claim.get("says"):
            return ""

        def render(expression):
            try:
                return self._template(expression).render()
            except TemplateError as problem:
                self.site.problem(f"claim {claim['id']}: {problem}")
                return '<span class="dn-error">?</span>'

        with self.site.reporting_at(self.site.docs / "series" / "claims.yaml", claim.lines.get("says", claim.line)):
            return inline(claim["says"], render=render)

    def _how(self, claim, here):
        """What stands behind the verdict, folded away."""
        site, rows = self.site, []
        for verdict, expression in claim.expressions().items():
            label = "Check" if verdict == claim.verdict else f"Would be {LABELS[verdict]} if"
            if claim.verdict == "untested":
                label = "Threshold written down" + ("" if verdict == "untested" else f" for “{LABELS[verdict]}”")
            rows.append((label, f"<code>{escape(expression)}</code>"))
        if measured := self._values(claim):
            rows.append(("Measured", measured))
        if claim.get("threshold_note"):
            rows.append(("Threshold moved", inline(claim["threshold_note"])))
        if claim.verdict == "untested" and claim.get("test"):
            rows.append(("Planned test", inline(claim["test"])))
        evidence = [self._figure_link(f) for f in claim.figures()]
        if evidence:
            rows.append(("Evidence", ", ".join(evidence)))
        if claim.get("expect") and claim["kind"] not in ("opinion", "metaphor"):
            expected = {"open": "open"}.get(claim["expect"], LABELS.get(claim["expect"], claim["expect"]))
            because = f" — {inline(claim['note'])}" if claim.get("note") else ""
            rows.append(("Expected beforehand", escape(expected) + because))
        elif claim.get("note"):
            rows.append(("Note", inline(claim["note"])))
        works = self._literature(claim, titled=not here)
        if works:
            rows.append(("Literature", works))
        pages = [p for p in site.pages_with(claim) if p != site.page.file.src_uri]
        if pages:
            rows.append(
                (
                    "Discussed on",
                    ", ".join(
                        f'<a href="{escape(site.href(p))}">{escape(site.pages.titles.get(p, p))}</a>' for p in pages
                    ),
                )
            )
        if not rows:
            return ""
        summary = "What will be tested" if claim.verdict == "untested" else "How this was settled"
        listed = "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in rows)
        return f"<details><summary>{summary}</summary><dl>{listed}</dl></details>"

    def _values(self, claim):
        """The numbers that its expressions are about, each once."""
        if claim.verdict == "untested":
            return ""
        shown, every = [], (expressions.references(expression) for expression in claim.expressions().values())
        for ref in dict.fromkeys(chain.from_iterable(every)):
            try:
                text = format_number(self.site.figures.number(ref))
            except SiteError:  # reported once, at its line of the ledger
                continue
            shown.append(f"{escape(ref.partition('.')[2])} = {number_span(text, ref)}")
        return ", ".join(shown)

    def _figure_link(self, figure_id):
        href = self.site.figure_href(figure_id)
        name = f"<code>{escape(figure_id)}</code>"
        return f'<a href="{escape(href)}">{name}</a>' if href else name

    def _literature(self, claim, titled):
        """The works that it names. The ledger names most of them many times, and leaves their titles to the references."""
        site, home, shown = self.site, self.site.home_of("bibliography"), []
        keys = list(claim.get("cites", []))
        for text in claim.get("cite", []):
            work = site.bibliography.by_title(text)
            if work is None:
                shown.append(escape(text))
            elif work.key not in keys:
                keys.append(work.key)
        links = []
        for key in keys:
            if key not in site.bibliography:
                continue  # reported at its line of the ledger
            work = site.bibliography[key]
            label = escape(work.label) + (f", <cite>{escape(work.fields['title'])}</cite>" if titled or not home else "")
            links.append(f'<a href="{escape(site.href(home, "ref-" + key))}">{label}</a>' if home else label)
        return "; ".join(links + shown)

    def _about(self, section):
        source = self.site.ledger.sources.get(section.get("source"), {})
        done = sum(c.verdict != "untested" for c in section["claims"])
        text = ""
        if source:
            name = inline(source["title"])
            name = f'<a href="{escape(source["url"])}">{name}</a>' if source.get("url") else name
            text = f"From {name} ({escape(source['author'])}). "
        text += (
            f"{number_span(str(done), 'claims ledger')} of "
            f"{number_span(str(len(section['claims'])), 'claims ledger')} settled."
        )
        return f'<p class="dn-claims__source">{text}</p>'

    def _filter(self):
        """Radio buttons that work by stylesheet alone (:has); ledger.js adds a search box and deep links."""
        counts = self.site.ledger.counts()
        options = [("all", sum(counts.values())), *((v, counts[v]) for v in VERDICTS if counts[v])]
        radios = "".join(
            f'<label class="dn-filter__option"><input type="radio" name="dn-verdict" id="dn-show-{key}" '
            f'value="{key}"{" checked" if key == "all" else ""}> {badge(key)} '
            f"{number_span(str(count), 'claims ledger')}</label>"
            for key, count in options
        )
        return (
            '<form class="dn-filter" data-ledger-filter autocomplete="off">'
            "<fieldset><legend>Show claims by verdict</legend>"
            f'<div class="dn-filter__options">{radios}</div></fieldset></form>'
        )
