"""The macros of the pages: what MkDocs loads.

mkdocs.yml loads this file by its path (no installation and no PYTHONPATH needed):

    plugins:
      - macros:
          module_name: figures_src/sitekit/macros
          on_undefined: strict
          on_error_fail: true
          j2_comment_start_string: "{##"      # so that "{#" stays free for ids of headings
          j2_comment_end_string: "##}"
    markdown_extensions: [attr_list, tables]  # the ledger page has headings with ids
    extra_css: [stylesheets/ledger.css]       # filter, references, provenance, problems
    extra:
      profile: tiny                           # which figures the pages show; DENOISED_PROFILE overrides it

Pages that talk about macros rather than use them have `render_macros: false` in their front matter.
Problems are errors in MkDocs' log, one line each with page and line; --strict makes them fail the build, and
without it (a preview while figures are missing) the page shows them in place.
"""

import os
import sys
from functools import wraps
from pathlib import Path

if (_above := str(Path(__file__).resolve().parents[1])) not in sys.path:
    sys.path.insert(0, _above)

from sitekit import bets, compiled, contents
from sitekit.blocks import Blocks
from sitekit.errors import SiteError
from sitekit.figure_html import anchor
from sitekit.ledger_html import LedgerHtml
from sitekit.markup import UNKNOWN, escape, format_number, inline, number_span
from sitekit.profiles_html import profiles_html
from sitekit.provenance import provenance_html
from sitekit.references_html import cite_html, references_html
from sitekit.site import LOG, Site


