"""What mkdocs does around the pages' own text: navigation, regions that scroll, previews, the offline list.

A hook of mkdocs.yml; the standard library, Jinja and mkdocs only. The macros are in macros.py, the offline list in
offline.py.
"""

from __future__ import annotations

import html
import ipaddress
import logging
import os
import re
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from jinja2 import FileSystemBytecodeCache
from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # hooks are loaded by their path

from sitekit import carry, notebooks, offline, sections, sheets, thumbs
from sitekit.policy import with_policy

LOG = logging.getLogger("mkdocs.hooks.shell")
CARD = "site/card"  # the figure that link previews show when a page names no other
_state = {"serving": False, "carried": None}


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this is `mkdocs serve`: a page that reloads itself must not come out of a cache. What the search
    reads out of a page is kept."""
    _state["serving"] = command == "serve"
    sections.keep()


def on_config(config):
    """Leave pages that do not exist (yet) out of the navigation, with a note: part of a site can be built."""
    docs = Path(config.docs_dir)
    if config.nav is not None:
        config.nav = _existing(config.nav, docs)
        books = sorted(docs.glob("notebooks/*.ipynb"))
        if books:
            config.nav.append({"Notebooks": [f"notebooks/{path.name}" for path in books]})
    return config


def _existing(nav: list, docs: Path) -> list:
    kept = []
    for item in nav:
        title, target = next(iter(item.items())) if isinstance(item, dict) else (None, item)
        if isinstance(target, list):
            below = _existing(target, docs)
            if below:
                kept.append({title: below})
        elif "://" in target or (docs / target).is_file():
            kept.append(item)
        else:
            LOG.info("navigation: %s does not exist (yet) and is left out", target)
    return kept


def on_nav(nav, config, files):
    """Begin to carry pictures, films and scripts over: nothing that is rendered from here on changes them."""
    if not _state["serving"]:
        old = os.environ.get("OLD_SITE")
        _state["carried"] = carry.start(_carried(files), Path(config.site_dir), Path(old) if old else None)
    return nav


def _carried(files) -> list:
    """What mkdocs itself would copy, but for files that a plugin made up."""
    return [f for f in files if not f.is_documentation_page() and f.inclusion.is_included() and f.abs_src_path]


def on_page_content(content: str, page, config, files) -> str:
    """Tables and code blocks scroll inside regions that the keyboard reaches, with or without scripts."""
    if page.file.src_uri.endswith(".ipynb"):
        content, pictures = notebooks.cleaned(content, Path(page.file.abs_src_path))
        for name, data in pictures.items():
            files.append(File.generated(config, f"{page.file.dest_uri.rpartition('/')[0]}/{name}", content=data))
    if not page.meta.get("description"):
        page.meta["description"] = first_words(content)
    return scrollable(content)


def first_words(content: str, limit: int = 180) -> str | None:
    """The beginning of a page's first paragraph as plain text: what search engines show if it says no better."""
    found = re.search(r"<p>(.*?)</p>", content, re.S)
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""
    if len(words) <= limit:
        return words or None
    return words[:limit].rpartition(" ")[0].rstrip(",;:") + "…"


_TABLE = re.compile(r'<(?P<region>div class="dn-scroll"[^>]*>\s*<)?table\b.*?</table>', re.S)
_CODE = re.compile(
    r'(<div class="(?:language-(?P<language>[\w+-]+) )?highlight">.*?<pre\b[^>]*>(?:<span></span>)?)<code>',
    re.S,
)
_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.S)


def scrollable(content: str) -> str:
    """Page HTML with every table in a labelled, focusable region, and every code block so itself."""
    count = 0

    def table(match):
        nonlocal count
        if match["region"] or 'class="highlighttable"' in match[0][:60]:  # has its region; line numbers
            return match[0]
        count += 1
        heads = [html.unescape(re.sub(r"<[^>]+>", "", h)).strip() for h in _HEAD.findall(match[0])]
        named = ", ".join(h for h in heads if h)[:80]
        body = match[0].replace("<table>", '<table class="dn-table">', 1)  # or the theme wraps it once more
        label = html.escape(f"Table {count}" + (f": {named}" if named else ""), quote=True)
        return f'<div class="dn-scroll" role="region" tabindex="0" aria-label="{label}">{body}</div>'

    blocks = 0

    def code(match):
        nonlocal blocks
        blocks += 1
        language = match["language"] or "text"
        return f'{match[1]}<code role="group" tabindex="0" aria-label="Code {blocks}, {language}">'

    content = content.replace(
        '<pre class="dn-diagram"><code>',
        '<pre class="dn-diagram"><code role="group" tabindex="0" aria-label="Source of a diagram">',
    )
    return _CODE.sub(code, _TABLE.sub(table, content))


