"""The open box, used as people use it: recorded, loaded, drawn with, stopped, changed by hand, offline, on a bad line."""

import io
import json
import struct
import zlib
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image
from visiting import DESKTOP, PHONE, Visitor

from denoised import paths

PATH = "lab/"
READY = ".dn-widget[data-widget=lab][data-state=ready]"
PIXELS = """([selector, k]) => { const c = document.querySelectorAll(selector)[k];
    return [c.width, Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)]; }"""
MINUTES = 180_000  # a busy machine may take its time
TOLD, TROUBLE, GO = ".dn-lab__told", ".dn-lab__trouble", ".dn-lab__go"


def ready(visitor, query="?prompt=red+apple"):
    """The page with these settings: by default those of the U-Net; without any it begins with the small transformer."""
    page = visitor.open(PATH + query)
    page.locator(".dn-widget[data-widget=lab]").scroll_into_view_if_needed()
    page.wait_for_selector(READY, timeout=MINUTES)
    page.wait_for_function("() => !document.querySelector('.dn-lab__go').disabled", timeout=MINUTES)
    return page


def canvas(page, selector, k=0):
    """What a canvas shows, int [H, W, 3]."""
    side, values = page.evaluate(PIXELS, [selector, k])
    return np.array(values, int).reshape(side, side, 4)[..., :3]


def picture(page):
    """What the right canvas of the run shows."""
    return canvas(page, ".dn-lab__panel--prediction canvas")


def times_drawn(page):
    return int(page.get_attribute(".dn-widget[data-widget=lab]", "data-drawn") or 0)


def drawn(page, count):
    page.wait_for_selector(f".dn-widget[data-drawn='{count}']", timeout=MINUTES)


def draw(page, button=GO):
    count = times_drawn(page)
    page.click(button)
    drawn(page, count + 1)
    return picture(page)


def onward(page, step):
    """Goes on from a step of the run on show, as the form says now."""
    page.get_by_label("Step", exact=True).fill(str(step))
    if not page.locator(".dn-lab__onward").is_visible():
        page.locator(".dn-lab__bench summary").click()
    return draw(page, ".dn-lab__onward")


def begin_again(page, query):
    """As after opening the page with these settings, but what is loaded stays: by a link of the page to itself."""
    page.evaluate("""query => { const link = document.createElement('a'); link.href = query;
        document.querySelector('article').append(link); link.click(); link.remove(); }""", query)
    page.wait_for_selector(f".dn-widget[data-picture='{dict(parse_qsl(query[1:])).get('picture', '')}']")
    page.evaluate("document.querySelectorAll('.dn-lab details').forEach(d => { d.open = false; })")
    for place, thing in ((2, "cat"), (1, "apple")):  # by way of another, so that what is waited for was not there before
        page.get_by_label("Recorded runs").select_option(index=place)
        page.wait_for_function("t => document.querySelector('.dn-lab__about strong').textContent.includes(t)", arg=thing)


def models(visitor):
    return [url for url in visitor.notes.requests if url.endswith((".onnx", ".wasm"))]


@pytest.fixture(scope="module")
def loaded(browser, base):
    """A visitor whose page has the rounded model, for all who need no page of their own."""
    visitor = Visitor(browser, base, **DESKTOP)
    draw(ready(visitor, "?steps=1&seed=5"))
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="module")
def loaded_exactly(browser, base):
    """The same with exact weights."""
    visitor = Visitor(browser, base, **DESKTOP)
    page = ready(visitor, "?steps=1&seed=5")
    page.get_by_label("Download", exact=True).select_option("exact")
    draw(page)
    yield visitor
    visitor.context.close()


def _lent(visitor):
    """A function of a query that gives the visitor's page as if just opened so; in the end nothing may have gone wrong."""
    visitor.notes.errors.clear()

    def start(query="?seed=1"):
        begin_again(visitor.page, query)
        return visitor.page

    yield start
    assert not visitor.notes.errors and not visitor.notes.strangers()


@pytest.fixture
def warm(loaded):
    yield from _lent(loaded)


@pytest.fixture
def exact(loaded_exactly):
    yield from _lent(loaded_exactly)


@pytest.fixture(scope="module")
def python():
    """What the library draws: python(prompt, seed, steps, guidance, negative) -> int [H, W, 3]."""
    from denoised.pipeline import generate, load

    pipe = load(paths.WEIGHTS / "emoji-sd")
    return lambda prompt, **rest: generate(pipe, prompt, **rest).image.astype(int)


def test_recorded_runs_need_no_model(visit):
    """Before anything large is loaded: pictures, steps, words and tensors of recorded runs, and a button with a size."""
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    assert "MB" in page.inner_text(GO)
    assert "Recorded when this site was built" in page.inner_text(".dn-lab__about")
    first = picture(page)
    assert first.std() > 20
    page.get_by_label("Recorded runs").select_option(index=4)
    page.wait_for_function("() => document.querySelector('.dn-lab__about strong').textContent.includes('heart')")
    assert np.abs(picture(page) - first).mean() > 5
    page.get_by_label("Step", exact=True).fill("9")
    middle = picture(page)
    page.get_by_role("group", name="Show where a word was read").get_by_role("button", name="heart").click()
    assert np.abs(picture(page) - middle).mean() > 5
    assert "heart" in page.inner_text(".dn-lab__share") and "%" in page.inner_text(".dn-lab__share")
    assert not models(visitor), "nothing large may be fetched before the reader asks for it"
    assert not visitor.notes.errors and not visitor.notes.strangers()


