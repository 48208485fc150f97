"""The frame around the pages: instant navigation, search, colours, skip link, drawer, 404, print."""

from urllib.parse import urlsplit

import pytest
from visiting import DESKTOP, LOST, PHONE


def scheme(page):
    return page.evaluate("document.body.dataset.mdColorScheme")


def test_colours_follow_the_system_and_the_switch(visit):
    """Without a choice as the system says; the switch goes round and is remembered."""
    assert scheme(visit(color_scheme="dark", **DESKTOP).open("")) == "slate"
    visitor = visit(color_scheme="light", **DESKTOP)
    page = visitor.open("")
    assert scheme(page) == "default"
    seen = []
    for _ in range(3):
        page.locator('[data-md-component="palette"] label:visible').click()
        seen.append(scheme(page))
    assert "slate" in seen and "default" in seen, seen
    while scheme(page) != "slate":
        page.locator('[data-md-component="palette"] label:visible').click()
    assert scheme(visitor.open("notation/")) == "slate"


def test_figures_change_with_the_colours(visit, site, paths):
    """In the dark the dark variant of each figure is shown and the light one is not, and the other way round."""
    path = next(p for p in paths if 'class="dn-light"' in (site / p / "index.html").read_text(encoding="utf-8"))
    for system, shown, hidden in (("light", "light", "dark"), ("dark", "dark", "light")):
        page = visit(color_scheme=system, **DESKTOP).open(path)
        assert page.locator(f".dn-{shown}:visible").count() == page.locator(f".dn-{shown}").count() > 0
        assert page.locator(f".dn-{hidden}:visible").count() == 0


def test_instant_navigation_sets_up_each_page(visit):
    """A link swaps the page without a load; formulas of the new page are set, title and address change."""
    visitor = visit(**DESKTOP)
    page = visitor.open("")
    page.evaluate("window.untouched = true")
    page.locator('.md-content a[href$="how-made/"]').first.click()
    page.wait_for_url("**/how-made/")
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    page.locator('.md-nav a[href$="notation/"]').first.click()
    page.wait_for_url("**/notation/")
    page.wait_for_selector(".arithmatex .katex")
    assert page.evaluate("window.untouched") and "Notation" in page.title()
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0
    page.go_back()
    page.wait_for_url("**/how-made/")
    page.locator('.md-nav a[href$="notation/"]').first.click()
    page.wait_for_url("**/notation/")
    page.wait_for_selector(".arithmatex .katex")
    style = page.locator(".katex").first.evaluate("e => getComputedStyle(e).fontFamily")
    assert "KaTeX" in style, f"the style of formulas got lost on the way: {style}"
    assert not visitor.notes.errors, visitor.notes.errors


@pytest.mark.parametrize("turn", ["click", "key", "hover"])
def test_the_index_of_the_search_comes_when_somebody_turns_to_it(visit, turn):
    """It is the largest file of a first visit."""
    visitor = visit(viewport={"width": 1280, "height": 800})
    page = visitor.open("")
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(700)
    asked = [url for url in visitor.notes.requests if "search_index" in url]
    assert not asked and any("workers/search" in url for url in visitor.notes.requests), "this measures nothing"
    with page.expect_request("**/search/search_index.json"):
        if turn == "click":
            page.click("[data-md-component=search-query]")
        elif turn == "key":
            page.keyboard.press("/")
        else:
            page.hover("[data-md-component=search-query]")


def test_the_words_that_were_looked_for_are_marked(visit):
    """A result of the search that is opened by its address, in a new tab or by somebody else."""
    page = visit(**DESKTOP).open("notation/?h=guidance")
    page.wait_for_selector("article mark")
    assert "guidance" in page.locator("article mark").first.inner_text().lower()


def test_search_finds_and_leads_there(visit):
    """Typing in the box gives results; Enter opens the first."""
    page = visit(**DESKTOP).open("")
    page.click("[data-md-component=search-query]")
    page.keyboard.type("guidance")
    page.wait_for_selector(".md-search-result__link")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "guidance" in url)


def test_formulas_that_lie_folded_away_wait_for_the_reader(visit):
    """They, and KaTeX with them, are no part of a first load; the first sign of a reader brings them all."""
    visitor = visit(**PHONE)
    page = visitor.open("series/theatre/", touched=False)
    page.wait_for_timeout(700)
    assert not [url for url in visitor.notes.requests if "katex" in url]
    count = page.locator(".arithmatex").count()
    assert count > 3 and page.locator(".arithmatex .katex").count() == 0
    page.keyboard.press("Shift")
    page.wait_for_function("n => document.querySelectorAll('.arithmatex .katex').length === n", arg=count)
    assert not visitor.notes.errors, visitor.notes.errors


