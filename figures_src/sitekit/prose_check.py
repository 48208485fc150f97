"""Numerals in prose: every number that a page states must come from the build.

Reads the Markdown sources. What is not prose (front matter, code, mathematics, macros, HTML tags, targets of
links, list markers, footnote labels) is blanked, then what docs/contributing/allowed-numbers.yaml allows; a
numeral or number word that is left is a problem.
"""

import re
from collections import namedtuple
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from jinja2 import TemplateSyntaxError, nodes

from sitekit.errors import SiteError
from sitekit.ledger import Ledger
from sitekit.pages import jinja_environment

Problem = namedtuple("Problem", "path line message")
Allowed = namedtuple("Allowed", "pattern reason pages")

_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = "one two three four five six seven eight nine ten"
_LARGE = "hundreds? thousands? millions? billions? trillions? dozens?"
_WORDS = "|".join(f"{_SMALL} {_TEENS} {_TENS} {_LARGE}".split())
NUMERAL = re.compile(rf"\S*\d\S*|\b(?:{_WORDS})(?:[- ](?:{_WORDS}))*\b|\S*[½¼¾⅓⅔]\S*", re.IGNORECASE)

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_BLANKED = [
    re.compile(r"<!--.*?-->", re.S),
    re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{##.*?##\}", re.S),  # macros; their captions are looked at apart
    re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.S),
    re.compile(r"\$\$.*?\$\$|\\\[.*?\\\]|\\\(.*?\\\)", re.S),
    re.compile(r"(?<![\\$\w])\$(?![\s$])[^$]*?(?<![\s\\])\$(?![\d$])", re.S),
    re.compile(r"<https?://[^<>\s]+>|https?://[^\s)>\]]+"),
    re.compile(r"(?<=\])\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)"),  # targets of links and pictures
    re.compile(r"^[ ]{0,3}\[(?!\^)[^\]]+\]:[ \t]*\S+", re.M),  # definitions of links
    re.compile(r"\[\^[^\]]+\]:?"),
    re.compile(r"&#?\w+;|:[a-z][\w+-]*:"),  # entities and names of icons
    re.compile(r"\{:?\s*[#.][^{}\n]*\}|\{:[^{}\n]*\}"),  # attribute lists
    re.compile(r"^[ \t]*\d+[.)](?=[ \t])", re.M),  # markers of ordered lists
    re.compile(r"^[ \t]*-{1,2}8<-{1,2}.*$", re.M),  # snippets
    re.compile(r"^[ \t]*[:|\- ]+$", re.M),  # rules of tables
]


_TAG = re.compile(r"</?[A-Za-z][^<>]*>", re.S)
_READ_OUT = re.compile(
    r"""(?:(?<=\balt=)|(?<=\btitle=)|(?<=\baria-label=))("[^"]*"|'[^']*')"""
)  # attributes people read
_META = re.compile(r"^(?:title|description):(.*)$")
_MEASURED = {"num", "numraw", "value", "claim_count", "figure", "widget", "figure_link", "cite", "claim",
             "claims", "guess", "choose"}


def _blank(text):
    """The same number of lines, nothing on them."""
    return re.sub(r"[^\n]", " ", text)


def prose_of(text):
    """The prose of a Markdown page, everything else blanked, line for line and column for column."""
    lines = text.split("\n")
    if lines and lines[0].rstrip() == "---":
        end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
        lines[: end + 1] = [_keep(_META, line) for line in lines[: end + 1]]
    closing = None
    for i, line in enumerate(lines):
        fence = _FENCE.match(line)
        if closing:
            lines[i] = _blank(line)
            if fence and fence.group(1).startswith(closing) and not line[fence.end() :].strip():
                closing = None
        elif fence:
            closing = fence.group(1)
            lines[i] = _blank(line)
    text = "\n".join(lines)
    for pattern in _BLANKED:
        text = pattern.sub(lambda m: _blank(m.group(0)), text)
    return _TAG.sub(lambda m: _keep(_READ_OUT, m.group(0)), text)


def _keep(pattern, text):
    """Blank text but for the first group of each match."""
    kept = list(_blank(text))
    for match in pattern.finditer(text):
        kept[slice(*match.span(1))] = match.group(1)
    return "".join(kept)


