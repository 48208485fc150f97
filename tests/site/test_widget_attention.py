"""The maps of attention, word by word: by pointer, by keyboard, on a phone, without scripts."""

from visiting import DESKTOP, PHONE, ready_widget

PATH = "series/theatre/"
WIDGET = ".dn-widget[data-widget=attention]"
PIXELS = """(k) => { const c = document.querySelectorAll('.dn-attend canvas')[k];
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let sum = 7; for (const v of d) sum = (Math.imul(sum, 31) + v) | 0; return sum; }"""  # a checksum of a canvas


def ready(visitor):
    return ready_widget(visitor, PATH, "attention")


def word(page, name):
    return page.get_by_role("group", name="Tokens of the prompt").get_by_role("button", name=name, exact=True)


def test_pointing_at_a_word_shows_its_map_and_the_picture_without_it(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    word(page, "face").hover()
    maps, picture = page.evaluate(PIXELS, 0), page.evaluate(PIXELS, 1)
    assert "“face”" in page.locator(".dn-attend__told").inner_text()
    word(page, "sunglasses").hover()
    assert page.evaluate(PIXELS, 0) != maps and page.evaluate(PIXELS, 1) != picture
    assert "“sunglasses”" in page.locator(".dn-attend figcaption").inner_text()
    assert word(page, "sunglasses").get_attribute("aria-pressed") == "true"
    word(page, "start").hover()
    assert "No picture" in page.locator(".dn-attend figcaption").inner_text()
    assert not visitor.notes.errors


def test_a_share_is_that_of_the_figure(visit):
    """Over the mean of the finest layers, all tokens' shares add up to one."""
    page = ready(visit(**DESKTOP))
    total = 0
    for button in page.locator(".dn-attend__words button").all():
        button.hover()
        told = page.locator(".dn-attend__told").inner_text()
        total += float(told.split(" gets ")[1].split(" %")[0])
    assert 98 < total < 102


def test_keyboard_alone_is_enough(visit):
    page = ready(visit(**DESKTOP))
    word(page, "smiling").focus()
    before = page.evaluate(PIXELS, 0)
    page.keyboard.press("Tab")
    assert word(page, "face").get_attribute("aria-pressed") == "true"
    assert page.evaluate(PIXELS, 0) != before
    page.locator(".dn-attend input[type=range]").focus()
    before = page.evaluate(PIXELS, 0)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(PIXELS, 0) != before


def test_layers_and_heads_can_be_chosen(visit):
    page = ready(visit(**DESKTOP))
    head = page.get_by_label("Head", exact=True)
    assert head.is_disabled()
    page.get_by_label("Layer", exact=True).select_option(label="middle (4 × 4)")
    mean = page.evaluate(PIXELS, 0)
    assert "of 4" in page.locator(".dn-attend__told").inner_text()
    head.select_option(index=1)
    assert page.evaluate(PIXELS, 0) != mean


def test_it_fits_a_phone(visit):
    page = ready(visit(**PHONE))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_scripts_the_still_picture_stays(visit):
    visitor = visit(**DESKTOP, java_script_enabled=False)
    visitor.page.goto(visitor.base + PATH, wait_until="load")
    picture = visitor.page.locator(f"{WIDGET} .dn-light img").first
    assert picture.is_visible() and "Maps of" in picture.get_attribute("alt")
