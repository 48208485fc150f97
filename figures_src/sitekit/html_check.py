"""The built site: pictures have words, figures exist, nothing comes from elsewhere, links lead somewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sitekit.prose_check import Problem
from sitekit.svg_check import svg_problem

_RESOURCES = {  # element -> attributes that make a browser load something
    "img": ("src", "srcset"), "source": ("src", "srcset"), "video": ("src", "poster"), "audio": ("src",),
    "script": ("src",), "iframe": ("src",), "embed": ("src",), "object": ("data",), "track": ("src",),
    "input": ("src",), "use": ("href", "xlink:href"), "image": ("href", "xlink:href"),
}  # fmt: skip
_LOADING_RELS = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "modulepreload", "preconnect",
                 "dns-prefetch", "manifest", "apple-touch-icon", "mask-icon"}  # fmt: skip
_CSS_URL = re.compile(r"""url\(\s*['"]?([^'")]+)['"]?\s*\)|@import\s+['"]([^'"]+)['"]""")


class _Page(HTMLParser):
    """One page: its ids, its links, what it loads, and what is wrong with it by itself."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.ids, self.links, self.loads, self.figures, self.problems = {}, [], [], [], []
        self._style = False
        self.feed(text)
        self.close()

    def _say(self, message):
        self.problems.append((self.getpos()[0], message))

    def handle_starttag(self, tag, attrs):
        a = {k: v or "" for k, v in attrs}
        at = self.getpos()[0]
        self._style = tag == "style"
        for name in (a.get("id"), a.get("name") if tag == "a" else None):
            if name:
                if name in self.ids and name == a.get("id"):
                    self._say(f"the id {name!r} is on the page twice")
                self.ids.setdefault(name, at)
        classes = a.get("class", "").split()
        if "dn-error" in classes:
            self._say("a macro failed here (see the build's log)")
        if "data-figure" in a and "dn-figure" in classes:
            self.figures.append((at, a["data-figure"]))
        if tag == "img" and "alt" not in a:
            self._say(f"picture {a.get('src', '')!r} has no alt text")
        elif tag == "img" and not a["alt"].strip() and a.get("role") != "presentation" and "aria-hidden" not in a:
            self._say(f"picture {a.get('src', '')!r} has an empty alt text; if it is decoration, say role=presentation")
        if tag == "video" and not a.get("aria-label", "").strip():
            self._say("a video has no aria-label")
        if tag == "video" and "autoplay" in a:
            self._say("a video plays by itself")
        if tag in ("a", "area") and "href" in a:
            self.links.append((at, a["href"]))
        if tag == "link" and _LOADING_RELS & set(a.get("rel", "").lower().split()):
            self.loads.append((at, a.get("href", "")))
        for key in _RESOURCES.get(tag, ()):
            if a.get(key):
                urls = [part.split()[0] for part in a[key].split(",") if part.strip()] if key == "srcset" else [a[key]]
                self.loads += [(at, url) for url in urls]
        for found in _CSS_URL.finditer(a.get("style", "")):
            self.loads.append((at, found.group(1) or found.group(2)))

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self._style:
            self.loads += [(self.getpos()[0], m.group(1) or m.group(2)) for m in _CSS_URL.finditer(data)]

    def handle_endtag(self, tag):
        self._style = False


class Built:
    """A built site and its problems. site_url: where it will be served, so that its own absolute links are known."""

    def __init__(self, site, figures=None, site_url=""):
        self.site = Path(site)
        self.figures = figures
        self.origin = site_url.rstrip("/")
        self.pages = {}

    def page(self, path):
        if path not in self.pages:
            self.pages[path] = _Page(path.read_text(encoding="utf-8"))
        return self.pages[path]

    def problems(self):
        found = []
        for path in sorted(self.site.rglob("*.html")):
            where = f"{self.site.name}/{path.relative_to(self.site).as_posix()}"
            page = self.page(path)
            known = set(self.figures.ids()) if self.figures else None
            found += [Problem(where, line, message) for line, message in page.problems]
            for line, figure_id in page.figures:
                if known is not None and figure_id not in known:
                    found.append(Problem(where, line, f"figure {figure_id!r} has no manifest"))
            for line, url in page.loads:
                if message := self._resource(url, path):
                    found.append(Problem(where, line, message))
            for line, url in page.links:
                if message := self._link(url, path):
                    found.append(Problem(where, line, message))
        for path in sorted(self.site.rglob("*.svg")):
            if problem := svg_problem(path.read_bytes()):
                where = f"{self.site.name}/{path.relative_to(self.site).as_posix()}"
                found.append(Problem(where, 1, f"the drawing {problem}"))
        for path in sorted(self.site.rglob("*.css")):
            where = f"{self.site.name}/{path.relative_to(self.site).as_posix()}"
            text = re.sub(
                r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), path.read_text("utf-8"), flags=re.S
            )
            for match in _CSS_URL.finditer(text):
                if message := self._resource(match.group(1) or match.group(2), path):
                    found.append(Problem(where, text.count("\n", 0, match.start()) + 1, message))
        return found

    def _own(self, url):
        """An absolute URL of this very site as a path from its root, else None."""
        if self.origin and (url == self.origin or url.startswith(self.origin + "/")):
            return "/" + url[len(self.origin) :].lstrip("/")
        return None

    def _resource(self, url, path):
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob") or url.startswith("#"):
            return None
        if parts.scheme or parts.netloc:
            return f"loads {url!r} from another origin"
        is_404 = path.name == "404.html" and path.parent == self.site
        if parts.path.startswith("/") and not is_404:
            return f"loads {url!r} from the root, which breaks on a sub-path"
        if is_404:
            return None  # its addresses are absolute on purpose: it is served at any depth
        if not self._target(parts.path, path).is_file():
            return f"loads {url!r}, which is not there"
        return None

    def _link(self, url, path):
        own = self._own(url)
        parts = urlsplit(own if own is not None else url)
        if parts.scheme or parts.netloc:
            return None if parts.scheme in ("http", "https", "mailto") else f"a link leads to {url!r}"
        if parts.path.startswith("/"):
            if path.name == "404.html" and path.parent == self.site:
                return None
            if own is None:
                return f"the link {url!r} starts at the root, which breaks on a sub-path"
        target = self._target(parts.path, path)
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            return f"the link {url!r} leads nowhere"
        if parts.fragment and target.suffix == ".html":
            anchor = unquote(parts.fragment)
            if anchor not in self.page(target).ids and not anchor.startswith(":~:"):
                return f"the link {url!r} leads to a page without the anchor {anchor!r}"
        return None

    def _target(self, path_of_url, page):
        name = unquote(path_of_url)
        if not name:
            return page
        return Path(self.site, name.lstrip("/")) if name.startswith("/") else page.parent / name
