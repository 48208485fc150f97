"""The site without scripts, without motion, without a network, and with a widget that breaks."""

import re
from urllib.parse import urljoin

import pytest
from visiting import DESKTOP, PHONE

VISIBLE_TEXT = "document.querySelector('main').innerText.trim().length"
SEEN = """() => {
    const main = document.querySelector('main'), figures = [...document.querySelectorAll('.dn-figure')].map(figure => {
        const shown = [...figure.querySelectorAll('img, video')].filter(
            e => e.getClientRects().length && e.checkVisibility({visibilityProperty: true}));
        return [figure.id, shown.length, shown.length && shown[0].getBoundingClientRect().width];
    });
    return {characters: main.innerText.length, figures, right: main.getBoundingClientRect().right};
}"""
KEPT = "document.documentElement.dataset.offline"


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_without_scripts_everything_can_be_read(visit, paths, device):
    """No JavaScript: the text is there, each figure shows its light picture, nothing overflows."""
    problems, figures = [], 0
    visitor = visit(java_script_enabled=False, color_scheme="dark", **device)
    for path in paths:
        visitor.page.goto(visitor.base + path, wait_until="load")
        seen = visitor.page.evaluate(SEEN)  # by the browser's tools, which work without scripts of the page
        if seen["characters"] < 200:
            problems.append(f"/{path}: only {seen['characters']} characters of text")
        figures += len(seen["figures"])
        problems += [f"/{path}: {name} shows nothing" for name, shown, _ in seen["figures"] if not shown]
        problems += [f"/{path}: {name} is too small to see" for name, shown, width in seen["figures"]
                     if shown and width < 40]
        if seen["right"] > device["viewport"]["width"] + 1:
            problems.append(f"/{path}: main is wider than the screen")
        problems += [f"/{path}: {e}" for e in visitor.notes.errors]
    assert not problems, "\n".join(problems)
    assert figures, "no page has a figure: this measures nothing"


def test_reduced_motion_is_respected(visit):
    """Whoever asks for reduced motion sees no transition run, not even of the drawer or of the theme."""
    moving = """() => { document.querySelector('label[for=__drawer]').click();
        return document.getAnimations().filter(a => a.effect.getComputedTiming().duration > 20).length; }"""
    assert visit(reduced_motion="no-preference", **PHONE).open("").evaluate(moving) > 0, "this measures nothing"
    assert visit(reduced_motion="reduce", **PHONE).open("").evaluate(moving) == 0


def test_films_play_and_seek(visit, site, paths):
    """Each film has controls, a size and a poster, plays, and shows another moment after a seek."""
    films = 0
    visitor = visit(**DESKTOP)
    for path in paths:
        if "<video" not in (site / path / "index.html").read_text(encoding="utf-8"):
            continue
        page = visitor.open(path)
        for film in page.locator("video").all():
            films += 1
            film.scroll_into_view_if_needed()
            assert not film.evaluate("v => v.controls"), f"/{path}: a bar lies over the poster"
            film.locator("xpath=..").get_by_role("button", name="Play the film").press("Enter")
            found = film.evaluate("""async video => {
                const wait = name => new Promise((done, fail) => {
                    video.addEventListener(name, done, {once: true});
                    video.addEventListener('error', () => fail(new Error('error')), {once: true});
                    setTimeout(() => fail(new Error('no ' + name + ' within 10 s')), 10000);
                });
                const facts = {controls: video.controls, muted: video.muted, inline: video.playsInline,
                               poster: Boolean(video.poster), label: video.getAttribute('aria-label') || ''};
                let waiting = wait('loadeddata'); video.load(); video.preload = 'auto'; await waiting;
                waiting = wait('seeked'); video.currentTime = video.duration * 0.6; await waiting;
                return {...facts, duration: video.duration, time: video.currentTime, width: video.videoWidth};
            }""")
            assert found["controls"] and found["muted"] and found["inline"] and found["poster"], (path, found)
            assert found["label"], f"/{path}: a film without a description"
            assert found["width"] > 0 and abs(found["time"] - 0.6 * found["duration"]) < 0.2, (path, found)
    assert films, "no page has a film: this measures nothing"


def test_a_broken_widget_leaves_its_pictures(visit, site, paths):
    """If a widget's module does not arrive, the still pictures stay on the page."""
    with_widget = [p for p in paths
                   if '<div class="dn-widget" data-widget=' in (site / p / "index.html").read_text(encoding="utf-8")]
    if not with_widget:
        pytest.fail("no page has a widget: this measures nothing")
    visitor = visit(**DESKTOP)
    visitor.context.route("**/javascripts/widgets/*.js",
                          lambda r: r.continue_() if r.request.url.endswith("loader.js") else r.abort())
    page = visitor.open(with_widget[0])
    widget = page.locator(".dn-widget").first
    before = widget.locator("img").count()
    widget.scroll_into_view_if_needed()
    page.wait_for_selector('.dn-widget[data-state="failed"]')
    assert widget.locator("img").count() == before > 0
    assert any("could not start" in e for e in visitor.notes.errors)


