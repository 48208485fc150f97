"""The scaffolds of pages and claims: what they write builds at once; what they refuse, they refuse in one sentence."""

import re
import subprocess
import sys

import pytest
import yaml
from sitekit_helpers import CLAIMS, Project, write_figure

import new_claim
import new_page
from denoised.paths import ROOT
from sitekit.ledger import Ledger
from sitekit.prose_check import check_page, load_allowed

NAV = """
nav:
  - Home: index.md
  - The series:
      - Ledger: series/claims.md
  - References: references.md

extra: {}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small site that both scaffolds write into."""
    made = Project(tmp_path / "site", {})
    config = made.folder / "mkdocs.yml"
    text = config.read_text().replace("[attr_list,", "[pymdownx.details, pymdownx.superfences, attr_list,")
    config.write_text(text + NAV)
    monkeypatch.setattr(new_page, "ROOT", made.folder)
    monkeypatch.setattr(new_page.targets, "FIGURES", made.docs / "assets" / "figures")
    monkeypatch.setattr(new_claim, "LEDGER", made.docs / "series" / "claims.yaml")
    return made


def test_a_new_page_builds_at_once(project, capsys):
    assert new_page.main(["series/my-page", "My page: why?", "--figure", "vae/swap"]) == 0
    assert "Wrote docs/series/my-page.md" in capsys.readouterr().out
    status, log, errors = project.build("--strict")
    assert status == 0, log
    html = project.html("series/my-page")
    assert 'id="fig-vae-swap"' in html
    assert "28.1" in html  # the figure's first number, from its manifest
    assert re.search(r'<details class="predict">\s*<summary>.*?</summary>\s*<div class="dn-bet" hidden data-bet=', html)
    nav = yaml.safe_load((project.folder / "mkdocs.yml").read_text())["nav"]
    assert nav[1] == {"The series": [{"Ledger": "series/claims.md"}, {"My page: why?": "series/my-page.md"}]}


@pytest.mark.parametrize(
    ("numbers", "asked"),
    [
        ({"name": "cat", "gain": -0.5}, "low=-1, high=0"),
        ({"none": 0}, "low=0, high=1"),
        ({"huge": 1e12, "count": 1234}, "low=0, high=2000"),
    ],
)
def test_its_question_can_be_asked(project, numbers, asked):
    write_figure(project.docs, "vae/swap", numbers=numbers, alt="The 3")
    new_page.main(["my-page", "My page", "--figure", "vae/swap"])
    assert asked in (project.docs / "my-page.md").read_text()
    write_figure(project.docs, "vae/swap", numbers={"name": "cat"}, alt="The 3")
    new_page.main(["plain", "My page", "--figure", "vae/swap"])
    assert "guess(" not in (project.docs / "plain.md").read_text()


def test_its_prose_passes_the_check_of_numerals(project):
    new_page.main(["my-page", "My page", "--figure", "vae/swap"])
    allowed, _ = load_allowed(ROOT / "docs" / "contributing" / "allowed-numbers.yaml")
    text = (project.docs / "my-page.md").read_text()
    assert check_page(text, "docs/my-page.md", "my-page.md", allowed) == []


def test_a_page_without_neighbours_goes_to_the_end_of_the_navigation(project):
    new_page.main(["essays/one", "An essay", "--figure", "vae/swap"])
    config = yaml.safe_load((project.folder / "mkdocs.yml").read_text())
    assert config["nav"][-1] == {"An essay": "essays/one.md"}
    assert config["extra"] == {}


def test_the_navigation_of_this_site_takes_a_page():
    text, line = new_page.with_nav((ROOT / "mkdocs.yml").read_text(), "series/zzz.md", "Zzz")
    assert line == "      - Zzz: series/zzz.md"
    series = [item for item in text.split("\n") if ": series/" in item and "claims" not in item]
    assert len(series) > 1
    assert new_page.with_nav(text, "series/zzz.md", "Zzz") == (text, None)


