"""The open box on a graphics card, here on one that Chromium imitates (SwiftShader): slow, and the same picture."""

import numpy as np
import pytest
from test_open_box import draw, ready
from visiting import DESKTOP, Visitor

IMITATED = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
# An imitated card says so of itself, and is not offered then.
TAKEN_FOR_REAL = """for (const of of [GPUAdapterInfo, GPUAdapter])
    Object.defineProperty(of.prototype, 'isFallbackAdapter', { configurable: true, get: () => false });"""
CHOICES = "() => [...document.querySelectorAll('#dn-lab-weights option')].map(o => o.value)"


@pytest.fixture(scope="module")
def with_card(launch):
    with launch(args=[*launch.keywords["args"], *IMITATED]) as browser:
        yield browser


def test_no_card_no_offer(visit):
    page = ready(visit(**DESKTOP))
    assert page.evaluate(CHOICES) == ["compact", "exact"]


def test_an_imitated_card_is_not_offered(with_card, base):
    visitor = Visitor(with_card, base, **DESKTOP)
    page = ready(visitor)
    adapter = page.evaluate("navigator.gpu?.requestAdapter().then(a => a && a.info.isFallbackAdapter)")
    if adapter is None:
        pytest.skip("this browser imitates no graphics card")
    page.wait_for_timeout(500)
    assert page.evaluate(CHOICES) == ["compact", "exact"]
    visitor.context.close()


def test_a_card_draws_the_same_and_another_choice_leaves_it(with_card, base):
    visitor = Visitor(with_card, base, **DESKTOP)
    visitor.page.add_init_script(TAKEN_FOR_REAL)
    page = ready(visitor, "?steps=1&guidance=1&decoder=tiny")  # few calls, for each takes many seconds here
    if page.evaluate("navigator.gpu?.requestAdapter()") is None:
        pytest.skip("this browser imitates no graphics card")
    page.wait_for_selector("#dn-lab-weights option[value=gpu]", state="attached")
    assert page.evaluate(CHOICES) == ["compact", "exact", "gpu"]
    page.get_by_label("Download", exact=True).select_option("gpu")
    card = draw(page)
    assert page.locator(".dn-lab__times").text_content().endswith("; on the graphics card.")
    assert "gpu" not in page.url, "whoever opens the link may have none"
    fetched = [url for url in visitor.notes.requests if url.endswith(".wasm")]
    assert [url.rpartition("/")[2] for url in fetched] == ["ort-wasm-simd-threaded.asyncify.wasm"]
    page.get_by_label("Download", exact=True).select_option("compact")
    assert "Load the model" in page.locator(".dn-lab__go").text_content(), "the other runtime has to come first"
    plain = draw(page)
    assert "graphics card" not in page.locator(".dn-lab__times").text_content()
    assert card.std() > 20 and np.abs(card - plain).max() <= 2
    assert not visitor.notes.errors and not visitor.notes.strangers()
    visitor.context.close()
