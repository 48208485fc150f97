"""Saving figures: checked, deterministic, whole or absent."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.paths import SRC
from plotting import layout, place, source
from plotting.animate import Animation, encode_gif, encode_mp4
from plotting.encode import encode_image
from plotting.output import Output, render, save, verify
from plotting.style import new_figure

PICTURES = {f"{theme}.{shape}" for theme in ("light", "dark") for shape in ("wide", "narrow")}


def draw(theme, narrow):
    fig = new_figure(theme, narrow)
    ax = fig.area(40, 20, 260, 120, below=30)
    ax.plot([0, 1, 2], [3, 1, 2], color=theme.latent, label="latent")
    layout.picture(fig, np.arange(256, dtype=np.uint8).reshape(16, 16), 40, 180, 64)
    layout.label_ends(ax, {"latent": "latent"})
    return fig


def frames(count=6, height=45, width=61):
    rng = np.random.default_rng(0)
    base = np.repeat(np.repeat(rng.integers(0, 256, (9, 13, 3), dtype=np.uint8), 5, axis=0), 5, axis=1)
    return [np.roll(base, 5 * i, axis=1)[:height, :width] for i in range(count)]


def output(**changes):
    fields = {
        "alt": "A line and a picture; the error is 3.14.",
        "caption": "The error is 3.14.",
        "numbers": {"error": 3.14159, "count": np.int64(4), "name": "cat"},
        "draw": draw,
    }
    return Output(**(fields | changes))


def full(**changes):
    return output(
        format="webp",
        animation=Animation(frames(), fps=8, hold_last=0.5),
        data={"t": np.arange(3), "loss": [np.float32(0.5)]},
        files={"frames.webp": frames()[0], "raw.bin": b"\x00\x01"},
        **changes,
    )


def contents(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")}


def test_all_files_and_the_manifest(tmp_path):
    path = save(full(), "vae/swap", tmp_path, {"title": "Swap", "seed": 0})
    assert path == tmp_path / "vae" / "swap.json"
    manifest = json.loads(path.read_text())
    parts = {f"{p}.webp" for p in PICTURES} | {"mp4", "gif", "poster.webp", "first.png", "last.png"}
    parts |= {"frames.webp", "raw.bin", "data.json"}
    assert set(manifest["files"]) == {f"swap.{part}" for part in parts}
    assert set(contents(tmp_path)) == set(manifest["files"]) | {"swap.json"}
    assert manifest["numbers"] == {"error": 3.14159, "count": 4, "name": "cat"}
    assert manifest["title"] == "Swap"
    assert json.loads((path.parent / "swap.data.json").read_text()) == {"t": [0, 1, 2], "loss": [0.5]}
    for name, entry in manifest["files"].items():
        if name.endswith(("webp", "png", "gif")):
            scale = 2 if "wide" in name or "narrow" in name else 1
            picture = Image.open(path.parent / name)
            assert picture.size == (entry["width"] * scale, entry["height"] * scale), name
    assert verify(path) is None


@pytest.mark.parametrize("format", ["svg", "webp", "png"])
def test_the_same_output_gives_the_same_bytes(tmp_path, format):
    for run in "ab":
        made = full() if format == "webp" else output(format=format)
        save(made, "vae/swap", tmp_path / run, {})
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_saving_over_another_output_gives_what_a_fresh_save_gives(tmp_path):
    save(full(), "vae/swap", tmp_path / "used", {})
    for run in ("used", "fresh"):
        save(output(), "vae/swap", tmp_path / run, {})
    assert contents(tmp_path / "used") == contents(tmp_path / "fresh")


def test_a_figure_whose_id_begins_alike_is_left_alone(tmp_path):
    save(full(), "vae/swap_matrix", tmp_path, {})
    before = contents(tmp_path)
    save(full(), "vae/swap", tmp_path, {})
    save(output(), "vae/swap", tmp_path, {})
    after = contents(tmp_path)
    assert {name: data for name, data in after.items() if name.startswith("swap_matrix")} == before
    assert verify(tmp_path / "vae" / "swap_matrix.json") is None


BAD = {
    "nan": ({"numbers": {"error": 3.14, "psnr": float("nan")}}, "'psnr' is nan"),
    "inf": ({"numbers": {"error": 3.14, "psnr": np.float32("inf")}}, "'psnr' is inf"),
    "nested": ({"numbers": {"error": 3.14, "all": {"a": 1}}}, "'all' is a dict"),
    "list": ({"numbers": {"error": 3.14, "all": [1]}}, "'all' is a list"),
    "none": ({"numbers": {"error": None}}, "'error' is a NoneType"),
    "key": ({"numbers": {"error.a": 3.14}}, "'error.a'"),
    "no numbers": ({"numbers": {}}, "at least one number"),
    "no alt": ({"alt": " "}, "alt is empty"),
    "no caption": ({"caption": ""}, "caption is empty"),
    "alt without number": ({"alt": "A line and a picture."}, "alt mentions none"),
    "alt with another number": ({"alt": "The error is 2.71."}, "alt mentions none"),
    "nan in the caption": ({"caption": "The error is nan."}, "not finite"),
    "format": ({"format": "jpg"}, "jpg"),
    "nothing to see": ({"draw": None}, "draw or animation"),
    "one frame": ({"animation": Animation(frames(1))}, "at least 2 frames"),
    "float frames": ({"animation": Animation([np.zeros((4, 4, 3))] * 2)}, "frame 0 must be a uint8"),
    "odd frame": ({"animation": Animation([*frames(2), frames(1, 40)[0]])}, "frame 2 is 61x40"),
    "reserved file": ({"files": {"first.png": b""}}, "first.png"),
    "path as file": ({"files": {"../a.png": b""}}, "../a.png"),
    "float file": ({"files": {"a.png": np.zeros((2, 2))}}, "a.png"),
    "unknown picture": ({"files": {"a.tiff": np.zeros((2, 2), np.uint8)}}, "tiff"),
    "nan in data": ({"data": {"loss": [float("nan")]}}, "data cannot be written as JSON"),
    "object in data": ({"data": {"loss": object()}}, "data cannot be written as JSON"),
}


@pytest.mark.parametrize("changes, words", BAD.values(), ids=BAD)
def test_a_wrong_output_is_one_sentence_and_no_file(tmp_path, changes, words):
    save(output(), "vae/swap", tmp_path, {})
    before = contents(tmp_path)
    with pytest.raises(DenoisedError) as error:
        save(output(**changes), "vae/swap", tmp_path, {})
    text = str(error.value)
    assert "vae/swap" in text
    assert words in text
    assert "\n" not in text
    assert contents(tmp_path) == before


@pytest.mark.parametrize("alt", ["Error 3.14.", "Error 314 %.", "Error −3.1.", "Four: 4 cats.", "Costs 3,142 bytes."])
def test_alt_may_round_and_scale_its_numbers(tmp_path, alt):
    save(output(alt=alt), "vae/swap", tmp_path, {})


def test_garbage_instead_of_an_output(tmp_path):
    with pytest.raises(DenoisedError, match="must return an Output, not dict"):
        save({}, "vae/swap", tmp_path, {})


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_full_disk_is_one_sentence_and_leaves_the_former_figure(tmp_path, monkeypatch, after):
    save(output(), "vae/swap", tmp_path, {})
    before = contents(tmp_path)
    true_write, count = place.write, iter(range(100))

    def write(path, data):
        if next(count) >= after:
            path.write_bytes(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        true_write(path, data)

    monkeypatch.setattr("plotting.output.write", write)
    with pytest.raises(DenoisedError) as error:
        save(full(), "vae/swap", tmp_path, {})
    assert str(error.value).startswith("The disk is full: figure vae/swap")
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob("*.tmp"))
    assert verify(tmp_path / "vae" / "swap.json") is None


def test_a_full_disk_on_the_first_save_leaves_nothing(tmp_path, monkeypatch):
    def fsync(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place.os, "fsync", fsync)
    with pytest.raises(DenoisedError, match="disk is full"):
        save(full(), "vae/swap", tmp_path, {})
    assert contents(tmp_path) == {}


def test_killed_between_renames_the_figure_is_not_whole(tmp_path, monkeypatch):
    """Whatever the moment, what is left is the new figure, or visibly none."""
    final = tmp_path / "vae" / "swap.json"
    save(output(), "vae/swap", tmp_path, {})
    total = len(full().files) + 4 + 5 + 2
    true_replace = Path.replace
    for moment in range(total):
        count = iter(range(100))

        def replace(self, target, moment=moment, count=count):
            if next(count) == moment:
                raise KeyboardInterrupt
            return true_replace(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            with pytest.raises(KeyboardInterrupt):
                save(full(), "vae/swap", tmp_path, {})
        assert verify(final) is not None
    save(full(), "vae/swap", tmp_path, {})
    assert verify(final) is None


def test_scraps_of_a_killed_build_are_swept_up_later(tmp_path):
    folder = tmp_path / "vae"
    save(output(), "vae/swap", tmp_path, {})
    old, new, other = (folder / f".{name}.1-1.tmp" for name in ("swap.mp4", "swap.gif", "swap_matrix.mp4"))
    film = folder / ".film-abc"
    film.mkdir()
    (film / "film.mp4").write_bytes(b"half")
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other, film):
        os.utime(path, (0, 0))
    save(output(), "vae/swap", tmp_path, {})
    assert [path.exists() for path in (old, new, other, film)] == [False, True, True, False]


TWO_BUILDERS = """
import sys
from pathlib import Path
from plotting.output import Output, save
from plotting.style import new_figure
mine = float(sys.argv[2])
made = Output(alt=f"It is {mine}.", caption="c", numbers={"n": mine}, data={"n": mine},
              draw=lambda theme, narrow: new_figure(theme, narrow, height=20 + mine))
