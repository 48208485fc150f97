"""What counts as drift: planted changes are seen, and what machines, threads and typesetting do is not."""

import json

import numpy as np
import pytest
from PIL import Image

from tasks import causes, drift, drift_report

RNG = np.random.default_rng(7)


@pytest.fixture
def sheet():
    """A picture with flat parts, edges, a gradient and noise: uint8 [120, 160, 4]."""
    picture = np.full((120, 160, 4), 255, np.uint8)
    picture[10:50, 10:50, :3] = (0, 114, 178)
    picture[20:40, 60:150, :3] = np.linspace(0, 255, 90, dtype=np.uint8)[None, :, None]
    picture[60:110, 20:70, :3] = RNG.integers(0, 256, (50, 50, 3))
    picture[70:100, 80:150:7, :3] = 0
    return picture


def off(a, b):
    return drift._picture("a.webp", a, b, drift.LEVELS)


def test_the_same_picture_is_the_same(sheet):
    assert off(sheet, sheet.copy()) == []


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("by", [1, -2])
def test_a_shift_by_a_css_pixel_is_no_drift(sheet, axis, by):
    assert off(sheet, np.roll(sheet, by, axis)) == []


def test_other_smoothing_of_edges_is_no_drift(sheet):
    sheet[60:110, 20:70] = 255  # but for the noise, which is no edge
    sheet[70:100, 81:150:7, :3] = 0  # lines of one CSS pixel
    half = ((sheet.astype(int) + np.roll(sheet, 1, 1)) / 2).astype(np.uint8)
    assert off(sheet, half) == []


def test_rounding_is_no_drift(sheet):
    moved = sheet.copy()
    moved[..., :3] = np.clip(sheet[..., :3].astype(int) + RNG.integers(-1, 2, sheet[..., :3].shape), 0, 255)
    found = drift.distance(sheet, moved)
    assert found.max() <= 1
    assert off(sheet, moved) == []


def test_another_colour_of_a_thin_line_is_drift(sheet):
    moved = sheet.copy()
    moved[70:100, 80, :3] = (30, 0, 0)
    found = off(sheet, moved)
    assert found[0].kind == "picture"
    assert found[0].off


def test_other_noise_is_drift(sheet):
    moved = sheet.copy()
    moved[60:110, 20:70, :3] = RNG.integers(0, 256, (50, 50, 3))
    assert off(sheet, moved)


def test_a_slight_change_of_everything_is_drift(sheet):
    moved = sheet.copy()
    moved[..., :3] = np.clip(sheet[..., :3].astype(int) - 2, 0, 255)
    assert off(sheet, moved)


def test_a_shift_by_four_pixels_is_drift(sheet):
    assert off(sheet, np.roll(sheet, 4, 1))


def test_another_size_is_told(sheet):
    assert "160 x 120 -> 159 x 120 pixels" in off(sheet, sheet[:, 1:])[0].words


def test_distance_against_a_plain_loop():
    a, b = RNG.integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    found = drift.distance(a, b)
    for y in range(9):
        for x in range(7):
            worst = 0
            for one, other in ((a, b), (b, a)):
                around = one[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].reshape(-1, 3).astype(int)
                value = other[y, x].astype(int)
                worst = max(worst, (around.min(0) - value).max(), (value - around.max(0)).max())
            assert found[y, x] == worst


def test_transparent_pixels_have_no_colour(tmp_path):
    for name, colour in (("a", (255, 0, 0, 0)), ("b", (0, 0, 255, 0))):
        Image.new("RGBA", (8, 8), colour).save(tmp_path / f"{name}.png")
    assert drift._file("x", tmp_path / "a.png", tmp_path / "b.png") == []


@pytest.mark.parametrize(
    ("old", "new", "drifts"),
    [
        ({"a": 28.0}, {"a": 28.1}, False),
        ({"a": 28.0}, {"a": 29.0}, True),
        ({"a": 1e-5}, {"a": 5e-4}, False),
        ({"a": "cat"}, {"a": "dog"}, True),
        ({"a": 1.0}, {"a": float("nan")}, True),
        ({"a": 1.0}, {}, True),
        ({"decode_seconds": 1.0}, {"decode_seconds": 9.0}, False),
        ({"decode_seconds": 1.0}, {"decode_seconds": 90.0}, True),
    ],
)
def test_numbers(old, new, drifts):
    assert bool(list(drift._numbers(old, new))) is drifts


