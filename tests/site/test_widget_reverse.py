"""The slider of the reverse process, used as readers do: by mouse, keyboard and touch, in both colours, without motion
and without scripts."""

import json

import pytest
from visiting import DESKTOP, PHONE, ready_widget

PAGE = "series/forward-and-reverse/"
WIDGET = '.dn-widget[data-widget="reverse"]'

PIXELS = """n => { const c = document.querySelectorAll('.dn-reverse__stage canvas')[n];
    return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join(); }"""


def opened(visitor, path=PAGE):
    return ready_widget(visitor, path, "reverse")


def reading(page, word):
    return page.locator(f"{WIDGET} dl > div", has=page.locator(f'dt:text-is("{word}")')).locator("dd").text_content()


def at(page):
    return int(page.locator(f"{WIDGET} input[type=range]").input_value())


@pytest.fixture
def data(site):
    return json.loads(next(site.glob("assets/figures/*/canvas/reverse_frames.data.json")).read_text(encoding="utf-8"))


def test_keyboard_moves_the_slider_and_everything_follows(visit, data):
    """Arrow keys, Home and End: both pictures change, the readings are those of the record."""
    visitor = visit(**DESKTOP)
    page = opened(visitor)
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    assert at(page) == 0 and reading(page, "t") == str(data["t"][0])
    assert reading(page, "σ") == "∞" if data["sigma"][0] is None else reading(page, "σ") != "∞"
    before = [page.evaluate(PIXELS, n) for n in (0, 1)]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert at(page) == 5 and reading(page, "t") == str(data["t"][5])
    assert reading(page, "step") == f"6 of {len(data['t'])}"
    share = data["prompts"][0]["runs"][0]["settled"][5]
    assert reading(page, "settled") == f"{100 * share:.0f} %" or abs(100 * share % 1 - 0.5) < 0.05
    assert all(page.evaluate(PIXELS, n) != before[n] for n in (0, 1)), "a picture did not change"
    assert "step 6" in slider.get_attribute("aria-valuetext")
    page.keyboard.press("End")
    assert at(page) == len(data["t"]) and reading(page, "step") == "finished"
    page.keyboard.press("Home")
    assert [page.evaluate(PIXELS, n) for n in (0, 1)] == before
    assert not visitor.notes.errors, visitor.notes.errors


def test_what_is_shown_is_said_once_the_slider_rests(visit):
    page = opened(visit(**DESKTOP))
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        f"""() => document.querySelector('{WIDGET} [aria-live=polite]').textContent.includes('finished')"""
    )


def test_play_starts_only_when_pressed_and_stops_at_the_end(visit, data):
    page = opened(visit(**DESKTOP))
    page.wait_for_timeout(700)
    assert at(page) == 0, "it moved by itself"
    play = page.locator(f"{WIDGET} button.dn-reverse__play")
    play.click()
    page.wait_for_function(f"() => document.querySelector('{WIDGET} input').value > 2")
    assert play.text_content() == "Pause"
    play.click()
    paused = at(page)
    page.wait_for_timeout(500)
    assert at(page) == paused and play.text_content() == "Play"
    play.click()
    page.wait_for_function(f"() => document.querySelector('{WIDGET} input').value == {len(data['t'])}", timeout=15_000)
    page.wait_for_timeout(400)
    assert at(page) == len(data["t"]) and play.text_content() == "Play again"


def test_with_reduced_motion_a_press_is_a_step(visit):
    page = opened(visit(reduced_motion="reduce", **DESKTOP))
    button = page.get_by_role("button", name="Next step")
    button.click()
    page.wait_for_timeout(600)
    assert at(page) == 1
    page.keyboard.press("Enter")
    assert at(page) == 2


def test_prompts_and_seeds_bring_their_own_pictures(visit, data):
    """Sprites are fetched when they are asked for, not before; keyboard focus stays on the seed's button."""
    visitor = visit(**DESKTOP)
    page = opened(visitor)

    def fetched():
        return {u.rpartition("reverse_frames.")[2] for u in visitor.notes.requests if "reverse_frames.p" in u}

    first = data["prompts"][0]["runs"][0]["name"]
    assert fetched() == {f"{first}_has.webp", f"{first}_bets.webp"}
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("End")
    seen = {page.evaluate(PIXELS, 1)}
    seed = data["prompts"][0]["runs"][1]["seed"]
    button = page.get_by_role("button", name=f"Seed {seed}")
    button.focus()
    page.keyboard.press("Space")
    page.wait_for_selector(f'{WIDGET} button[aria-label="Seed {seed}"][aria-pressed="true"]')
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(f"{WIDGET}:not([aria-busy])")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Seed {seed}"
    seen.add(page.evaluate(PIXELS, 1))
    page.get_by_label("Prompt").select_option(data["prompts"][2]["text"])
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(f"{WIDGET}:not([aria-busy])")
    seen.add(page.evaluate(PIXELS, 1))
    assert len(seen) == 3, "prompt or seed did not change the picture"
    assert at(page) == len(data["t"]), "the step is kept"
    assert len(fetched()) == 6