for _ in range(6):
    save(made, "vae/swap", Path(sys.argv[1]), {})
"""


def test_two_builders_at_once_leave_one_whole_figure(tmp_path):
    env = os.environ | {"PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1"}
    commands = [[sys.executable, "-c", TWO_BUILDERS, str(tmp_path), n] for n in ("1", "2")]
    builders = [subprocess.Popen(command, env=env) for command in commands]
    assert [builder.wait(timeout=120) for builder in builders] == [0, 0]
    path = tmp_path / "vae" / "swap.json"
    assert verify(path) is None
    manifest = json.loads(path.read_text())
    assert json.loads((path.parent / "swap.data.json").read_text()) == manifest["numbers"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_verify_says_why_a_figure_is_not_whole(tmp_path):
    path = save(output(), "vae/swap", tmp_path, {})
    picture = path.parent / "swap.dark.narrow.svg"
    good = picture.read_bytes()
    picture.write_bytes(good[:-1] + b" ")
    assert "swap.dark.narrow.svg is not the file" in verify(path)
    picture.unlink()
    assert "swap.dark.narrow.svg is missing" in verify(path)
    picture.write_bytes(good)
    assert verify(path) is None
    for rubbish in ("", "[]", '{"files": {}}', '{"files": [1]}', path.read_text()[:-200]):
        path.write_text(rubbish)
        assert verify(path)
    path.unlink()
    assert "missing" in verify(path)


def test_svg_is_lean_and_dateless(tmp_path):
    path = save(output(), "vae/swap", tmp_path, {})
    svg = (path.parent / "swap.light.wide.svg").read_text()
    assert "<text" not in svg, "text must be paths: the reader's machine may lack the fonts"
    assert "<metadata" not in svg
    assert "<dc:date" not in svg
    assert "http://" not in svg.replace("http://www.w3.org/", "")
    assert 'width="720"' in svg


def probe(path):
    """What ffmpeg says of a film."""
    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", path], capture_output=True, text=True)
    return said.stderr


def test_mp4_plays_everywhere_and_keeps_its_colours(tmp_path):
    flat = [np.full((45, 61, 3), colour, np.uint8) for colour in ((213, 94, 0), (0, 114, 178))]
    data = encode_mp4(Animation(flat, fps=4, hold_last=1.0), tmp_path)
    assert data.index(b"moov") < data.index(b"mdat"), "the index must come first, so that it plays while it loads"
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    said = probe(path)
    assert "h264" in said
    assert "yuv420p" in said
    assert "bt709" in said
    assert "62x46" in said
    assert "Duration: 00:00:01.50" in said  # 2 frames and 4 that hold the last, at 4 a second
    reader = imageio_ffmpeg.read_frames(str(path))
    next(reader)
    shown = [np.frombuffer(frame, np.uint8).reshape(46, 62, 3) for frame in reader]
    assert len(shown) == 6
    assert np.abs(shown[0].astype(int) - (213, 94, 0)).max() <= 4
    assert np.abs(shown[-1].astype(int) - (0, 114, 178)).max() <= 4


def test_gif_shares_a_palette_holds_its_end_and_stays_modest():
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (300, 720, 3), dtype=np.uint8) for _ in range(12)]
    data = encode_gif(Animation(noise, fps=10, hold_last=2.0))
    gif = Image.open(io.BytesIO(data))
    assert gif.n_frames == 12
    assert gif.width <= 480
    assert len(data) < 1_600_000
    durations = []
    for i in range(12):
        gif.seek(i)
        durations.append(gif.info["duration"])
    assert durations == [100] * 11 + [2100]


def test_a_full_disk_under_ffmpeg_is_the_same_sentence(tmp_path, monkeypatch):
    class Full:
        returncode = 1

        def __init__(self, *args, **kwargs):
            pass

        def communicate(self, data):
            return None, b"av_interleaved_write_frame(): No space left on device"

    monkeypatch.setattr("plotting.animate.subprocess.Popen", Full)
    with pytest.raises(DenoisedError, match="disk is full"):
        save(full(), "vae/swap", tmp_path, {})
    assert contents(tmp_path) == {}


def test_webp_is_lossless_where_that_is_small():
    flat = np.repeat(np.repeat(np.arange(0, 48, dtype=np.uint8).reshape(4, 4, 3), 40, axis=0), 40, axis=1)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_image(flat, "webp"))).convert("RGB")), flat)
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    assert len(encode_image(noise, "webp")) < len(encode_image(noise, "webp", lossless=True))
    assert encode_image(noise, "webp") == encode_image(noise, "webp", lossless=False)
    # Large, and sharp: lossless is the smaller one.
    lines = np.repeat(np.random.default_rng(0).integers(0, 2, (150, 400, 1), dtype=np.uint8) * 255, 3, 2)
    assert (
        encode_image(lines, "webp", lossless=False)
        != encode_image(lines, "webp")
        == encode_image(lines, "webp", lossless=True)
    )
    with pytest.raises(DenoisedError, match="16383"):
        encode_image(np.zeros((1, 16384, 3), np.uint8), "webp")


GOOD = '''"""A figure.

