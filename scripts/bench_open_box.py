#!/usr/bin/env python3
"""Time the open box as a reader meets it, in headless Chromium, on one thread: the first picture once it is loaded,
further ones, sketches after the last key, and what the larger networks take for twenty guided steps. All of it in one run;
the ratio is to a further picture of the network that it begins with. Beside each, the longest task of the page meanwhile,
during which it does not answer.

    make site
    .venv/bin/python scripts/bench_open_box.py [--site site] [--repeats 5]

Seconds depend on the machine and on what else it does. Exit status 1 if one is above its bar, or if a task of the page is
longer than a tenth of a second.
"""

import argparse
import http.server
import os
import shutil
import statistics
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "figures_src"), str(ROOT / "tests" / "site")]

from playwright.sync_api import sync_playwright  # noqa: E402
from visiting import DESKTOP, Host, Visitor, folder_of  # noqa: E402  (the site as its tests see it)

from denoised.errors import DenoisedError  # noqa: E402
from lighthouse import BROWSERS  # noqa: E402
from studying import run_script  # noqa: E402

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDGET, GO = ".dn-widget[data-widget=lab]", ".dn-lab__go"
PATIENCE = 300_000  # milliseconds
ANSWERS = 0.1  # seconds after which a page has to answer
LOOK = 1_500  # milliseconds that a reader looks at a picture; meanwhile the bets of the run on show are painted
WORDS = ("green pear", "tiger face", "rocket", "blue fish", "pizza", "yellow flower", "house", "red car")
# When the networks were there, when a picture or a sketch was, and for how long nothing else could be done.
WATCH = """() => { const host = document.querySelector(".dn-widget[data-widget=lab]");
    window.at = {}; window.blocked = [];
    new MutationObserver((all) => { for (const { attributeName } of all) window.at[attributeName] = performance.now(); })
        .observe(host, { attributes: true });
    new PerformanceObserver((list) => { for (const { startTime, duration } of list.getEntries())
        window.blocked.push([startTime, duration]); }).observe({ type: "longtask" }); }"""
TOLD = 200  # milliseconds after which a browser has told of its long tasks


class Box:
    """The open box with the settings of an address, on a page of its own."""

    def __init__(self, browser, base: str, query: str):
        self.visitor = Visitor(browser, base, **DESKTOP)
        self.page = self.visitor.open(f"lab/{query}")
        self.page.locator(WIDGET).scroll_into_view_if_needed()
        self.page.wait_for_selector(f"{WIDGET}[data-state=ready]", timeout=PATIENCE)
        self.page.wait_for_function("() => !document.querySelector('.dn-lab__go').disabled", timeout=PATIENCE)
        self.page.evaluate(WATCH)

    def timed(self, act, kind: str, since: str | None = None) -> tuple[float, float]:
        """(seconds from `act`, or from the attribute `since`, to the next "drawn" or "sketched", the longest task then)."""
        begun = self.page.evaluate("() => { window.at = {}; return performance.now(); }")
        act()
        self.page.wait_for_function(f"() => 'data-{kind}' in window.at", timeout=PATIENCE)
        self.page.wait_for_timeout(TOLD)
        at, tasks = self.page.evaluate("() => [window.at, window.blocked]")
        begun, end = at[since] if since else begun, at[f"data-{kind}"]
        return (end - begun) / 1000, max((length for start, length in tasks if begun <= start <= end), default=0) / 1000

    def first(self) -> tuple[float, float]:
        """The first picture, once all that it takes is loaded."""
        return self.timed(lambda: self.page.click(GO), "drawn", since="data-model")

    def again(self) -> tuple[float, float]:
        """One more picture."""
        self.page.wait_for_timeout(LOOK)
        return self.timed(lambda: self.page.click(GO), "drawn")

    def type(self, words: str) -> tuple[float, float]:
        """A sketch, from the last key on: the pause by which the page knows that it was the last one counts."""
        box = self.page.get_by_label("What would you like to see?")
        self.page.wait_for_timeout(LOOK)
        return self.timed(lambda: box.fill(words), "sketched")

    def close(self) -> None:
        self.visitor.context.close()


def measure(browser, base: str, repeats: int) -> dict[str, tuple[list[tuple[float, float]], float | None]]:
    """{what: ([(seconds, longest task), ...], its bar in seconds)}."""
    firsts = []
    for _ in range(repeats):
        box = Box(browser, base, "")
        firsts.append(box.first())
        if len(firsts) < repeats:
            box.close()
    found = {"first picture, once loaded": (firsts, 0.8)}
    found["further picture"] = ([box.again() for _ in range(repeats)], None)
    found["sketch after the last key"] = ([box.type(WORDS[k % len(WORDS)]) for k in range(repeats)], 0.8)
    box.close()
    for name, net, bar in (("U-Net, 20 guided steps", "", 5.0), ("large transformer, 20 guided steps", "&net=dit", None)):
        box = Box(browser, base, f"?prompt=red+apple&seed=8&steps=20&guidance=3{net}")
        box.first()
        found[name] = ([box.again() for _ in range(repeats)], bar)
        box.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if not (arguments.site / "lab" / "index.html").exists():
        raise DenoisedError(f"There is no site in {arguments.site}: run `make site` first.")
    browser_path = os.environ.get("CHROME") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser_path:
        raise DenoisedError("There is no browser here: `apt install chromium`, or set CHROME=/path/to/chrome.")
    if arguments.repeats < 1:
        raise DenoisedError(f"--repeats must be at least 1, not {arguments.repeats}.")
    prefix = folder_of(arguments.site)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("SiteHost", (Host,), {"folder": arguments.site, "prefix": prefix})
    )
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=QUIET)
        found = measure(browser, f"http://127.0.0.1:{server.server_port}{prefix}", arguments.repeats)
        browser.close()
    unit = statistics.median(seconds for seconds, _ in found["further picture"][0])
    print(f"{'':36} {'median':>8} {'slowest':>8} {'ratio':>6} {'bar':>6} {'longest task':>13}")
    missed = False
    for name, (runs, bar) in found.items():
        middle, worst = statistics.median(s for s, _ in runs), max(s for s, _ in runs)
        longest = max(task for _, task in runs)
        missed |= bool(bar and middle > bar) or longest > ANSWERS
        told = f"{bar:.1f} s" if bar else ""
        print(f"{name:36} {middle:6.2f} s {worst:6.2f} s {middle / unit:6.1f} {told:>6} {longest * 1000:10.0f} ms")
    return int(missed)


if __name__ == "__main__":
    run_script(main)
