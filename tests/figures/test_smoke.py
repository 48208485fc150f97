"""Every figure, quickly: it runs, says what it shows with its numbers, names claims that exist, and can be read."""

import dataclasses
import json
import re
import time

import pytest
import yaml

from denoised.paths import ROOT
from plotting import layout, render, source, style
from plotting.output import save, validated, verify
from tasks import targets

IDS = source.figure_ids()
AIM, SMOKE_SECONDS = 5, 15  # of processor time; what authors are asked for, and what fails even on a busy machine


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other burn processor time; and the first import of diffusers is nobody's figure."""
    import diffusers  # noqa: F401
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def claim_ids():
    ledger = yaml.safe_load((ROOT / "docs" / "series" / "claims.yaml").read_text(encoding="utf-8"))
    return {claim["id"] for section in ledger["sections"] for claim in section["claims"]}


@pytest.fixture(scope="module", params=IDS)
def made(request):
    """(source, lab, output, seconds of processor time) of a figure in smoke mode."""
    read = source.read_source(request.param)
    lab = render.lab_for(read, smoke=True)
    render.guarded(read, lambda: render.load_module(read), "its import")  # importing torch is not the figure's time
    start = time.process_time()
    output = render.make(read, lab, smoke=True)
    return read, lab, output, time.process_time() - start


def test_there_are_figures():
    assert "canvas/schedule" in IDS


def test_authors_are_told_the_same_limits():
    contributing = ROOT / "docs" / "contributing"
    said = f"aim at {AIM} s; `tests/figures/test_smoke.py` fails above {SMOKE_SECONDS} s of processor time"
    assert said in (contributing / "architecture.md").read_text(encoding="utf-8")
    assert (AIM, SMOKE_SECONDS) == (5, 3 * 5)  # the guide says it in words
    guide = " ".join((contributing / "authors.md").read_text(encoding="utf-8").split())
    assert "Aim at five seconds; the tests run every figure so, and refuse one that takes three times as long" in guide


def test_output_is_valid_and_its_alt_holds_its_numbers(made):
    read, _, output, _ = made
    assert validated(output, read.figure_id)
    assert re.search(r"\d", output.caption), "a caption can be read alone, with its numbers in it"


def test_claims_exist(made, claim_ids):
    read, *_ = made
    assert set(read.claims) <= claim_ids
    named = set(re.findall(r"\b[cr]\d{1,2}-\d{2}\b", read.path.read_text(encoding="utf-8")))
    assert named <= claim_ids


def test_smoke_is_quick(made):
    read, _, _, seconds = made
    assert seconds < SMOKE_SECONDS, f"{read.figure_id} took {seconds:.1f} s; in smoke mode take fewer steps"


def test_its_folder_is_a_package(made):
    read, *_ = made
    assert (read.path.parent / "__init__.py").is_file(), "else import checks and content keys do not see it"


@pytest.fixture(scope="module")
def drawn(made):
    """{(theme's name, narrow): canvas}, each drawn once for all tests of the figure; {} if it is only an animation."""
    _, _, output, _ = made
    canvases = {}
    for name, theme in style.THEMES.items() if output.draw is not None else ():
        for narrow in (False, True):
            with style.context(theme):
                canvases[name, narrow] = output.draw(theme, narrow)
    return canvases


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_themes_differ_in_colour_only(drawn, narrow):
    """The same size and the same words in light and dark, so that switching moves nothing. Before the tests below, whose
    look at a canvas fills in its ticks."""
    if not drawn:
        pytest.skip("only an animation")
    seen = [
        (fig.width, fig.height, [text.get_text() for text in fig.findobj(style.mpl.text.Text)])
        for fig in (drawn[name, narrow] for name in style.THEMES)
    ]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_text_can_be_read(drawn, narrow):
    if not drawn:
        pytest.skip("only an animation: its text is in its frames")
    fig = drawn["light", narrow]
    assert isinstance(fig, style.Canvas), "figures are drawn on plotting.style.new_figure"
    assert fig.width == (style.NARROW if narrow else style.WIDE)
    with style.context(style.LIGHT):
        assert layout.text_problems(fig) == []


def test_saves_whole(made, drawn, tmp_path):
    """After the tests above: saving draws on these canvases. A figure that a build has made from what is here now has been
    saved already, with all its pictures: then that is looked at."""
    read, lab, output, _ = made
    built = targets.Figure(read.figure_id, "tiny")
    if built.known_whole():
        path = built.manifest_path
    else:
        if drawn:
            names = {id(theme): name for name, theme in style.THEMES.items()}
            output = dataclasses.replace(output, draw=lambda theme, narrow: drawn[names[id(theme)], narrow])
        path = save(output, read.figure_id, tmp_path, {"title": read.title, "smoke": True, "seed": lab.seed})
    assert verify(path) is None
    files = json.loads(path.read_text())["files"]
    if drawn:
        for theme in ("light", "dark"):
            assert files[f"{path.stem}.{theme}.wide.{output.format}"]["width"] == style.WIDE
            assert files[f"{path.stem}.{theme}.narrow.{output.format}"]["width"] == style.NARROW
