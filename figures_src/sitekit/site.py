"""What one build of the site knows (figures, pages, claims, references) and how it reports a problem."""

import logging
import os
import sys
from collections import defaultdict
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from jinja2 import TemplateSyntaxError

from sitekit.bibliography import Bibliography
from sitekit.errors import did_you_mean
from sitekit.figure_html import FigureHtml, anchor
from sitekit.ledger import Ledger
from sitekit.manifests import Figures
from sitekit.pages import Pages, jinja_environment, relative, split_front_matter

LOG = logging.getLogger("mkdocs.plugins.sitekit")  # below "mkdocs", so that --strict counts its errors


class Site:
    """One build. docs: the folder of the pages; profile: which figures they show; repo_url may be empty.

    page is the MkDocs page that is being rendered, set before its macros run.
    """

    def __init__(self, docs, profile="tiny", repo_url="", branch="main", directory_urls=True, jinja_options=None):
        self.docs = Path(docs)
        self.profile = profile
        self.repo_url = repo_url.rstrip("/")
        self.branch = branch
        self.figures = Figures(self.docs / "assets" / "figures" / profile)
        self.environment = jinja_environment(jinja_options)
        self.pages = Pages(self.docs, self.environment, directory_urls, os.environ.get("TEMPLATES"))
        self.bibliography = Bibliography.load(self.docs / "references.bib")
        self.ledger = Ledger.load(self.docs / "series" / "claims.yaml")
        self.page = None
        self._ids = {}
        self._elsewhere = None
        self._said = set()

    # where things are

    def show_path(self, path):
        """A path as messages name it: docs/series/vae.md."""
        return (Path(self.docs.name) / os.path.relpath(path, self.docs)).as_posix()

    def href(self, page, fragment=""):
        """URL of a page (its path below docs), or of a place on it, as seen from the page being rendered."""
        target = self.pages.url(page) + (f"#{fragment}" if fragment else "")
        return relative(target, self.page.url if self.page else "")

    def asset(self, path):
        """URL of a file below docs, as seen from the page being rendered."""
        return relative(Path(path).relative_to(self.docs).as_posix(), self.page.url if self.page else "")

    def home_of(self, macro):
        """The page that calls bibliography(), ledger() or provenance(), or None."""
        return next(iter(self.pages.using(macro)), None)

    def source_url(self, source):
        return f"{self.repo_url}/blob/{self.branch}/{source}" if self.repo_url else None

    def figure_html(self, manifest):
        home = self.home_of("provenance")
        links = {
            "source": self.source_url(manifest["source"]),
            "provenance": self.href(home, anchor(manifest.id, "prov")) if home else None,
        }
        others = [
            FigureHtml(other, lambda name, folder=other.folder: self.asset(folder / name), {}, profile)
            for profile, (figures, made) in self._beside.items()
            if manifest.id in made
            for other in [figures.get(manifest.id)]
        ]
        return FigureHtml(manifest, lambda name: self.asset(manifest.folder / name), links, self.profile, others)

    @cached_property
    def _beside(self):
        """{profile: (its figures, ids of those that it could make)} for the profiles that pages don't show first."""
        return {name: (other, set(other.ids()) - other.skipped().keys()) for name, other in self.figures.beside().items()}

    def unique_id(self, wanted):
        """wanted, or wanted-2, ... when the page has that id already."""
        seen = self._ids.setdefault(self.page.file.src_uri if self.page else "", {})
        seen[wanted] = seen.get(wanted, 0) + 1
        return wanted if seen[wanted] == 1 else f"{wanted}-{seen[wanted]}"

    def figure_href(self, figure_id):
        """Link to where a figure is shown: this page if it is here, else the first, those of the series before pages
        that gather from them; else its provenance."""
        here = self.page.file.src_uri if self.page else None
        shown = self.pages.showing(figure_id)
        page = here if here in shown else min(shown, key=lambda name: (not name.startswith("series/"), name), default=None)
        if page:
            return self.href(page, anchor(figure_id))
        home = self.home_of("provenance")
        return self.href(home, anchor(figure_id, "prov")) if home else None

    def cites_of(self, claim):
        """Keys of the works behind a claim: its cites, and its free citations that the bibliography has."""
        found = [self.bibliography.by_title(text) for text in claim.get("cite", [])]
        return list(dict.fromkeys([*claim.get("cites", []), *(w.key for w in found if w)]))

    @cached_property
    def _claims_of(self):
        found = defaultdict(list)
        for claim in self.ledger.claims.values():
            for figure_id in claim.figures():
                found[figure_id].append(claim)
        return found

    def claims_with(self, figure_id):
        """(claim, URL in the ledger) for each claim that a figure is evidence for."""
        home = self.home_of("ledger")
        return [(c, self.href(home, c["id"])) for c in self._claims_of.get(figure_id, ())] if home else []

    def pages_with(self, claim):
        """Pages that show a claim by itself or with its section, in order, once each."""
        return sorted({*self.pages.pages_of("claim", claim["id"]), *self.pages.pages_of("claims", claim.section)})

    # problems

    @contextmanager
    def reporting_at(self, path, line):
        """Meanwhile, problems are those of a line of another file (a claim's text), not of the page."""
        before, self._elsewhere = self._elsewhere, f"{self.show_path(path)}:{line}"
        try:
            yield
        finally:
            self._elsewhere = before

    def lines_before_body(self):
        """How many lines of the page's source come before the text that Jinja sees."""
        return split_front_matter(Path(self.page.file.abs_src_path).read_text(encoding="utf-8"))[1]

    def problem(self, message, line=None):
        """One line in the build's log, naming page and line of the macro call. Fails a strict build."""
        if self._elsewhere:
            where = self._elsewhere
        else:
            line = line or template_line()
            where = self.show_path(self.page.file.abs_src_path)
            if line:
                where += f":{self.lines_before_body() + line}"
        if (where, message) not in self._said:  # a claim is shown on several pages
            self._said.add((where, message))
            LOG.error("%s: %s", where, message)

    def start_page(self, page, text, known):
        """Take note of the page to be rendered; returns its text, or None if it cannot be rendered at all.

        known: names that the template may use. Syntax errors and unknown names are reported here, each as
        one line, rather than as the macros plugin's page of traceback.
        """
        self.page = page
        self._ids.pop(page.file.src_uri, None)
        try:
            missing = self.pages.undefined_names(text, known)
        except TemplateSyntaxError as error:
            self.problem(f"the macros do not parse: {error.message}", error.lineno)
            return None
        for line, name in missing:
            self.problem(f"unknown macro or variable {name!r}{did_you_mean(name, known)}", line)
        return None if missing else text


def template_line():
    """Line of the Jinja template from which the running macro was called, or None."""
    frame = sys._getframe(1)
    while frame:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            return template.get_corresponding_lineno(frame.f_lineno)
        frame = frame.f_back
    return None
