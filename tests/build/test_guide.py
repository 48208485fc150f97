"""The authors' guide, done: its commands are run as they stand there, in their order, in a copy of the repository."""

import dataclasses
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from denoised import paths
from denoised.data import specimens, splits
from denoised.data.catalogue import STYLES, Icon
from miniature_project import ROOT
from tasks import recipes

GUIDE = ROOT / "docs" / "contributing" / "authors.md"
BLOCK = re.compile(r"(?:^ *<!-- (?P<mark>[^>]*?) -->\n\n?)?^ *```bash\n(?P<commands>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    line: int  # of the guide
    mark: str  # run, run: needs ..., by hand: why; "" where nobody said
    commands: str


def blocks() -> list[Block]:
    text = GUIDE.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        commands = re.sub(r"{% (end)?raw %}", "", textwrap.dedent(match["commands"]))
        found.append(Block(text.count("\n", 0, match.start("commands")) + 1, match["mark"] or "", commands))
    return found


def test_every_block_of_commands_is_run_or_says_why_not():
    found = blocks()
    assert len(found) == GUIDE.read_text().count("```bash") > 10
    for block in found:
        assert re.match(r"run$|run: needs |by hand: .{5}", block.mark), f"{GUIDE.name}, line {block.line}: {block.mark!r}"
    said = " ".join(block.commands for block in found if block.mark.startswith("run"))
    for tool in ("new_figure.py", "new_page.py", "new_claim.py", "new_widget.py", "train.py", "make figures"):
        assert tool in said, f"no block that is run uses {tool}"


def test_what_is_said_to_be_tried_elsewhere_is_there():
    for block in blocks():
        for name in re.findall(r"tests/\w+/test_\w+\.py", block.mark):
            assert (ROOT / name).is_file(), name


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The files that git knows, as a clone has them, with this environment and these packages."""
    root = tmp_path_factory.mktemp("clone") / "denoised"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so that nobody knows which files are the repository's")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            link = name.startswith("figures_src/weights/")  # large, and never written in place
            (try_link if link else shutil.copy2)(ROOT / name, root / name)
    for name, target in ((".venv", sys.prefix), ("node_modules", paths.NODE_MODULES)):
        (root / name).symlink_to(target)
    few_icons(root)
    return root


def few_icons(root):
    """data/icons as `make data` leaves it, of no more icons than are shipped, and splits of just these: so the guide's
    model is trained in seconds and without the emoji sets."""
    shipped = specimens.load()
    order = sorted(range(len(shipped.records)), key=lambda i: STYLES.index(shipped.records[i]["style"]))
    rows = [splits.Row(**shipped.records[i]) for i in order]
    folder = root / "data" / "icons"
    folder.mkdir(parents=True)
    fields = [field.name for field in dataclasses.fields(Icon)]
    (folder / "index.json").write_text(json.dumps([{name: getattr(row, name) for name in fields} for row in rows]))
    opaque = np.full((*shipped.alpha.shape, 1), 255, np.uint8)  # the pictures are on white already
    rgba = np.concatenate([shipped.images, opaque], axis=-1)
    for style in STYLES:
        np.save(folder / f"{style}.npy", rgba[[i for i in order if shipped.records[i]["style"] == style]])
    splits.save(rows, root / splits.FILE.relative_to(ROOT))


def try_link(source, target):
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def environment(root) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DENOISED_", "PYTEST_"))}
    # The environment is installed already, and for this repository: so setting up is left out, and the copy goes first.
    # (A clone's own environment knows the clone's packages.)
    return kept | {"MAKEFLAGS": " -- SETUP=true", "PYTHONPATH": str(root / "figures_src"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def done(copy):
    """The copy after every block that is to be run; {line: output}."""
    said = {}
    for block in blocks():
        if not block.mark.startswith("run"):
            continue
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.commands],
            cwd=copy, env=environment(copy), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200,
        )  # fmt: skip
        output = ran.stdout + ran.stderr
        assert ran.returncode == 0, f"{GUIDE.name}, line {block.line}:\n{block.commands}\n{output[-3000:]}"
        said[block.line] = output
    return copy, said


def test_every_command_of_the_guide_works(done):
    root, said = done
    assert len(said) >= 8
    for name in ("my_figure", "my_counts"):
        manifest = json.loads((root / f"docs/assets/figures/tiny/data/{name}.json").read_text())
        assert manifest["numbers"]["pixels"] == 128 * 128
        assert (root / f"docs/assets/figures/tiny/data/{name}.light.wide.webp").stat().st_size > 1000
    page = (root / "docs/series/my-page.md").read_text()
    assert '{{ figure("data/my_figure") }}' in page
    assert '{{ num("data/my_figure.' in page
    assert '{{ widget("my_widget", "data/my_counts") }}' in page
    assert "series/my-page.md" in (root / "mkdocs.yml").read_text()
    assert "What is said, in our words." in (root / "docs/series/claims.yaml").read_text()
    assert any("1 of 1 figures are as they were" in output for output in said.values())
    assert any(re.search(r"\d+ passed", output) for output in said.values())


def test_the_model_of_the_guide_is_trained(done):
    root, _ = done
    folder = root / "figures_src/weights/decoders/twemoji"
    card = json.loads((folder / "card.json").read_text())
    assert card["preset"]["name"] == "decoder-twemoji"
    assert card["preset"]["extra"] == {"style": "twemoji"}
    assert (card["finished"], card["samples"]) == (True, 48)
    assert 0 < card["curve"][-1]["loss"] < 0.2
    assert 25 < card["psnr_after"] < 40  # of real pictures: white ones would be far above
    assert set(card["sha256"]) == {"decoder.safetensors"}
    assert verified(folder / "decoder.safetensors") == card["sha256"]["decoder.safetensors"]


def verified(path):
    """sha256 of a whole safetensors file."""
    assert recipes.safetensors_damage(path) is None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_widget_of_the_guide_works_by_keyboard(done, browser):
    """In a bare page, with the loader of the site."""
    root, _ = done
    (root / "docs" / "bare.html").write_text(
        '<!DOCTYPE html><html lang="en"><title>A widget</title><div class="dn-widget" data-widget="my_widget" '
        'data-src="assets/figures/tiny/data/my_counts.data.json">'
        '<img alt="still" src="assets/figures/tiny/data/my_counts.light.wide.webp"></div>'
        '<script type="module">import { mountWidgets } from "./javascripts/widgets/loader.js"; mountWidgets();</script>'
    )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(root / "docs"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        try:
            page.goto(f"http://127.0.0.1:{server.server_port}/bare.html")
            page.wait_for_selector(".dn-widget[data-state=ready]", timeout=30_000)
            data = json.loads((root / "docs/assets/figures/tiny/data/my_counts.data.json").read_text())
            told = page.get_by_role("status")
            assert told.inner_text() == f"{data['names'][0]}: {data['colours'][0]} colours"
            page.get_by_label("Which icon").focus()
            page.keyboard.press("ArrowRight")
            assert told.inner_text() == f"{data['names'][1]}: {data['colours'][1]} colours"
            assert page.locator("img").is_visible()
        finally:
            page.close()
            server.shutdown()


def test_the_page_of_the_guide_is_on_the_site(done, built_site):
    """The whole site of the copy, strictly, with the figures of this repository."""
    root, _ = done
    for name in ("docs/assets/figures", "docs/assets/vendor"):
        shutil.copytree(ROOT / name, root / name, dirs_exist_ok=True, copy_function=try_link)
    for path in (ROOT / "docs/notebooks").glob("*.ipynb"):
        shutil.copy2(path, root / "docs/notebooks")
    command, variables = recipes.mkdocs_command("build", "--strict", "--site-dir", str(root / "site"))
    variables |= {"PYTHONPATH": str(root / "figures_src")}
    leash, held = os.pipe()  # mkdocs ends when the other end closes
    ran = subprocess.run(command, cwd=root, env=variables, stdin=leash, capture_output=True, text=True, timeout=600)
    os.close(held)
    os.close(leash)
    assert ran.returncode == 0, ran.stderr[-3000:]
    html = (root / "site/series/my-page/index.html").read_text()
    assert 'id="fig-data-my_figure"' in html or 'data-figure="data/my_figure"' in html
    assert 'data-widget="my_widget"' in html
    assert "What is said, in our words." in (root / "site/series/claims/index.html").read_text()
    checked = subprocess.run(
        [sys.executable, "scripts/check_site.py"], cwd=root, env=environment(root), capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
