"""What can be read off the built files without a browser: validity, links, anchors, what pages say about themselves."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import html5lib
import pytest

HERE = "http://site.invalid/"  # stands for the site's root while links are resolved
FETCHED = {
    ("img", "src"), ("script", "src"), ("source", "src"), ("source", "srcset"), ("video", "src"), ("video", "poster"),
    ("link", "href"), ("iframe", "src"), ("object", "data"), ("embed", "src"), ("use", "href"), ("track", "src"),
}
NOT_FETCHED = {"canonical", "prev", "next", "license", "alternate", "author"}  # of <link rel>


class Outline(HTMLParser):
    """Tags with attributes, ids, headings and visible text of <main> of one page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.headings, self._heading = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def all(self, tag, attribute):
        return [a[attribute] for t, a in self.tags if t == tag and a.get(attribute) is not None]

    @property
    def ids(self):
        return [a["id"] for _, a in self.tags if a.get("id")]

    def meta(self, name):
        metas = [a for t, a in self.tags if t == "meta" and name in (a.get("name"), a.get("property"))]
        return [a.get("content", "") for a in metas]


@pytest.fixture(scope="module")
def pages(site):
    """{path below the root: (source, Outline)} of every HTML file but drafts of other tools."""
    found = {}
    for file in sorted(site.rglob("*.html")):
        text = file.read_text(encoding="utf-8")
        found[file.relative_to(site).as_posix()] = (text, Outline(text))
    return found


def url_of(path: str) -> str:
    return HERE + (path[: -len("index.html")] if path.endswith("index.html") else path)


def file_of(site: Path, url: str) -> Path:
    path = site / unquote(urlsplit(url).path).lstrip("/")
    return path / "index.html" if path.is_dir() else path


def test_html_parses_without_error(pages):
    """The HTML5 parser of html5lib finds nothing to repair."""
    problems = []
    for path, (text, _) in pages.items():
        parser = html5lib.HTMLParser()
        parser.parse(text)
        lines = text.splitlines()
        for (line, column), code, _ in parser.errors[:5]:
            problems.append(f"{path}:{line}:{column}: {code}: {lines[line - 1].strip()[:120]}")
    assert not problems, "\n".join(problems)


def test_ids_are_unique_and_references_resolve(pages):
    """No id twice on a page; every label's for and aria reference names an id of the page."""
    problems = []
    for path, (_, outline) in pages.items():
        problems += [f"{path}: id {i!r} is there {n} times" for i, n in Counter(outline.ids).items() if n > 1]
        for tag, attributes in outline.tags:
            for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
                for target in (attributes.get(name) or "").split():
                    if target not in outline.ids and target not in ("__toc", "__toc_label"):
                        problems.append(f"{path}: <{tag} {name}={target!r}> names nothing")
    assert not problems, "\n".join(problems)


def test_links_and_anchors_resolve(site, pages):
    """Every address on a page that lies within the site exists, and so does the anchor that it names."""
    problems, checked = [], 0
    for path, (_, outline) in pages.items():
        if path == "404.html":
            continue  # served from any depth, so its addresses are absolute; tests/site/test_frame.py opens it
        for tag, attribute in {("a", "href"), *FETCHED}:
            for address in outline.all(tag, attribute):
                url = urljoin(url_of(path), address.split()[0] if attribute == "srcset" else address.strip())
                if not url.startswith(HERE) or address.startswith(("data:", "javascript:")):
                    continue
                checked += 1
                target = file_of(site, url)
                if not target.is_file():
                    problems.append(f"{path}: {address} is not there")
                    continue
                fragment = unquote(urlsplit(url).fragment)
                known = pages.get(target.relative_to(site).as_posix())
                if fragment and known and fragment not in known[1].ids:
                    problems.append(f"{path}: {address} names no place on that page")
    assert checked > 100, "this measures nothing"
    assert not problems, "\n".join(sorted(set(problems)))


def test_nothing_is_fetched_from_elsewhere(site, pages):
    """No page, stylesheet, script of ours or picture names another host as the source of anything."""
    problems = []
    for path, (_, outline) in pages.items():
        for tag, attributes in outline.tags:
            if tag == "link" and set((attributes.get("rel") or "").split()) & NOT_FETCHED:
                continue
            for of_tag, attribute in FETCHED:
                value = attributes.get(attribute) or ""
                if tag == of_tag and re.match(r"(https?:)?//", value):
                    problems.append(f"{path}: <{tag} {attribute}={value!r}>")
    in_styles = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]+)")
    in_pictures = re.compile(r"(?:href|src)=\"https?://[^\"]+|url\(https?://[^)]+")
    for pattern, files in ((in_styles, site.rglob("*.css")), (in_pictures, (site / "assets").rglob("*.svg"))):
        for file in files:
            found = pattern.findall(file.read_text(encoding="utf-8"))
            problems += [f"{file.relative_to(site)}: {address}" for address in found]
    assert not problems, "\n".join(problems)


