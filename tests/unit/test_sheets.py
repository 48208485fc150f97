"""Many style sheets become one, in the pages and on the disk."""

import pytest

from sitekit import sheets

LISTED = ["stylesheets/a.css", "stylesheets/b-c.css"]
PAGE = (
    '<head><link rel="stylesheet" href="../assets/stylesheets/main.57a0d79d.min.css">'
    '<link rel="stylesheet" href="../assets/stylesheets/palette.fb2fffe2.min.css">'
    '<link rel="stylesheet" href="../assets/other.css">'
    '<link rel="stylesheet" href="../stylesheets/a.css">\n'
    '<link rel="stylesheet" href="../stylesheets/b-c.css"><link rel="icon" href="../stylesheets/a.css"></head>'
)


def test_one_link_stands_where_the_first_one_stood():
    joined = sheets.joined(PAGE, LISTED)
    assert joined.count(sheets.NAME) == 1 and "b-c.css" not in joined
    assert "main" not in joined and "palette" not in joined, "the theme's are among them"
    assert joined.index(f"../{sheets.NAME}") < joined.index("other.css") < joined.index("icon")
    assert '<link rel="icon" href="../stylesheets/a.css">' in joined, "only style sheets are exchanged"
    assert sheets.joined(joined, LISTED) == joined


def test_pages_without_them_and_those_that_lie_elsewhere_are_left_alone():
    assert sheets.joined("<head></head>", LISTED) == "<head></head>"
    other = '<link rel="stylesheet" href="stylesheets/aXcss">'
    assert sheets.joined(other, LISTED) == other
    rooted = sheets.joined('<link rel="stylesheet" href="/site/stylesheets/a.css">', LISTED)
    assert rooted == f'<link rel="stylesheet" href="/site/{sheets.NAME}">'


def test_their_text_is_kept_in_order(tmp_path):
    lay(tmp_path, main="m{n:url('data:image/svg+xml,o')}")
    sheets.write(tmp_path, LISTED)
    assert (
        tmp_path / sheets.NAME
    ).read_text() == "m{n:url('data:image/svg+xml,o')}\np{q:r}\na { b: c }\nd { e: url(../f) }"
    assert [path.name for path in tmp_path.rglob("*.css")] == ["all.css"]


def test_a_path_that_would_break_is_refused_before_anything_is_lost(tmp_path):
    lay(tmp_path, main='m{n:url("../images/o.png")}')
    with pytest.raises(ValueError, match=r"main.*o\.png"):
        sheets.write(tmp_path, LISTED)
    assert len(list(tmp_path.rglob("*.css"))) == 4


def lay(site, main):
    for folder in ("stylesheets", "assets/stylesheets"):
        (site / folder).mkdir(parents=True)
    theme = {"main.57a0d79d.min.css": main, "palette.fb2fffe2.min.css": "p{q:r}"}
    own = dict(zip(LISTED, ("a { b: c }", "d { e: url(../f) }"), strict=True))
    for name, text in {f"assets/stylesheets/{name}": text for name, text in theme.items()}.items() | own.items():
        (site / name).write_text(text)
