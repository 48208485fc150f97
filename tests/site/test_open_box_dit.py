"""The open box with a transformer in the U-Net's place: the same picture as in Python, with all that a U-Net can do."""

import numpy as np
import pytest
from test_open_box import draw, draw_as_shown, models, ready
from visiting import DESKTOP, Visitor

NETS = "Drawn by"
ASKED = (
    "?prompt=tiger+face&seed=8&steps=5&net=dit",
    "?prompt=tiger+face&negative=red&second=red+apple&mix=0.3&seed=9&steps=4&net=dit&sampler=unipc&decoder=noto",
    f"?prompt=tiger+face&negative={'+'.join(['red', 'blue', 'green'] * 14)}&seed=9&steps=4&net=dit",
    "?prompt=tiger+face&picture=cat&noise=3&seed=3&steps=5&guidance=1&net=dit",
)


@pytest.mark.parametrize("asked", ASKED)
def test_exact_weights_draw_the_shown_python_s_picture(visit, tmp_path, monkeypatch, asked):
    """By the stock pipeline with the transformer in it: no pixel is off by more than 2 levels."""
    page = ready(visit(**DESKTOP), f"{asked}&weights=exact")
    _, code = draw_as_shown(page, tmp_path, monkeypatch, varied=10)
    assert "dit.put_into(pipe" in code
    assert "by the transformer" in page.inner_text(".dn-lab__about")


@pytest.fixture(scope="module")
def loaded(browser, base):
    """A visitor with the rounded model, and the transformer's picture."""
    visitor = Visitor(browser, base, **DESKTOP)
    page = ready(visitor, "?prompt=tiger+face&seed=8&steps=4&net=dit")
    yield visitor, page, draw(page)
    visitor.context.close()


def test_it_comes_without_the_u_net(loaded):
    visitor, page, _ = loaded
    fetched = [url.rpartition("graphs.")[2] for url in models(visitor) if "graphs." in url]
    assert sorted(fetched) == ["decoder_exact.onnx", "dit_compact.onnx", "text_compact.onnx"]
    page.locator(".dn-lab").get_by_text("Where the time went").click()
    assert "transformer" in page.inner_text(".dn-lab__times")


def test_it_shows_which_words_it_reads(loaded):
    _, page, _ = loaded
    word = page.locator(".dn-lab__words button", has_text="tiger")
    word.click()
    assert "of their attention to the prompt" in page.inner_text(".dn-lab")
    word.click()  # and the picture stands there unveiled


def test_it_and_the_u_net_draw_two_pictures_and_both_come_back(loaded):
    _, page, first = loaded
    page.get_by_label(NETS, exact=True).select_option("")
    page.get_by_label("Steps", exact=True).select_option("4")
    assert np.abs(draw(page) - first).mean() > 5 and "net=" not in page.url
    page.get_by_label(NETS, exact=True).select_option("dit")
    page.get_by_label("Steps", exact=True).select_option("4")
    assert np.array_equal(draw(page), first) and "net=dit" in page.url
