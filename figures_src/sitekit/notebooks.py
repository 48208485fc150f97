"""A notebook's page out of what nbconvert makes of it, which is a page of JupyterLab: 600 KB of its styles, buttons of its
own and every picture within the text. What stays are text, code and outputs, as on the other pages, the pictures as files.
"""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path

from sitekit.errors import SiteError
from sitekit.thumbs import png_size

_WASTE = re.compile(
    r"<(script|style)\b.*?</\1>|<link\b[^>]*>|<!--.*?-->"
    r'|<div class="jp-Collapser[^>]*>\s*</div>|<div class="jp-(?:In|Out)putPrompt[^>]*>[^<]*</div>'
    r'|<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>|<div class="clipboard-copy-txt".*?</div>',
    re.S | re.I,
)
_STOP = re.compile(r'(class="jp-(?:Cell-inputWrapper|RenderedImage)[^"]*") tabindex="0"')  # nothing to scroll there
_CODE = re.compile(r'<div[^>]*class="highlight-ipynb hl-(?:i?)(\w+)"><pre>(?:<span></span>)?(.*?)\s*</pre></div>', re.S)
_HEADING = re.compile(r'<a class="anchor-link" (href="[^"]*")>¶</a>')
_TEXT = re.compile(r'(<div class="jp-RenderedText[^>]*?) tabindex="0">')
_PICTURE = re.compile(r'<img\b[^>]*src="data:image/png;base64,([^"]*)"[^>]*>')


def cleaned(content: str, file: Path) -> tuple[str, dict[str, bytes]]:
    """(page HTML, {name: PNG}) of a notebook's HTML and the notebook itself, whose outputs say what their pictures show.
    The names are relative to the page's folder."""
    outputs = 0

    def text(match):
        nonlocal outputs
        outputs += 1
        return f'{match[1]} tabindex="0" role="group" aria-label="Output {outputs}">'

    content = _STOP.sub(r"\1", _WASTE.sub("", content))
    content = _CODE.sub(r'<div class="language-\1 highlight"><pre><span></span><code>\2</code></pre></div>', content)
    content = _HEADING.sub(r'<a class="headerlink" \1 title="Link to this section">¶</a>', content)
    alts = _alts(file)
    content, pictures = _apart(_TEXT.sub(text, content), alts)
    if len(alts) != len(pictures):  # then words would go to another picture
        raise SiteError(f"{file.name} has {len(alts)} PNG outputs, its page {len(pictures)}: give pictures as PNG alone.")
    source = f'<p class="dn-notebook"><a href="{file.name}" download>Download this notebook</a>, with its outputs</p>'
    return content + source, pictures


def _alts(file: Path) -> list[str]:
    """What each picture of a notebook shows, in their order, as its code says it."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    shown = [output for cell in cells for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]
    return [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in shown]


def _apart(content: str, alts: list[str]) -> tuple[str, dict[str, bytes]]:
    pictures: dict[str, bytes] = {}
    words = iter(alts)

    def picture(match):
        data = base64.b64decode(match[1])
        name = f"{len(pictures) + 1}.png"
        pictures[name] = data
        width, height = png_size(data)
        alt = html.escape(next(words, ""))
        return f'<img src="{name}" alt="{alt}" width="{width}" height="{height}" loading="lazy" decoding="async">'

    return _PICTURE.sub(picture, content), pictures
