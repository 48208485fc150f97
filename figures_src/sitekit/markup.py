"""Text to HTML, and numbers to text. Everything that comes from a file is escaped before it is marked up."""

import html
import math
import re

from sitekit.errors import SiteError

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"
NUMERAL = re.compile(r"(?<![\w.])[+\-\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w])")


class Unknown(float):
    """Stands for a number that is not there, so that a page that computes or decides with it can still be shown.

    The problem has been reported by then. It is not a number in every comparison, and what is computed from it is
    unknown again.
    """

    def __new__(cls):
        return super().__new__(cls, "nan")

    def __str__(self):
        return "??"

    def __format__(self, _):
        return "??"

    def _stay(self, *_):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _stay
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = __round__ = _stay


UNKNOWN = Unknown()


def escape(text):
    """Text as HTML text or attribute value, on one line (a macro's output may sit in a table or a list)."""
    return html.escape(" ".join(str(text).split()), quote=True)


def format_number(value, fmt=""):
    """A figure's number as prose shows it.

    value: int, float, bool or str. fmt: a format specification of Python (".1f", ".0%", ","); without one,
    integers get thousands separators and floats three significant digits. Minus signs are typographic.
    Raises SiteError when the format does not suit the value.
    """
    if value is UNKNOWN:
        return str(value)
    try:
        if fmt:
            text = format(value, fmt)
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        elif isinstance(value, str):
            text = value
        elif isinstance(value, int):
            text = f"{value:,}"
        elif not math.isfinite(value):
            text = {math.inf: "∞", -math.inf: "-∞"}.get(value, "not a number")
        else:
            text = f"{value:,.0f}" if 999.5 <= abs(value) < 1e15 else f"{value:.3g}"
    except (ValueError, TypeError) as problem:
        raise SiteError(f"format {fmt!r} does not suit the value {value!r} ({problem})") from None
    if isinstance(value, str):
        return text
    text = re.sub(r"e([+-]\d+)$", lambda m: "×10" + str(int(m.group(1))).translate(_RAISED), text)
    return re.sub(r"(?<!\w)-(?=[\d.∞])", MINUS, text)


def number_span(text, title):
    """A number in prose, marked so that a reader sees where it comes from and a stylesheet can set it."""
    return f'<span class="dn-num" title="{escape(title)}">{escape(text)}</span>'


_CODE = re.compile(r"(`+)(.+?)\1")
_MATH = re.compile(r"(?<!\\)\$(?! )([^$]+?)(?<! )\$")
_LINK = re.compile(r"\[([^\]]+)\]\(([^()\s]+)\)")
_SAFE_TARGET = re.compile(r"(?:https?://|#)")


def inline(text, numbers_title=None, render=None):
    """Inline Markdown (code, $math$, links, **bold**, *emphasis*) to HTML on one line.

    The text is escaped first: markup or a script in it comes out as text. Numerals outside code and
    mathematics become number spans titled numbers_title, if that is given (captions carry measured numbers).
    render(expression) gives the HTML of a macro call {{ ... }}; without it such a call stays text.
    """
    kept = []

    def keep(fragment):
        kept.append(fragment)
        return chr(0xE000 + len(kept) - 1)  # a private character, so that no rule below looks inside

    def link(match):
        label, target = match.groups()
        if not _SAFE_TARGET.match(target):  # javascript: and other schemes stay text
            return match.group(0)
        return keep(f'<a href="{target}">') + label + keep("</a>")

    text = re.sub("[\ue000-\uf8ff]", "", text)
    if render is not None:
        text = re.sub(r"\{\{.*?\}\}", lambda m: keep(render(m.group(0))), text)
    text = escape(text)
    text = _CODE.sub(lambda m: keep(f"<code>{m.group(2).strip()}</code>"), text)
    text = _MATH.sub(lambda m: keep(rf'<span class="arithmatex">\({m.group(1)}\)</span>'), text)
    text = _LINK.sub(link, text)
    if numbers_title is not None:
        text = re.sub(r"&#?\w+;", lambda m: keep(m.group(0)), text)  # the 39 of &#39; is no number
        text = NUMERAL.sub(lambda m: keep(number_span(m.group(0), numbers_title)), text)
    text = re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<!\w)\*(?=\S)(.+?)(?<=\S)\*(?!\w)", r"<em>\1</em>", text)
    while re.search("[\ue000-\uf8ff]", text):
        text = re.sub("[\ue000-\uf8ff]", lambda m: kept[ord(m.group(0)) - 0xE000], text)
    return text