def define_env(env):
    """Called by mkdocs-macros once a build, with the plugin itself as env."""
    conf = env.conf
    extra = conf["extra"]
    blocks = Blocks()
    conf["markdown_extensions"].append(blocks)
    try:
        site = Site(
            conf["docs_dir"],
            os.environ.get("DENOISED_PROFILE") or extra.get("profile", "tiny"),
            conf["repo_url"] or "",
            extra.get("source_branch", "main"),
            conf["use_directory_urls"],
            env.config,
        )
    except SiteError as problem:  # a bibliography that does not parse: nothing can be rendered
        from mkdocs.exceptions import Abort

        raise Abort(str(problem)) from None
    env.sitekit = site
    site.known = None
    ledger_html = LedgerHtml(site, env)
    for line, problem in [
        *site.ledger.problems,
        *site.ledger.contradictions(site.figures, site.bibliography),
    ]:
        LOG.error("%s:%s: %s", site.show_path(site.docs / "series" / "claims.yaml"), line, problem)

    def macro(kind):
        """Register a macro; its SiteErrors become a line in the log and a visible mark in the page."""

        def register(function):
            @wraps(function)
            def guarded(*args, **kwargs):
                try:
                    made = function(*args, **kwargs)
                    return blocks.add(made) if kind == "block" else made
                except (SiteError, TypeError) as problem:
                    message = str(problem)
                    if isinstance(problem, TypeError):
                        if problem.__traceback__.tb_next is not None:
                            raise  # a fault in here, not a call with wrong arguments
                        message = "wrong arguments: " + message.replace("define_env.<locals>.", "")
                    site.problem(message)
                    if kind == "number":
                        return UNKNOWN
                    if kind == "raw":
                        return "??"
                    shown = f'<span class="dn-error">{escape(message)}</span>'
                    return blocks.add(f"<p>{shown}</p>") if kind == "block" else shown

            return env.macro(guarded)

        return register

    @macro("block")
    def figure(figure_id, caption=None, show="all"):
        """A figure with its caption and links; show='picture' or 'video' for one part of it."""
        html = site.figure_html(site.figures.get(figure_id))
        return html.figure(site.unique_id(anchor(figure_id)), caption, show)

    @macro("block")
    def widget(name, figure_id, caption=None, **options):
        """Something to play with: a module of docs/javascripts/widgets/ over a figure's data."""
        if not (site.docs / "javascripts" / "widgets" / f"{name}.js").is_file():
            raise SiteError(f"unknown widget {name!r}: docs/javascripts/widgets/{name}.js is not there")
        html = site.figure_html(site.figures.get(figure_id))
        return html.widget(name, site.unique_id(anchor(figure_id)), caption, **options)

    @macro("inline")
    def figure_link(figure_id, text):
        """A link to where a figure is shown, on this page or another."""
        site.figures.get(figure_id)
        href = site.figure_href(figure_id)
        if href is None:
            raise SiteError(f"no page shows figure {figure_id!r}, so there is nothing to link to")
        return f'<a href="{escape(href)}">{inline(text)}</a>'

    @macro("inline")
    def num(ref, fmt=""):
        """A figure's number in prose: num('vae/swap.psnr_self', '.1f')."""
        return number_span(format_number(site.figures.number(ref), fmt), ref)

    @macro("raw")
    def numraw(ref, fmt=""):
        """The same as plain text, for alt texts, captions and attributes."""
        return escape(format_number(site.figures.number(ref), fmt))

    @macro("number")
    def value(ref):
        """The number itself, to compute or decide with in a template; show results with show()."""
        return site.figures.number(ref)

    @macro("inline")
    def show(number, fmt="", title="computed from figures' numbers"):
        """A number computed in the template from value()s, formatted and marked like num()."""
        return number_span(format_number(number, fmt), title)

    @macro("block")
    def guess(ref, fmt="", unit="", low=None, high=None, close=None, factors=False):
        """A number to bet on, first in a fold `??? predict`: guess('vae/swap.psnr_self', '.1f', 'dB', low=0, high=40). ref
        may be a number computed from value()s."""
        number = site.figures.number(ref) if isinstance(ref, str) else ref
        return bets.bet_html(bets.guess(number, fmt, unit, low, high, close, factors))

    @macro("block")
    def choose(options=None, largest=None, smallest=None, fmt="", unit=""):
        """Answers to choose from, first in a fold `??? predict`: choose({'more': 'a/b.c > 1', 'not more': 'a/b.c <= 1'}),
        or choose(largest={'the first': 'a/b.c', 'the second': 'a/b.d'})."""
        return bets.bet_html(bets.choose(site.figures.number, options, largest, smallest, fmt, unit))

    @macro("inline")
    def cite(*keys):
        """Author-year links to the references page: cite('ho2020ddpm', 'song2020ddim')."""
        return cite_html(site, keys)

    @macro("block")
    def bibliography():
        """Every reference, sorted, with the pages that cite it."""
        return references_html(site)

    @macro("block")
    def claim(claim_id):
        """One claim: what is said, the verdict, what is true of it, and the evidence."""
        return ledger_html.claim(site.ledger.claim(claim_id))

    @macro("block")
    def claims(section_id):
        """All claims of a section, in order."""
        return ledger_html.section(site.ledger.section(section_id))

    @macro("inline")
    def claim_count(verdict=None, section=None, raw=False):
        """How many claims there are, of one verdict or section or in all; raw: to compute with."""
        chosen = site.ledger.section(section)["claims"] if section else site.ledger.claims.values()
        if verdict is not None and verdict not in site.ledger.counts():
            raise SiteError(f"unknown verdict {verdict!r}")
        count = sum(verdict in (None, c.verdict) for c in chosen)
        return count if raw else number_span(format_number(count), "claims ledger")

    @macro("block")
    def cards(section, pictures=None):
        """A card for each page of a section of the navigation; pictures={"series/vae.md": "vae/swap"}."""
        return contents.cards(site, conf["nav"], section, pictures or {})

    @macro("block")
    def verdicts():
        """Every verdict, what it means and how many claims have it."""
        return contents.verdicts(site)

    @macro("inline")
    def figure_count():
        """How many figures the site has."""
        return number_span(format_number(len(site.figures.ids())), "figures' manifests")

    @macro("markdown")
    def ledger():
        """The whole ledger: counts, filter, and every claim by section. For the ledger page."""
        return ledger_html.page(blocks.add)

    @macro("block")
    def provenance():
        """Every figure: pages that use it, source, seed, weights, code, seconds, versions."""
        return provenance_html(site)

    @macro("block")
    def profiles():
        """Which figures exist for other models, and why the others do not."""
        return profiles_html(site)


def on_pre_page_macros(env):
    """Note the page; keep a page that cannot be rendered from ending in a traceback."""
    site = env.sitekit
    if env.page.meta.get("render_macros") is False:
        return
    if site.known is None:
        if folder := os.environ.get("TEMPLATES"):
            compiled.keep(env.env, Path(folder) / "pages")
        site.known = {str(k) for k in (*env.env.globals, *env.variables)}
    if site.start_page(env.page, env.markdown, {*site.known, *map(str, env.page.meta)}) is None:
        env.markdown = '<p><span class="dn-error">This page has macros that cannot be rendered.</span></p>'
