"""What is kept of pages and sources: the same as reading them, for this content only, and never in the way."""

import json

import pytest
from material.plugins.search import plugin

from sitekit import sections
from tasks import hashes, readings

PAGE = """<h1 id="top">A <em>title</em></h1><p>Some text &amp; more, <code>code</code>.</p><script>not this</script>
<h2 id="left-out" data-search-exclude>Left out</h2><p>Not to be found.</p><h2 id="last">Last</h2><ul><li>One</li></ul>"""


def plain(parser):
    return [(s.id, s.title, s.text, bool(s.is_excluded())) for s in parser.data]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SEARCH_SECTIONS", str(tmp_path / "sections"))
    return tmp_path / "sections"


def fed(parser, content=PAGE):
    parser.feed(content)
    parser.close()
    return parser


def test_sections_are_those_of_the_search_plugin_the_first_time_and_the_second(folder, monkeypatch):
    expected = plain(fed(plugin.Parser()))
    assert [s[0] for s in expected] == [None, "left-out", "last"] and expected[1][3]
    assert plain(fed(sections.KeptParser())) == expected
    monkeypatch.setattr(sections, "read", lambda content: pytest.fail("the page was read again"))
    assert plain(fed(sections.KeptParser())) == expected


@pytest.mark.parametrize("damage", ["", "{", '[{"id": "top"'])
def test_a_damaged_file_is_made_again(folder, damage):
    expected = plain(fed(sections.KeptParser()))
    (file,) = folder.glob("*.json")
    file.write_text(damage)
    assert plain(fed(sections.KeptParser())) == expected
    assert json.loads(file.read_text()) and not list(folder.glob(".*"))


def test_another_page_is_another_file_and_the_oldest_go(folder, monkeypatch):
    for k in range(5):
        fed(sections.KeptParser(), f"<p>{k}</p>")
    assert len(list(folder.glob("*.json"))) == 5
    monkeypatch.setattr(plugin, "Parser", plugin.Parser)
    sections.keep(most=2)
    assert plugin.Parser is sections.KeptParser and len(list(folder.glob("*.json"))) == 2


def test_a_plain_mkdocs_has_the_plugins_own_parser(monkeypatch):
    monkeypatch.delenv("SEARCH_SECTIONS", raising=False)
    before = plugin.Parser
    sections.keep()
    assert plugin.Parser is before


# ------------------------------------------------ sources
@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(readings, "_FILE", tmp_path / "readings.json")
    monkeypatch.setattr(readings, "_known", None)
    monkeypatch.setattr(readings, "_asked", set())
    monkeypatch.setattr(hashes, "_cache", {})
    return tmp_path / "readings.json"


def again(monkeypatch):
    """As in the next process."""
    readings.save()
    monkeypatch.setattr(readings, "_known", None)
    monkeypatch.setattr(readings, "_asked", set())


def unread():
    pytest.fail("read again")


def test_a_source_is_read_once_for_each_content_and_question(store, tmp_path, monkeypatch):
    source = tmp_path / "a.py"
    source.write_text("A = 1\n")
    assert readings.recall(source, "imports", lambda: ("x", "y")) == ["x", "y"]
    assert readings.recall(source, "DATA", tuple) == []
    again(monkeypatch)
    assert readings.recall(source, "imports", unread) == ["x", "y"]
    assert readings.recall(source, "DATA", unread) == []
    source.write_text("A = 22\n")
    assert readings.recall(source, "imports", lambda: ["z"]) == ["z"]
    again(monkeypatch)
    assert readings.recall(source, "imports", unread) == ["z"]
    source.write_text("A = 333\n")
    readings.recall(source, "imports", list)
    again(monkeypatch)
    assert readings.recall(source, "imports", unread) == []
    source.write_text("A = 4444\n")
    again(monkeypatch)
    readings.recall(source, "imports", list)
    readings.save()
    assert len(json.loads(store.read_text())["sources"]) == 1, "what nobody asked for is not kept"


def test_what_a_source_raises_is_raised_again(store, tmp_path, monkeypatch):
    source = tmp_path / "a.py"
    source.write_text("A =\n")

    def broken():
        raise ValueError("line 1")

    for _ in range(2):
        with pytest.raises(ValueError, match="line 1"):
            readings.recall(source, "imports", broken)
        again(monkeypatch)


@pytest.mark.parametrize("damage", ["", "[]", '{"readers": null}', '{"readers": ["other"], "sources": {}}'])
def test_other_readers_or_a_damaged_file_cost_time_only(store, tmp_path, monkeypatch, damage):
    source = tmp_path / "a.py"
    source.write_text("A = 1\n")
    readings.recall(source, "imports", lambda: ["x"])
    again(monkeypatch)
    store.write_text(damage)
    assert readings.recall(source, "imports", lambda: ["new"]) == ["new"]
