"""Predict, then check, in a browser: a bet by keyboard, its grade, what stays after a reload, and the page without."""

import json

from visiting import DESKTOP, PHONE

PAGE = "series/biased-decoders/"  # a light one
CARD = ".dn-bet[data-grade]"
DENIED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })"
VERDICTS = {"right": "Spot on", "close": "Close", "off": "Off"}


def dressed(visitor, path=PAGE):
    page = visitor.open(path)
    page.wait_for_selector(f"{CARD} ~ .dn-bets", state="attached")
    return page


def facts(card) -> dict:
    """What the build gave the page for a question."""
    return json.loads(card.locator("[data-bet]").get_attribute("data-bet"))


def first(page, kind: str):
    """The first card whose question is of a kind, with its facts."""
    cards = page.locator(CARD).all()
    return next((card, asked) for card in cards for asked in [facts(card)] if asked["kind"] == kind)


def grade_of(asked: dict, answer: float) -> str:
    away = abs(answer - asked["right"])
    return "right" if away <= asked["spot"] else "close" if away <= asked["close"] else "off"


def test_a_bet_by_keyboard_is_graded_stays_and_is_not_printed(visit, axe):
    visitor = visit(**DESKTOP)
    page = dressed(visitor)
    card, asked = first(page, "guess")
    fold, verdict = card.locator("details"), card.get_by_role("status")
    assert fold.get_attribute("open") is None
    assert not fold.locator("p").first.is_visible()
    number, slider = card.get_by_role("spinbutton", name="Your bet"), card.get_by_role("slider")
    number.focus()
    page.keyboard.press("Enter")
    assert verdict.inner_text() == "First set your number: slide, or type it."
    number.fill(str(asked["high"] + 1))
    page.keyboard.press("Enter")
    assert verdict.inner_text() == f"A number from {asked['low']} to {asked['high']}, please."
    assert fold.get_attribute("open") is None
    for answer in (asked["right"] - asked["spot"], asked["right"] - asked["close"], asked["low"]):
        number.fill(f"{answer:g}")
        page.keyboard.press("Enter")
        grade = grade_of(asked, answer)
        assert card.get_attribute("data-grade") == grade
        unit = asked["suffix"]
        assert f"{VERDICTS[grade]}. You said {answer:g}{unit}, it is {asked['right']:g}{unit}." in verdict.inner_text()
        assert fold.get_attribute("open") is not None
        assert page.evaluate("document.activeElement.textContent") == "Why"
        if grade != "off":
            card.get_by_role("button", name="Try again").press("Enter")
            assert page.evaluate("document.activeElement.type") == "number"
            assert (card.get_attribute("data-grade"), verdict.inner_text(), number.input_value()) == ("", "", "")
    assert grade == "off"
    choice, options = first(page, "choose")
    choice.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    for _ in range(options["right"]):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert choice.get_by_role("status").inner_text().endswith(f"Right: “{options['options'][options['right']]}”.")
    count = page.locator(CARD).count()
    tally = page.locator(".dn-bets")
    assert tally.get_by_role("status").inner_text() == f"2 of {count} answered: 1 right, 1 off."
    page.evaluate(axe)
    cards = "{ include: ['.dn-bet[data-grade]', '.dn-bets'] }"
    assert page.evaluate(f"axe.run({cards}).then(r => r.violations.map(v => v.id))") == []

    page = dressed(visitor)
    assert card.get_attribute("data-grade") == "off"
    assert slider.is_disabled()
    assert fold.get_attribute("open") is None
    tally.get_by_role("button", name="Forget my answers").press("Enter")
    assert tally.get_by_role("status").inner_text() == f"{count} bets on this page, none made yet."
    assert page.evaluate("localStorage.getItem('dn-bets')") == "{}"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(number.input_value()) > asked["low"]
    assert number.input_value() in slider.get_attribute("aria-valuetext")
    page.emulate_media(media="print")
    assert card.locator(".dn-bet__question").is_visible()
    assert fold.locator("p").first.is_visible()
    assert page.locator(":is(.dn-bet form, .dn-bets, .dn-bet summary):visible").count() == 0
    assert visitor.notes.errors == []
    assert visitor.notes.strangers() == []


def test_with_storage_denied_on_a_small_phone(visit):
    visitor = visit(**PHONE)
    visitor.context.add_init_script(DENIED)
    page = dressed(visitor)
    visitor.notes.errors.clear()  # the theme's own script, which asks for its palette, does not survive this
    card, options = first(page, "choose")
    wrong = (options["right"] + 1) % len(options["options"])
    card.get_by_text(options["options"][wrong], exact=True).tap()
    card.get_by_role("button", name="Check").tap()
    assert "Not this one." in card.get_by_role("status").inner_text()
    assert "1 off" in page.locator(".dn-bets__told").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Forget my answers").tap()
    assert "none made yet" in page.locator(".dn-bets__told").inner_text()
    assert visitor.notes.errors == []


def test_without_scripts_it_is_a_fold(visit):
    visitor = visit(java_script_enabled=False, **DESKTOP)
    page = visitor.page
    page.goto(visitor.base + PAGE, wait_until="load")
    fold = page.locator("details.predict").first
    assert fold.locator("summary").inner_text().endswith("?")
    assert not fold.locator("p").first.is_visible()
    fold.locator("summary").click()
    assert fold.locator("p").first.is_visible()
    assert page.locator(".dn-bet:visible").count() == 0


def test_one_bet_is_told_as_one(visit):
    """Pages have several; here all but the first are taken away before they are dressed."""
    visitor = visit(**DESKTOP)
    alone = "[...document.querySelectorAll('details.predict')].slice(1).forEach((fold) => fold.remove())"
    visitor.context.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {alone} }}, {{ capture: true }})")
    page = dressed(visitor)
    assert page.locator(CARD).count() == 1
    assert page.locator(".dn-bets").get_by_role("status").inner_text() == "One bet on this page, not made yet."