def macro_texts(text):
    """(line, text) of what a page writes inside macros: captions, texts of links, bare numbers."""
    try:
        tree = jinja_environment({"j2_comment_start_string": "{##", "j2_comment_end_string": "##}"}).parse(text)
    except TemplateSyntaxError:
        return []  # the build says so
    found = []
    for call in tree.find_all(nodes.Call):
        name = getattr(call.node, "name", None)
        given = [k.value for k in call.kwargs if k.key in ("caption", "text")]
        if name == "choose":  # its answers are prose, its checks are not
            answers = [*call.args[:1], *(k.value for k in call.kwargs)]
            given += [pair.key for a in answers if isinstance(a, nodes.Dict) for pair in a.items]
        given += call.args[1:2] if name in ("figure", "figure_link") else call.args[2:3] if name == "widget" else []
        for value in given:
            constants = [value] if isinstance(value, nodes.Const) else _words(value)
            found += [(c.lineno, c.value) for c in constants if isinstance(c.value, str)]
    for output in tree.find_all(nodes.Output):
        for expression in output.nodes:  # {{ 28.1 }} and {{ show(28.1) }} type a number by another way
            calls = {
                getattr(c.node, "name", None)
                for c in [*expression.find_all(nodes.Call), expression]
                if isinstance(c, nodes.Call)
            }
            constants = [expression, *expression.find_all(nodes.Const)]
            if not calls & _MEASURED:
                found += [
                    (c.lineno, str(c.value))
                    for c in constants
                    if isinstance(c, nodes.Const) and isinstance(c.value, int | float)
                ]
    return found


def _words(node):
    """The constants that a template expression joins, but not the arguments of the macros in it."""
    if isinstance(node, nodes.Const):
        return [node]
    if isinstance(node, nodes.Call):
        return []
    return [c for child in node.iter_child_nodes() for c in _words(child)]


def load_allowed(path):
    """(allowed, skipped pages) of allowed-numbers.yaml: lists of Allowed. SiteError if an entry lacks a reason."""
    path = Path(path)
    content = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
    allowed, skipped = [], []
    for key, into in (("allowed", allowed), ("skipped", skipped)):
        for entry in content.get(key, []):
            pattern, reason = entry.get("pattern" if key == "allowed" else "pages"), entry.get("reason")
            if not pattern or not str(reason or "").strip():
                raise SiteError(f"{path.name}: every entry of '{key}' needs a pattern and a reason: {entry}")
            try:
                compiled = re.compile(pattern) if key == "allowed" else pattern
            except re.error as problem:
                raise SiteError(f"{path.name}: {pattern!r} is no regular expression ({problem})") from None
            into.append(Allowed(compiled, reason, entry.get("pages", "*") if key == "allowed" else pattern))
    return allowed, skipped


def check_page(text, path, page, allowed, used=None):
    """Problems of one page. path is named in them; page is its path below docs; used collects entries that fit."""
    mine = [a for a in allowed if fnmatchcase(page, a.pages)]

    def left(prose):
        for entry in mine:
            cleared = entry.pattern.sub(lambda m: _blank(m.group(0)), prose)
            if used is not None and cleared != prose:
                used.add(entry)
            prose = cleared
        return prose

    problems = []
    pieces = [(1, prose_of(text)), *macro_texts(text)]
    for first, piece in pieces:
        for number, line in enumerate(left(piece).split("\n"), first):
            for match in NUMERAL.finditer(line):
                word = match.group(0).strip("*_()[]{}|.,;:!?\"'“”‘’«»—–")
                problems.append(
                    Problem(
                        path,
                        number,
                        f"{word!r} is typed by hand; take it from a figure with num(), "
                        "or allow it with a reason in docs/contributing/allowed-numbers.yaml",
                    )
                )
    return sorted(problems)


def check_docs(docs, allowed_file=None):
    """(problems, allowed entries that no page needs) for every Markdown page below docs and each claim's 'says'.

    A claim's own words, its planned test and our expectation are no statements of results and may hold numbers.
    """
    docs = Path(docs)
    allowed, skipped = load_allowed(allowed_file or docs / "contributing" / "allowed-numbers.yaml")
    problems, used = [], set()
    for path in sorted(docs.rglob("*.md")):
        page = path.relative_to(docs).as_posix()
        if not any(fnmatchcase(page, s.pages) for s in skipped):
            shown = f"{docs.name}/{page}"
            problems += check_page(path.read_text(encoding="utf-8"), shown, page, allowed, used)
    for claim in Ledger.load(docs / "series" / "claims.yaml").claims.values():
        found = check_page(
            claim.get("says", ""), f"{docs.name}/series/claims.yaml", "series/claims.yaml", allowed, used
        )
        problems += [p._replace(line=claim.lines["says"]) for p in found]
    return problems, [a for a in allowed if a not in used]
