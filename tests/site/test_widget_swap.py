"""The decoder swap, used as people use it: by mouse, by keyboard, by touch, without scripts, on a bad line."""

from visiting import DESKTOP, PHONE, checksum, colours, ready_widget

PATH = "series/vae/"
PIXELS = checksum(".dn-swap canvas")
SPREAD = colours(".dn-swap canvas")


def ready(visitor):
    return ready_widget(visitor, PATH, "swap")


def radio(page, group, value):
    return page.get_by_role("group", name=group, exact=True).locator(f"input[value={value}]")


def test_it_paints_and_says_what(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    assert page.evaluate(SPREAD) > 50, "the canvas is blank"
    assert "OpenMoji" in page.locator(".dn-swap canvas").get_attribute("aria-label")
    assert " dB" in page.locator(".dn-swap__told").inner_text()
    assert page.locator(".dn-swap__table tbody tr").count() == 4
    assert not visitor.notes.errors


def test_choices_change_the_picture_and_the_numbers(visit):
    page = ready(visit(**DESKTOP))
    before, numbers = page.evaluate(PIXELS), page.locator(".dn-swap__table").inner_text()
    page.get_by_label("The latent of").select_option(index=3)
    photo = page.evaluate(PIXELS)
    assert photo != before
    assert page.locator(".dn-swap__table").inner_text() != numbers
    radio(page, "Left decoder", "base").check()
    assert page.evaluate(PIXELS) != photo
    radio(page, "Show", "original").check()
    assert page.locator(".dn-swap input[type=range]").is_disabled()
    assert "original" in page.locator(".dn-swap canvas").get_attribute("aria-label")


def test_no_difference_between_a_decoder_and_itself(visit):
    page = ready(visit(**DESKTOP))
    radio(page, "Show", "difference").check()
    assert page.evaluate(SPREAD) > 20
    radio(page, "Left decoder", "noto").check()
    assert page.evaluate(SPREAD) == 1
    assert "same decoder" in page.locator(".dn-swap__told").inner_text()


def test_keyboard_alone_is_enough(visit):
    page = ready(visit(**DESKTOP))
    page.get_by_label("The latent of").focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("The latent of").input_value() == "1"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # from OpenMoji to Noto
    assert radio(page, "Left decoder", "noto").is_checked()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert radio(page, "Show", "difference").is_checked()
    page.keyboard.press("ArrowLeft")
    slider = page.locator(".dn-swap input[type=range]")
    slider.focus()
    before = page.evaluate(PIXELS)
    page.keyboard.press("Home")
    left = page.evaluate(PIXELS)
    page.keyboard.press("End")
    assert slider.input_value() == "100"
    assert before != left != page.evaluate(PIXELS)
    assert "100 %" in slider.get_attribute("aria-valuetext")


def test_touch_on_a_small_phone(visit):
    visitor = visit(**PHONE)
    page = ready(visitor)
    radio(page, "Show", "difference").tap()
    assert radio(page, "Show", "difference").is_checked()
    radio(page, "Show", "border").tap()
    slider = page.locator(".dn-swap input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert int(slider.input_value()) > 75
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not visitor.notes.errors


def test_difference_follows_the_colours_of_the_page(visit):
    page = ready(visit(**DESKTOP, color_scheme="light"))
    radio(page, "Show", "difference").check()
    light = page.evaluate(PIXELS)
    page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    page.wait_for_timeout(100)
    assert page.evaluate(PIXELS) != light


def test_without_scripts_the_still_picture_stands_there(visit):
    visitor = visit(**DESKTOP, java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.base + PATH, wait_until="load")
    picture = page.locator(".dn-widget[data-widget=swap] .dn-light img")
    assert picture.is_visible()
    assert "decoder" in picture.get_attribute("alt")


def test_on_a_bad_line_the_still_picture_stays(visit):
    visitor = visit(**DESKTOP)
    visitor.page.route("**/swap.sheet.webp", lambda route: route.abort())
    page = visitor.open(PATH)
    page.locator(".dn-widget[data-widget=swap]").scroll_into_view_if_needed()
    page.wait_for_selector(".dn-widget[data-widget=swap][data-state=failed]")
    assert page.locator(".dn-widget[data-widget=swap] .dn-light img").is_visible()
    assert any("swap" in error for error in visitor.notes.errors)
