"""Many style sheets become one, in the pages and on the disk."""

from sitekit import sheets

LISTED = ["stylesheets/a.css", "stylesheets/b-c.css"]
PAGE = (
    '<head><link rel="stylesheet" href="../assets/stylesheets/main.css">'
    '<link rel="stylesheet" href="../stylesheets/a.css">\n'
    '<link rel="stylesheet" href="../stylesheets/b-c.css"><link rel="icon" href="../stylesheets/a.css"></head>'
)


def test_one_link_stands_where_the_first_one_stood():
    joined = sheets.joined(PAGE, LISTED)
    assert joined.count(sheets.NAME) == 1 and "b-c.css" not in joined
    assert joined.index("main.css") < joined.index(f"../{sheets.NAME}") < joined.index("icon")
    assert '<link rel="icon" href="../stylesheets/a.css">' in joined, "only style sheets are exchanged"
    assert sheets.joined(joined, LISTED) == joined


def test_pages_without_them_and_those_that_lie_elsewhere_are_left_alone():
    assert sheets.joined("<head></head>", LISTED) == "<head></head>"
    other = '<link rel="stylesheet" href="stylesheets/aXcss">'
    assert sheets.joined(other, LISTED) == other
    rooted = sheets.joined('<link rel="stylesheet" href="/site/stylesheets/a.css">', LISTED)
    assert rooted == f'<link rel="stylesheet" href="/site/{sheets.NAME}">'


def test_their_text_is_kept_in_order(tmp_path):
    (tmp_path / "stylesheets").mkdir()
    for name, text in zip(LISTED, ("a { b: c }", "d { e: url(../f) }"), strict=True):
        (tmp_path / name).write_text(text)
    sheets.write(tmp_path, LISTED)
    assert (tmp_path / sheets.NAME).read_text() == "a { b: c }\nd { e: url(../f) }"
    assert [path.name for path in (tmp_path / "stylesheets").iterdir()] == ["all.css"]
