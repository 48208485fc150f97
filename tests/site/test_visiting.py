"""What the tour of all pages does where the browser, and not the page, is at fault."""

from collections import defaultdict

import pytest
from playwright.sync_api import TimeoutError
from test_pages import walk
from visiting import Undrawn, Visitor


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