def test_styles_name_files_that_exist(site):
    """Fonts and pictures of every stylesheet are in the site."""
    problems, checked = [], 0
    for style in site.rglob("*.css"):
        for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", style.read_text(encoding="utf-8")):
            if address.startswith(("data:", "#")) or "//" in address:
                continue
            checked += 1
            if not (style.parent / unquote(urlsplit(address).path)).is_file():
                problems.append(f"{style.relative_to(site)}: {address}")
    assert checked > 10, "this measures nothing"
    assert not problems, "\n".join(problems)


def test_every_page_says_what_it_is(site, pages, paths):
    """A title and a description of its own, one h1, no level of heading skipped, a language, a preview."""
    problems, titles, descriptions = [], Counter(), Counter()
    for path in paths:
        name = path + "index.html"
        text, outline = pages[name]
        title = re.search(r"<title>(.*?)</title>", text, re.S)[1].strip()
        description = (outline.meta("description") or [""])[0]
        titles[title] += 1
        descriptions[description] += 1
        if not 50 <= len(description) <= 220:
            problems.append(f"{name}: its description has {len(description)} characters: {description!r}")
        if outline.headings.count(1) != 1:
            problems.append(f"{name}: {outline.headings.count(1)} headings of level 1")
        for before, after in zip(outline.headings, outline.headings[1:], strict=False):
            if after > before + 1:
                problems.append(f"{name}: a heading of level {after} follows one of level {before}")
        for needed in ("og:title", "og:description", "og:type", "og:image", "og:image:alt", "twitter:card"):
            if not any(outline.meta(needed)):
                problems.append(f"{name}: no {needed}")
        image = urlsplit((outline.meta("og:image") or [""])[0]).path
        if image and not any((site / image.lstrip("/").split("/", n)[-1]).is_file() for n in range(3)):
            problems.append(f"{name}: the preview {image} is not in the site")
        if outline.all("html", "lang") != ["en"]:
            problems.append(f"{name}: no language")
    problems += [f"title {t!r} is used {n} times" for t, n in titles.items() if n > 1]
    problems += [f"description {d!r} is used {n} times" for d, n in descriptions.items() if n > 1]
    assert not problems, "\n".join(problems)


def test_every_picture_says_what_it_shows(pages):
    """Alt texts: figures have long ones; widths and heights are given, so that nothing jumps while it loads."""
    problems = []
    for path, (_, outline) in pages.items():
        for tag, attributes in outline.tags:
            if tag == "img" and attributes.get("alt") is None:
                problems.append(f"{path}: no alt text: {attributes.get('src')}")
            if tag == "img" and ("assets/figures/" in (attributes.get("src") or "") or path.startswith("notebooks/")):
                if len(attributes.get("alt") or "") < 30:
                    problems.append(f"{path}: alt text too short to say anything: {attributes.get('src')}")
                if not (attributes.get("width") and attributes.get("height")):
                    problems.append(f"{path}: no size: {attributes.get('src')}")
    assert not problems, "\n".join(problems)


def test_files_for_machines(site, paths):
    """robots.txt, sitemap, web manifest, and the offline list with a revision for each file that exists."""
    robots = (site / "robots.txt").read_text(encoding="utf-8")
    assert "Allow: /" in robots and re.search(r"^Sitemap: https?://\S+/sitemap\.xml$", robots, re.M), robots
    assert "" in paths and len(paths) >= 5
    manifest = json.loads((site / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert manifest["name"] and all((site / icon["src"]).is_file() for icon in manifest["icons"])
    listed = json.loads((site / "offline.json").read_text(encoding="utf-8"))
    assert listed["version"] in (site / "sw.js").read_text(encoding="utf-8")
    missing = [p for p, *_ in listed["files"] if not file_of(site, HERE + p).is_file()]
    assert not missing, missing
    kinds = {path: kind for path, _, _, kind, *_ in listed["files"]}
    assert all(kinds.get(path) == ("picture" if path.startswith("notebooks/") else "core") for path in paths), kinds
    core = sum(size for _, _, size, kind, *_ in listed["files"] if kind == "core")
    assert core < 6_000_000, f"{core:,} bytes are kept without being asked for"


def test_nothing_but_the_site_is_in_the_site(site):
    """No templates, sources of notebooks, temporary files or source maps."""
    suffixes, names = {".map", ".tmp", ".j2", ".pyc"}, {"overrides", "partials"}
    wrong = [p.relative_to(site).as_posix() for p in site.rglob("*")
             if p.suffix in suffixes or p.name.startswith(".") or p.name in names]
    assert not wrong, wrong


def test_notebooks_show_what_was_meant(pages):
    """Neither the header of their sources nor objects that the last line of a cell happened to return."""
    found = {path: text for path, (text, _) in pages.items() if path.startswith("notebooks/")}
    assert len(found) > 10
    slips = {path: re.findall(r"jupytext|kernelspec|object at 0x|Generator at 0x", text) for path, text in found.items()}
    assert not any(slips.values()), slips
