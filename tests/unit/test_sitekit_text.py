"""Text, numbers, manifests and the import rule of the site kit."""

import json
import math
import subprocess
import sys

import pytest
from sitekit_helpers import ROOT, write_figure

from sitekit.blocks import Blocks
from sitekit.errors import SiteError
from sitekit.manifests import Figures
from sitekit.markup import format_number, inline
from sitekit.pages import Pages, relative, split_front_matter


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [
        (28.123, "", "28.1"),
        (28.123, ".1f", "28.1"),
        (0.1234, ".0%", "12%"),
        (12345, "", "12,345"),
        (12345.6, "", "12,346"),
        (999.96, "", "1,000"),
        (-0.5, "", "−0.5"),
        (-3, "", "−3"),
        (0.00001234, "", "1.23×10⁻⁵"),
        (0, "", "0"),
        (0.0, "", "0"),
        (True, "", "yes"),
        ("kl-f8", "", "kl-f8"),
        (math.nan, "", "not a number"),
        (-math.inf, "", "−∞"),
    ],
)
def test_numbers_read_well(value, fmt, text):
    assert format_number(value, fmt) == text


def test_a_format_that_does_not_fit_is_refused():
    with pytest.raises(SiteError, match="does not suit"):
        format_number("cat", ".1f")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a & <b>", "a &amp; &lt;b&gt;"),
        ("**bold** and *fine*", "<strong>bold</strong> and <em>fine</em>"),
        ("`x0 < 1`", "<code>x0 &lt; 1</code>"),
        ("snake_case_name", "snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("$\\alpha_t < 1$", '<span class="arithmatex">\\(\\alpha_t &lt; 1\\)</span>'),
        ("[a](https://b.org/x_y_z)", '<a href="https://b.org/x_y_z">a</a>'),
        ("[a](javascript:alert)", "[a](javascript:alert)"),
        ('"quoted" <script>alert(1)</script>', "&quot;quoted&quot; &lt;script&gt;alert(1)&lt;/script&gt;"),
        ('[x](https://e.org/"onclick="y)', '<a href="https://e.org/&quot;onclick=&quot;y">x</a>'),
        ("private \ue000 character", "private character"),
        ("two\nlines", "two lines"),
    ],
)
def test_inline_markdown(text, html):
    assert inline(text) == html


def test_measured_numbers_of_a_caption_are_marked_but_code_is_not():
    html = inline("At 28.1 dB, it's −3% in `x0 4` and $4^2$; kl-f8 stays.", numbers_title="a/b")
    assert html.count("dn-num") == 2
    assert '<span class="dn-num" title="a/b">28.1</span>' in html
    assert '<span class="dn-num" title="a/b">−3%</span>' in html
    assert "it&#x27;s" in html


def test_macro_calls_in_text_are_rendered_and_nothing_else():
    html = inline('<i> {{ num("a/b.c") }} *x*', render=lambda call: f"<u>{call.count('num')}</u>")
    assert html == "&lt;i&gt; <u>1</u> <em>x</em>"


def test_blocks_come_back_whole_and_split_their_paragraph():
    blocks = Blocks()
    token = blocks.add("<figure>*a*</figure>")
    assert blocks.restore(f"<p>{token}</p>") == "<figure>*a*</figure>"
    assert blocks.restore(f"<p>before {token} after</p>") == "<p>before </p><figure>*a*</figure><p> after</p>"
    assert blocks.restore(f"<li>{token}</li>") == "<li><figure>*a*</figure></li>"
    assert blocks.restore("dnblock99kcolbnd") == "dnblock99kcolbnd"


@pytest.mark.parametrize(
    ("target", "base", "url"),
    [
        ("assets/a.svg", "", "assets/a.svg"),
        ("assets/a.svg", "series/vae/", "../../assets/a.svg"),
        ("series/claims/#r1", "series/vae/", "../claims/#r1"),
        ("series/vae/#x", "series/vae/", "#x"),
        ("", "series/vae/", "../../"),
        ("a.html#x", "b/c.html", "../a.html#x"),
    ],
)
def test_urls_are_relative(target, base, url):
    assert relative(target, base) == url


def test_front_matter_is_counted():
    assert split_front_matter("---\ntitle: a\n---\n\n# A\n") == ("# A\n", 4)
    assert split_front_matter("# A\n") == ("# A\n", 0)


def test_pages_know_who_uses_what(tmp_path):
    (tmp_path / "a.md").write_text('# A title\n\n{{ figure("x/y") }} {{ cite("k1", "k2") }}\n{{ num("x/z.n") }}\n')
    (tmp_path / "b.md").write_text('# B\n\n{{ widget("w", "x/y") }}\n')
    pages = Pages(tmp_path)
    assert pages.titles["a.md"] == "A title"
    assert pages.pages_of("figure", "x/y") == ["a.md", "b.md"]
    assert pages.pages_of("figure", "x/z") == ["a.md"]
    assert pages.showing("x/z") == []
    assert pages.pages_of("cite", "k2") == ["a.md"]
    assert [(u.line, u.macro) for u in pages.uses if u.page == "a.md"] == [(3, "figure"), (3, "cite"), (4, "num")]


def test_manifests_are_found_and_numbers_read(tmp_path):
    write_figure(tmp_path)
    write_figure(tmp_path, "canvas/strip", {"data.json": (b"{}", None, None), "mp4": (b"x", 1, 1)})
    figures = Figures(tmp_path / "assets" / "figures" / "tiny")
    assert figures.ids() == ["canvas/strip", "vae/swap"]
    assert figures.number("vae/swap.psnr_self") == 28.123


def test_a_manifest_that_is_half_written_or_misplaced_is_refused(tmp_path):
    folder = write_figure(tmp_path)
    root = tmp_path / "assets" / "figures" / "tiny"
    whole = (folder / "swap.json").read_text()
    (folder / "swap.json").write_text(whole[:-20])
    with pytest.raises(SiteError, match="is not JSON"):
        Figures(root).get("vae/swap")
    (folder / "swap.json").write_text(json.dumps({"id": "vae/swap"}))
    with pytest.raises(SiteError, match="lacks title, alt, caption"):
        Figures(root).get("vae/swap")
    (folder / "moved.json").write_text(whole)
    with pytest.raises(SiteError, match="says it is 'vae/swap'"):
        Figures(root).get("vae/moved")


def test_importing_the_kit_imports_nothing_heavy():
    code = (
        "import pkgutil, importlib, sys, sitekit\n"
        "for m in pkgutil.iter_modules(sitekit.__path__): importlib.import_module('sitekit.' + m.name)\n"
        "heavy = {'torch', 'numpy', 'matplotlib', 'PIL', 'scipy', 'diffusers', 'transformers', 'pandas',\n"
        "         'denoised', 'figures', 'plotting', 'tasks'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "figures_src", capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