Tests claims: c2-03.
"""
from plotting.output import Output
from plotting.style import new_figure
WEIGHTS = ()
DATA = ()
TITLE = "A figure"
def make(lab, smoke=False):
    value = int(lab.generator("n").initial_seed() % 7) + (100 if smoke else 0)
    return Output(alt=f"It is {value}.", caption="c", numbers={"n": value},
                  draw=lambda theme, narrow: new_figure(theme, narrow, height=20))
'''


@pytest.fixture
def figures(tmp_path, monkeypatch):
    """A private figures folder: write("vae/swap", code)."""
    folder = tmp_path / "figures"
    monkeypatch.setattr(source, "FIGURES", folder)

    def write(figure_id, code):
        path = folder / f"{figure_id}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return path

    return write


def test_render_writes_a_whole_figure_with_its_provenance(figures, tmp_path):
    figures("vae/swap", GOOD)
    path = render("vae/swap", out_root=tmp_path / "out", code_hash="abc")
    assert path == tmp_path / "out" / "tiny" / "vae" / "swap.json"
    assert verify(path) is None
    manifest = json.loads(path.read_text())
    assert manifest["title"] == "A figure"
    assert manifest["doc"] == "A figure."
    assert manifest["claims"] == ["c2-03"]
    assert (manifest["seed"], manifest["profile"], manifest["smoke"], manifest["code_hash"]) == (
        0,
        "tiny",
        False,
        "abc",
    )
    assert {"python", "torch", "numpy", "matplotlib"} <= set(manifest["versions"])
    assert manifest["weights"] == {}
    assert manifest["seconds"] > 0


def test_render_twice_differs_in_nothing_but_the_seconds(figures, tmp_path):
    figures("vae/swap", GOOD)
    one, two = (json.loads(render("vae/swap", out_root=tmp_path / run).read_text()) for run in "ab")
    one.pop("seconds")
    two.pop("seconds")
    assert one == two


def test_render_takes_a_lab_and_smoke(figures, tmp_path):
    figures("vae/swap", GOOD)
    smoked = json.loads(render("vae/swap", out_root=tmp_path / "a", smoke=True).read_text())
    assert smoked["smoke"] is True
    assert smoked["numbers"]["n"] >= 100
    lab = Lab("vae/swap", seed=5)
    assert json.loads(render("vae/swap", lab, tmp_path / "b").read_text())["seed"] == 5


def test_an_edited_figure_is_imported_afresh(figures, tmp_path):
    figures("vae/swap", GOOD)
    render("vae/swap", out_root=tmp_path)
    figures("vae/swap", GOOD.replace("% 7", "% 7 + 50"))
    assert json.loads(render("vae/swap", out_root=tmp_path).read_text())["numbers"]["n"] >= 50


FAULTS = {
    "raises": (GOOD.replace("    value =", "    1 / 0\n    value ="), "ZeroDivisionError: division by zero"),
    "raises outside": (GOOD + "int('x')\n", "ValueError"),
    "exits": (GOOD.replace("    value =", "    raise SystemExit(3)\n    value ="), "SystemExit: 3"),
    "imports nonsense": (GOOD.replace("WEIGHTS =", "import nosuchmodule\nWEIGHTS ="), "nosuchmodule"),
    "returns nothing": (GOOD.replace("return Output", "Output"), "not NoneType"),
    "nan": (GOOD.replace('{"n": value}', '{"n": value, "bad": float("nan")}'), "'bad' is nan"),
    "draws badly": (GOOD.replace("height=20", "height='x'"), "drawing"),
    "draws nothing": (GOOD.replace("new_figure(theme, narrow, height=20)", "None"), "draw(theme, narrow) must return"),
    "syntax": (GOOD + "def\n", "not valid Python"),
    "no make": (GOOD.replace("def make", "def made"), "function make"),
    "no title": (GOOD.replace('TITLE = "A figure"', ""), "TITLE"),
    "no docstring": (GOOD[GOOD.index("from"):], "docstring"),
    "computed weights": (GOOD.replace("WEIGHTS = ()", "WEIGHTS = tuple('ab')"), "literal"),
    "weights as text": (GOOD.replace("WEIGHTS = ()", 'WEIGHTS = ("emoji-sd")'), "tuple of strings"),
    "undeclared": (GOOD.replace("    value =", "    lab.vae()\n    value ="), "WEIGHTS"),
    "weights that are not there": (GOOD.replace("WEIGHTS = ()", 'WEIGHTS = ("nosuch",)'), "missing"),
}  # fmt: skip


@pytest.mark.parametrize("code, words", FAULTS.values(), ids=FAULTS)
def test_a_faulty_figure_is_one_sentence_that_names_it(figures, tmp_path, code, words):
    figures("vae/swap", code)
    with pytest.raises(DenoisedError) as error:
        render("vae/swap", out_root=tmp_path / "out")
    text = str(error.value)
    assert words in text
    assert "vae/swap" in text
    assert "\n" not in text
    assert contents(tmp_path / "out") == {}


def test_a_fault_tells_the_line(figures, tmp_path):
    path = figures("vae/swap", FAULTS["raises"][0])
    line = path.read_text().split("\n").index("    1 / 0") + 1
    with pytest.raises(DenoisedError, match=f"line {line} of "):
        render("vae/swap", out_root=tmp_path / "out")


def test_an_unknown_figure_gets_close_matches(figures, tmp_path):
    figures("vae/swap_matrix", GOOD)
    with pytest.raises(DenoisedError, match="Did you mean vae/swap_matrix"):
        render("vae/swap_matrx", out_root=tmp_path)
    with pytest.raises(DenoisedError, match="not a figure id"):
        render("../etc/passwd", out_root=tmp_path)
