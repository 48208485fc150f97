"""What a drawing must not hold: a page shows it harmlessly, but whoever opens it by itself runs what is in it.

Read with expat as a stream, so that neither entities nor depth nor size can hurt. Standard library only.
"""

from __future__ import annotations

import re
from xml.parsers import expat

MOST_BYTES = 8_000_000  # far more than any plot of the site has
MOST_ELEMENTS = 200_000
MOST_DEPTH = 200
FOREIGN = {"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "audio", "video"}
LINKS = {"href", "src"}
URL = re.compile(r"""url\(\s*['"]?\s*([^'")]*)|@import\s+['"]?([^'";]*)""", re.IGNORECASE)
INLINE = re.compile(r"data:(image/(png|jpeg|webp|gif)|font/[\w-]+)[;,]", re.IGNORECASE)


class _Refused(Exception):
    """The first thing found, in words."""


def svg_problem(data: bytes) -> str | None:
    """None for a harmless SVG file, else what is wrong with it, as the end of a sentence that names it."""
    if len(data) > MOST_BYTES:
        return f"has {len(data) / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB are the limit"
    parser = expat.ParserCreate(namespace_separator=" ")
    state = {"depth": 0, "elements": 0, "style": False, "top": None}

    def refuse(*_):
        raise _Refused("declares a document type or entities, by which a few lines unfold into gigabytes")

    def start(name, attributes):
        local = name.rpartition(" ")[2].lower()
        state["top"] = state["top"] or local
        state["depth"] += 1
        state["elements"] += 1
        state["style"] = local == "style"
        if state["depth"] > MOST_DEPTH or state["elements"] > MOST_ELEMENTS:
            raise _Refused(f"has more than {MOST_DEPTH} levels or {MOST_ELEMENTS} elements")
        if local in FOREIGN:
            raise _Refused(f"holds <{local}>, which a drawing does not need")
        for key, value in attributes.items():
            key = key.rpartition(" ")[2].lower()
            if key.startswith("on"):
                raise _Refused(f"runs code in its attribute {key}")
            if key in LINKS:
                _check_address(value, f"<{local}>")
            if local in ("set", "animate") and key == "attributename" and value.lower().rpartition(":")[2] in LINKS:
                raise _Refused("changes an address by animation")
            _check_css(value, f"{key} of <{local}>")

    def end(_):
        state["depth"] -= 1
        state["style"] = False

    def text(words):
        if state["style"]:
            _check_css(words, "<style>")

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.ProcessingInstructionHandler = _instruction
    parser.buffer_text = True  # or an address could hide across two pieces
    try:
        parser.Parse(data, True)
    except _Refused as found:
        return str(found)
    except expat.ExpatError as error:
        return f"is no valid XML (line {error.lineno}: {expat.ErrorString(error.code)})"
    return None if state["top"] == "svg" else "is no SVG"


def _instruction(target, _):
    if target.lower() == "xml-stylesheet":
        raise _Refused("asks for a style sheet from elsewhere")


def _check_address(value: str, where: str) -> None:
    address = re.sub(r"[\x00-\x20]", "", value)
    if not address.startswith("#") and not INLINE.match(address):
        raise _Refused(f"refers to {address[:60]!r} in {where}; a drawing holds all that it shows")


def _check_css(value: str, where: str) -> None:
    if not any(sign in value for sign in "(@\\"):  # nearly every attribute; paths are long
        return
    for found in URL.finditer(re.sub(r"/\*.*?\*/", "", value, flags=re.DOTALL)):
        _check_address(found[1] or found[2] or "", where)
    if "\\" in value and re.search(r"\\[0-9a-f]", value, re.IGNORECASE):  # url spelt in escapes
        raise _Refused(f"holds escaped characters in {where}")
