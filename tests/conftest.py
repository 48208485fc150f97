"""Fixtures of several suites: a browser, the built site, and a miniature project to break."""

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

sys.path.insert(0, str(ROOT / "tests"))

from no_browser import NO_BROWSER  # noqa: E402
from turns import turn  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Tests run two at a time, except those that are marked `alone` since they hold something to a time."""
    with turn(ROOT, alone=item.get_closest_marker("alone") is not None):
        return (yield)


def pytest_terminal_summary(terminalreporter):
    """Why tests were skipped, a line a reason (pytest's own list has a line a test)."""
    reports = [report for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)]
    for reason, count in Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports).items():
        terminalreporter.write_line(f"SKIPPED {count} {'test' if count == 1 else 'tests'}: {reason}")


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Chromium or Chrome. Without one the test is skipped; with REQUIRE_BROWSER=1 it fails."""
    found = os.environ.get("CHROME") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found and Path(found).exists():
        return found
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


@pytest.fixture(scope="session")
def launch(browser_path):
    """launch() -> a headless browser of playwright's; all are closed at the end of the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield partial(playwright.chromium.launch, executable_path=browser_path, headless=True, args=FLAGS)


@pytest.fixture(scope="session")
def browser(launch):
    """One browser for the session; tests open contexts of their own."""
    with launch() as instance:
        yield instance


@pytest.fixture(scope="session")
def built_site() -> Path:
    """site/ after a full build (nothing is done where it is whole already)."""
    command = [sys.executable, "scripts/build.py", "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"The site does not build:\n{done.stderr[-4000:]}", pytrace=False)
    return ROOT / "site"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.exists():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@pytest.fixture(scope="session")
def site_url(built_site) -> str:
    """The built site over HTTP, without a trailing slash."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(built_site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def mini(tmp_path):
    """A project of three figures with the real scripts and tasks; see tests/miniature_project.py."""
    from miniature_project import Mini

    return Mini(tmp_path / "mini")


@pytest.fixture(scope="session")
def _built_mini(tmp_path_factory):
    from miniature_project import IDS, Mini

    project = Mini(tmp_path_factory.mktemp("built") / "mini")
    assert project.build() == sorted(IDS)
    return project


@pytest.fixture
def built(_built_mini, tmp_path):
    """A copy of the miniature project that has been built already."""
    from miniature_project import Mini

    return Mini(tmp_path / "built", copy_of=_built_mini)