@pytest.mark.parametrize(
    "bad", ["Series/page", "series/my_page", "series/page.md", "../page", "a/b/c", "/page", "series/", "two words"]
)
def test_a_bad_name_is_one_sentence(project, capsys, bad):
    assert new_page.main([bad, "Title"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "series/my-page" in said


def test_an_unknown_figure_is_one_sentence_with_a_guess(project, capsys):
    assert new_page.main(["series/page", "Title", "--figure", "vae/swop"]) == 1
    assert "did you mean 'vae/swap'?" in capsys.readouterr().err
    assert not (project.docs / "series" / "page.md").exists()


def test_an_existing_page_and_its_navigation_are_not_touched(project, capsys):
    before = (project.folder / "mkdocs.yml").read_text()
    assert new_page.main(["how-made", "Title", "--figure", "vae/swap"]) == 1
    assert "already" in capsys.readouterr().err
    assert (project.folder / "mkdocs.yml").read_text() == before


def test_a_new_claim_builds_at_once(project, capsys):
    said = "Colours # and {braces}: 100% of a rather long claim that has to be wrapped over more than one line, really."
    assert new_claim.main(["vae", said, "--figure", "vae/swap"]) == 0
    out = capsys.readouterr().out
    ledger = Ledger.load(new_claim.LEDGER)
    assert ledger.problems == []
    claim = ledger.claims["v-02"]
    assert (claim["claim"], claim["by"], claim.verdict) == (said, "essay", "untested")
    assert claim["check"] == "vae/swap.a_number > 0"
    assert f"claims.yaml:{claim.line}." in out
    assert new_claim.LEDGER.read_text().startswith(CLAIMS.rstrip("\n"))
    status, log, errors = project.build("--strict")
    assert status == 0, log
    assert 'id="v-02"' in project.html("series/claims")


def test_the_real_ledger_takes_a_claim_in_each_section(tmp_path, monkeypatch):
    copy = tmp_path / "claims.yaml"
    before = (ROOT / "docs" / "series" / "claims.yaml").read_text()
    monkeypatch.setattr(new_claim, "LEDGER", copy)
    copy.write_text(before)
    sections = Ledger.load(copy).sections
    chosen = [name for name in sections if sections[name]["claims"]]
    for name in (chosen[0], chosen[len(chosen) // 2], chosen[-1]):
        copy.write_text(before)
        claim_id, line = new_claim.scaffold(name, "Something that nobody has said before.")
        after = copy.read_text().split("\n")
        assert after[line - 1] == f"      - id: {claim_id}"
        added = [text for text in after if text not in set(before.split("\n"))]
        assert any("nobody has said" in text for text in added)
        whole = Ledger.load(copy)
        assert whole.problems == []
        assert whole.sections[name]["claims"][-1]["id"] == claim_id
        assert len(whole.claims) == 1 + sum(len(section["claims"]) for section in sections.values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vea", "A claim."], "did you mean 'vae'?"),
        (["vae", "It packs <script>alert(1)</script> & unpacks."], "Claim v-01 says exactly this already"),
        (["vae", "  "], "empty"),
        (["vae", "A claim.", "--figure", "Swap"], "section/name"),
        ([], "new_claim.py p4-r10"),
    ],
)
def test_what_it_refuses_is_one_sentence(project, capsys, arguments, said):
    before = new_claim.LEDGER.read_text()
    assert new_claim.main(arguments) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err
    assert new_claim.LEDGER.read_text() == before


def test_a_ledger_with_a_problem_is_named_with_its_line(project, capsys):
    text = new_claim.LEDGER.read_text()
    new_claim.LEDGER.write_text(text.replace("kind: mechanism", "kindd: mechanism"))
    assert new_claim.main(["vae", "A claim."]) == 1
    assert "claims.yaml:12: claim v-01 has an unknown field 'kindd'; did you mean 'kind'?" in capsys.readouterr().err


@pytest.mark.parametrize("script", ["new_page.py", "new_claim.py"])
def test_the_scripts_run_by_themselves(script):
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script)], capture_output=True, text=True, cwd="/", env={}
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Say ")


def test_a_title_is_safe_in_yaml(project):
    """A title that YAML would take for something else is put in quotes."""
    for number, title in enumerate(["No", "a: b", "'quoted'", "# hash", "Plain words, and (more)?"]):
        name = f"page-{'abcdefgh'[number]}"
        assert new_page.main([name, title, "--figure", "vae/swap"]) == 0
        front = (project.docs / f"{name}.md").read_text().split("---")[1]
        assert yaml.safe_load(front)["title"] == title
        assert {title: f"{name}.md"} in yaml.safe_load((project.folder / "mkdocs.yml").read_text())["nav"]