def test_a_recorded_run_is_what_the_model_draws(visit, python):
    """The run on show is the library's, picture for picture, to within the sheet's compression."""
    page = ready(visit(**DESKTOP))
    shown = picture(page)
    expected = python("red apple, noto style", seed=1, steps=20, guidance=3.0)
    assert np.abs(shown - expected).mean() < 3


def test_exact_weights_draw_python_s_picture(exact, python):
    """A typed prompt, drawn in the browser: no pixel is off by more than 2 of 255 levels."""
    page = exact()
    page.get_by_label("What would you like to see?").fill("Tiger  face")
    page.get_by_label("Style", exact=True).select_option("openmoji")
    page.get_by_label("Steps", exact=True).select_option("10")
    page.get_by_label("Seed", exact=True).fill("6")
    page.get_by_label("Guidance", exact=True).fill("4.5")
    page.locator(".dn-lab__more summary").click()
    page.get_by_label("What it should keep away from").fill("blue")
    shown = draw(page)
    expected = python("tiger face, openmoji style", negative_prompt="blue", seed=6, steps=10, guidance=4.5)
    assert expected.std() > 20, "this compares nothing"
    assert np.abs(shown - expected).max() <= 2
    assert "Drawn in this browser" in page.inner_text(".dn-lab__about")
    query = urlsplit(page.url).query
    assert "seed=6" in query and "steps=10" in query and "style=openmoji" in query and "weights=exact" in query

    page.locator(".dn-lab").get_by_text("Where the time went").click()
    assert "20 calls" in page.inner_text(".dn-lab__times")
    with page.expect_download() as save:
        page.get_by_role("button", name="Settings (JSON)").click()
    settings = json.loads(save.value.path().read_text())
    assert settings["seed"] == 6 and settings["weights"] == "exact" and len(settings["timesteps"]) == 10
    with page.expect_download() as save:
        page.get_by_role("button", name="Picture (PNG)").click()
    assert np.abs(pixels(save.value.path()) - expected).max() <= 2


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def run(code, tmp_path, monkeypatch):
    """What the shown Python draws, int [H, W, 3]; start.png and picture.png lie in tmp_path."""
    for name in ("picture.png", "start.png"):
        code = code.replace(f'"{name}"', repr(str(tmp_path / name)))
    monkeypatch.chdir(paths.ROOT)
    exec(compile(code, "shown.py", "exec"), {"__name__": "__main__"})
    return pixels(tmp_path / "picture.png")


def shown_python(page):
    return page.locator(".dn-lab__report code").text_content()


def draw_as_shown(page, tmp_path, monkeypatch, varied=20):
    """(the picture that the page draws, the Python that it shows); that draws the same picture: no pixel is off by more
    than 2 levels."""
    shown, code = draw(page), shown_python(page)
    expected = run(code, tmp_path, monkeypatch)
    assert expected.std() > varied, "this compares nothing"
    assert np.abs(shown - expected).max() <= 2
    return shown, code


@pytest.mark.parametrize("query, has, steps", [
    ("picture=rocket&prompt=carrot&style=openmoji&noise=4&decoder=openmoji&guidance=4&sampler=dpm-2m",
     ("Img2Img", "strength=0.8", "DPMSolverMultistepScheduler"), "step 2 of 5"),
    ("picture=cat&prompt=tiger+face&negative=blue&noise=5&guidance=1&decoder=plants&sampler=euler",
     ("Img2Img", "strength=1", "tiny", "EulerDiscreteScheduler"), "step 1 of 5"),
    (f"picture=photograph&prompt=cat+face&noise=3&guidance=0.5&sampler=euler-a&mask={'0' * 32}{'0ff0' * 6}{'0' * 8}",
     ("Inpaint", "rows", "EulerAncestral"), "step 3 of 5"),
], ids=["another decoder", "all of the noise", "a part of it"])  # fmt: skip
def test_a_picture_under_noise_is_drawn_as_the_shown_python_draws_it(exact, tmp_path, monkeypatch, query, has, steps):
    """Image to image and inpainting by stock diffusers, with other decoders: no pixel is off by more than 2 levels."""
    page = exact(f"?steps=5&seed=3&{query}")
    assert steps in page.locator(".dn-lab__source output").text_content()
    shown, code = draw_as_shown(page, tmp_path, monkeypatch)
    assert all(word in code for word in has)
    assert "from the" in page.inner_text(".dn-lab__about")
    assert query.split("&")[0] in page.url and "noise=" in page.url
    page.get_by_label("Step", exact=True).press("Home")
    assert steps in page.inner_text(".dn-lab__reading"), "there is nothing before the step at which it began"


@pytest.mark.parametrize("sampler", ["euler-a", "unipc"])
def test_another_sampler_draws_as_the_shown_python_draws_it(exact, tmp_path, monkeypatch, sampler):
    """From noise by stock diffusers with the scheduler of that name: no pixel is off by more than 2 levels."""
    page = exact(f"?steps=4&seed=8&prompt=rocket&sampler={sampler}")
    assert page.get_by_label("Sampler", exact=True).input_value() == sampler
    draw_as_shown(page, tmp_path, monkeypatch)
    named = page.get_by_label("Sampler", exact=True).evaluate("e => e.selectedOptions[0].text")
    assert f"sampler={sampler}" in page.url and f"4 steps of {named}" in page.inner_text(".dn-lab__about")