def test_skip_link_comes_first_and_focus_shows(visit):
    """The first Tab reaches the skip link, it becomes visible, and whatever has focus has an outline."""
    page = visit(reduced_motion="reduce", **DESKTOP).open("notation/")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert "md-skip" in link.get_attribute("class")
    assert link.bounding_box()["y"] >= 0 and link.evaluate("e => getComputedStyle(e).opacity") == "1"
    for _ in range(4):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and focused.is_visible():
            outline = focused.evaluate("e => getComputedStyle(e).outlineStyle")
            assert outline != "none", focused.evaluate("e => e.outerHTML")


def test_drawer_opens_on_a_phone(visit):
    """The navigation is one touch away and leads to another page."""
    page = visit(**PHONE).open("")
    page.locator("label[for=__drawer].md-header__button").tap()
    link = page.locator('.md-sidebar--primary a[href*="notation"]')
    link.wait_for(state="visible")
    link.tap()
    page.wait_for_url("**/notation/")


def test_wide_things_scroll_in_regions_of_their_own(visit):
    """At 360 px a wide table scrolls inside a region that has a name and takes the focus."""
    page = visit(**PHONE).open("notation/")
    region = page.locator(".dn-scroll").first
    assert region.get_attribute("role") == "region" and region.get_attribute("aria-label")
    region.focus()
    assert region.evaluate("e => e === document.activeElement")
    assert region.evaluate("e => e.scrollWidth >= e.clientWidth")


def test_unknown_address_shows_our_page(browser, lost_base):
    """A wrong address, deep down, gives the 404 page with its style and ways out."""
    page = browser.new_page(service_workers="block")
    failed = []
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 and LOST not in r.url else None)
    answer = page.goto(lost_base + LOST, wait_until="load")
    assert answer.status == 404
    assert "noise" in page.locator("h1").inner_text().lower()
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--dn-accent').trim()")
    assert page.locator("main a").count() >= 2
    assert not failed, failed
    page.close()


def test_on_paper_it_is_light_and_bare(visit):
    """Printing a dark page gives black on white without header, navigation and footer."""
    page = visit(color_scheme="dark", **DESKTOP).open("notation/")
    page.emulate_media(media="print")
    assert page.locator(".md-header:visible, .md-sidebar:visible, .md-footer:visible").count() == 0
    ink = page.evaluate("getComputedStyle(document.querySelector('.md-content p')).color")
    assert ink == "rgb(0, 0, 0)", ink


def test_a_film_shows_its_whole_poster_until_it_is_played(visit):
    """A button lies on the poster, on a page reached by instant navigation too; pressing it plays, with controls."""
    visitor = visit(**DESKTOP)
    page = visitor.open("how-made/")
    page.evaluate("window.untouched = true")
    page.locator(".md-header a.md-logo").click()
    page.wait_for_selector(".dn-hero .dn-play")
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    film = page.locator(".dn-hero video")
    assert film.evaluate("v => v.paused && !v.controls")
    button = page.get_by_role("button", name="Play the film")
    assert button.count() == 1
    button.press("Enter")
    page.wait_for_function("() => document.querySelector('.dn-hero video').currentTime > 0.1")
    assert film.evaluate("v => v.controls && v === document.activeElement")
    assert page.locator(".dn-play").count() == 0
    assert not visitor.notes.errors, visitor.notes.errors


def test_a_link_to_a_place_inside_a_fold_unfolds_it(visit):
    """From a figure to its row in the provenance, by instant navigation and by a load."""
    visitor = visit(**DESKTOP)
    page = visitor.open("")
    page.evaluate("window.untouched = true")
    page.locator(".dn-hero .dn-figure__links a[href*='#prov-']").click()
    page.wait_for_url("**/how-made/#prov-*")
    row = page.locator(f"[id='{urlsplit(page.url).fragment}']")
    row.wait_for(state="visible", timeout=10_000)
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    assert page.locator("details.dn-provenance-fold[open]").count() == 1
    page.wait_for_function("e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }",
                           arg=row.element_handle())
    page.reload()
    row.wait_for(state="visible", timeout=10_000)
    assert not visitor.notes.errors, visitor.notes.errors
