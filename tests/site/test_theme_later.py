"""The theme's script comes with a reader's first sign (javascripts/theme.js): what there is before, and that nothing which
was done meanwhile is lost."""

import re

import pytest
from visiting import DESKTOP, PHONE

BUNDLE = re.compile(r"/bundle\.\w+\.min\.js$")
THEMED = "() => Boolean(window.document$)"
SCHEME = "() => document.body.dataset.mdColorScheme"
UNTOUCHED = "const wait = setTimeout; window.setTimeout = (run, ms, ...rest) => (ms === 8000 ? 0 : wait(run, ms, ...rest))"


@pytest.fixture
def fresh(visit):
    """fresh(path, **options) -> (visitor, page) that nobody has touched; `visitor.held` are requests for the theme's script
    as a script, which a test lets go on."""

    def open_it(path="notation/", hold=False, **options):
        visitor = visit(**(DESKTOP | options))
        visitor.page.add_init_script(UNTOUCHED)  # or the script would come by itself, and each test would pass
        visitor.held = []
        if hold:
            def later(route):
                if route.request.resource_type == "script":
                    visitor.held.append(route)
                else:
                    route.abort()  # the prefetch, so that the script is asked for
            visitor.page.route(BUNDLE, later)
        return visitor, visitor.open(path, touched=False)

    return open_it


def test_a_page_that_nobody_touches_does_without(fresh):
    """It has its colours, their switch, the search's field and its near formulas, and has run no script of the theme."""
    for system, scheme in (("light", "default"), ("dark", "slate")):
        visitor, page = fresh(color_scheme=system)
        page.wait_for_selector(".arithmatex .katex")
        assert not page.evaluate(THEMED)
        assert page.evaluate(SCHEME) == scheme
        assert page.locator("[data-md-component=palette] label:visible").count() == 1
        assert page.locator("[data-md-component=search-query]").is_visible()
        assert not visitor.notes.errors, visitor.notes.errors


@pytest.mark.parametrize("sign", ["key", "pointer", "click", "scroll", "focus", "colours", "print"])
def test_each_sign_brings_it(fresh, sign):
    _, page = fresh()
    assert not page.evaluate(THEMED)
    {"key": lambda: page.keyboard.press("Shift"), "pointer": lambda: page.mouse.move(300, 300),
     "click": lambda: page.evaluate("document.querySelector('h1').click()"),
     "scroll": lambda: page.evaluate("scrollTo(0, 300)"), "focus": lambda: page.evaluate("document.links[1].focus()"),
     "colours": lambda: page.emulate_media(color_scheme="dark"),
     "print": lambda: page.evaluate("dispatchEvent(new Event('beforeprint'))")}[sign]()
    page.wait_for_function(THEMED)


def test_a_finger_brings_it(fresh):
    _, page = fresh(**PHONE)
    page.touchscreen.tap(200, 400)
    page.wait_for_function(THEMED)


def test_a_switch_that_is_turned_first_of_all_changes_the_colours(fresh):
    """From the system's, which is dark, to light, though the theme's script has not come yet."""
    visitor, page = fresh(hold=True, color_scheme="dark")
    page.locator("[data-md-component=palette] label:visible").click()
    page.wait_for_timeout(100)
    assert len(visitor.held) == 1 and not page.evaluate(THEMED)
    visitor.held[0].continue_()
    page.wait_for_function("() => document.body.dataset.mdColorScheme === 'default'")
    assert page.evaluate("__md_get('__palette').index") == 1
    assert all("ERR_FAILED" in error for error in visitor.notes.errors), visitor.notes.errors  # the prefetch


def test_the_key_that_opens_the_search_opens_it(fresh):
    """The letters typed behind it are lost, and lead nowhere: N alone would be the next page."""
    visitor, page = fresh(hold=True)
    page.keyboard.press("/")
    page.wait_for_timeout(100)
    page.keyboard.press("n")
    page.wait_for_timeout(100)
    assert len(visitor.held) == 1
    visitor.held[0].continue_()
    page.wait_for_function("() => document.activeElement?.dataset.mdComponent === 'search-query'")
    page.wait_for_timeout(600)
    assert page.url.endswith("/notation/") and page.evaluate("document.querySelector('#__search').checked")


def test_a_tap_on_the_looking_glass_opens_the_search(fresh):
    """What is typed before the theme's script comes is searched for when it has come."""
    visitor, page = fresh(hold=True, **PHONE)
    page.locator(".md-header__button[for=__search]").tap()
    page.wait_for_function("() => document.activeElement?.dataset.mdComponent === 'search-query'")
    page.keyboard.type("guidance")
    assert len(visitor.held) == 1
    visitor.held[0].continue_()
    page.wait_for_selector(".md-search-result__link")