def test_touch_drags_the_slider_and_the_page_does_not_overflow(visit):
    visitor = visit(**PHONE)
    page = opened(visitor)
    box = page.locator(f"{WIDGET} input[type=range]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    page.wait_for_function(f"() => document.querySelector('{WIDGET} input').value > 8")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(f"""[...document.querySelectorAll('{WIDGET} *')].filter(e => e.checkVisibility()
        && e.childElementCount === 0 && e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 11)
        .map(e => e.textContent)""")
    assert not small, f"under 11 px: {small}"
    for target in page.locator(f"{WIDGET} :is(button, select, input)").all():
        assert target.bounding_box()["height"] >= 24


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_script_moves_nothing_below_it(visit, device):
    """The still picture keeps the room that the slider will take; what follows stays where it was."""
    visitor = visit(**device)
    held = []
    visitor.page.route("**/reverse_frames.data.json", lambda route: held.append(route))
    page = visitor.open(PAGE)
    page.locator(WIDGET).scroll_into_view_if_needed()
    page.wait_for_selector(f'{WIDGET}[data-state="loading"]')
    page.wait_for_timeout(300)
    before = page.locator(WIDGET).bounding_box()["height"]
    assert held, "the data were not asked for"
    held[0].continue_()
    page.wait_for_selector(f'{WIDGET}[data-state="ready"]')
    after = page.locator(WIDGET).bounding_box()["height"]
    assert abs(after - before) <= 1, f"the page below moved by {after - before:.0f} px"


def test_the_still_picture_stays_when_the_data_cannot_be_had(visit):
    visitor = visit(**DESKTOP)
    visitor.page.route("**/reverse_frames.data.json", lambda route: route.abort())
    page = visitor.open(PAGE)
    page.locator(WIDGET).scroll_into_view_if_needed()
    page.wait_for_selector(f'{WIDGET}[data-state="failed"]')
    assert page.locator(f"{WIDGET} img:visible").count() == 1
    assert page.evaluate(f"""(() => {{ const w = document.querySelector('{WIDGET}');
        return w.scrollHeight <= w.clientHeight + 1; }})()"""), "the still picture is cut"


def test_without_scripts_there_is_a_film_strip(visit):
    visitor = visit(java_script_enabled=False, **PHONE)
    page = visitor.page
    page.goto(visitor.base + PAGE, wait_until="load")
    picture = page.locator(f"{WIDGET} img:visible")
    assert picture.count() == 1 and picture.get_attribute("alt")
    assert picture.bounding_box()["height"] > 200


def test_leaving_by_instant_navigation_and_coming_back(visit):
    """The slider stops with its page and is there again when the reader returns."""
    visitor = visit(**DESKTOP)
    page = opened(visitor)
    page.locator(f"{WIDGET} button.dn-reverse__play").click()
    page.locator('.md-nav a[href$="notation/"]').first.click()
    page.wait_for_url("**/notation/")
    page.wait_for_timeout(500)
    page.go_back()
    page.wait_for_url(f"**/{PAGE}")
    page.locator(WIDGET).scroll_into_view_if_needed()
    page.wait_for_selector(f'{WIDGET}[data-state="ready"]')
    assert at(page) == 0
    assert not visitor.notes.errors, visitor.notes.errors


def test_another_sampler_brings_its_own_run_and_keeps_the_place(visit, data):
    """Fewer steps: the slider has as many marks, stands at the same part of the way, and says so."""
    visitor = visit(**DESKTOP)
    page = opened(visitor)
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("End")
    few = next(way for way in data["ways"] if len(way["t"]) < len(data["t"]))
    before = page.evaluate(PIXELS, 1)
    page.get_by_label("Sampler").select_option(few["name"])
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(f"{WIDGET}:not([aria-busy])")
    assert at(page) == len(few["t"]) and reading(page, "step") == "finished"
    assert page.evaluate(PIXELS, 1) != before
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    assert reading(page, "t") == str(few["t"][0]) and reading(page, "step") == f"1 of {len(few['t'])}"
    page.get_by_label("Sampler").select_option(data["way"])
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    assert reading(page, "step") == f"1 of {len(data['t'])}"
    assert not visitor.notes.errors, visitor.notes.errors
