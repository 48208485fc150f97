"""The open box with the four-step adapter: a small file more, the same picture as in Python, quick sketches."""

import numpy as np
import pytest
from test_open_box import canvas, draw, draw_as_shown, models, ready
from visiting import DESKTOP, Visitor

NETS = "Drawn by"
SKETCHED = "() => Number(document.querySelector('.dn-widget[data-widget=lab]').dataset.sketched || 0)"
MINUTES = 180_000


@pytest.fixture(scope="module")
def loaded(browser, base):
    """A visitor with the rounded model, adapter and all, and the picture that it drew first."""
    visitor = Visitor(browser, base, **DESKTOP)
    page = ready(visitor, "?prompt=rocket&seed=8&net=fast")
    yield visitor, page, draw(page)
    visitor.context.close()


def test_exact_weights_draw_the_shown_python_s_picture(visit, tmp_path, monkeypatch):
    """By stock diffusers with the adapter added to the weights: no pixel is off by more than 2 levels."""
    page = ready(visit(**DESKTOP), "?prompt=tiger+face&seed=8&net=fast&weights=exact&decoder=noto")
    _, code = draw_as_shown(page, tmp_path, monkeypatch)
    assert "lora_A" in code and "guidance_scale=1," in code and "num_inference_steps=4," in code
    assert "4 steps of DDIM by the four-step adapter, guidance 1" in page.inner_text(".dn-lab__about")
    page.locator(".dn-lab").get_by_text("Where the time went").click()
    assert "for 4 calls" in page.inner_text(".dn-lab__times"), "the network is asked once a step"


def test_it_comes_with_the_u_net_in_one_download_and_later_alone(loaded, visit):
    visitor, page, _ = loaded
    fetched = [url.rpartition("graphs.")[2] for url in models(visitor) if "graphs." in url]
    assert sorted(fetched) == ["adapter_compact.onnx", "decoder_exact.onnx", "text_compact.onnx", "unet_compact.onnx"]
    page.get_by_label(NETS, exact=True).select_option("")
    steps, guidance = (page.locator(f"#dn-lab-{name}").input_value() for name in ("steps", "guidance"))
    assert (steps, guidance) == ("20", "3"), "what one begins with goes with the U-Net"
    told = page.inner_text(".dn-lab__go")
    assert told.startswith("Load the model (2"), "nobody keeps its bytes for sure here, so they are counted again"
    page.get_by_label(NETS, exact=True).select_option("fast")
    assert page.locator("#dn-lab-steps").input_value() == "4"
    assert "Learned to draw in four steps" in page.inner_text(".dn-lab__form")

    other = ready(visit(service_workers="allow", **DESKTOP), "?prompt=rocket&steps=1&guidance=1&decoder=tiny")
    other.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=MINUTES)
    draw(other)
    other.get_by_label(NETS, exact=True).select_option("fast")
    assert other.inner_text(".dn-lab__go").startswith("Load 2."), "megabytes; the rest is kept"


def test_with_it_and_without_are_two_pictures_and_both_come_back(loaded):
    _, page, first = loaded
    page.get_by_label(NETS, exact=True).select_option("")
    page.get_by_label("Steps", exact=True).select_option("4")
    page.get_by_label("Guidance", exact=True).fill("1")
    plain = draw(page)
    assert np.abs(plain - first).mean() > 5 and "net=" not in page.url
    page.get_by_label(NETS, exact=True).select_option("fast")
    assert np.array_equal(draw(page), first) and "net=fast" in page.url


def test_a_sketch_is_its_four_steps(loaded):
    _, page, first = loaded
    before = page.evaluate(SKETCHED)
    page.get_by_label("Redraw as I type").check()
    page.wait_for_function(f"n => ({SKETCHED})() > n", arg=before, timeout=MINUTES)
    page.get_by_label("What would you like to see?").fill("rocket ")
    page.wait_for_function(f"n => ({SKETCHED})() > n", arg=before + 1, timeout=MINUTES)
    assert "4 steps of DDIM by the four-step adapter, in" in page.inner_text(".dn-lab__sketch")
    assert np.array_equal(canvas(page, ".dn-lab__sketch canvas"), first)
    page.get_by_label("Redraw as I type").uncheck()


def test_an_address_may_ask_for_other_steps(visit):
    page = ready(visit(**DESKTOP), "?prompt=cat&net=fast&steps=8&guidance=2")
    found = [page.locator(f"#dn-lab-{name}").input_value() for name in ("net", "steps", "guidance", "sampler")]
    assert found == ["fast", "8", "2", "ddim"]
    assert page.locator("#dn-lab-net").is_visible() and "four steps" in page.inner_text("#dn-lab-net-says")
    page = ready(visit(**DESKTOP), "?prompt=cat&net=toString")
    assert page.locator("#dn-lab-net").input_value() == ""