def test_first_visit_is_enough(visit):
    """Seen once, then the network goes: the page comes back whole, with its style and its first pictures."""
    visitor = visit(service_workers="allow", **DESKTOP)
    page = visitor.open("")
    page.wait_for_function(f"() => {KEPT} !== undefined", timeout=20_000)
    visitor.context.set_offline(True)
    page.reload(wait_until="load")
    assert page.evaluate(VISIBLE_TEXT) > 200
    assert page.evaluate("document.fonts.check('16px Literata') && document.fonts.check('16px Inter')")
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--dn-accent').trim()")


def test_after_a_first_touch_all_pages_are_there(visit, site, paths):
    """Seen once and scrolled: every page and its pictures are kept, some are read offline, and search works."""
    visitor = visit(service_workers="allow", **DESKTOP)
    page = visitor.open("")
    page.wait_for_function(f"() => {KEPT} !== undefined", timeout=20_000)
    page.mouse.wheel(0, 300)
    page.wait_for_function(f"() => {KEPT} === 'picture'", timeout=60_000)
    visitor.context.set_offline(True)
    kept = {url.removeprefix(visitor.base) for url in page.evaluate(
        "caches.keys().then(names => caches.open(names[0])).then(c => c.keys()).then(all => all.map(r => r.url))")}
    problems = [f"/{path}: not kept" for path in paths if path not in kept]
    for path in paths:
        text = (site / path / "index.html").read_text(encoding="utf-8")
        pictures = re.findall(r'<img[^>]* src="(?!data:)([^"#?]+)(?<!\.gif)"', text)
        # Films are kept by the switch only.
        found = {urljoin(visitor.base + path, picture).removeprefix(visitor.base) for picture in pictures}
        problems += [f"/{path}: picture not kept: {picture}" for picture in sorted(found - kept)]
    for path in paths[::8]:
        visitor.open(path)
        visitor.settle(lazy=False, formulas=False)  # what sets them is kept only where it was used
        if page.evaluate(VISIBLE_TEXT) < 200:
            problems.append(f"/{path}: no text offline")
        shown = page.evaluate("""() => [...document.querySelectorAll('main img')]
            .filter(i => i.checkVisibility() && !i.naturalWidth).map(i => i.currentSrc)""")
        problems += [f"/{path}: no picture offline: {src}" for src in shown]
    assert not problems, "\n".join(problems)
    page.click("[data-md-component=search-query]")
    page.keyboard.type("noise")
    page.wait_for_selector(".md-search-result__link", timeout=10_000)


def test_the_switch_keeps_everything(visit, site):
    """The button in the footer keeps films too; offline they play, even from the middle."""
    visitor = visit(service_workers="allow", **DESKTOP)
    page = visitor.open("")
    page.wait_for_function(f"() => {KEPT} !== undefined", timeout=20_000)
    page.mouse.wheel(0, 300)
    button = page.locator(".dn-keep")
    button.wait_for(state="visible", timeout=60_000)
    assert "MB" in button.inner_text()
    button.click()
    page.wait_for_function("() => document.querySelector('.dn-keep').textContent.includes('is kept')", timeout=90_000)
    visitor.context.set_offline(True)
    film = next((p.relative_to(site).as_posix() for p in sorted(site.rglob("*.mp4"))), None)
    assert film, "the site has no film: this measures nothing"
    answer = page.evaluate("""async url => {
        const part = await fetch(url, {headers: {Range: 'bytes=100-199'}});
        return [part.status, (await part.arrayBuffer()).byteLength];
    }""", visitor.base + film)
    assert answer == [206, 100]


def test_a_new_version_replaces_the_old(visit, site):
    """Once the worker's version changes, the old cache goes and what has not changed is not fetched again."""
    visitor = visit(service_workers="allow", **DESKTOP)
    page = visitor.open("")
    page.wait_for_function(f"() => {KEPT} !== undefined", timeout=20_000)
    before = page.evaluate("caches.keys()")
    assert len(before) == 1 and before[0].startswith("denoised:/")
    worker = site / "sw.js"
    old = worker.read_text(encoding="utf-8")
    version = before[0].rpartition(":")[2]
    try:
        worker.write_text(old.replace(version, "another"), encoding="utf-8")
        page.evaluate("navigator.serviceWorker.getRegistration().then(r => r.update())")
        page.wait_for_function("""async old => {
            const now = await caches.keys(); return now.length === 1 && now[0] !== old; }""",
                               arg=before[0], timeout=20_000)
        kept = page.evaluate("async () => (await (await caches.open((await caches.keys())[0])).keys()).length")
        assert kept > 5, "nothing was taken over from the old version"
    finally:
        worker.write_text(old, encoding="utf-8")
