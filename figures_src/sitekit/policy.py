"""The content security policy that every page carries: nothing from another origin, no script that is not known.

A page can state it only in a <meta> of its own, since nobody knows which server will hand it out. Known are the files
of the site and the few inline scripts that Material puts on each page, by the hashes of their text. Standard library
only.
"""

from __future__ import annotations

import base64
import hashlib
import re

RULES = {
    "default-src": "'self'",  # of what no line below names: Firefox fetches the next page beforehand
    "frame-src": "'none'",
    "object-src": "'none'",
    "script-src": "'self' {hashes}",
    "style-src": "'self' 'unsafe-inline'",  # KaTeX, plots and diagrams place things by style attributes
    "img-src": "'self' data: blob:",  # the theme's icons lie within its styles; the open box draws its own pictures
    "font-src": "'self'",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "worker-src": "'self'",  # search, the open box, and the service worker
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(r"<meta\s+charset=[\"']?utf-8[\"']?\s*/?>", re.IGNORECASE)
_DATA = re.compile(r"\bsrc\s*=|\btype\s*=\s*[\"']?application/(?:ld\+)?json", re.IGNORECASE)


def script_hash(text: str) -> str:
    """'sha256-...' of an inline script as a browser computes it: of its text, lines ending in one character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def inline_scripts(page: str) -> list[str]:
    """The text of each script that runs and stands in the page itself."""
    return [text for attributes, text in _SCRIPT.findall(page) if not _DATA.search(attributes) and text.strip()]


def policy(page: str) -> str:
    """The policy for a page that is built, which its own inline scripts satisfy."""
    hashes = " ".join(dict.fromkeys(map(script_hash, inline_scripts(page))))
    rules = (f"{name} {value.format(hashes=hashes)}".rstrip() for name, value in RULES.items())
    return "; ".join(rules)


def with_policy(page: str) -> str:
    """The page with its policy as the first thing after the character set, ahead of all that loads anything."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
    return _CHARSET.sub(lambda match: match[0] + "\n      " + meta, page, count=1)
