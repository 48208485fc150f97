"""The macros, in sites that MkDocs really builds."""

import re

import pytest
from sitekit_helpers import Project, write_figure

from sitekit import ledger_html

VAE = """\
---
title: The VAE
---

# The VAE {#top}

{{ figure("vae/swap") }}

!!! note

    {{ figure("vae/swap", caption="Mine <b>bold</b> and *fine*") }}

- item {{ num("vae/swap.psnr_self", ".1f") }}

| a | b |
|---|---|
| {{ num("vae/swap.loss") }} | ![at {{ numraw("vae/swap.psnr_self", ".2f") }} dB](../x.svg) |

See {{ cite("ho2020ddpm") }}, {{ figure_link("vae/swap", "the swap") }},
{{ show(value("vae/swap.count") / 2, ",.0f") }}.

{{ claim("v-01") }}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("site"), {"series/vae.md": VAE, "x.svg": "<svg/>"})
    project.write(
        {"javascripts/widgets/reverse.js": "", "play.md": '# Play\n\n{{ widget("reverse", "canvas/frames", fps=8) }}\n'}
    )
    parts = {"mp4": (b"mp4", 256, 256), "gif": (b"gif", 256, 256), "poster.webp": (b"p", 256, 256)}
    write_figure(project.docs, "canvas/frames", {**parts, "data.json": (b"{}", None, None)}, alt="Frames & 3 more")
    status, log, errors = project.build("--strict")
    assert status == 0, log
    return project


def test_figure_has_both_themes_widths_sizes_and_alt(built):
    html = built.html("series/vae")
    figure = re.search(r'<figure class="dn-figure" id="fig-vae-swap".*?</figure>', html, re.S).group(0)
    for theme in ("light", "dark"):
        part = re.search(rf'<div class="dn-{theme}"><picture>(.*?)</picture></div>', figure).group(1)
        assert f'srcset="../../assets/figures/tiny/vae/swap.{theme}.narrow.svg" width="360" height="300"' in part
        assert 'media="(max-width: 600px)"' in part
        assert f'src="../../assets/figures/tiny/vae/swap.{theme}.wide.svg" alt="A swap at 28.1 dB"' in part
        assert 'width="720" height="300" loading="lazy" decoding="async"' in part
    assert '<strong><span class="dn-num" title="vae/swap">28.1</span></strong>' in figure
    assert 'href="https://example.org/repo/blob/main/figures_src/figures/vae/swap.py"' in figure
    assert 'href="../../how-made/#prov-vae-swap"' in figure
    assert 'id="prov-vae-swap"' in built.html("how-made")


def test_second_figure_has_its_own_id_and_survives_an_admonition(built):
    html = built.html("series/vae")
    inside = re.search(r'<div class="admonition note">(.*?)</div>\s*<ul>', html, re.S).group(1)
    assert 'id="fig-vae-swap-2"' in inside
    assert "<p><figure" not in html
    assert "Mine &lt;b&gt;bold&lt;/b&gt; and <em>fine</em>" in inside


def test_numbers_in_lists_tables_and_alt_texts(built):
    html = built.html("series/vae")
    assert '<span class="dn-num" title="vae/swap.psnr_self">28.1</span>' in html
    assert '<td><span class="dn-num" title="vae/swap.loss">−0.5</span></td>' in html
    assert 'alt="at 28.12 dB"' in html
    assert ">6,172</span>" in html


def test_widget_holds_the_film_until_its_script_runs(built):
    html = built.html("play")
    widget = re.search(r'<div class="dn-widget".*?>', html).group(0)
    assert 'data-widget="reverse" data-src="../assets/figures/tiny/canvas/frames.data.json"' in widget
    assert 'data-base="../assets/figures/tiny/canvas/frames"' in widget
    assert 'data-fps="8"' in widget
    video = re.search(r"<video.*?</video>", html, re.S).group(0)
    assert (
        'controls muted playsinline preload="none" poster="../assets/figures/tiny/canvas/frames.poster.webp"' in video
    )
    assert "autoplay" not in video
    assert 'width="256" height="256" aria-label="Frames &amp; 3 more"' in video
    assert '<source src="../assets/figures/tiny/canvas/frames.mp4" type="video/mp4">' in video
    assert '<a href="../assets/figures/tiny/canvas/frames.gif" download>GIF</a>' in html
    assert re.search(r'<video [^>]*>.*<img src="../assets/figures/tiny/canvas/frames.gif" [^>]*loading="lazy"', html)


def test_citations_link_both_ways(built):
    html = built.html("series/vae")
    assert '<a class="dn-cite" href="../../references/#ref-ho2020ddpm"' in html
    assert ">Ho et al., 2020</a>" in html
    references = built.html("references")
    entry = re.search(r'<li id="ref-ho2020ddpm">.*?</li>', references, re.S).group(0)
    assert '<a href="../series/vae/">The VAE</a>' in entry
    assert '<a href="../series/claims/#v-01">claim v-01</a>' in entry
    assert '<a href="https://arxiv.org/abs/2006.11239">' in entry


def test_a_claim_is_text_wherever_it_is_shown(built):
    for page in ("series/vae", "series/claims"):
        html = built.html(page)
        assert "It packs &lt;script&gt;alert(1)&lt;/script&gt; &amp; unpacks." in html
        assert "<script>alert" not in html
    assert 'id="claim-v-01"' in built.html("series/vae")
    ledger = built.html("series/claims")
    assert '<article class="dn-claim" id="v-01" data-verdict="untested"' in ledger
    assert 'style="--dn-lines: 1; --dn-lines-phone: 2"' in ledger, "45 characters"
    assert '<h2 id="vae">What the VAE does</h2>' in ledger
    assert 'href="../vae/">The VAE</a>' in ledger
    assert "Measure it." in ledger
    title = "<cite>Denoising Diffusion Probabilistic Models</cite>"
    assert title in built.html("series/vae") and title not in ledger, "the ledger leaves titles to the references"


def test_provenance_tells_pages_seed_hashes_and_versions(built):
    row = re.search(r'<tr id="prov-vae-swap">.*?</tr>', built.html("how-made"), re.S).group(0)
    assert '<a href="../series/vae/#fig-vae-swap"><code>vae/swap</code></a>' in row
    assert ">7</td>" in row
    assert 'emoji-sd/vae <code title="emoji-sd/vae/diffusion_pytorch_model.safetensors, sha256 a1a1' in row
    assert ">a1a1a1a1</code>" in row
    assert 'figures_src/figures/vae/swap.py">swap.py</a>' in row
    assert ">b2b2b2b2</code>" in row
    assert ">3.2</td>" in row
    assert "torch 2.13.0" in built.html("how-made")


def test_provenance_says_with_which_model_it_was_made(built):
    assert "<p>Made with the small model of this site (profile <code>tiny</code>)." in built.html("how-made")


def test_provenance_is_folded_by_section(built):
    folds = re.findall(r"<details class=.*?<summary>(.*?)</summary>(.*?)</details>", built.html("how-made"), re.S)
    assert [re.sub("<.*?>", "", name) for name, _ in folds] == ["canvas 1 figure", "vae 1 figure"]
    assert 'id="prov-canvas-frames"' in folds[0][1] and 'id="prov-vae-swap"' in folds[1][1]


def test_flat_urls_link_right_too(tmp_path):
    project = Project(tmp_path, {"series/vae.md": VAE, "x.svg": "<svg/>"})
    config = project.folder / "mkdocs.yml"
    config.write_text(config.read_text() + "use_directory_urls: false\n")
    status, log, _ = project.build("--strict")
    assert status == 0, log
    html = (project.folder / "site" / "series" / "vae.html").read_text()
    assert 'src="../assets/figures/tiny/vae/swap.light.wide.svg"' in html
    assert 'href="../references.html#ref-ho2020ddpm"' in html


MISTAKES = [
    ('{{ figure("vae/swpa") }}', "unknown figure 'vae/swpa'; did you mean 'vae/swap'?"),
    ('{{ num("vae/swap.psnr_sel") }}', "figure 'vae/swap' has no number 'psnr_sel'; did you mean 'psnr_self'?"),
    ('{{ num("vae/swap") }}', "'vae/swap' is not a number's name; write section/figure.key"),
    ('{{ num("vae/swap.psnr_self", "q") }}', "format 'q' does not suit the value 28.123"),
    ('{% for k in ["zz"] %}{{ num("vae/swap." ~ k) }}{% endfor %}', "figure 'vae/swap' has no number 'zz'"),
    ('{{ cite("ho2020dpm") }}', "unknown reference 'ho2020dpm'; did you mean 'ho2020ddpm'?"),
    ('{{ claim("v-1") }}', "unknown claim 'v-1'; did you mean 'v-01'?"),
    ('{{ claims("vea") }}', "unknown section of claims 'vea'; did you mean 'vae'?"),
    ('{{ widget("nope", "vae/swap") }}', "unknown widget 'nope': docs/javascripts/widgets/nope.js is not there"),
    ('{{ figure("vae/swap", show="film") }}', "show must be 'all', 'picture' or 'video', not 'film'"),
    ('{% if value("vae/swap.nope") > 3 %}a{% endif %}', "figure 'vae/swap' has no number 'nope'"),
    ('{{ show((2 * value("vae/none.a") - 1) ** 2 / 3, ".0%") }}', "unknown figure 'vae/none'"),
    ("{{ figure() }}", "wrong arguments: figure() missing 1 required positional argument: 'figure_id'"),
    ('{{ figur("vae/swap") }}', "unknown macro or variable 'figur'; did you mean 'figure'"),
    ('{{ figure("vae/swap" }}', "the macros do not parse"),
    ('{{ figure("vae/smoke") }}', "figure 'vae/smoke' is only a smoke rendering; a page needs the full one"),
    ('{{ figure("vae/torn") }}', "figure 'vae/torn' is not whole: torn.dark.wide.svg is missing; render it again"),
    ('{{ figure("vae/other") }}', "not whole: other.dark.wide.svg differs from its manifest; render it again"),
    ('{{ figure("vae/silent") }}', "figure 'vae/silent' has no alt text"),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """One page a mistake, each on line 6 of its source; one build for all."""
    pages = {f"series/p{i:02}.md": f"---\ntitle: X\n---\n\n# X\n{call}\n" for i, (call, _) in enumerate(MISTAKES)}
    project = Project(tmp_path_factory.mktemp("broken"), pages | {"how-made.md": "# No table\n"})
    write_figure(project.docs, "vae/smoke", smoke=True)
    (write_figure(project.docs, "vae/torn") / "torn.dark.wide.svg").unlink()
    (write_figure(project.docs, "vae/other") / "other.dark.wide.svg").write_bytes(b"half")
    write_figure(project.docs, "vae/silent", alt=" ")
    return project, project.build("--strict")


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[call for call, _ in MISTAKES])
def test_a_mistake_is_one_line_with_page_and_line(broken, number):
    _, (status, log, errors) = broken
    mine = [e for e in errors if f"p{number:02}.md" in e]
    assert len(mine) == 1, log
    assert mine[0].startswith(f"docs/series/p{number:02}.md:6: ")
    assert MISTAKES[number][1] in mine[0]
    assert status != 0
    assert "Traceback" not in log


def test_a_preview_shows_mistakes_in_place(broken):
    project, _ = broken
    status, log, _ = project.build()
    assert status == 0, log
    assert '<span class="dn-error">unknown figure' in project.html("series/p00")
    computed = next(i for i, (call, _) in enumerate(MISTAKES) if "show((" in call)
    assert ">??</span>" in project.html(f"series/p{computed:02}")


def test_a_line_break_in_the_call_does_not_move_the_line(tmp_path):
    text = '# A\n\nText.\n\n{{ num(\n  "vae/swap.nothing"\n) }}\n'
    _, _, errors = Project(tmp_path, {"a.md": text}).build("--strict")
    assert len(errors) == 1
    assert re.match(r"docs/a\.md:[567]: ", errors[0])


def test_a_page_may_opt_out_of_macros(tmp_path):
    text = '---\nrender_macros: false\n---\n\n# A\n\n`{{ figure("no/such") }}`\n'
    project = Project(tmp_path, {"a.md": text})
    status, log, _ = project.build("--strict")
    assert status == 0, log
    assert '{{ figure("no/such") }}' in project.html("a")


def test_a_bad_bibliography_is_one_sentence(tmp_path):
    status, log, _ = Project(tmp_path, {}, bib="@misc{a,\n  title = {X},\n").build("--strict")
    assert status != 0
    assert "docs/references.bib: line" in log
    assert "Traceback" not in log


def test_a_claim_s_lines_are_counted_without_its_markup():
    text = "<em>" + "a" * 60 + "</em> &amp;" + '<a href="a-very-long-address/' + "b" * 99 + '">c</a>'
    assert ledger_html.lines(text, "", "says") == "--dn-lines: 3; --dn-lines-phone: 3"
    assert ledger_html.lines("a" * 61) == "--dn-lines: 1; --dn-lines-phone: 2"
