"""docs/notebooks/*.py are run by the build; mkdocs only shows what came out."""

import json
import pathlib
import time

import pytest

NOTEBOOK = """# %% [markdown]
# # A companion

# %%
from denoised.tools import hammer
print("the hammer weighs", hammer.WEIGHT)
"""


@pytest.fixture
def project(built):
    built.path("docs/notebooks").mkdir()
    built.path("docs/notebooks/companion.py").write_text(NOTEBOOK)
    built.path("mkdocs.yml").write_text(built.path("mkdocs.yml").read_text() + "exclude_docs: notebooks/\n")
    return built


def said(project) -> str:
    cells = json.loads(project.path("docs/notebooks/companion.ipynb").read_text())["cells"]
    return "".join(line for cell in cells for out in cell.get("outputs", []) for line in out.get("text", []))


def test_a_notebook_is_run_when_its_code_changes_and_only_then(project):
    product = project.path("docs/notebooks/companion.ipynb")
    assert project.build() == []
    assert said(project) == "the hammer weighs 3\n"
    first = product.read_bytes()
    made = product.stat().st_ino
    project.build()
    assert product.stat().st_ino == made
    project.edit("figures_src/denoised/tools/hammer.py", "= 3", "= 8")
    project.build()
    assert said(project) == "the hammer weighs 8\n"
    project.edit("figures_src/denoised/tools/hammer.py", "= 8", "= 3")
    product.unlink()
    project.build()
    assert product.read_bytes() == first  # the same sources, the same bytes


def test_a_cell_that_raises_is_one_sentence(project):
    project.edit("docs/notebooks/companion.py", "print(", "raise RuntimeError('no nails')\nprint(")
    sentence = project.fail()
    assert "docs/notebooks/companion.py" in sentence
    assert "no nails" in sentence
    assert not project.path("docs/notebooks/companion.ipynb").exists()


def test_what_libraries_complain_about_is_no_part_of_it(project):
    """Such lines name paths of this machine; lines of a cell stand together however they came."""
    project.edit("docs/notebooks/companion.py", "print(",
                 "import sys, time, warnings\nwarnings.warn('no widgets here')\nprint('eleven', flush=True)\n"
                 "print('oops', file=sys.stderr, flush=True)\ntime.sleep(0.4)\nprint(")  # fmt: skip
    project.build()
    cells = json.loads(project.path("docs/notebooks/companion.ipynb").read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output["name"] for output in outputs] == ["stdout"]
    assert said(project) == "eleven\nthe hammer weighs 3\n"


MEETING = """# %%
import pathlib, time
pathlib.Path("{mine}").touch()
deadline = time.monotonic() + 60
while not pathlib.Path("{other}").exists() and time.monotonic() < deadline:
    time.sleep(0.05)
print("met" if pathlib.Path("{other}").exists() else "alone")
"""


def test_two_notebooks_run_at_once(project, tmp_path):
    folder = project.path("docs/notebooks")
    signs = [tmp_path / "one.sign", tmp_path / "two.sign"]
    (folder / "companion.py").write_text(MEETING.format(mine=signs[0], other=signs[1]))
    (folder / "companion_too.py").write_text(MEETING.format(mine=signs[1], other=signs[0]))
    project.build(JOBS="2")
    assert said(project) == "met\n"


def test_interrupting_a_build_ends_the_kernels(project, tmp_path):
    sign = tmp_path / "kernel"
    project.path("docs/notebooks/companion.py").write_text(
        f"# %%\nimport os, pathlib, time\npathlib.Path({str(sign)!r}).write_text(str(os.getpid()))\ntime.sleep(300)\n"
    )
    project.interrupt(sign.exists)
    kernel, deadline = int(sign.read_text()), time.monotonic() + 30
    while pathlib.Path(f"/proc/{kernel}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pathlib.Path(f"/proc/{kernel}").exists()
