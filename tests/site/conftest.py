"""Fixtures of the tests that look at the built site."""

import http.server
import os
import threading
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from visiting import FOLDER, Host, Visitor, folder_of

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.site)
            if "browser" in item.fixturenames or "visit" in item.fixturenames:
                item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(request) -> Path:
    """The folder of the built site. DENOISED_SITE names one that is built already; otherwise it is built."""
    given = os.environ.get("DENOISED_SITE")
    return Path(given) if given else request.getfixturevalue("built_site")


@pytest.fixture(scope="session")
def base(site) -> str:
    """Address of the site's front page."""
    handler = type("SiteHost", (Host,), {"folder": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{FOLDER}"
    server.shutdown()


@pytest.fixture(scope="session")
def lost_base(site) -> str:
    """The same where the build was told that it will be served: the 404 page's addresses are absolute."""
    handler = type("Rooted", (Host,), {"folder": site, "prefix": folder_of(site)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{handler.prefix}"
    server.shutdown()


@pytest.fixture(scope="session")
def paths(site) -> list[str]:
    """Every page of the sitemap, as a path below the site's root: '', 'notation/', ..."""
    tree = ElementTree.parse(site / "sitemap.xml")
    found = [e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    root = min(found, key=len)
    assert all(address.startswith(root) for address in found), "the sitemap names pages outside of the site"
    return sorted(address.removeprefix(root) for address in found)


@pytest.fixture(scope="session")
def axe() -> str:
    """Source of axe-core."""
    modules = Path(os.environ.get("DENOISED_NODE_MODULES", ROOT / "node_modules"))
    source = modules / "axe-core" / "axe.min.js"
    assert source.is_file(), f"{source} is missing: run `npm ci`"
    return source.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def modules_page(browser):
    """A blank page whose imports("name.js") is a module of docs/javascripts/lab."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            if self.path != "/":
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            return self.wfile.write(b"<!doctype html><title>blank</title>")

    handler = partial(Quiet, directory=str(ROOT / "docs" / "javascripts" / "lab"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    page.close()
    server.shutdown()


@pytest.fixture
def visit(browser, base):
    """visit(viewport={...}, color_scheme=..., java_script_enabled=...) -> Visitor; closed at the end."""
    opened = []

    def start(**options) -> Visitor:
        opened.append(Visitor(browser, base, **options))
        return opened[-1]

    yield start
    for visitor in opened:
        visitor.context.close()