def test_words_are_compared_without_their_numerals():
    old = {"caption": "It falls by 3.5 dB, to 1,024.", "alt": "a", "title": "t"}
    assert not list(drift._words(old, old | {"caption": "It falls by −3.6 dB, to 1,025."}))
    found = list(drift._words(old, old | {"caption": "It rises by 3.5 dB, to 1,024."}))
    assert found[0].name == "caption"
    assert "rises" in found[0].words


def test_data_of_widgets():
    old = {"points": list(np.linspace(0, 9, 2000)), "unit": "dB"}
    near = {"points": [x * 1.001 for x in old["points"]], "unit": "dB"}
    assert drift._data(old, near) is None
    assert "drifted" in drift._data(old, {"points": [x * 1.2 for x in old["points"]], "unit": "dB"})
    assert "unit" in drift._data(old, old | {"unit": "px"})
    assert "values" in drift._data({"p": [1, 2]}, {"p": [1, 2, 3]})


@pytest.mark.parametrize(("by", "drifts"), [(1, False), (2000, True)])
def test_raw_tensors(tmp_path, by, drifts):
    """Another rounding of recorded numbers is no drift, another number is; fewer numbers are."""
    values = RNG.integers(-16000, 16000, 5000).astype("<i2")
    moved = values.copy()
    moved[::7] += by
    for name, content in (("a", values), ("b", moved), ("c", values[:-3])):
        (tmp_path / f"{name}.i16").write_bytes(content.tobytes())
    assert bool(drift._file("r.i16", tmp_path / "a.i16", tmp_path / "b.i16")) is drifts
    assert "4997 values" in drift._file("r.i16", tmp_path / "a.i16", tmp_path / "c.i16")[0].words


@pytest.mark.parametrize(("by", "drifts"), [(0.01, False), (0.5, True)])
def test_raw_fractions(tmp_path, by, drifts):
    """Floats have no unit that may always be off: of numbers below one, a half is drift."""
    values = RNG.uniform(-1, 1, 5000).astype("<f4")
    for name, content in (("a", values), ("b", values + np.float32(by))):
        (tmp_path / f"{name}.f32").write_bytes(content.tobytes())
    assert bool(drift._file("r.f32", tmp_path / "a.f32", tmp_path / "b.f32")) is drifts


@pytest.mark.parametrize(
    ("factor", "operation", "drifts"), [(1 + 1e-6, "Relu", False), (1.5, "Relu", True), (1, "Tanh", True)]
)
def test_networks(tmp_path, factor, operation, drifts):
    from onnx import TensorProto, helper, numpy_helper, save

    weight = RNG.standard_normal((8, 8)).astype(np.float32)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in "xy"]
    for name, operator, scale in (("a", "Relu", 1), ("b", operation, factor)):
        nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node(operator, ["h"], ["y"])]
        tensors = [numpy_helper.from_array((weight * scale).astype(np.float32), "w")]
        save(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)), tmp_path / f"{name}.onnx")
    assert bool(drift._file("n.onnx", tmp_path / "a.onnx", tmp_path / "b.onnx")) is drifts


def test_a_network_that_is_none_is_told(tmp_path):
    for name, content in (("a", b"<html>"), ("b", b"nothing")):
        (tmp_path / f"{name}.onnx").write_bytes(content)
    assert "cannot be read" in drift._file("n.onnx", tmp_path / "a.onnx", tmp_path / "b.onnx")[0].words


