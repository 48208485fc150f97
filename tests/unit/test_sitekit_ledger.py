"""The claims ledger: checks without eval, verdicts that numbers can contradict, sentences with line numbers."""

import pytest
from sitekit_helpers import BIB, ROOT, Project, write_figure

from sitekit.bibliography import Bibliography
from sitekit.errors import SiteError
from sitekit.expressions import evaluate, parse, references
from sitekit.ledger import Ledger
from sitekit.manifests import Figures

NUMBERS = {
    "vae/a.x": 3.0,
    "vae/a.y": 0.5,
    "vae/b_c.n": 4,
    "vae/a.zero": 0,
    "vae/a.word": "cat",
    "vae/a.nan": float("nan"),
}

HEAD = """\
sections:
  - id: s
    title: A section
    claims:
      - id: c-1
        by: essay
        claim: Something.
        kind: mechanism
        expect: "holds"
"""


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("vae/a.x > 2", True),
        ("vae/a.x > 2 and vae/a.y < 0.1", False),
        ("vae/a.x > 2 or vae/a.y < 0.1", True),
        ("not vae/a.x > 2", False),
        ("1 < vae/a.x <= 3", True),
        ("1 < vae/a.x < 3", False),
        ("vae/a.x / vae/a.y == 6", True),
        ("vae/a.x - vae/b_c.n * 2 < -4.9", True),
        ("abs(vae/a.y - vae/a.x) > 2 and max(vae/a.x, vae/b_c.n) == 4", True),
        ("vae/a.word == 'cat'", True),
        ("vae/a.nan > 0 or vae/a.nan <= 0", False),
    ],
)
def test_checks_are_evaluated(expression, truth):
    assert evaluate(expression, NUMBERS.__getitem__)[0] is truth


@pytest.mark.parametrize(
    "expression",
    [
        "1 < 2",  # names no number, so it cannot fail
        "vae/a.x",  # compares nothing
        "vae/a.x +",
        "vae/a.x > ",
        "__import__('os').system('true') == 0 and vae/a.x > 1",
        "vae/a.x.__class__ == 1",
        "(lambda: 1)() < vae/a.x",
        "[n for n in (1,)] == vae/a.x",
        "vae/a.x ** 9999 > 1",
        "vae/a.x > 1 and vae/a.y",
        "vae/a.x in (1, 2)",
        "open('x') == vae/a.x",
        "abs(vae/a.x, key=1) > 1",
        "nothing > vae/a.x",
    ],
)
def test_what_is_no_check_is_refused(expression):
    with pytest.raises(SiteError):
        parse(expression)


def test_a_check_that_cannot_be_computed_says_so():
    with pytest.raises(SiteError, match="cannot be computed"):
        evaluate("vae/a.x / vae/a.zero > 1", NUMBERS.__getitem__)
    with pytest.raises(SiteError, match="cannot be computed"):
        evaluate("vae/a.word > 1", NUMBERS.__getitem__)


def test_division_is_told_from_names():
    assert references("vae/a.x / vae/b_c.n > 1") == ["vae/a.x", "vae/b_c.n"]


def load(tmp_path, fields):
    """A ledger of one claim whose further fields start on line 10, and its problems."""
    path = tmp_path / "claims.yaml"
    path.write_text(HEAD + "".join(f"        {line}\n" for line in fields))
    return Ledger.load(path)


def contradictions(tmp_path, fields):
    write_figure(tmp_path)
    ledger = load(tmp_path, fields)
    assert ledger.problems == []
    (tmp_path / "x.bib").write_text(BIB)
    figures = Figures(tmp_path / "assets" / "figures" / "tiny")
    return list(ledger.contradictions(figures, Bibliography.load(tmp_path / "x.bib")))


@pytest.mark.parametrize(
    ("fields", "line", "words"),
    [
        (["verdict: false", "says: X."], 10, 'write "false" in quotes'),
        (["verdict: hold", "says: X."], 10, "unknown verdict 'hold'; did you mean 'holds'?"),
        (["verdict: holds", "check: vae/swap.count > 1"], 10, "lacks 'says'"),
        (["says: X.", "verdict: holds"], 11, "has no 'check'"),
        (["verdict: cited", "says: X."], 10, "has no 'cites'"),
        (["verdict: outdated", "says: X."], 10, "has neither a check nor 'cites'"),
        (["verdct: holds"], 10, "unknown field 'verdct'; did you mean 'verdict'?"),
        (["says: X.", "check: vae/swap.count >"], 11, "does not parse"),
        (["check: 1 < 2"], 10, "cannot fail"),
        (["check: vae/a.x > 1", "checks: {holds: vae/a.x > 1}"], 11, "both 'check' and 'checks'"),
        (["verdict: partly", "says: X.", "checks: {holds: vae/a.x > 1}"], 12, "no expression for that verdict"),
        (["checks: {untested: vae/a.x > 1}"], 10, "no check can decide the verdict 'untested'"),
        (["evidence: vae/swap"], 10, "'evidence' must be a list of strings"),
        (["says: [1]"], 10, "'says' must be text"),
        (["note: a", "note: b"], 11, "a claim has 'note' twice"),
    ],
)
def test_the_shape_of_a_claim_is_checked_with_its_line(tmp_path, fields, line, words):
    problems = load(tmp_path, fields).problems
    assert [(found, words in text) for found, text in problems] == [(line, True)], problems


