"""check_site.py against planted errors, in sources and in built pages."""

import subprocess
import sys

import pytest
from sitekit_helpers import CLAIMS, ROOT, write_figure

from sitekit.errors import SiteError
from sitekit.html_check import Built
from sitekit.manifests import Figures
from sitekit.prose_check import check_docs, check_page, load_allowed, prose_of

ALLOWED = load_allowed(ROOT / "docs" / "contributing" / "allowed-numbers.yaml")[0]

PLANTED = [
    "It reaches 28.1 dB.",
    "About 5 % of them.",
    "The U-Net has 4x16x16 values.",
    "It takes twenty-eight steps.",
    "Some five hundred icons.",
    "A thousand steps.",
    "![A plot at 3 dB](x.svg)",
    "## Figure 12",
    "- item 7",
    "| cell 9 |",
    '!!! note "Title 8"',
    "    indented in a note: 6",
    "<div>between tags: 4</div>",
    '{{ figure("vae/swap", caption="typed 3.5") }}',
    '{{ figure("vae/swap", "typed 3.5") }}',
    '{{ figure_link("vae/swap", "all 17") }}',
    '{{ widget("w", "vae/swap", caption="17 frames") }}',
    "costs $5 or so",
    "*[VAE]: with 16 channels",
    "[^n]: a footnote with 12",
    "half is ½",
    '<img alt="a plot at 28 dB" src="a.png">',
    "{{ 28.1 }}",
    '{{ show(28.1, ".1f") }}',
]
CLEAN = [
    "It reaches {{ num('vae/swap.psnr_self', '.1f') }} dB.",
    "Code: `x[0:16]` and ``a ` 3``.",
    "Math: $x_0 + 3 < 4$ and \\(2^3\\).",
    "$$\n\\sigma = 0.18215\n$$",
    "[link](https://e.org/2020/x1 \"2020\") and <https://e.org/99>",
    "[ref]: https://e.org/1234",
    "A note.[^12]",
    "1. first\n2. second",
    "```python\nx = 3\n```",
    "~~~\n5\n~~~",
    "> ```\n> 12\n> ```",
    '--8<-- "denoised/x.py:part1"',
    "## Title {#part-2}",
    "text {: .c2 width=30 }",
    '<img alt="" width="720" src="a1.png">',
    "<!-- 17 -->",
    "&#8212; and :material-numeric-1-box:",
    "| a |\n|:--:|",
    "Stable Diffusion 1.5 under CC BY-SA 4.0 as MP4, in 2015.",
    "two pages, one of them",
    "The prediction of x0.",
    '{{ figure("vae/swap", caption="at " ~ numraw("vae/swap.n", ".2f")) }}',
    "{% for k in [1, 2] %}{% endfor %}",
    '{{ show(value("a/b.c") * 100, ".0f") }}',
    '<span title="no number" data-x="3">x</span>',
]  # fmt: skip


@pytest.mark.parametrize("text", PLANTED)
def test_a_typed_number_is_found_on_its_line(text):
    problems = check_page(f"---\nweight: 1\n---\n\n{text}\n", "docs/a.md", "a.md", ALLOWED)
    assert [(p.path, p.line) for p in problems] == [("docs/a.md", 5)] * len(problems)
    assert problems


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_typed_number_is_left_alone(text):
    assert check_page(text + "\n", "docs/a.md", "a.md", ALLOWED) == []


def test_titles_and_descriptions_are_prose_too():
    text = "---\nweight: 3\ntitle: The 3 acts\ndescription: In 4 steps\n---\n"
    assert [p.line for p in check_page(text, "docs/a.md", "a.md", ALLOWED)] == [3, 4]


def test_blanking_keeps_lines_and_columns():
    text = "a `1`\n```\n2\n```\nb 3\n"
    prose = prose_of(text)
    assert [len(line) for line in prose.split("\n")] == [len(line) for line in text.split("\n")]
    assert prose.split("\n")[4] == "b 3"


def test_an_allowed_number_needs_a_reason_and_may_be_limited_to_pages(tmp_path):
    path = tmp_path / "allowed.yaml"
    path.write_text("allowed:\n  - pattern: '12'\n    reason: ' '\n")
    with pytest.raises(SiteError, match="needs a pattern and a reason"):
        load_allowed(path)
    path.write_text("allowed:\n  - pattern: '('\n    reason: x\n")
    with pytest.raises(SiteError, match="is no regular expression"):
        load_allowed(path)
    path.write_text("allowed:\n  - {pattern: '12', reason: dozen, pages: 'a*'}\n")
    allowed = load_allowed(path)[0]
    assert check_page("12\n", "docs/a.md", "a.md", allowed) == []
    assert len(check_page("12\n", "docs/b.md", "b.md", allowed)) == 1


def test_what_the_ledger_says_is_prose_too(tmp_path):
    (tmp_path / "docs" / "series").mkdir(parents=True)
    text = CLAIMS + "        verdict: cited\n        cites: [ho2020ddpm]\n        says: It is 28 in 2 of 3.\n"
    (tmp_path / "docs" / "series" / "claims.yaml").write_text(text)
    problems, _ = check_docs(tmp_path / "docs")
    assert [(p.path, p.line) for p in problems] == [("docs/series/claims.yaml", text.count("\n"))] * 3


def test_unused_allowances_are_named(tmp_path):
    docs = tmp_path / "docs"
    (docs / "contributing").mkdir(parents=True)
    (docs / "a.md").write_text("12\n")
    (docs / "contributing" / "allowed-numbers.yaml").write_text(
        "allowed:\n  - {pattern: '12', reason: x}\n  - {pattern: '13', reason: x}\n"
    )
    problems, unused = check_docs(docs)
    assert problems == []
    assert [a.pattern.pattern for a in unused] == ["13"]