@pytest.mark.parametrize(("level", "drifts"), [(60, False), (120, True)])
def test_films(tmp_path, level, drifts):
    import imageio.v3 as imageio

    film = np.full((12, 64, 64, 3), 60, np.uint8)
    imageio.imwrite(tmp_path / "a.mp4", film, plugin="FFMPEG", fps=8)
    film[9:, 16:48, 16:48] = level
    imageio.imwrite(tmp_path / "b.mp4", film, plugin="FFMPEG", fps=8, quality=4)
    assert bool(drift._file("film.mp4", tmp_path / "a.mp4", tmp_path / "b.mp4")) is drifts


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><g{move}><path d="M5 5 H80 V50" {line}/></g></svg>'
)
LINE = 'stroke="#0072B2" stroke-width="2" fill="none"'


@pytest.mark.parametrize(
    ("new", "drifts"),
    [
        (SVG.format(move=' transform="translate(.6 .6)"', line=LINE), False),
        (SVG.format(move="", line=LINE.replace("0072B2", "0092B2")), True),
        (SVG.format(move="", line=LINE.replace('"2"', '"6"')), True),
    ],
)
def test_vector_drawings_are_compared_as_they_look(tmp_path, new, drifts):
    (tmp_path / "a.svg").write_text(SVG.format(move="", line=LINE))
    (tmp_path / "b.svg").write_text(new)
    assert bool(drift._file("a.svg", tmp_path / "a.svg", tmp_path / "b.svg")) is drifts


def test_a_damaged_file_is_told_and_raises_nothing(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "b.png").write_bytes(b"y")
    assert "cannot be read" in drift._file("a.png", tmp_path / "a.png", tmp_path / "b.png")[0].words


class Figure:
    """A target whose key is a hash of two parts."""

    def inputs(self):
        return {"code": "mine", "lock": "now"}


def key(**parts):
    return causes.hashes.text_hash(Figure().inputs() | parts)


@pytest.mark.parametrize(
    ("before", "after", "kind", "said"),
    [
        ({"code_hash": "a", "versions": {"torch": "1"}}, {"code_hash": "a", "versions": {"torch": "2"}},
         causes.DEPENDENCY, "torch 1 -> 2"),
        ({"code_hash": "a"}, {"code_hash": "a"}, causes.NOTHING, "chance"),
        ({"code_hash": "a"}, {"code_hash": "b"}, causes.OURS, "versions are the same"),
        ({"code_hash": "a", "versions": {"torch": "1"}}, {"code_hash": "b", "versions": {"torch": "2"}},
         causes.OURS, "versions too: torch 1 -> 2"),
        ({"code_hash": key(lock="former"), "versions": {"torch": "1"}},
         {"code_hash": key(), "versions": {"torch": "2"}},
         causes.DEPENDENCY, "only requirements.lock changed"),
        ({"code_hash": "a", "weights": {"vae": "1"}}, {"code_hash": "b", "weights": {"vae": "2"}},
         causes.WEIGHTS, "vae"),
    ],
)  # fmt: skip
def test_causes(monkeypatch, before, after, kind, said):
    monkeypatch.setattr(causes, "former_locks", lambda: ("older", "former"))
    found, why = causes.cause(Figure(), before, after)
    assert found == kind
    assert said in why


def test_the_report_shows_before_after_and_difference_and_escapes(tmp_path, sheet):
    moved = sheet.copy()
    moved[70:100, 80:90, :3] = 30
    rows = [
        drift_report.Row("vae/same", "same"),
        drift_report.Row("vae/swap", "drift", "1 picture", tuple(off(sheet, moved)), causes.OURS, "<script>x</script>"),
        drift_report.Row("vae/bad", "failed", "raised <b>"),
    ]
    drift_report.write(tmp_path / "report.html", rows, 12)
    html = (tmp_path / "report.html").read_text()
    assert html.count("data:image/png;base64,") == 3
    assert "<script>" not in html
    assert "raised &lt;b&gt;" in html
    assert "1 as it was, 1 drifted, 1 failed" in html


def test_manifests_are_found_without_data_and_smoke(tmp_path):
    for name, smoke in (("a", False), ("b", True)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"id": f"x/{name}", "smoke": smoke}))
    (tmp_path / "a.data.json").write_text("[]")
    assert set(drift.manifests(tmp_path)) == {"x/a"}
    assert set(drift.manifests(tmp_path, smoke=True)) == {"x/a", "x/b"}