def test_a_claim_cannot_be_there_twice(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(HEAD + HEAD.partition("claims:\n")[2])
    assert Ledger.load(path).problems == [(10, "claim c-1 is there twice")]


X = "says: X."
PSNR = "vae/swap.psnr_self"  # 28.123


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (["verdict: holds", X, f"check: {PSNR} > 28"], None),
        (["verdict: holds", X, f"check: {PSNR} > 30"], f"its check is not true: {PSNR} > 30 ({PSNR} = 28.123)"),
        (["verdict: partly", X, "checks:", f"  holds: {PSNR} > 30", f"  partly: 20 < {PSNR} <= 30"], None),
        (
            ["verdict: partly", X, "checks:", f"  holds: {PSNR} > 20", f"  partly: {PSNR} > 10"],
            "is 'partly', but the check for 'holds' is true",
        ),
        (["verdict: holds", X, "check: vae/swap.psnr > 28"], "no number 'psnr'; did you mean 'psnr_self'?"),
        (["verdict: holds", X, "check: vae/swpa.x > 28"], "unknown figure 'vae/swpa'; did you mean 'vae/swap'?"),
        (["verdict: explained", X, "evidence: [vae/nope]"], "unknown figure 'vae/nope'"),
        (["verdict: cited", X, "cites: [ho2020dpm]"], "unknown reference 'ho2020dpm'; did you mean 'ho2020ddpm'?"),
        (["verdict: cited", X, "cites: [ho2020ddpm]"], None),
        (["check: not/yet.rendered > 3"], None),  # written down before the figure exists
    ],
)
def test_verdicts_are_held_to_numbers_figures_and_works(tmp_path, fields, words):
    found = contradictions(tmp_path, fields)
    if words is None:
        assert found == []
    else:
        assert len(found) == 1
        assert words in found[0][1]


def test_the_series_own_ledger_is_in_order():
    ledger = Ledger.load(ROOT / "docs" / "series" / "claims.yaml")
    assert ledger.problems == []
    counts = ledger.counts()
    assert sum(counts.values()) == len(ledger.claims) == 189
    cited = Bibliography.load(ROOT / "docs" / "references.bib")
    for name in ("canvas-1", "canvas-2", "canvas-3", "p4-r10"):
        for claim in ledger.section(name)["claims"]:
            for text in claim.get("cite", []):
                assert cited.by_title(text), f"{claim['id']}: {text}"


def test_a_settled_claim_shows_its_evidence_and_a_hostile_sentence_is_text(tmp_path):
    claims = (ROOT / "tests" / "unit" / "sitekit_helpers.py").read_text().split('CLAIMS = """\\\n')[1].split('"""')[0]
    claims += """\
        verdict: "false"
        check: vae/swap.psnr_self < 30
        threshold_note: It was 29 once.
        says: >-
          At {{ num("vae/swap.psnr_self", ".2f") }} dB, <img src=x onerror=alert(1)> *no*.
        cites: [ho2020ddpm]
"""
    project = Project(
        tmp_path, {"series/vae.md": '# VAE\n\n{{ claims("vae") }}\n\n{{ claim_count("false") }}\n'}, claims
    )
    status, log, _ = project.build("--strict")
    assert status == 0, log
    html = project.html("series/vae")
    assert '<span class="dn-num" title="vae/swap.psnr_self">28.12</span> dB, ' in html
    assert " dB, &lt;img src=x onerror=alert(1)&gt; <em>no</em>.</p>" in html
    assert "<code>vae/swap.psnr_self &lt; 30</code></dd><dt>Measured</dt><dd>psnr_self" in html
    assert "It was 29 once." in html
    assert '<a href="../../how-made/#prov-vae-swap"><code>vae/swap</code></a>' in html
    assert '<span class="dn-verdict" data-verdict="false">false</span>' in html
    ledger = project.html("series/claims")
    assert 'id="dn-show-false" value="false"' in ledger
    assert "dn-show-holds" not in ledger


def test_a_verdict_that_its_number_contradicts_fails_the_build(tmp_path):
    claims = (
        HEAD
        + '        verdict: holds\n        says: At {{ num("vae/swap.nix") }}.\n        check: vae/swap.count < 5\n'
    )
    status, log, errors = Project(tmp_path, {}, claims).build("--strict")
    assert status != 0
    assert errors == [
        "docs/series/claims.yaml:12: claim c-1 is 'holds', but its check is not true: "
        "vae/swap.count < 5 (vae/swap.count = 12345)",
        "docs/series/claims.yaml:11: figure 'vae/swap' has no number 'nix'; it has count, loss, name, psnr_self",
    ], log
