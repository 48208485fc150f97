"""What a build of the site keeps for the next one: carried files, compiled templates, readings of pages."""

import errno
import hashlib
import os
from types import SimpleNamespace

import jinja2
import pytest

from sitekit import carry, compiled, pages


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def carried(docs, site, old):
    files = [SimpleNamespace(abs_src_path=str(path), abs_dest_path=str(site / path.relative_to(docs)))
             for path in sorted(docs.rglob("*")) if path.is_file()]  # fmt: skip
    return carry.start(files, site, old).result()


def contents(root):
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_what_the_old_site_has_is_linked_and_all_else_copied(tmp_path):
    docs, old, site = tmp_path / "docs", tmp_path / "old", tmp_path / "site"
    write(docs, page="after", assets__same="same", fresh="fresh", of_one_size="abd")
    write(old, page="before", assets__same="same", gone="gone", of_one_size="abc")
    (old / "fresh").symlink_to(docs / "fresh")  # nobody's work: never followed
    digests = carried(docs, site, old)
    assert contents(site) == contents(docs)
    assert os.path.samefile(old / "assets" / "same", site / "assets" / "same")
    assert not any(os.path.samefile(docs / name, site / name) for name in contents(docs)), "docs/ stays its own"
    assert not (site / "fresh").is_symlink()
    assert digests.keys() == {site / name for name in contents(docs)}
    assert digests[site / "fresh"] == hashlib.sha256(b"fresh").hexdigest()


def test_without_an_old_site_and_without_links_files_are_copied(tmp_path, monkeypatch):
    docs, old = tmp_path / "docs", tmp_path / "old"
    write(docs, page="text")
    write(old, page="text")
    carried(docs, tmp_path / "first", None)
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))
    carried(docs, tmp_path / "second", old)
    assert contents(tmp_path / "first") == contents(tmp_path / "second") == {"page": "text"}


def test_what_goes_wrong_is_raised(tmp_path):
    gone = SimpleNamespace(abs_src_path=str(tmp_path / "gone"), abs_dest_path=str(tmp_path / "site" / "gone"))
    with pytest.raises(FileNotFoundError):
        carry.start([gone], tmp_path / "site", None).result()


def environment(folder, **options):
    made = jinja2.Environment(**options)
    compiled.keep(made, folder)
    return made


def test_a_template_is_compiled_once_for_good(tmp_path, monkeypatch):
    text = "{% for i in range(3) %}{{ i * n }} {% endfor %}"
    assert environment(tmp_path).from_string(text).render(n=2) == "0 2 4 "
    monkeypatch.setattr(jinja2.Environment, "_parse", None)  # whoever compiles now fails
    assert environment(tmp_path).from_string(text).render(n=3) == "0 3 6 "
    with pytest.raises(TypeError):
        environment(tmp_path).from_string(text + "!")


def test_other_markers_and_filters_are_other_templates(tmp_path):
    text = "{{ 'a' | upper }} {# a remark #}"
    assert environment(tmp_path).from_string(text).render() == "A "
    assert environment(tmp_path, comment_start_string="{##", comment_end_string="##}").from_string(text).render() == (
        "A {# a remark #}")  # fmt: skip
    with_more = jinja2.Environment()
    with_more.filters["twice"] = lambda value: value * 2
    compiled.keep(with_more, tmp_path)
    assert with_more.from_string("{{ 'a' | twice }}").render() == "aa"
    with pytest.raises(jinja2.TemplateError):
        environment(tmp_path).from_string("{{ 'a' | twice }}")


def test_a_damaged_template_is_compiled_again(tmp_path):
    environment(tmp_path).from_string("{{ 1 + 1 }}")
    (kept,) = tmp_path.iterdir()
    for damage in (b"", kept.read_bytes()[:-9], b"nonsense"):
        kept.write_bytes(damage)
        assert environment(tmp_path).from_string("{{ 1 + 1 }}").render() == "2"


def test_the_oldest_templates_are_thrown_away(tmp_path):
    made = environment(tmp_path)
    for n in range(5):
        made.from_string(f"{n}")
    compiled.keep(jinja2.Environment(), tmp_path, most=2)
    assert len(list(tmp_path.iterdir())) == 2


def test_readings_are_kept_by_text_and_syntax(tmp_path, monkeypatch):
    texts = ["{{ num('a/b.c') }}", "{% set x = 1 %}{{ x }} {{ y }}"]
    first = pages.KeptReadings(jinja2.Environment(), tmp_path)
    said = [first(text) for text in texts]
    assert said[0]["calls"] == [[1, "num", ["a/b.c"]]] and said[1]["made"] == ["x"] and [1, "y"] in said[1]["asked"]
    first.save()
    monkeypatch.setattr(pages, "read_body", lambda *_: {"calls": "anew"})
    again = pages.KeptReadings(jinja2.Environment(), tmp_path)
    assert [again(text) for text in texts] == said
    assert again(texts[0] + " ")["calls"] == "anew"
    other = pages.KeptReadings(jinja2.Environment(variable_start_string="[["), tmp_path)
    assert other(texts[0])["calls"] == "anew"
    (tmp_path / "readings.json").write_text("[1")
    assert pages.KeptReadings(jinja2.Environment(), tmp_path)(texts[0])["calls"] == "anew"
