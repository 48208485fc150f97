"""The README keeps its promises: its picture is the build's, its commands exist, its files are there."""

import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, ImageSequence

import update_readme
from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/contributing/index.md", "docs/contributing/authors.md",
         "docs/contributing/architecture.md", "docs/contributing/many-machines.md")  # fmt: skip
TOLERANCE = 12  # mean difference of 8-bit values: other machines round a picture's palette otherwise


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def frames(path):
    """(uint8 [N, H, W, 3], milliseconds of each frame)."""
    with Image.open(path) as film:
        shown = ImageSequence.Iterator(film)
        pictures = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in shown]
    return np.stack([picture for picture, _ in pictures]), [duration for _, duration in pictures]


def differs(a, b):
    """Why two films are not the same, or None."""
    (one, times), (other, others) = frames(a), frames(b)
    if one.shape != other.shape:
        return f"{len(one)} frames of {one.shape[1:3]} against {len(other)} of {other.shape[1:3]}"
    if times != others:
        return "other durations"
    worst = np.abs(one.astype(int) - other).mean((1, 2, 3)).max()
    return f"frames differ by {worst:.1f}" if worst > TOLERANCE else None


def test_there_is_one_picture_and_it_is_modest():
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text("README.md"))
    assert [path for _, path in pictures] == [update_readme.COPY.relative_to(ROOT).as_posix()]
    assert len(pictures[0][0]) > 20, "the picture needs a description"
    assert len(frames(update_readme.COPY)[0]) > 5
    assert update_readme.COPY.stat().st_size < 1_600_000


def test_the_picture_is_what_the_build_makes():
    if not update_readme.MADE.exists():
        pytest.fail(f"{update_readme.MADE.relative_to(ROOT)} is not there: run `make figures` first", pytrace=False)
    problem = differs(update_readme.COPY, update_readme.MADE)
    assert problem is None, f"{problem}: run `python scripts/update_readme.py` and commit the picture"


def test_another_film_would_be_noticed(tmp_path):
    pictures, times = frames(update_readme.COPY)
    last = np.concatenate([pictures[:-1], 255 - pictures[-1:]])
    for name, changed in (("dark", pictures // 2), ("short", pictures[:-1]), ("last", last)):
        film, path = [Image.fromarray(picture) for picture in changed], tmp_path / f"{name}.gif"
        film[0].save(path, save_all=True, append_images=film[1:], duration=times[: len(film)], loop=0)
        assert differs(update_readme.COPY, path), name


def test_update_copies_and_refuses_what_is_not_there(tmp_path, monkeypatch, capsys):
    made, copy = tmp_path / "made.gif", tmp_path / "deep" / "copy.gif"
    made.write_bytes(b"film")
    (tmp_path / "made.json").write_text("{}")
    update_readme.update(made, copy)
    assert copy.read_bytes() == b"film"
    (tmp_path / "made.json").write_text('{"smoke": true}')
    with pytest.raises(OSError, match="smoke"):
        update_readme.update(made, copy)
    monkeypatch.setattr(update_readme.update, "__defaults__", (tmp_path / "none.gif", copy))
    assert update_readme.main() == 1
    assert "make figures" in capsys.readouterr().err


def targets():
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    named = set(re.findall(r"(?:^|`|&& )(?:[A-Z_]+=\S+ )*make ([a-z]+)", text(page), re.MULTILINE))
    assert named, page
    assert named <= targets()


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    base = (ROOT / page).parent
    source = text(page)
    linked = {path.partition("#")[0] for path in re.findall(r"\]\((?!https?:|<)([^)\s]+)\)", source)}
    missing = [path for path in linked if path and not (base / path).exists()]
    roots = "docs|figures_src|scripts|tests"
    spoken = set(re.findall(rf"`((?:{roots})/[\w./-]*)`", source))
    spoken |= set(re.findall(r"(?:python3?|bin/python) (scripts/\w+\.py)", source))
    made = re.compile(r"my[_-]|^docs/assets/figures/|decoders/twemoji/$")  # by whoever follows the page, and by the build
    missing += [path for path in spoken if not (ROOT / path).exists() and not made.search(path)]
    assert not missing


def test_the_two_commands_do_not_download_cuda_where_told():
    """The address in the README is the variable that the setup reads."""
    assert "TORCH_INDEX=https://download.pytorch.org/whl/cpu make site" in text("README.md")
    assert 'os.environ.get("TORCH_INDEX")' in text("scripts/setup_env.py")


def test_styles_are_those_of_the_captions():
    named = re.search(r"the styles are ([^.]+)\.", text("README.md").replace("\n", " "))[1]
    assert set(re.split(r", | and ", named)) == {STYLE_WORDS[style][0] for style in STYLES}


def test_python_version_is_the_one_that_is_required():
    required = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"].lstrip(">=")
    assert f"Python {required} or newer" in text("README.md")


def test_make_help_lists_every_target():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    for target in targets() - {"help"}:
        assert f"make {target}" in listed


def test_every_set_is_credited():
    notice = text("NOTICE")
    for style in STYLES:
        assert re.search(rf"^  {re.escape(style)} ", notice, re.MULTILINE), style
    for path in re.findall(r"\b(?:LICENSES|figures_src)/[\w./-]*[\w/]", notice):
        assert (ROOT / path).exists(), path


def test_citation_is_valid_yaml_with_what_citations_need():
    cited = yaml.safe_load(text("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert {"title", "authors", "message", "version", "license"} <= set(cited)
    assert cited["version"] == tomllib.loads(text("pyproject.toml"))["project"]["version"]


def test_the_licence_of_content_is_whole():
    content = text("LICENSE-CONTENT")
    assert "Attribution-ShareAlike 4.0 International" in content
    for number in range(1, 9):
        assert f"Section {number} --" in content
    assert "Permission is hereby granted" in text("LICENSE")
