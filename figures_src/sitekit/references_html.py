"""Citations in the text, and the references page."""

from sitekit.errors import SiteError
from sitekit.markup import escape


def cite_html(site, keys):
    """(Ho et al., 2020; Song et al., 2020), each linked to its entry, with authors and title as tooltip."""
    if not keys:
        raise SiteError("cite() needs at least one key of docs/references.bib")
    home = site.home_of("bibliography")
    links = []
    for key in keys:
        work = site.bibliography.work(key)
        if home is None:
            raise SiteError("no page calls bibliography(), so citations have nothing to link to")
        year = f" ({work.fields['year']})" if "year" in work.fields else ""
        tip = f"{work.author_list}: {work.fields['title']}{year}"
        links.append(
            f'<a class="dn-cite" href="{escape(site.href(home, "ref-" + key))}" title="{escape(tip)}">'
            f"{escape(work.label)}</a>"
        )
    return "; ".join(links)


def references_html(site):
    """The list of all works, sorted by author, each with an anchor and 'cited on' links."""
    ledger = site.home_of("ledger")
    claims = {}  # key -> ids of claims
    for claim in site.ledger.claims.values() if ledger else ():
        for key in site.cites_of(claim):
            claims.setdefault(key, []).append(claim["id"])
    items = []
    for work in site.bibliography.sorted():
        back = [
            f'<a href="{escape(site.href(page))}">{escape(site.pages.titles.get(page, page))}</a>'
            for page in site.pages.pages_of("cite", work.key)
        ]
        back += [
            f'<a href="{escape(site.href(ledger, name))}">claim {escape(name)}</a>' for name in claims.get(work.key, [])
        ]
        cited = f' <span class="dn-cited-on">Cited on: {", ".join(back)}</span>' if back else ""
        items.append(f'<li id="ref-{escape(work.key)}">{work.html()}{cited}</li>')
    return f'<ul class="dn-references">{"".join(items)}</ul>'