def test_two_prompts_are_mixed_as_the_shown_python_mixes_them(exact, tmp_path, monkeypatch):
    """Part of the way from one text to another: in the address, in the file, below the picture, and in Python."""
    page = exact("?steps=4&seed=8&prompt=red+apple&second=green+pear&mix=0.6&negative=blue&guidance=2")
    assert page.get_by_label("Mix", exact=True).get_attribute("aria-valuetext") == "60 % of the way to the second"
    shown = draw(page)
    assert "second=green+pear&mix=0.6" in page.url
    assert "“red apple, noto style”, 60 % of the way to “green pear, noto style”" in page.inner_text(".dn-lab__about")
    assert page.locator(".dn-lab__words button").all_inner_texts()[1:4] == ["red + green", "apple + pear", ","]
    code = shown_python(page)
    assert "torch.lerp" in code and np.abs(shown - run(code, tmp_path, monkeypatch)).max() <= 2
    with page.expect_download() as save:
        page.get_by_role("button", name="Settings (JSON)").click()
    settings = json.loads(save.value.path().read_text())
    assert settings["second"] == "green pear, noto style" and settings["mix"] == 0.6
    page.locator(".dn-lab__more summary").click()
    assert page.get_by_label("Mix", exact=True).is_visible()
    page.get_by_label("Second prompt").fill("")
    assert page.get_by_label("Mix", exact=True).is_hidden()
    assert np.abs(draw(page) - shown).mean() > 5 and "second" not in page.url


