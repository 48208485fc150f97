"""The built site served as a real host would: below a folder, compressed, with ranges; and visits that keep notes."""

import contextlib
import gzip
import http.server
import mimetypes
import re
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLDER = "/denoised/"  # project pages lie below a folder, and nothing may assume otherwise
TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".webmanifest"}
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/manifest+json", ".webmanifest")


DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


LOST = "nothing/here/"  # an address that no page has


def folder_of(site: Path) -> str:
    """The folder below which the build was told that the site will be served, "/" or "/project/", by its 404 page."""
    text = (site / "404.html").read_text(encoding="utf-8")
    return urlsplit(text.split('<link rel="stylesheet" href="', 1)[1].split('"', 1)[0]).path.split("stylesheets/")[0]


@cache
def squeezed(path: Path, _stamp: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


class Host(http.server.BaseHTTPRequestHandler):
    """GET and HEAD with compression, ranges and the site's own 404 page."""

    protocol_version = "HTTP/1.1"
    folder: Path
    prefix = FOLDER

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        address = unquote(urlsplit(self.path).path)
        path = self.folder / address.removeprefix(self.prefix)
        if not address.startswith(self.prefix):
            return self.reply(404, b"outside of the site's folder", "text/plain")
        if path.is_dir() and not address.endswith("/"):
            self.send_response(301)
            self.send_header("Location", address + "/")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if path.is_dir():
            path = path / "index.html"
        if not path.is_file():
            return self.reply(404, (self.folder / "404.html").read_bytes(), "text/html; charset=utf-8")
        if path.name == "sitemap.xml":  # as if the build had been told this address: instant navigation needs it
            return self.reply(200, self.readdressed(path), "application/xml")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.suffix in TEXT and "gzip" in self.headers.get("Accept-Encoding", ""):
            return self.reply(200, squeezed(path, path.stat().st_mtime_ns), kind, {"Content-Encoding": "gzip"})
        data = path.read_bytes()
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes="):
            first, _, last = wanted[6:].partition("-")
            start, end = int(first or 0), min(int(last or len(data) - 1), len(data) - 1)
            return self.reply(206, data[start : end + 1], kind,
                              {"Content-Range": f"bytes {start}-{end}/{len(data)}"})
        return self.reply(200, data, kind)

    def readdressed(self, path: Path) -> bytes:
        text = path.read_text(encoding="utf-8")
        root = min(re.findall("<loc>(.*?)</loc>", text), key=len)
        return text.replace(root, f"http://{self.headers['Host']}{self.prefix}").encode()

    def reply(self, status, data, kind, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), "Accept-Ranges": "bytes",
                            "Cache-Control": "max-age=600", **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the page was left
                self.wfile.write(data)


def _canvas(selector: str, nth: int, told: str) -> str:
    return f"""() => {{ const c = document.querySelectorAll('{selector}')[{nth}];
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; {told} }}"""


def checksum(selector: str, nth: int = 0) -> str:
    """A script that gives a number which changes with any pixel of a canvas."""
    return _canvas(selector, nth, "let sum = 7; for (const v of d) sum = (Math.imul(sum, 31) + v) | 0; return sum;")


def colours(selector: str, nth: int = 0) -> str:
    """A script that counts the colours on a canvas: one, if it is blank."""
    return _canvas(selector, nth, """const seen = new Set();
    for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]); return seen.size;""")


def ready_widget(visitor, path: str, name: str):
    """The page, once its widget has been scrolled to and has loaded."""
    page, widget = visitor.open(path), f".dn-widget[data-widget={name}]"
    page.locator(widget).scroll_into_view_if_needed()
    page.wait_for_selector(f"{widget}[data-state=ready]")
    return page


def shared_out(paths: list[str], device: str) -> list[str]:
    """Every page that has a text of its own, and every other notebook, the rest being the other device's: they are all
    built alike."""
    notebooks = [path for path in paths if path.startswith("notebooks/")]
    return [path for path in paths if path not in notebooks[device == "desktop" :: 2]]


@dataclass
class Notes:
    """What went wrong while a page was open, and what it asked for."""

    host: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page):
        page.on("console", lambda m: self.errors.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(f"exception: {e}"))
        page.on("response", lambda r: self.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("request", lambda r: self.requests.append(r.url))

    def strangers(self) -> list[str]:
        """Addresses of other hosts that the page asked."""
        return [u for u in self.requests
                if urlsplit(u).scheme in ("http", "https", "ws", "wss") and urlsplit(u).netloc != self.host]


class Undrawn(AssertionError):
    """The page did not hear of something that a browser tells when it draws, or gave no answer at all. Now and then, on
    busy cores, a headless browser draws nothing for minutes; another one then tells whether it was the page's fault."""


class Visitor:
    """Opens pages of the site in a browser context of its own."""

    def __init__(self, browser, base, notes: Notes | None = None, **options):
        options.setdefault("service_workers", "block")
        self.base = base
        self.context = browser.new_context(**options)
        self.scripts = options.get("java_script_enabled", True)
        self.page = self.context.new_page()
        # Playwright asks at each frame unless told otherwise, and a page that draws none would never be asked.
        self.page.wait_for_function = partial(self.page.wait_for_function, polling=100)
        self.notes = notes or Notes(urlsplit(base).netloc)
        self.notes.watch(self.page)

    def open(self, path: str, touched: bool = True):
        """The page at a path, loaded, with its fonts and, if it is `touched`, with all that waits for a reader's first sign
        (javascripts/theme.js)."""
        self.notes.errors.clear()
        self.page.goto(self.base + path, wait_until="load")
        self.lettered()
        if touched and self.scripts:
            self.touch()
        self.page.wait_for_timeout(150)
        return self.page

    def touch(self):
        """A reader's first sign, and the theme's script, which comes with it."""
        self.page.keyboard.press("Shift")
        self.within("() => Boolean(window.document$)")

    def lettered(self):
        """Wait for the page's fonts. `document.fonts.ready` may never come where nothing is drawn, and `page.evaluate`
        waits for it without an end; to ask for a width makes the page find out which fonts it needs."""
        self.within("() => document.body.offsetWidth && document.fonts.status === 'loaded'")

    def within(self, script: str, arg=None, seconds: float = 60):
        """What a function of the page gives, once that is true. Raises Undrawn after `seconds`."""
        from playwright.sync_api import TimeoutError

        try:
            return self.page.wait_for_function(script, arg=arg, timeout=1000 * seconds).json_value()
        except TimeoutError as error:
            raise Undrawn(f"{self.page.url} gives no answer to {script[:80]}") from error

    def prefer(self, scheme: str, prepare=lambda: None):
        """Prefer "light" or "dark", and wait until the page has its colours. A page hears of the change when it is drawn,
        which a browser may not do for minutes; one that is loaded anew asks by itself, and is prepared once more by
        `prepare()`. Raises Undrawn where that does not help either."""
        from playwright.sync_api import TimeoutError

        self.page.emulate_media(color_scheme=scheme)
        body = {"dark": "slate", "light": "default"}[scheme]
        for last in (False, True):
            try:
                self.page.wait_for_function("s => document.body.dataset.mdColorScheme === s", arg=body, timeout=10_000)
                return
            except TimeoutError as error:
                if last:
                    raise Undrawn(f"{self.page.url} does not become {scheme}") from error
                self.page.reload(wait_until="load")
                prepare()

    def scroll(self):
        """Down the whole page in screens and back up, as a reader does, so that lazy pictures load. Each screen is drawn,
        since a browser begins to load a picture when it draws its place; where it draws nothing for a while, we go on,
        and what is left after some seconds is loaded without being seen."""
        self.within("""async () => {
            const drawn = () => new Promise(r => {
                requestAnimationFrame(() => requestAnimationFrame(r)); setTimeout(r, 250);
            });
            for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
                scrollTo(0, y); await drawn();
            }
            scrollTo(0, 0); await drawn();
            return true;
        }""", seconds=120)
        self.settle()

    def settle(self, lazy: bool = True, formulas: bool = True):
        """Wait until every visible picture, each widget that was reached and, unless `formulas=False`, all formulas have
        come; `lazy=False` lets no picture wait for being seen."""
        from playwright.sync_api import TimeoutError  # scripts/lighthouse.py needs this file, and not playwright

        chosen = ".md-main img, .dn-widget" + ", .arithmatex:not([data-drawn])" * formulas
        loading = f"""() => [...document.querySelectorAll('{chosen}')]
            .filter(e => e.tagName === 'IMG' ? e.checkVisibility() && !e.complete
                : e.matches('.dn-widget') ? e.dataset.state === 'loading' : true)"""
        self.page.evaluate("dispatchEvent(new Event('scroll'))")  # formulas wait for a sign of the reader
        self.page.evaluate(f"setTimeout(() => ({loading})().forEach(e => e.loading = 'eager'), "
                           f"{5000 if lazy else 0})")
        try:
            self.page.wait_for_function(f"() => !({loading})().length", timeout=60_000)
        except TimeoutError as error:
            left = self.page.evaluate(f"({loading})().map(e => e.currentSrc || e.src || e.dataset.widget || e.textContent)")
            raise AssertionError(f"{self.page.url} still waits for {left}") from error