GOOD = """<!doctype html><html><head>
<link rel="canonical" href="https://example.org/sub/">
<link rel="stylesheet" href="style.css">
</head><body><h1 id="top">A</h1>
<figure class="dn-figure" data-figure="vae/swap"><img src="a.svg" alt="A"></figure>
<video controls aria-label="A film" poster="a.svg"><source src="a.mp4"></video>
<a href="https://other.org">out</a> <a href="#top">up</a> <a href="b/#there">b</a> <a href="https://example.org/sub/b/">b</a>
</body></html>"""


def site(tmp_path, html=GOOD, css="a { background: url(a.svg) }"):
    folder = tmp_path / "site"
    (folder / "b").mkdir(parents=True)
    (folder / "index.html").write_text(html)
    (folder / "b" / "index.html").write_text('<p id="there"><a href="..">up</a><a href="../index.html#top">up</a></p>')
    (folder / "404.html").write_text('<script src="/sub/x.js"></script><a href="/sub/b/">b</a>')
    (folder / "style.css").write_text(css)
    (folder / "a.svg").write_text("<svg/>")
    (folder / "a.mp4").write_bytes(b"")
    write_figure(tmp_path)
    return Built(folder, Figures(tmp_path / "assets" / "figures" / "tiny"), "https://example.org/sub/").problems()


def test_a_good_site_has_no_problem(tmp_path):
    assert site(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('alt="A"', "", "picture 'a.svg' has no alt text"),
        ('alt="A"', 'alt=" "', "picture 'a.svg' has an empty alt text"),
        ('aria-label="A film"', "", "a video has no aria-label"),
        ("controls", "controls autoplay", "a video plays by itself"),
        ("vae/swap", "vae/gone", "figure 'vae/gone' has no manifest"),
        ('src="a.svg"', 'src="https://cdn.org/a.svg"', "loads 'https://cdn.org/a.svg' from another origin"),
        ('src="a.svg"', 'src="//cdn.org/a.svg"', "loads '//cdn.org/a.svg' from another origin"),
        ('src="a.svg"', 'src="/a.svg"', "from the root, which breaks on a sub-path"),
        ('src="a.svg"', 'src="no.svg"', "loads 'no.svg', which is not there"),
        ('src="a.svg"', 'src="a.svg" srcset="a.svg 1x, https://c.org/b.svg 2x"', "loads 'https://c.org/b.svg' from"),
        ('href="style.css"', 'href="https://fonts.org/x.css"', "loads 'https://fonts.org/x.css' from another origin"),
        ('poster="a.svg"', 'poster="no.webp"', "loads 'no.webp', which is not there"),
        ('<h1 id="top">', '<h1 id="top" style="background:url(https://c.org/x.png)">', "loads 'https://c.org/x.png'"),
        (
            "<body>",
            "<body><script src='https://c.org/x.js'></script>",
            "loads 'https://c.org/x.js' from another origin",
        ),
        ("<body>", "<body><style>@import 'https://c.org/x.css';</style>", "loads 'https://c.org/x.css' from another"),
        ('href="#top"', 'href="#bottom"', "a page without the anchor 'bottom'"),
        ("b/#there", "b/#here", "a page without the anchor 'here'"),
        ('href="b/#there"', 'href="c/"', "the link 'c/' leads nowhere"),
        (
            "https://example.org/sub/b/",
            "https://example.org/sub/c/",
            "the link 'https://example.org/sub/c/' leads nowhere",
        ),
        ('href="#top"', 'href="/b/"', "starts at the root, which breaks on a sub-path"),
        ('href="#top"', 'href="javascript:void(0)"', "a link leads to 'javascript:void(0)'"),
        ("<body>", '<body><p id="top"></p>', "the id 'top' is on the page twice"),
        ("<body>", '<body><span class="dn-error">x</span>', "a macro failed here"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, old, new, words):
    assert old in GOOD
    problems = site(tmp_path, GOOD.replace(old, new, 1))
    assert len(problems) == 1, problems
    assert words in problems[0].message
    assert problems[0].path == "site/index.html"
    assert GOOD.split("\n")[problems[0].line - 1] != new


def test_stylesheets_are_looked_at(tmp_path):
    problems = site(
        tmp_path, css="/* url(https://fine.org) */\n@import 'https://c.org/x.css';\nb { src: url(\"no.woff2\") }"
    )
    assert [(p.path, p.line) for p in problems] == [("site/style.css", 2), ("site/style.css", 3)]


def run(*arguments):
    command = [sys.executable, str(ROOT / "scripts" / "check_site.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_script_prints_one_line_a_problem_and_fails(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nIt reaches 28.1 dB.\n")
    site(tmp_path, GOOD.replace('alt="A"', ""))
    write_figure(docs)
    result = run(tmp_path / "site", "--docs", docs, "--site-url", "https://example.org/sub/")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2, result.stdout
    assert lines[0].startswith("docs/a.md:3: '28.1' is typed by hand")
    assert lines[1].startswith("site/index.html:5: picture 'a.svg' has no alt text")
    (docs / "a.md").write_text("# A\n")
    assert run(tmp_path / "nothing", "--docs", docs).returncode == 1
    assert run("--sources", "--docs", docs).returncode == 0


def test_the_prose_of_this_site_is_clean():
    result = run("--sources")
    assert result.returncode == 0, result.stdout