def test_a_picture_of_one_s_own(exact, tmp_path, monkeypatch):
    """Uploaded, encoded, painted again, drawn on: by the encoder in the page as by Python from the saved start.png."""
    side, wide = np.mgrid[0:300, 0:520]
    source = np.stack([wide % 256, side % 256, (wide // 40 + side // 40) % 2 * 200, np.where(side < 40, 0, 255)], -1)
    Image.fromarray(source.astype(np.uint8)).save(tmp_path / "mine.png")
    page = exact("?steps=5&noise=3&prompt=pizza")
    page.locator(".dn-lab__source summary").first.click()
    page.get_by_label("Or one of your own").set_input_files(tmp_path / "mine.png")
    page.get_by_role("button", name="and encode it").click()
    page.wait_for_function("() => document.querySelector('.dn-lab__source').textContent.includes('levels on average')")
    panels = ".dn-lab__panels--three canvas"
    start, painted = (canvas(page, panels, k) for k in (0, 2))
    assert start[:8].min() == 255, "what is transparent is white paper"
    page.get_by_text("Encode and paint it in Python").click()
    with page.expect_download() as save:
        page.get_by_role("button", name="start.png").click()
    save.value.save_as(tmp_path / "start.png")
    assert np.array_equal(pixels(tmp_path / "start.png"), start)
    again = run(page.locator(".dn-lab__source code").text_content(), tmp_path, monkeypatch)
    assert np.abs(painted - again).max() <= 2 and painted.std() > 20

    shown = draw(page)
    assert "from your picture" in page.inner_text(".dn-lab__about")
    assert np.abs(shown - run(shown_python(page), tmp_path, monkeypatch)).max() <= 2
    assert "start.png" in page.locator(".dn-lab__report").text_content() and "picture=" not in page.url
    before = shown
    page.get_by_label("Painted by").select_option("tiny")
    page.get_by_role("button", name="and paint", exact=False).click()
    page.wait_for_selector(".dn-widget[data-painted=tiny]")
    assert 1 < np.abs(picture(page) - before).mean() < 60
    assert np.abs(picture(page) - run(shown_python(page), tmp_path, monkeypatch)).max() <= 2
    page.get_by_label("Painted by").select_option("base")
    assert np.array_equal(picture(page), before), "what was painted is kept"


def test_a_run_can_be_taken_along_as_a_film(visit):
    """The browser records it; what is saved plays, and is as wide as two pictures."""
    page = ready(visit(**DESKTOP))
    with page.expect_download(timeout=60_000) as save:
        page.get_by_role("button", name="Film").click()
    assert save.value.suggested_filename.endswith(".webm")
    content = save.value.path().read_bytes()
    assert len(content) > 5_000
    size = page.evaluate("""async bytes => { const video = document.createElement('video');
        video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], {type: 'video/webm'}));
        await new Promise((resolve, reject) => { video.onloadeddata = resolve; video.onerror = reject; });
        return [video.videoWidth, video.videoHeight]; }""", list(content))
    assert size == [512, 256]


def test_rounded_weights_draw_nearly_the_same(warm, loaded, site, python):
    """The smaller download stays near what its page says of it, and is not the exact model under another name."""
    numbers = json.loads((site / "assets/figures/tiny/lab/runs.json").read_text())["numbers"]
    shown = draw(warm("?prompt=blue+heart"))
    expected = python("blue heart, noto style", seed=1, steps=20, guidance=3.0)
    apart = np.abs(shown - expected)
    assert 0 < apart.mean() <= numbers["rounded_worst_mean_levels"] + 0.05
    assert any("unet_compact" in url for url in models(loaded))


def test_keyboard_alone_is_enough(warm):
    """Type, Enter; slider by arrows; a word by Space; a cell of the latent zeroed; on from there."""
    page = warm("?steps=8")
    count = times_drawn(page)
    field = page.get_by_label("What would you like to see?")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("pizza")
    page.keyboard.press("Enter")
    drawn(page, count + 1)
    before = picture(page)
    slider = page.get_by_label("Step", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "step 4 of 8" in slider.get_attribute("aria-valuetext")
    word = page.get_by_role("group", name="Show where a word was read").get_by_role("button", name="pizza")
    word.focus()
    page.keyboard.press("Space")
    assert word.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Space")

    page.locator(".dn-lab__bench summary").focus()
    page.keyboard.press("Enter")
    page.locator(".dn-lab__tools input").first.focus()
    page.keyboard.press("ArrowRight")  # from looking to zeroing
    grid = page.locator(".dn-lab__channels")
    grid.focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
    assert "Row 6, column 6: 0.00" in page.inner_text(".dn-lab__numbers")
    assert "cells of this latent are changed" in page.inner_text(".dn-lab__hint")
    page.locator(".dn-lab__onward").focus()
    page.keyboard.press("Enter")
    drawn(page, count + 2)
    assert np.abs(picture(page) - before).max() > 20, "zeroed cells must be seen"
    page.locator(".dn-lab").get_by_text("Show me the Python").click()
    assert "by hand from step 4" in page.inner_text(".dn-lab__report")
    page.locator(".dn-lab__tools input").first.check()


def test_going_on_with_nothing_changed_changes_nothing(warm):
    page = warm("?steps=8")
    before = draw(page)
    assert np.abs(onward(page, 3) - before).max() <= 1


def test_a_part_of_another_run_is_put_in(warm):
    """Cells of a kept run go into the one on show, number by number, and the run goes on with them and says so.
    Late in the run, since both began with the same noise."""
    page = warm("?prompt=red+apple")
    tool = page.get_by_role("radio", name="From the kept run")
    step, records = page.get_by_label("Step", exact=True), page.get_by_label("Recorded runs")
    grid, numbers = page.locator(".dn-lab__channels"), page.locator(".dn-lab__numbers")

    def look(keys):
        for key in keys:
            grid.press(key)
        return numbers.inner_text()

    page.locator(".dn-lab__bench summary").click()
    records.select_option(index=4)
    page.wait_for_function("() => document.querySelector('.dn-lab__about strong').textContent.includes('heart')")
    step.fill("16")
    hearts = look(["ArrowLeft"] * 16 + ["ArrowUp"] * 16 + ["ArrowRight"] * 7 + ["ArrowDown"] * 7)
    page.get_by_role("button", name="Keep this run to take from").click()
    assert tool.is_disabled() and "Kept: “blue heart" in page.inner_text(".dn-lab__kept")
    records.select_option(index=1)
    page.wait_for_function("() => document.querySelector('.dn-lab__about strong').textContent.includes('apple')")
    before = picture(page)
    assert tool.is_disabled(), "a finished latent is changed by nobody"
    step.fill("16")
    tool.check()
    apples, beside = look([]), look(["ArrowRight"] * 2)
    assert hearts.startswith("Row 8, column 8") and hearts != apples
    assert look(["ArrowLeft"] * 2 + ["Space"]) == hearts
    assert look(["ArrowRight"] * 2) == beside
    assert "9 cells of this latent are changed" in page.inner_text(".dn-lab__hint")
    look(["Space", "ArrowRight", "Space", "ArrowRight", "Space"])
    assert np.abs(draw(page, ".dn-lab__onward") - before).mean() > 1
    assert "some of them from “blue heart, noto style”" in page.locator(".dn-lab__report").text_content()
    with page.expect_download() as save:
        page.get_by_role("button", name="Settings (JSON)").click()
    assert json.loads(save.value.path().read_text())["changed"]["other"]["prompt"] == "blue heart, noto style"
    page.get_by_label("Steps", exact=True).select_option("8")
    draw(page)
    step.fill("1")
    assert tool.is_disabled() and "has no latent at t = 874" in page.inner_text(".dn-lab__kept")
    page.locator(".dn-lab__tools input").first.check()


def test_a_recorded_run_goes_on_with_other_words(warm):
    """The reader's words enter at a step of a run that was recorded on another machine."""
    page = warm("?prompt=blue+heart")
    before = picture(page)
    assert np.abs(onward(page, 2) - before).mean() > 10
    assert "heart" in page.inner_text(".dn-lab__about")


def test_it_redraws_while_words_are_typed(warm, loaded):
    """A pause draws a sketch, more words end it; the last one is what its settings draw at a press of the button."""
    page = warm("?prompt=cat&steps=8&guidance=4")
    field = page.get_by_label("What would you like to see?")
    done = "() => Number(document.querySelector('.dn-widget[data-widget=lab]').dataset.sketched || 0)"
    page.get_by_label("Redraw as I type").check()
    page.wait_for_function(f"() => ({done})() === 1", timeout=MINUTES)
    assert "A quick sketch while you typed" in page.inner_text(".dn-lab__about")
    assert "4 steps of UniPC, in" in page.inner_text(".dn-lab__sketch")
    cat, top = canvas(page, ".dn-lab__sketch canvas"), page.evaluate("scrollY")
    assert np.array_equal(cat, picture(page)) and "typing=1" in page.url

    page.evaluate("""() => { // whoever types on at the very moment when a sketch has begun
        const field = document.querySelector('#dn-lab-prompt'), about = document.querySelector('.dn-lab__about');
        const write = text => { field.value = text; field.dispatchEvent(new Event('input', { bubbles: true })); };
        const seen = new MutationObserver(() => {
            if (!about.textContent.includes('cat face')) return;
            seen.disconnect();
            write('piz');
            setTimeout(() => write('pizza'), 100);
        });
        seen.observe(about, { childList: true, subtree: true });
    }""")
    field.press("End")
    page.keyboard.type(" face")
    page.wait_for_function(f"() => ({done})() === 2", timeout=MINUTES)
    page.wait_for_timeout(500)
    assert page.evaluate(done) == 2, "that of the cat's face was ended, and that of half a pizza never begun"
    assert page.evaluate("scrollY") == top, "nobody is taken away from typing"
    assert "pizza" in page.inner_text(".dn-lab__about") and "prompt=pizza" in page.url
    sketched = canvas(page, ".dn-lab__sketch canvas")
    assert np.abs(sketched - cat).mean() > 5
    page.get_by_label("Step", exact=True).fill("2")
    page.locator(".dn-lab__bench summary").click()
    field.fill("blue heart")
    assert "Waits while you are at a step" in page.inner_text(".dn-lab__sketch")
    page.wait_for_timeout(500)
    assert page.evaluate(done) == 2 and "from step 3" in page.inner_text(".dn-lab__onward"), "the words may be for that"
    field.fill("pizza")
    page.get_by_label("Redraw as I type").uncheck()
    assert page.locator(".dn-lab__sketch canvas").is_hidden()
    page.get_by_label("Steps", exact=True).select_option("4")
    page.locator(".dn-lab__more summary").click()
    page.get_by_label("Sampler", exact=True).select_option("unipc")
    assert np.array_equal(draw(page), sketched)
    assert "Drawn in this browser" in page.inner_text(".dn-lab__about")


def test_nothing_is_loaded_because_of_typing(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor, "?typing=1")
    assert page.get_by_label("Redraw as I type").is_checked()
    page.get_by_label("What would you like to see?").fill("cat")
    assert "Begins when the model is loaded" in page.inner_text(".dn-lab__sketch")
    page.wait_for_timeout(600)
    assert not models(visitor) and not visitor.notes.errors


@pytest.mark.alone
def test_it_stops_when_asked_to_and_the_page_stays_awake(warm):
    page = warm("?steps=4")
    page.get_by_label("Steps", exact=True).select_option("50")
    page.evaluate("""() => { window.gaps = []; let last = performance.now();
        window.beat = setInterval(() => { const now = performance.now(); gaps.push(now - last); last = now; }, 10); }""")
    page.click(GO)
    begun = "() => document.querySelector('.dn-lab__told').textContent.startsWith('Step 6')"
    page.wait_for_function(begun, timeout=MINUTES)
    assert page.inner_text(GO) == "Stop"
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__told').textContent === 'Stopped.'", timeout=MINUTES)
    gaps = sorted(page.evaluate("gaps"))
    assert len(gaps) > 20
    assert gaps[int(0.95 * len(gaps))] < 100, "the page was not free while the model worked"
    assert page.inner_text(GO) == "Draw"
    page.get_by_label("Steps", exact=True).select_option("2")
    draw(page)


def test_a_download_can_be_stopped_and_begun_again(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor, "?steps=2")
    held = []
    page.route("**/*unet_compact.onnx", lambda route: held.append(route))
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__go').textContent === 'Stop'")
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__trouble').textContent.includes('stopped')")
    assert "MB" in page.inner_text(GO)
    page.unroute("**/*unet_compact.onnx")
    draw(page)
    assert page.inner_text(TROUBLE) == ""


BAD = {
    "": "There are no words yet",
    "   \n ": "There are no words yet",
    "x" * 10_000: "10,000 characters",
}
ODD = {
    "🍎": "is no word to this model",
    "تفاحة حمراء": "meaningless bytes",
    "<b onmouseover=alert(1)>apple</b>": "Markup has no meaning",
    "a xylophagous antidisestablishmentarian": "in pieces",
    "very " * 60: "cut off",
}


@pytest.mark.parametrize("text", BAD, ids=["empty", "blank", "endless"])
def test_what_cannot_be_drawn_is_said(visit, text):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    field = page.get_by_label("What would you like to see?")
    field.fill(text)
    page.click(GO)
    assert BAD[text] in page.inner_text(TROUBLE)
    assert field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("e => e === document.activeElement")
    field.fill("apple")
    assert page.inner_text(TROUBLE) == ""
    assert not models(visitor) and not visitor.notes.errors


def test_odd_words_are_drawn_and_explained(warm):
    """Emoji, another script, markup, unknown words, too many words: a sentence for each, and a picture all the same."""
    page = warm("?steps=1")
    for text, sentence in ODD.items():
        page.get_by_label("What would you like to see?").fill(text)
        page.wait_for_function("s => document.querySelector('.dn-lab__advice').textContent.includes(s)", arg=sentence)
        draw(page)
    assert page.locator(".dn-lab b").count() == 0, "markup must stay text"


def test_seeds_out_of_range_are_said(visit):
    page = ready(visit(**DESKTOP))
    for seed in ("-1", "1.5", "4294967296", "seven", ""):
        page.get_by_label("Seed", exact=True).fill(seed)
        page.click(GO)
        assert "from 0 to 4,294,967,295" in page.inner_text(TROUBLE), seed


def test_a_line_that_breaks_is_said_and_a_second_try_works(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor, "?steps=2")
    page.route("**/*unet_compact.onnx", lambda route: route.abort("connectionreset"))
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__trouble').textContent", timeout=MINUTES)
    assert "try again" in page.inner_text(TROUBLE)
    assert "MB" in page.inner_text(GO)
    page.unroute("**/*unet_compact.onnx")
    draw(page)
    assert page.inner_text(TROUBLE) == ""


def test_pictures_of_the_site_need_no_model(visit):
    """At once, on a phone too: the picture, its latent, what each decoder paints of it, noise, a mask by touch."""
    visitor = visit(**PHONE)
    page = ready(visitor)
    page.locator(".dn-lab__source summary").first.tap()
    page.get_by_role("group", name="Pictures to begin with").get_by_role("button", name="rocket").tap()
    page.wait_for_selector(".dn-lab__masking")
    panels = ".dn-lab__panels--three canvas"
    own = canvas(page, panels, 2)
    assert canvas(page, panels, 1).shape == (16, 16, 3)
    assert 1 < np.abs(own - canvas(page, panels, 0)).mean() < 15, "painted from the latent, and well"
    page.get_by_label("Painted by").select_option("plants")
    assert np.abs(canvas(page, panels, 2) - own).mean() > 3
    noisy = canvas(page, ".dn-lab__masking canvas")
    page.get_by_label("Noise on it", exact=True).fill("2")
    assert "step 19 of 20" in page.inner_text(".dn-lab__source output")
    assert np.abs(canvas(page, ".dn-lab__masking canvas") - noisy).mean() > 10
    assert "Nothing is marked" in page.inner_text(".dn-lab__marks")
    page.locator(".dn-lab__masking").tap()
    assert page.inner_text(".dn-lab__marks").startswith("9 of 256")
    page.locator(".dn-lab__masking").press("ArrowUp")
    page.keyboard.press("Space")
    assert page.inner_text(".dn-lab__marks").startswith("12 of 256")
    page.get_by_label("Brush takes marks away").check()
    page.keyboard.press("Tab")
    page.locator(".dn-lab__masking").press("Space")
    assert page.inner_text(".dn-lab__marks").startswith("3 of 256")
    page.get_by_role("button", name="Whole picture anew").tap()
    assert "Nothing is marked" in page.inner_text(".dn-lab__marks")
    assert "MB" in page.inner_text(GO) and "from the picture" in page.inner_text(GO)
    assert not models(visitor) and not visitor.notes.errors


def png_of(wide, high):
    """A small file of a picture with very many pixels, all of them white."""
    rows = zlib.compress(b"\0" * (high * (1 + -(-wide // 8))), 9)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", wide, high, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="400" height="200">
<script>parent.document.title = "taken"; document.title = "taken"</script><rect width="400" height="100" fill="#f00"/>
<image width="9" height="9" href="https://example.org/spy.png" xlink:href="https://example.org/spy.png"/></svg>"""


def test_pictures_that_cannot_be_taken_are_said(visit):
    """Sixty megapixels, a broken file, one cut short, no picture, an empty file, too large a file: a sentence, no more."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)).save(file, "JPEG")
    bad = {
        "huge.png": (png_of(10_000, 6_000), "10,000 × 6,000 pixels"),
        "broken.png": (b"\x89PNG\r\n\x1a\n" + bytes(500), "cannot be read as a picture"),
        "cut.png": (png_of(400, 400)[:60], "cannot be read as a picture"),
        "cut.jpg": (file.getvalue()[:9000], "cannot be read as a picture"),
        "words.jpg": (b"not a picture", "cannot be read as a picture"),
        "empty.png": (b"", "cannot be read as a picture"),
    }
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    page.locator(".dn-lab__source summary").first.click()
    for name, (content, words) in bad.items():
        page.get_by_label("Or one of your own").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
        said = "s => document.querySelector('.dn-lab__refusal').textContent.includes(s)"
        page.wait_for_function(said, arg=words)
        assert page.locator(".dn-lab__panels--three").is_hidden()
    page.evaluate("""() => { const heavy = new DataTransfer(), field = document.querySelector('#dn-lab-file');
        heavy.items.add(new File([new Uint8Array(41e6)], 'heavy.jpg', { type: 'image/jpeg' }));
        field.files = heavy.files;
        field.dispatchEvent(new Event('change')); }""")
    page.wait_for_function(said, arg="41 MB")
    page.get_by_label("Or one of your own").set_input_files(
        {"name": "good.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    page.wait_for_selector(".dn-lab__panels--three")
    assert page.inner_text(".dn-lab__refusal") == ""
    assert "not encoded yet" in page.inner_text(".dn-lab__panels--three") and not models(visitor)
    assert not visitor.notes.errors

    page.get_by_label("Or one of your own").set_input_files(
        {"name": "drawing.svg", "mimeType": "image/svg+xml", "buffer": SVG})
    page.wait_for_function("""() => { const c = document.querySelector('.dn-lab__panels--three canvas');
        return c.getContext('2d').getImageData(64, 20, 1, 1).data.join() === '255,0,0,255'; }""")
    drawing = canvas(page, ".dn-lab__panels--three canvas")
    assert (drawing[100, 64] == 255).all() and drawing.shape == (128, 128, 3), "its middle square, on white"
    assert page.inner_text(".dn-lab__refusal") == "" and page.title() != "taken" and not visitor.notes.strangers()
    page.get_by_label("Or one of your own").set_input_files(
        {"name": "broken.svg", "mimeType": "image/svg+xml", "buffer": SVG[:120]})
    page.wait_for_function(said, arg="cannot be read as a picture")
    page.get_by_label("Or one of your own").set_input_files(
        {"name": "good.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    page.wait_for_selector(".dn-lab__panels--three")

    page.route("**/*encoder_exact.onnx", lambda route: route.fulfill(body="<html>gateway</html>"))
    page.get_by_role("button", name="and encode it").click()
    page.wait_for_function(said, arg="could not be run here")
    page.get_by_role("group", name="Pictures to begin with").get_by_role("button", name="apple").click()
    assert "levels on average" in page.inner_text(".dn-lab__panels--three"), "the page lives on"


def test_another_decoder_is_loaded_alone(visit):
    """A recorded run painted anew: the decoder and the runtime come, no U-Net; the recorded pictures come back."""
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    recorded = picture(page)
    page.get_by_label("Painted by").select_option("tiny")
    button = page.locator(".dn-lab__painter button")
    assert "MB" in button.inner_text() and not models(visitor)
    assert "not painted yet" in page.inner_text(".dn-lab__stage")
    button.click()
    page.wait_for_selector(".dn-widget[data-painted=tiny]", timeout=MINUTES)
    assert 1 < np.abs(picture(page) - recorded).mean() < 40
    assert {url.rsplit("/", 1)[1] for url in models(visitor)} == {"graphs.tiny_exact.onnx", "ort-wasm-simd-threaded.wasm"}
    page.get_by_label("Painted by").select_option("base")
    assert np.array_equal(picture(page), recorded)
    assert not visitor.notes.errors


def test_the_words_can_be_read_without_a_picture(visit):
    """The text encoder comes alone; every number of every token is within reach, and is the one that torch gives it."""
    import torch

    from denoised.pipeline import encode_prompts, load

    visitor = visit(**PHONE)
    page = ready(visitor, "?prompt=Red+apple")
    page.get_by_label("Download", exact=True).select_option("exact")
    page.locator(".dn-lab__states summary").click()
    assert not models(visitor)
    page.get_by_role("button", name="and read the words").click()
    grid = page.locator(".dn-lab__vectors")
    grid.wait_for(timeout=MINUTES)
    assert {url.rsplit("/", 1)[1] for url in models(visitor)} == {"graphs.text_exact.onnx", "ort-wasm-simd-threaded.wasm"}
    tokens = [text.replace("padding × ", "") for text in page.locator(".dn-lab__token").all_inner_texts()]
    assert tokens == ["start", "red", "apple", ",", "noto", "style", "end", "25"]

    def shown():
        return page.inner_text(".dn-lab__place").replace("\u2212", "-")

    with torch.no_grad():
        states = encode_prompts(load(paths.WEIGHTS / "emoji-sd"), ["red apple, noto style"]).states[0].numpy()
    grid.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert f"“apple”, number 4 of {states.shape[1]}: {states[2, 3]:.2f}" in shown()
    padding = page.locator(".dn-lab__strip canvas").last
    box = padding.bounding_box()
    padding.tap(position={"x": box["width"] - 1, "y": box["height"] - 1})
    assert f"“padding 25”, number {states.shape[1]} of" in shown() and f": {states[-1, -1]:.2f}" in shown()
    assert f"{np.linalg.norm(states[-1]):.1f} long" in shown()
    page.get_by_label("What would you like to see?").fill("pizza")
    page.wait_for_function("() => document.querySelector('.dn-lab__vectors').textContent.includes('pizza')")
    assert not visitor.notes.errors


def test_a_damaged_file_is_said(visit):
    page = ready(visit(**DESKTOP))
    page.route("**/*decoder_exact.onnx", lambda route: route.fulfill(body="<html>gateway</html>"))
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__trouble').textContent", timeout=MINUTES)
    assert "could not be run here" in page.inner_text(TROUBLE)
    assert "Recorded" in page.inner_text(".dn-lab__about")


def test_a_device_without_memory_is_told_so(visit):
    """The runtime asks the browser for more than it can give, in the midst of loading: one sentence, what is there is
    given back, the recorded runs stay, and once there is room the next press draws."""
    page = ready(visit(**DESKTOP), "?steps=1")
    greedy = """export const env = { wasm: {} };
        export class Tensor {}
        const create = bytes => (bytes.length < 2e7 ? {} : new ArrayBuffer(Number.MAX_SAFE_INTEGER));
        export const InferenceSession = { create: async bytes => create(bytes) };"""
    script = "**/ort.wasm.bundle.min.mjs"
    page.route(script, lambda route: route.fulfill(body=greedy, content_type="text/javascript"))
    cost = page.inner_text(GO)
    page.click(GO)
    page.wait_for_function("() => document.querySelector('.dn-lab__trouble').textContent", timeout=MINUTES)
    assert page.inner_text(TROUBLE).startswith("This device has not enough free memory for the model.")
    assert page.inner_text(GO) == cost and "Recorded" in page.inner_text(".dn-lab__about")
    page.unroute(script)
    draw(page)
    assert page.inner_text(TROUBLE) == ""


def test_without_webassembly_the_recorded_runs_stay(visit):
    visitor = visit(**DESKTOP)
    visitor.context.add_init_script("delete window.WebAssembly")
    page = visitor.open(PATH)
    page.locator(".dn-widget[data-widget=lab]").scroll_into_view_if_needed()
    page.wait_for_selector(READY, timeout=MINUTES)
    assert "cannot run WebAssembly" in page.inner_text(TROUBLE)
    assert page.locator(GO).is_disabled()
    page.get_by_label("Step", exact=True).fill("5")
    assert "step 6 of 20" in page.inner_text(".dn-lab__reading")
    assert not visitor.notes.errors


def test_without_scripts_the_still_picture_stands_there(visit):
    visitor = visit(**DESKTOP, java_script_enabled=False)
    visitor.page.goto(visitor.base + PATH, wait_until="load")
    still = visitor.page.locator(".dn-widget[data-widget=lab] .dn-light img")
    assert still.is_visible() and "recorded runs" in still.get_attribute("alt")


def test_offline_after_the_first_load(visit):
    """Loaded once; then the network goes, the page comes back, and another picture is drawn."""
    visitor = visit(service_workers="allow", **DESKTOP)
    page = ready(visitor, "?steps=2")
    page.wait_for_function("() => document.documentElement.dataset.offline !== undefined", timeout=MINUTES)
    draw(page)
    page.wait_for_function("""async () => {
        const cache = await caches.open((await caches.keys())[0]);
        return (await cache.keys()).filter(r => r.url.endsWith('.onnx') || r.url.endsWith('.wasm')).length === 4;
    }""", timeout=MINUTES)
    visitor.context.set_offline(True)
    page = ready(visitor, "?steps=2&prompt=cat+face")
    assert draw(page).std() > 20


def test_the_footer_s_button_leaves_the_model_alone(visit, site):
    listed = json.loads((site / "offline.json").read_text())["files"]
    kinds = {path: kind for path, _, _, kind, *_ in listed}
    large = [path for path in kinds if path.endswith((".onnx", ".wasm"))]
    assert len(large) >= 11
    assert {kinds[path] for path in large} == {"model"}
    small = ("runs.r0.latents.i16", "pictures.latents.f32", "pictures.starts.webp")
    assert {kinds[f"assets/figures/tiny/lab/{name}"] for name in small} == {"picture"}


def test_a_link_of_the_page_sets_the_form(visit):
    page = ready(visit(**DESKTOP))
    page.get_by_role("link", name="Guidance at its highest.").click()
    assert page.get_by_label("Guidance", exact=True).input_value() == "12"
    assert page.locator(GO).evaluate("e => e === document.activeElement")
    assert page.locator(READY).count() == 1, "the page was left"


def test_a_tour_goes_step_by_step(visit):
    """At most six steps a tour, each of settings that exist; forward, back, to its end, and away, by keyboard."""
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    tours = page.evaluate("""async () => {
        const { fromAddress } = await import('../javascripts/lab/state.js');
        const read = name => fetch(`../assets/figures/tiny/lab/${name}.data.json`).then(r => r.json());
        const [of, starts] = await Promise.all([read('graphs'), read('pictures')]);
        const names = list => list.map(one => one.name);
        const known = { styles: of.styles, decoders: names(of.decoders), pictures: names(starts.pictures), cells: 256 };
        return [...document.querySelectorAll('.dn-tours ol')].map(list => [...list.children].map(item => {
            const { search } = item.querySelector('a'), state = fromAddress(search, known);
            return [...new URLSearchParams(search)].map(([name, value]) => [value, String(state[name])]);
        }));
    }""")
    assert len(tours) >= 4
    for tour in tours:
        assert 1 < len(tour) <= 6
        assert all(asked == set_to for step in tour for asked, set_to in step)
    page.get_by_role("link", name="Encode and paint.").focus()
    page.keyboard.press("Enter")
    bar, following = page.get_by_role("region", name="Guided tour"), page.get_by_role("button", name="Next step")
    assert "step 1 of 5" in bar.inner_text() and following.evaluate("e => e === document.activeElement")
    for _ in range(4):
        page.keyboard.press("Enter")
    assert "step 5 of 5" in bar.inner_text() and following.is_disabled()
    assert page.get_by_label("Painted by").input_value() == "tiny"
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_selector(".dn-widget[data-picture=rocket]")
    assert page.get_by_label("Painted by").input_value() == "plants"
    page.get_by_role("button", name="End the tour").click()
    assert bar.is_hidden() and not models(visitor) and not visitor.notes.errors


def test_touch_on_a_small_phone(visit):
    visitor = visit(**PHONE)
    page = ready(visitor, "?steps=2")
    page.locator(GO).tap()
    drawn(page, 1)
    page.locator(".dn-lab__words button").nth(1).tap()
    assert page.locator(".dn-lab__words button").nth(1).get_attribute("aria-pressed") == "true"
    page.locator(".dn-lab__bench summary").tap()
    page.get_by_label("Step", exact=True).fill("0")
    page.locator(".dn-lab__tools label").nth(1).tap()
    cell = page.locator(".dn-lab__cell canvas").first
    cell.scroll_into_view_if_needed()
    cell.tap()
    assert "cells of this latent are changed" in page.inner_text(".dn-lab__hint")
    page.evaluate("document.querySelectorAll('.dn-lab details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = page.evaluate("""() => { const box = document.querySelector('.dn-lab').getBoundingClientRect();
        return [...document.querySelectorAll('.dn-lab *')].filter(e => e.checkVisibility() && !e.closest('pre')
            && e.getBoundingClientRect().right > box.right + 1).map(e => e.outerHTML.slice(0, 80)); }""")
    assert not wide
    assert not visitor.notes.errors


def test_reduced_motion_goes_step_by_step(visit):
    page = ready(visit(**DESKTOP, reduced_motion="reduce"))
    play = page.locator(".dn-lab__play")
    assert play.inner_text() == "Start again"
    play.click()
    assert "step 1 of 20" in page.inner_text(".dn-lab__reading")
    play.click()
    page.wait_for_timeout(500)
    assert "step 2 of 20" in page.inner_text(".dn-lab__reading")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_use(warm, loaded, axe, scheme):
    """After a draw from a picture, with everything open, a mask, and sentences about odd words on show."""
    loaded.prefer(scheme)
    page = warm(f"?steps=2&picture=cat&second=dog&mask={'f' * 32}{'0' * 32}")
    draw(page)
    page.get_by_label("Redraw as I type").check()
    page.get_by_label("What would you like to see?").fill("xylophagous 🍎 " + "very " * 40)
    page.wait_for_selector(".dn-lab__advice p")
    page.evaluate("document.querySelectorAll('.dn-lab details').forEach(d => { d.open = true; })")
    page.wait_for_selector(".dn-lab__vectors canvas")
    page.wait_for_selector(".dn-lab__sketch canvas")
    page.get_by_role("button", name="Keep this run").click()
    page.get_by_label("Step", exact=True).fill("1")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false}).then(r => r.violations)")
    page.get_by_label("Redraw as I type").uncheck()
    assert not found, "\n".join(f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found)
