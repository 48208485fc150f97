"""What the tour of all pages does where the browser, and not the page, is at fault."""

from collections import defaultdict

import pytest
from playwright.sync_api import TimeoutError
from test_pages import walk
from visiting import DESKTOP, Undrawn, Visitor


@pytest.fixture
def undrawn(monkeypatch):
    """undrawn(n): the next n changes of the colours are not drawn; the browsers that were asked for them."""
    asked, real = [], Visitor.prefer

    def start(times: int) -> list:
        def prefer(visitor, *how):
            asked.append(visitor.context.browser)
            if len(asked) <= times:
                raise Undrawn("nothing is drawn")
            real(visitor, *how)

        monkeypatch.setattr(Visitor, "prefer", prefer)
        return asked

    return start


def test_a_page_that_is_not_drawn_is_looked_at_in_another_browser(undrawn, launch, browser, base, axe):
    asked, problems = undrawn(1), defaultdict(list)
    walk(launch, browser, base, ["notation/"], axe, "desktop", problems)
    assert len(asked) == 2 and asked[0] is browser and asked[1] is not browser
    assert sum(address.endswith("/notation/") for address in problems["asked"]) == 2
    assert not problems["axe"]


def test_a_page_that_no_browser_draws_is_told(undrawn, launch, browser, base, axe):
    undrawn(2)
    with pytest.raises(Undrawn):
        walk(launch, browser, base, ["notation/"], axe, "desktop", defaultdict(list))


def test_a_page_that_does_not_hear_of_the_dark_is_loaded_in_it(visit, monkeypatch):
    visitor, prepared = visit(color_scheme="light"), []
    page, wait = visitor.open("notation/"), visitor.page.wait_for_function
    page.evaluate("window.unheard = true")

    def deaf(script, **options):
        if page.evaluate("window.unheard"):
            raise TimeoutError("not drawn")
        return wait(script, **options)

    monkeypatch.setattr(page, "wait_for_function", deaf)
    visitor.prefer("dark", lambda: prepared.append(page.evaluate("document.body.dataset.mdColorScheme")))
    assert prepared == ["slate"]


def test_a_page_that_never_says_that_its_fonts_are_ready_opens(visit):
    """As one that is not drawn; this once held up everything for as long as it was let."""
    visitor = visit(**DESKTOP)
    never = "Object.defineProperty(document.fonts, 'ready', { get: () => new Promise(() => {}) })"
    visitor.page.add_init_script(never)
    assert visitor.open("notation/").evaluate("[...document.fonts].some(font => font.status === 'loaded')")


@pytest.mark.parametrize("script", [
    "() => new Promise(() => {})", "() => { for (const t = Date.now(); Date.now() < t + 5000;); }"], ids=["waits", "works"])
def test_a_page_without_an_answer_is_told(visit, script):
    visitor = visit(**DESKTOP)
    assert visitor.within("() => []") == [], "nothing found is an answer"
    with pytest.raises(Undrawn, match="no answer"):
        visitor.within(script, seconds=1)
