"""The site in Firefox: every page opens without a complaint and fits a phone, and the open box draws what it draws in
Chromium. Without a Firefox these are skipped; with REQUIRE_FIREFOX=1 they fail."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from visiting import FOLDER, PHONE, Visitor

ROOT = Path(__file__).resolve().parents[2]
NO_FIREFOX = "no Firefox here: `apt install firefox-esr`, or set FIREFOX=/path/to/firefox"
READY = "() => document.querySelector('.dn-widget[data-widget=lab]')?.dataset.state === 'ready'"
DRAWN = "() => document.querySelector(\".dn-widget[data-drawn='1']\") !== null"
PIXELS = """() => { const c = document.querySelector('.dn-lab__panel--prediction canvas');
    return [c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]; }"""
# What is still loading when a page is left would be told as the next one's error.
SETTLED = """() => document.fonts.status === 'loaded' &&
    ![...document.querySelectorAll('.dn-widget')].some(w => w.dataset.state === 'loading')"""
LEFT = "status=2152398850"  # NS_BINDING_ABORTED: what was still being loaded when the page was left, not what failed
RUN = "lab/?prompt=red+heart%2C+noto+style&seed=4&steps=4"


class Firefox:
    """A headless Firefox: open, before, evaluate, wait, click, press, picture, notes (firefox.mjs)."""

    def __init__(self, path: str, modules: Path, *more: str):
        command = ["node", Path(__file__).with_name("firefox.mjs"), modules, path, *more]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __getattr__(self, name):
        def ask(**options):
            self.process.stdin.write(json.dumps({"name": name, **options}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            assert line, f"Firefox has gone, with {self.process.wait()}"
            answer = json.loads(line)
            assert "error" not in answer, f"{name} {options}: {answer['error']}"
            return answer["value"]

        return ask

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="module")
def start():
    """start(*more arguments of firefox.mjs) -> a Firefox; skips or fails where there is none."""
    modules = Path(os.environ.get("DENOISED_NODE_MODULES", ROOT / "node_modules")).resolve()
    path = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if not path:
        (pytest.fail if os.environ.get("REQUIRE_FIREFOX") == "1" else pytest.skip)(NO_FIREFOX)
    if not (modules / "puppeteer-core").is_dir():
        pytest.fail(f"{modules / 'puppeteer-core'} is missing: run `python3 scripts/setup_env.py --all`")
    started = []

    def begin(*more):
        started.append(Firefox(path, modules, *more))
        return started[-1]

    yield begin
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def firefox(start):
    return start()


def test_every_page_opens_without_a_complaint(firefox, base, paths):
    problems = []
    notebooks = [path for path in paths if path.startswith("notebooks/")]
    looked_at = [path for path in paths if path not in notebooks[1:]]  # they are all built alike
    for path in looked_at:
        firefox.open(url=base + path, width=390, height=800)
        firefox.wait(script=SETTLED, timeout=60_000)
        found = firefox.evaluate(script="() => [document.documentElement.scrollWidth, innerWidth, "
                                        "document.querySelector('main').innerText.length]")
        if found[0] > found[1]:
            problems.append(f"/{path}: {found[0]} px wide on a screen of {found[1]}")
        if found[2] < 200:
            problems.append(f"/{path}: only {found[2]} characters of text")
        problems += [f"/{path}: {error}" for error in firefox.notes()["errors"] if LEFT not in error]
    asked = firefox.notes()["requests"]
    assert len(asked) > len(looked_at) > 20, "this measures nothing"
    known = (base.removesuffix(FOLDER), "data:", "blob:")
    problems += [f"asked another host: {url}" for url in asked if not url.startswith(known)]
    assert not problems, "\n".join(problems)


def test_the_open_box_draws_the_same(firefox, browser, base):
    """The same graphs, the same noise, the same arithmetic: no pixel more than two levels of 255 away."""
    firefox.open(url=base + RUN, width=1280, height=900)
    firefox.evaluate(script="() => document.querySelector('.dn-widget[data-widget=lab]').scrollIntoView()")
    firefox.wait(script=READY, timeout=60_000)
    firefox.click(selector=".dn-lab__go")
    firefox.wait(script=DRAWN, timeout=180_000)
    side, theirs = firefox.evaluate(script=PIXELS)
    assert side == 128

    visitor = Visitor(browser, base, **PHONE)
    page = visitor.open(RUN)
    page.locator(".dn-widget[data-widget=lab]").scroll_into_view_if_needed()
    page.wait_for_selector(".dn-widget[data-widget=lab][data-state=ready]", timeout=60_000)
    page.click(".dn-lab__go")
    page.wait_for_selector(".dn-widget[data-drawn='1']", timeout=180_000)
    _, ours = page.evaluate(PIXELS)
    visitor.context.close()
    ours, theirs = (np.array(values, int).reshape(side, side, 4) for values in (ours, theirs))
    assert len(np.unique(ours[..., :3].reshape(-1, 3), axis=0)) > 100, "this measures nothing"
    assert np.abs(ours - theirs).max() <= 2


def test_the_keyboard_reaches_the_content(firefox, base):
    firefox.open(url=base, width=1280, height=800)
    firefox.press(key="Tab")
    assert firefox.evaluate(script="() => document.activeElement.classList[0]") == "md-skip"


def test_threads_draw_where_the_service_worker_isolates_the_page(start, base):
    """As on a device of four cores, at the second visit."""
    firefox = start("serviceworkers")
    firefox.before(script="() => Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 4 })")
    firefox.open(url=base + "lab/", width=1280, height=900)
    firefox.wait(script="() => navigator.serviceWorker.controller !== null", timeout=60_000)
    for last in (False, True):  # once in many runs, on cores that are busy with other tests, nothing was drawn for minutes
        firefox.open(url=base + "lab/?steps=1&guidance=1&decoder=tiny", width=1280, height=900)
        assert firefox.evaluate(script="() => crossOriginIsolated")
        firefox.evaluate(script="() => document.querySelector('.dn-widget[data-widget=lab]').scrollIntoView()")
        firefox.wait(script=READY, timeout=60_000)
        firefox.wait(script="() => !document.querySelector('.dn-lab__go').disabled", timeout=60_000)
        firefox.click(selector=".dn-lab__go")
        try:
            firefox.wait(script=DRAWN, timeout=90_000)
            break
        except AssertionError:
            if last:
                raise
    told = firefox.evaluate(script="() => document.querySelector('.dn-lab__times').textContent")
    assert told.endswith("on 2 threads.")
