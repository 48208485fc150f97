"""The front page's cards and verdicts, in a site that MkDocs really builds."""

import re

import pytest
from sitekit_helpers import Project

HOME = """\
# Home

{{ cards("The series", {"series/vae.md": "vae/swap"}) }}

{{ verdicts() }}

{{ figure_count() }} figures
"""
NAV = """
nav:
  - Home: index.md
  - The series:
      - The VAE: series/vae.md
      - Quiet: series/quiet.md
  - Rest:
      - how-made.md
"""
VAE = "---\ntitle: A longer title\ndescription: What it & the decoder do.\n---\n\n# VAE\n\n{{ claim('v-01') }}\n"
QUIET = "---\ndescription: Nothing is claimed here.\n---\n\n# Quiet\n"


def project(folder, **pages):
    made = Project(folder, {"index.md": HOME, "series/vae.md": VAE, "series/quiet.md": QUIET} | pages)
    config = made.folder / "mkdocs.yml"
    config.write_text(config.read_text() + NAV)
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = project(tmp_path_factory.mktemp("home"))
    status, log, _ = made.build("--strict")
    assert status == 0, log
    return (made.folder / "site" / "index.html").read_text()


def test_each_page_of_the_section_has_a_card_in_its_order(home):
    cards = re.findall(r'<a class="dn-card" href="(.*?)">(.*?)</a>', home, re.S)
    assert [href for href, _ in cards] == ["series/vae/", "series/quiet/"]
    first, second = (inside for _, inside in cards)
    assert "<strong>The VAE</strong><span>What it &amp; the decoder do.</span>" in first
    assert "Nothing is claimed here." in second


def test_a_card_shows_its_figure_and_its_claims(home):
    first, second = re.findall(r'<a class="dn-card".*?</a>', home, re.S)
    for theme in ("light", "dark"):
        assert f'<span class="dn-{theme}"><img src="assets/figures/tiny/vae/swap.{theme}.narrow.svg"' in first
    assert 'alt="A detail of the figure “A swap”" width="360" height="300" loading="lazy"' in first
    assert re.search(r">1</span> claim: <span[^>]*>1</span> not yet tested</span>", first), first
    assert 'data-verdict="untested" style="flex-grow: 1"' in first
    assert "img" not in second and "claim:" not in second


def test_the_verdicts_are_counted(home):
    rows = re.findall(r'data-verdict="(\w+)">[^<]*</span></dt><dd><span class="dn-num"[^>]*>(\d+)</span>', home)
    assert dict(rows) == dict.fromkeys(("holds", "partly", "false", "outdated", "cited", "explained"), "0") | {
        "untested": "1"
    }
    assert re.search(r">1</span> figures", home)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("The series", "The serie", "the navigation has no section 'The serie'; did you mean 'The series'?"),
        ("vae/swap", "vae/swpa", "unknown figure 'vae/swpa'; did you mean 'vae/swap'?"),
    ],
)
def test_a_mistake_names_its_line(tmp_path, old, new, words):
    _, _, errors = project(tmp_path, **{"index.md": HOME.replace(old, new, 1)}).build("--strict")
    assert len(errors) == 1
    assert errors[0].startswith("docs/index.md:3: ")
    assert words in errors[0]


def test_a_page_without_a_description_is_named(tmp_path):
    _, _, errors = project(tmp_path, **{"series/quiet.md": "# Quiet\n"}).build("--strict")
    assert any("series/quiet.md has no description" in error for error in errors), errors
