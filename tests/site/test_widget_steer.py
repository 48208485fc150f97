"""Steering by weights, used as people use it: by keyboard, by touch, without scripts, on a bad line."""

from visiting import DESKTOP, PHONE, checksum, colours, ready_widget

PATH = "series/latent-space/"
WIDGET = ".dn-widget[data-widget=steer]"
PIXELS = checksum(".dn-steer canvas")
SPREAD = colours(".dn-steer canvas")


def ready(visitor):
    return ready_widget(visitor, PATH, "steer")


def sliders(page):
    return page.locator(".dn-steer input[type=range]")


def put(page, *weights):
    """Set every slider with the keyboard."""
    for slider, weight in zip(sliders(page).all(), weights, strict=True):
        slider.focus()
        page.keyboard.press("Home")
        for _ in range(weight):
            page.keyboard.press("ArrowRight")


def test_it_paints_and_says_what(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    assert page.evaluate(SPREAD) > 50, "the canvas is blank"
    assert sliders(page).count() == 3
    assert "100 % cat" in page.locator(".dn-steer canvas").get_attribute("aria-label")
    assert "100 % cat" in page.locator(".dn-steer__told").inner_text()
    assert not visitor.notes.errors


def test_keyboard_alone_is_enough(visit):
    page = ready(visit(**DESKTOP))
    before = page.evaluate(PIXELS)
    put(page, 1, 2, 0)
    mixed = page.evaluate(PIXELS)
    assert mixed != before
    assert "33 % cat and 67 % apple" in page.locator(".dn-steer__told").inner_text()
    assert "67 % apple" in sliders(page).nth(1).get_attribute("aria-valuetext")
    page.locator(".dn-steer input[type=radio]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelectorAll('.dn-steer input[type=radio]')[1].checked")
    page.wait_for_function(f"() => ({PIXELS})() !== {mixed}")


def spot(page):
    return page.evaluate("(s => [+s.getAttribute('cx'), +s.getAttribute('cy')])(document.querySelector('.dn-steer__spot'))")


def test_the_point_moves_on_the_map_with_the_weights_and_not_with_the_seed(visit):
    page = ready(visit(**DESKTOP))
    numbers = page.locator(".dn-steer__numbers dd")
    put(page, 2, 0, 0)
    cat, text, latent = spot(page), numbers.nth(0).inner_text(), numbers.nth(1).inner_text()
    put(page, 0, 2, 0)
    apple = spot(page)
    assert cat != apple and numbers.nth(0).inner_text() != text and numbers.nth(1).inner_text() != latent
    put(page, 1, 1, 0)
    middle = spot(page)
    assert all(abs(m - (a + b) / 2) < 0.1 for m, a, b in zip(middle, cat, apple, strict=True))  # half-way is half-way
    text, latent = numbers.nth(0).inner_text(), numbers.nth(1).inner_text()
    page.locator(".dn-steer input[type=radio]").nth(1).check(force=True)
    page.wait_for_function(f"() => document.querySelectorAll('.dn-steer__numbers dd')[1].innerText !== {latent!r}")
    assert spot(page) == middle and numbers.nth(0).inner_text() == text
    assert "between the prompts" in page.locator(".dn-steer__map").get_attribute("aria-label")


def test_it_answers_within_a_tenth_of_a_second(visit):
    page = ready(visit(**DESKTOP))
    slow = page.evaluate(
        """() => { const s = document.querySelectorAll('.dn-steer input[type=range]'), taken = [];
            for (let k = 0; k < 24; k++) {
              s[k % 3].value = (k * 7) % 3;
              const from = performance.now();
              s[k % 3].dispatchEvent(new Event('input'));
              document.querySelector('.dn-steer').getBoundingClientRect(); // layout included
              taken.push(performance.now() - from);
            }
            return taken.sort((a, b) => a - b)[12]; }"""
    )
    assert slow < 100, f"{slow:.0f} ms"


def test_only_proportions_count_and_zero_is_the_empty_prompt(visit):
    page = ready(visit(**DESKTOP))
    put(page, 1, 1, 0)
    one = page.evaluate(PIXELS)
    put(page, 2, 2, 0)
    assert page.evaluate(PIXELS) == one
    put(page, 0, 0, 0)
    assert page.evaluate(PIXELS) != one
    assert "empty prompt" in page.locator(".dn-steer__told").inner_text()


def test_every_stop_has_a_picture(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    seen = set()
    for a in range(3):
        for b in range(3):
            for c in range(3):
                page.evaluate(
                    """(weights) => document.querySelectorAll('.dn-steer input[type=range]').forEach((s, i) => {
                        s.value = weights[i]; s.dispatchEvent(new Event('input')); })""",
                    [a, b, c],
                )
                seen.add(page.evaluate(PIXELS))
    assert len(seen) == 20  # 27 stops, of which seven ask for proportions that another asks for too
    assert not visitor.notes.errors


def test_it_says_the_result_once_the_sliders_rest(visit):
    page = ready(visit(**DESKTOP))
    put(page, 0, 0, 2)
    told = "() => document.querySelector('[data-widget=steer] [role=status]').textContent.includes('skull')"
    page.wait_for_function(told)


def test_touch_on_a_small_phone(visit):
    visitor = visit(**PHONE)
    page = ready(visitor)
    slider = sliders(page).nth(2)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
    assert slider.input_value() == "2"
    page.locator(".dn-steer input[type=radio]").nth(1).tap()
    assert page.locator(".dn-steer input[type=radio]").nth(1).is_checked()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not visitor.notes.errors


def test_without_scripts_the_still_picture_stands_there(visit):
    visitor = visit(**DESKTOP, java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.base + PATH, wait_until="load")
    picture = page.locator(f"{WIDGET} .dn-light img")
    assert picture.is_visible()
    assert "strips" in picture.get_attribute("alt")


def test_on_a_bad_line_the_still_picture_stays(visit):
    visitor = visit(**DESKTOP)
    visitor.page.route("**/steer.s*.webp", lambda route: route.abort())
    page = visitor.open(PATH)
    page.locator(WIDGET).scroll_into_view_if_needed()
    page.wait_for_selector(f"{WIDGET}[data-state=failed]")
    assert page.locator(f"{WIDGET} .dn-light img").is_visible()
    assert any("steer" in error for error in visitor.notes.errors)


def test_a_second_sheet_that_fails_says_so_and_the_first_comes_back(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    first = page.evaluate(PIXELS)
    page.route("**/steer.s8.webp", lambda route: route.abort())
    page.locator(".dn-steer input[type=radio]").nth(1).check(force=True)
    page.wait_for_function("() => document.querySelector('.dn-steer__trouble').textContent.includes('could not be loaded')")
    page.locator(".dn-steer input[type=radio]").nth(0).check(force=True)
    page.wait_for_function(f"() => ({PIXELS})() === {first}")
