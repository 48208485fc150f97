"""The kernel, used as people use it: by mouse, by keyboard, by touch, with a picture of one's own, without scripts."""

import io
import json

import pytest
from PIL import Image
from visiting import DESKTOP, PHONE, checksum, ready_widget

from denoised import paths

PATH = "series/eye/"
MAP = checksum(".dn-kernel canvas", 1)
SIDE = "() => document.querySelectorAll('.dn-kernel canvas')[1].width"


def ready(visitor):
    return ready_widget(visitor, PATH, "kernel")


def test_it_draws_a_map_and_says_how_large(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    assert page.evaluate(SIDE) == 62
    assert "62 × 62 places" in page.locator(".dn-kernel__told").inner_text()
    assert "62 by 62" in page.locator(".dn-kernel canvas").nth(1).get_attribute("aria-label")
    assert not visitor.notes.errors


def test_every_choice_changes_the_map(visit):
    page = ready(visit(**DESKTOP))
    seen = [page.evaluate(MAP)]
    for label, value in (("Picture", "3"), ("Kernel", "spots"), ("Stride", "2"), ("Padding", "1"), ("Dilation", "3")):
        page.get_by_label(label, exact=True).select_option(value)
        seen.append(page.evaluate(MAP))
    assert len(set(seen)) == len(seen)
    assert page.evaluate(SIDE) == (64 + 2 - 6 - 1) // 2 + 1


def test_a_typed_kernel_is_the_readers_own(visit):
    page = ready(visit(**DESKTOP))
    for cell in page.locator(".dn-kernel__cells input").all():
        cell.fill("0")
    assert page.get_by_label("Kernel", exact=True).input_value() == "own"
    assert "from 0.00 (brown) to 0.00" in page.locator(".dn-kernel__told").inner_text()
    page.get_by_label("row 2, column 2").focus()
    page.keyboard.press("ArrowUp")
    assert "to 1.00 (blue)" in page.locator(".dn-kernel__told").inner_text(), "white answers one"


def test_a_picture_of_ones_own_stays_in_the_page(visit):
    visitor = visit(**DESKTOP)
    page = ready(visitor)
    before = page.evaluate(MAP)
    file = io.BytesIO()
    stripes = Image.new("L", (64, 64), 255)
    stripes.paste(0, (0, 0, 32, 64))
    stripes.save(file, "PNG")
    field, kind = page.locator(".dn-kernel input[type=file]"), "image/png"
    field.set_input_files({"name": "own.png", "mimeType": kind, "buffer": file.getvalue()})
    page.wait_for_function(f"() => ({MAP})() !== {before}")
    assert "from 0.00 (brown) to 3.00 (blue)" in page.locator(".dn-kernel__told").inner_text(), "one step, one sign"
    field.set_input_files({"name": "no.png", "mimeType": kind, "buffer": b"nothing"})
    page.wait_for_function("() => document.querySelector('.dn-kernel__told').textContent.includes('no picture')")
    assert not visitor.notes.errors


def test_the_page_computes_the_figures_fixtures(visit):
    page = ready(visit(**DESKTOP))
    data = json.loads((paths.ROOT / "docs/assets/figures/tiny/eye/kernel.data.json").read_text())
    assert len(data["fixtures"]) >= 4
    module = page.locator("script[src*='site.js']").first.get_attribute("src").rsplit("javascripts/", 1)[0]
    for f in data["fixtures"]:
        made = page.evaluate(
            """async ([base, picture, kernel, s, p, d]) => {
                const m = await import(new URL(base + 'javascripts/widgets/kernel.js', document.baseURI).href);
                const made = m.convolve(picture.flat(), picture.length, kernel, s, p, d);
                return Array.from(made.values); }""",
            [module, f["picture"], data["kernels"][f["kernel"]], f["stride"], f["padding"], f["dilation"]],
        )
        assert made == pytest.approx([v for row in f["answer"] for v in row], abs=1e-6)


def test_it_fits_a_phone(visit):
    page = ready(visit(**PHONE))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.get_by_label("row 1, column 1").bounding_box()
    assert box["width"] >= 40 and box["height"] >= 34, "a finger must hit it"


def test_without_scripts_the_still_picture_stays(visit):
    visitor = visit(java_script_enabled=False, **DESKTOP)
    visitor.page.goto(visitor.base + PATH, wait_until="load")
    assert visitor.page.locator(".dn-widget[data-widget=kernel] img").first.is_visible()
