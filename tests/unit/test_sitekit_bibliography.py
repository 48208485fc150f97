"""The BibTeX reader against pybtex, labels, and the rule that no field is invented."""

import pytest
from sitekit_helpers import ROOT

from sitekit.bibliography import Bibliography, Work, parse_bibtex, plain
from sitekit.errors import SiteError

OURS = ROOT / "docs" / "references.bib"
TRICKY = r"""% a comment, with {braces
@Article{a1, author = "M{\"u}ller, J{\"o}rg and {van den} Berg, {\'E}va", title = {On {B}races, {a {deep} one}
   over   two lines}, year = 1999 }
@misc{b:2,
  author={{The Group} and others},
  title = {100\% of a \& b --- done}, url = {https://e.org/~x},
}
"""


def test_our_reader_agrees_with_pybtex(tmp_path):
    pybtex = pytest.importorskip("pybtex.database")
    (tmp_path / "t.bib").write_text(TRICKY)
    for path in (OURS, tmp_path / "t.bib"):
        ours = {e["ID"]: e for e in parse_bibtex(path.read_text(encoding="utf-8"))}
        theirs = pybtex.parse_file(str(path)).entries
        assert list(ours) == list(theirs)
        for key, entry in theirs.items():
            assert ours[key]["ENTRYTYPE"] == entry.type
            assert {k for k in ours[key] if k not in ("ID", "line", "ENTRYTYPE", "author")} == {
                k.lower() for k in entry.fields
            }
            for name, value in entry.fields.items():
                assert ours[key][name.lower()] == value
            authors = Work(ours[key]).authors
            assert len(authors) == len(entry.persons["author"])
            for (family, _), person in zip(authors, entry.persons["author"], strict=True):
                assert family == plain(" ".join(person.prelast_names + person.last_names))


def test_tricky_values():
    first, second = (Work(e) for e in parse_bibtex(TRICKY))
    assert first.fields["title"] == "On Braces, a deep one over two lines"
    assert first.authors == [("Müller", "Jörg"), ("van den Berg", "Éva")]
    assert first.label == "Müller & van den Berg, 1999"
    assert second.fields["title"] == "100% of a & b — done"
    assert second.author_list == "The Group, et al."
    assert second.label == "The Group et al."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@misc{a, title = {x}", "line 1: expected a comma between fields"),
        ("\n@misc{a,\n title = {x}, title = {y},}", "line 3: a has title twice"),
        ("@misc{a, title = {x", "line 1: a value is never closed"),
        ("stray", "line 1: expected @type{"),
        ("@misc{a, title = x}", "line 1: expected a value"),
    ],
)
def test_a_faulty_file_is_named_with_its_line(text, words):
    with pytest.raises(SiteError, match=words.replace("{", r"\{")):
        parse_bibtex(text)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("@article{a, author = {A}, title = {T}}", "lacks year"),
        ("@misc{a, author = {A}, title = {T}}", "lacks url"),
        ("@misc{a, author = {A}, title = {T}, url = {u}, doi = {10.1/x}}", "unknown or unwanted fields: doi"),
        ("@misc{a, author = {A}, title = {T}, url = {u}, pages = {1--2}}", "unknown or unwanted fields: pages"),
        ("@misc{a, author={A}, title={T}, url={u}}\n@misc{a, author={A}, title={T}, url={u}}", "2: a is there twice"),
    ],
)
def test_an_incomplete_or_unwanted_entry_is_refused(tmp_path, entry, words):
    (tmp_path / "x.bib").write_text(entry)
    with pytest.raises(SiteError, match=words):
        Bibliography.load(tmp_path / "x.bib")


def test_works_of_the_same_people_and_year_get_letters():
    works = Bibliography.load(OURS)
    labels = [w.label for w in works.values()]
    assert len(set(labels)) == len(labels)
    assert works["song2020ddim"].label == "Song et al., 2020a"
    assert works["ho2020ddpm"].label == "Ho et al., 2020"


def test_the_list_is_sorted_and_escaped(tmp_path):
    (tmp_path / "x.bib").write_text(
        "@article{z, author = {Zeta, A}, title = {<b>T}, year = 2001}\n"
        "@article{o, author = {Ågren, B}, title = {T}, year = 2002}"
    )
    works = Bibliography.load(tmp_path / "x.bib")
    assert [w.key for w in works.sorted()] == ["o", "z"]
    assert "&lt;b&gt;T" in works["z"].html()
