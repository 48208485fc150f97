"""docs/notebooks/*.py are run by the build; mkdocs only shows what came out."""

import json

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