def test_a_drawer_that_was_opened_stays_open(fresh):
    """The theme closes it when it begins, and would close the one that a reader has just opened."""
    visitor, page = fresh("notation/#the-quantities", hold=True, **PHONE)
    assert page.locator("#the-quantities").count() == 1, "the address names no place: the theme would close nothing"
    page.locator(".md-header__button[for=__drawer]").tap()
    page.wait_for_timeout(100)
    visitor.held[0].continue_()
    page.wait_for_function(THEMED)
    page.wait_for_timeout(600)
    assert page.evaluate("document.querySelector('#__drawer').checked")
    page.locator(".md-overlay").evaluate("overlay => overlay.click()")
    page.wait_for_function("() => !document.querySelector('#__drawer').checked")


def test_a_script_that_does_not_come_leaves_the_page_as_it_is(fresh):
    """One sentence on the console; links load their page, bets and formulas work."""
    visitor, page = fresh("series/vae/", hold=True)
    page.keyboard.press("Shift")
    page.wait_for_timeout(100)
    visitor.held[0].abort()
    page.wait_for_selector(".dn-bet[data-grade] ~ .dn-bets", state="attached")
    page.wait_for_function("() => !document.querySelector('.arithmatex:not([data-drawn])')")
    assert any("theme's script does not load" in error for error in visitor.notes.errors)
    page.locator(".md-nav a[href$='notation/']").first.evaluate("link => link.click()")
    page.wait_for_url("**/notation/")


def test_bets_far_below_are_folds_until_a_sign(fresh):
    _, page = fresh("series/vae/")
    assert page.locator("details.predict > .dn-bet").count() > 2
    assert page.locator(".dn-bets").count() == 0
    page.mouse.move(300, 300)
    page.wait_for_selector(".dn-bets", state="attached")


def test_a_storage_that_is_denied_costs_neither_colours_nor_formulas(visit):
    visitor = visit(color_scheme="dark", **DESKTOP)
    visitor.page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })")
    page = visitor.open("notation/", touched=False)
    assert page.evaluate(SCHEME) == "slate"
    page.wait_for_selector(".arithmatex .katex")


def test_back_to_a_page_that_was_left_without_a_load_shows_it(visit):
    """The second page is loaded anew; nobody listens when the address changes, and that address's page is asked for."""
    visitor = visit(**DESKTOP)
    visitor.page.add_init_script(UNTOUCHED)
    page = visitor.open("notation/")
    page.locator(".md-nav a[href$='references/']").first.click()
    page.wait_for_url("**/references/")
    page.reload()
    page.evaluate("history.back()")
    page.wait_for_url("**/notation/")
    page.wait_for_function("() => document.querySelector('h1').innerText.startsWith('Notation')")


def test_a_link_that_is_the_first_thing_pressed_is_followed_once(fresh):
    """The theme has not seen the sitemap yet, and would follow it once more when it has: Back leads where one came from."""
    visitor, page = fresh()
    page.mouse.move(300, 300)
    page.wait_for_function(THEMED)
    page.evaluate("document.querySelector(\".md-nav a[href$='references/']\").click()")
    page.wait_for_url("**/references/")
    page.wait_for_timeout(500)
    assert page.evaluate("history.length") <= 3
    page.go_back()
    page.wait_for_url("**/notation/")
    page.wait_for_function("() => document.querySelector('h1').innerText.startsWith('Notation')")


def test_enter_before_the_search_is_there_loads_nothing(fresh):
    visitor, page = fresh(hold=True)
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("guidance")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url.endswith("/notation/")
    visitor.held[0].continue_()
    page.wait_for_selector(".md-search-result__link")


def test_paper_that_comes_first_is_unfolded(fresh):
    _, page = fresh("series/vae/", hold=True)
    closed = "() => document.querySelectorAll('.md-content details:not([open])').length"
    before = page.evaluate(closed)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(closed) == 0 < before
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(closed) == before


def test_what_is_drawn_in_the_page_s_colours_is_not_drawn_anew_by_a_sign(fresh):
    _, page = fresh("series/eye/")
    page.locator(".dn-widget").first.scroll_into_view_if_needed()  # a sign, too
    page.wait_for_selector(".dn-widget[data-state=ready]")
    page.wait_for_function(THEMED)
    told = page.evaluate("""async () => {
        const site = document.querySelector("script[src*='site.js']").src;
        const { onColours } = await import(site.replace("site.js", "parts.js"));
        let told = 0;
        const end = onColours(() => { told += 1; });
        const moment = () => new Promise((done) => setTimeout(done, 50));
        document.body.dataset.mdColorScheme = document.body.dataset.mdColorScheme;
        await moment();
        const same = told;
        document.body.dataset.mdColorScheme = "slate";
        await moment();
        end();
        document.body.dataset.mdColorScheme = "default";
        await moment();
        return [same, told];
    }""")
    assert told == [0, 1]
