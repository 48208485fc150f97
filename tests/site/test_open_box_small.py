"""The open box with the small transformer: the least that a reader's browser has to load to draw."""

import gzip
import re

import numpy as np
import pytest
from test_open_box import GO, MINUTES, begin_again, draw, draw_as_shown, models, picture, ready
from visiting import DESKTOP, Visitor

from denoised import paths

MOST = 14e6  # bytes that come over the line before the first picture: runtime, text encoder, network, decoder
ASKED = (
    "?prompt=tiger+face&seed=8&net=small",
    "?prompt=tiger+face&negative=red&second=red+apple&mix=0.3&seed=9&steps=8&guidance=2&net=small&sampler=unipc",
    "?prompt=tiger+face&picture=cat&noise=3&seed=3&steps=4&net=small&decoder=tiny",
)


@pytest.mark.parametrize("asked", ASKED)
def test_exact_weights_draw_the_shown_python_s_picture(visit, tmp_path, monkeypatch, asked):
    """By the stock pipeline with the small transformer in it: no pixel is off by more than 2 levels."""
    page = ready(visit(**DESKTOP), f"{asked}&weights=exact")
    _, code = draw_as_shown(page, tmp_path, monkeypatch, varied=10)
    assert "small.put_into(pipe" in code
    assert "by the small transformer" in page.inner_text(".dn-lab__about")


@pytest.fixture(scope="module")
def loaded(browser, base):
    visitor = Visitor(browser, base, **DESKTOP)
    page = ready(visitor, "?prompt=tiger+face&seed=8&net=small&decoder=tiny")
    draw(page)
    yield visitor, page
    visitor.context.close()


def test_a_first_picture_takes_little_over_the_line(loaded, site):
    """What was fetched for it, squeezed where a host would squeeze it, as those of pages do."""
    visitor, _ = loaded
    fetched = [site / url.removeprefix(visitor.base) for url in models(visitor)]
    names = sorted(file.name.removeprefix("graphs.") for file in fetched)
    assert names == ["ort-wasm-simd-threaded.wasm", "small_compact.onnx", "text_compact.onnx", "tiny_exact.onnx"]
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in fetched) < MOST
    assert sum(file.stat().st_size for file in fetched if file.suffix == ".onnx") < 10e6


def test_it_learned_four_steps_without_guidance(loaded):
    _, page = loaded
    about = page.inner_text(".dn-lab__about")
    assert "4 steps of DDIM by the small transformer, guidance 1" in about
    page.locator(".dn-lab").get_by_text("Where the time went").click()
    assert "small transformer" in page.inner_text(".dn-lab__times") and "4 calls" in page.inner_text(".dn-lab__times")


def test_it_shows_which_words_it_reads(loaded):
    _, page = loaded
    page.locator(".dn-lab__words button", has_text="tiger").click()
    assert "of their attention to the prompt" in page.inner_text(".dn-lab")
    page.locator(".dn-lab__states summary").click()
    page.locator(".dn-lab__states").get_by_text("given the first 24 of them").wait_for(timeout=MINUTES)


def test_a_reader_without_an_address_begins_with_it(visit):
    """One press, and each pause in typing brings a picture; the button says what comes over the line."""
    page = ready(visit(**DESKTOP), "")
    assert page.input_value("#dn-lab-net") == "small" and page.input_value("#dn-lab-prompt") == "red apple"
    assert "finished picture" in page.inner_text(".dn-lab__panel--prediction"), "a recorded run comes painted"
    said = float(re.search(r"\((\d+) MB\)", page.inner_text(GO))[1])
    assert 10 < said <= MOST / 1e6
    assert f"{said:.0f} MB" in page.inner_text("#dn-lab-weights option:checked")
    first = draw(page)
    page.get_by_label("What would you like to see?").fill("green pear")
    page.wait_for_selector(".dn-widget[data-sketched='1']", timeout=MINUTES)
    assert np.abs(picture(page) - first).mean() > 5
    assert "net=small" in page.url and "typing=1" in page.url
    begin_again(page, "?prompt=red+apple")
    assert page.input_value("#dn-lab-net") == "" and "MB more" not in page.inner_text(GO)
    assert float(re.search(r"(\d+) MB", page.inner_text(GO))[1]) > said, "the U-Net is larger"


def test_its_weights_are_one_file(site):
    """Kept as whole numbers, and so no larger than a byte each and a little."""
    from denoised import rounding
    from denoised.models import small

    net = small.load(paths.WEIGHTS / "small")
    parameters = sum(p.numel() for p in net.parameters())
    assert (paths.WEIGHTS / "small" / rounding.FILE).stat().st_size < 1.05 * parameters
    graph = site / "assets" / "figures" / "tiny" / "lab" / "graphs.small_compact.onnx"
    assert graph.stat().st_size < 1.15 * parameters