def on_page_context(context, page, config, nav):
    """Give the template the page's preview picture; no canonical address if the site has none of its own."""
    if is_loopback(config.site_url):
        page.canonical_url = None
    context["card"] = card(page.meta.get("card", CARD), config)
    return context


def on_env(env, config, files):
    """`offline` for every template, `card` for those that belong to no page (404); the theme compiled once for good."""
    if folder := os.environ.get("TEMPLATES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        env.bytecode_cache = FileSystemBytecodeCache(folder)  # by each template's content
    env.globals["offline"] = not _state["serving"]
    env.globals["card"] = card(CARD, config)
    if _state["carried"]:
        for file in _carried(files):  # links to them have been checked, and mkdocs would copy them now
            files.remove(file)
    return env


_REPAIRS = (  # in Material 9.8's own frame, among them a dialog and a progress bar without names, as axe finds
    ('data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'),
    ('data-md-component="progress" role="progressbar"', 'data-md-component="progress" aria-hidden="true"'),
    (' type="module"></script>', ' type="module" fetchpriority="low"></script>'),  # text, its style and fonts come first
)
# The theme's own script: javascripts/theme.js runs it when a reader does anything. Until then it is only fetched, where a
# browser fetches ahead.
_THEME = re.compile(r'<script src="([^"]*/bundle\.\w+\.min\.js)"></script>')


def on_post_page(output: str, page, config) -> str:
    """Name what the theme leaves nameless to a screen reader, and say what the page may load."""
    for flawed, named in _REPAIRS:
        output = output.replace(flawed, named)
    output = _THEME.sub(r'<link id="dn-theme" rel="prefetch" as="script" href="\1">', output)
    # mkdocs' live server puts a script of its own into each answer, which no policy could know beforehand
    return output if _state["serving"] else with_policy(sheets.joined(output, config.extra_css))


def on_post_template(output_content: str, template_name: str, config) -> str:
    """The same for the 404 page."""
    return on_post_page(output_content, None, config) if template_name.endswith(".html") else output_content


def is_loopback(site_url: str | None) -> bool:
    """True if the address is this machine's own, so that no published page may name it as its home."""
    host = urlsplit(site_url or "").hostname or "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def card(figure_id: str, config) -> dict | None:
    """The preview picture of a figure: absolute url, width, height, alt; None if it is not rendered.

    Previews take PNG only: `<id>.card.png`, else `<id>.light.wide.png`, else `<id>.last.png`.
    """
    root = Path(config.docs_dir) / "assets" / "figures"
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        for name in (f"{figure_id}.card.png", f"{figure_id}.light.wide.png", f"{figure_id}.last.png"):
            path = folder / name
            manifest = folder / f"{figure_id}.json"
            if not path.is_file() or not manifest.is_file():
                continue
            width, height = thumbs.png_size(path.read_bytes())
            url = urljoin(config.site_url or "/", path.relative_to(config.docs_dir).as_posix())
            alt = offline.read_json(manifest).get("alt", config.site_name)
            return {"url": url, "width": width, "height": height, "alt": alt}
    if figure_id != CARD:
        LOG.warning("the card %r of a page is no figure that has a PNG", figure_id)
    return None


def on_post_build(config) -> None:
    """Write the service worker with the list of everything that it may keep."""
    site = Path(config.site_dir)
    digests = _state["carried"].result() if _state["carried"] else {}
    for useless in site.glob("**/*.map"):  # Material's source maps: a third of the site, for nobody
        useless.unlink()
    folder = os.environ.get("TEMPLATES")
    thumbs.write(site, Path(folder) / "thumbs" if folder else None)
    if not _state["serving"]:
        sheets.write(site, config.extra_css)
        offline.write(site, digests)
