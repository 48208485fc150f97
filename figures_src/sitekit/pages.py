"""The pages' sources, read before the build renders them: which page uses which figure, claim and work.

The macros need this for back links ("used on", "cited on"), for the anchors that they link to, and to name
the line of a problem.
"""

import hashlib
import json
import os
import posixpath
from collections import defaultdict, namedtuple
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

Use = namedtuple("Use", "page line macro args")  # page: path under docs/; args: its literal positional arguments

_FIRST, _SECOND, _ALL = slice(0, 1), slice(1, 2), slice(None)
_NUMBERS = ("num", "numraw", "value", "guess")  # their argument is a figure, a dot, a number's name
_NAMES = {  # macro -> what it names, by which of its arguments
    "cite": (("cite",), _ALL),
    "claim": (("claim",), _FIRST),
    "claims": (("claims",), _FIRST),
    "figure": (("figure", "shown"), _FIRST),
    "figure_link": (("figure",), _FIRST),
    "widget": (("figure", "shown"), _SECOND),
} | dict.fromkeys(_NUMBERS, (("figure",), _FIRST))


def split_front_matter(text):
    """(body, number of lines before it) of a page's source; MkDocs strips the front matter the same way."""
    lines = text.lstrip("\ufeff").split("\n")
    start = 0
    if lines and lines[0].rstrip() == "---":
        for i, line in enumerate(lines[1:], 1):
            if line.rstrip() in ("---", "..."):
                start = i + 1
                break
    while start < len(lines) and not lines[start].strip() and start > 0:
        start += 1
    return "\n".join(lines[start:]), start


def jinja_environment(options=None):
    """A Jinja environment with the markers that mkdocs.yml gives the macros plugin (its j2_* options)."""
    options = {k[3:]: v for k, v in dict(options or {}).items() if k.startswith("j2_") and k.endswith("_string") and v}
    return Environment(**options)


def read_body(body, environment):
    """What a page's text asks of its macros, as plain data: {"calls": [[line, macro, literal arguments], ...], "asked":
    [[line, name], ...], "made": names that the page itself defines}. Raises TemplateSyntaxError."""
    tree = environment.parse(body)
    names = list(tree.find_all(nodes.Name))
    return {
        "calls": [
            [call.lineno, call.node.name, [a.value if isinstance(a, nodes.Const) else None for a in call.args]]
            for call in tree.find_all(nodes.Call)
            if isinstance(call.node, nodes.Name)
        ],
        "asked": [[n.lineno, n.name] for n in names if n.ctx == "load"],
        "made": sorted({n.name for n in (*names, *tree.find_all(nodes.Macro)) if getattr(n, "ctx", "store") != "load"}),
    }


class KeptReadings:
    """read_body, whose results are kept in a file by the page's text, how it is read, and this code: parsing all pages
    takes half as long as rendering them. Without a folder, only in memory."""

    def __init__(self, environment, folder=None):
        self.environment = environment
        self.file = Path(folder) / "readings.json" if folder else None
        syntax = [value for name, value in sorted(vars(environment).items()) if name.endswith("_string")]
        self._salt = repr(syntax).encode() + Path(__file__).read_bytes()
        self._used = {}
        try:
            self._kept = json.loads(self.file.read_text(encoding="utf-8")) if self.file else {}
        except (OSError, ValueError):
            self._kept = {}

    def __call__(self, body):
        """What `read_body` says. Raises TemplateSyntaxError."""
        key = hashlib.sha256(self._salt + body.encode()).hexdigest()
        if key not in self._used:
            self._used[key] = self._kept.get(key) or read_body(body, self.environment)
        return self._used[key]

    def save(self):
        """Write down what this build has asked for, and nothing older."""
        if self.file and self._used.keys() != self._kept.keys():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft = self.file.with_suffix(f".{os.getpid()}.tmp")
            draft.write_text(json.dumps(self._used), encoding="utf-8")
            os.replace(draft, self.file)


class Pages:
    """Every macro call on every page below docs_dir."""

    def __init__(self, docs_dir, environment=None, directory_urls=True, folder=None):
        self.docs = Path(docs_dir)
        self.directory_urls = directory_urls
        self.titles = {}
        self.uses = []
        environment = environment or jinja_environment()
        self._reading = KeptReadings(environment, folder)
        for path in sorted(self.docs.rglob("*.md")):
            text = path.read_text(encoding="utf-8")
            body, before = split_front_matter(text)
            if "render_macros: false" in "\n".join(text.split("\n")[:before]):
                continue
            page = path.relative_to(self.docs).as_posix()
            self.titles[page] = next(
                (
                    line[2:].split(" {")[0].strip()
                    for line in body.split("\n")
                    if line.startswith("# ") and "{{" not in line
                ),
                page,
            )
            if environment.variable_start_string in body:
                with suppress(TemplateSyntaxError):  # said when the page is rendered
                    calls = self._reading(body)["calls"]
                    self.uses += [Use(page, before + line, name, tuple(args)) for line, name, args in calls]
        self._reading.save()

    def undefined_names(self, body, known):
        """(line, name) of every variable or macro that a page uses and nobody defines. Raises TemplateSyntaxError."""
        read = self._reading(body)
        known = {*known, *read["made"], "loop", "varargs", "kwargs", "caller", "self"}
        return [(line, name) for line, name in read["asked"] if name not in known]

    @cached_property
    def _index(self):
        """(what, name) -> pages. Each page with figures asks for hundreds of these, so the uses are gone through once."""
        found = defaultdict(set)
        for use in self.uses:
            found["macro", use.macro].add(use.page)
            kinds, place = _NAMES.get(use.macro, ((), _FIRST))
            for argument in use.args[place]:
                name = str(argument).partition(".")[0] if use.macro in _NUMBERS else argument
                for kind in kinds:
                    found[kind, name].add(use.page)
        return {asked: sorted(pages) for asked, pages in found.items()}

    def using(self, macro):
        """Pages that call a macro, in order, once each."""
        return self._index.get(("macro", macro), [])

    def pages_of(self, kind, key):
        """Pages that use a figure ('figure', id), cite a work ('cite', key), or show a claim by itself ('claim', id) or
        with its section ('claims', section's id), in order, once each."""
        return self._index.get((kind, key), [])

    def showing(self, figure_id):
        """Pages that show the figure itself (not only a number of it), in order, once each."""
        return self._index.get(("shown", figure_id), [])

    def url(self, page):
        """Where MkDocs puts a page, relative to the site's root: series/vae.md -> series/vae/."""
        stem = page[: -len(".md")]
        if posixpath.basename(stem) in ("index", "README"):
            folder = posixpath.dirname(stem)
            return (folder + "/" if folder else "") + ("" if self.directory_urls else "index.html")
        return stem + ("/" if self.directory_urls else ".html")


def relative(target, base):
    """URL of target as seen from the page at base, both relative to the site's root: any sub-path works."""
    path, hash_, anchor = target.partition("#")
    folder = posixpath.dirname(base)
    url = posixpath.relpath("/" + path, "/" + folder)
    if path.endswith("/") or path == "":
        url = "" if url == "." and hash_ else url + "/"
    return url + hash_ + anchor
