"""What somebody else wrote, and meant ill: drawings, captions, claims and weights that would run code or ask elsewhere."""

import json
import pickle
import re
import zipfile

import numpy as np
import pytest

from denoised.errors import DenoisedError
from miniature_project import IDS
from sitekit import html_check, markup
from sitekit.svg_check import MOST_BYTES, svg_problem
from tasks import recipes, sentences

FIRST, SECOND, THIRD = IDS
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'
BOMB = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + SVG.format("<text>&b;</text>")
DRAWINGS = {
    "script": (SVG.format("<script>fetch('//evil.example')</script>"), "holds <script>"),
    "script in capitals": (SVG.format("<SCRIPT>x</SCRIPT>"), "holds <script>"),
    "script of another prefix": (
        '<v:svg xmlns:v="http://www.w3.org/2000/svg"><v:script>x</v:script></v:svg>', "holds <script>"),
    "handler": (SVG.format('<rect width="9" height="9" onload="alert(1)"/>'), "runs code in its attribute onload"),
    "page inside": (SVG.format("<foreignObject><p>x</p></foreignObject>"), "holds <foreignobject>"),
    "picture from elsewhere": (SVG.format('<image href="https://evil.example/x.png"/>'), "refers to 'https://evil"),
    "file of this machine": (SVG.format('<image xlink:href="/etc/hostname"/>'), "refers to '/etc/hostname'"),
    "script in a link": (SVG.format('<a href="java&#x0A;script:alert(1)"><path/></a>'), "refers to 'javascript:"),
    "page in a link": (SVG.format('<use href="data:text/html,x"/>'), "refers to 'data:text/html"),
    "drawing in a drawing": (SVG.format('<image href="data:image/svg+xml,x"/>'), "refers to 'data:image/svg"),
    "address by animation": (SVG.format('<a><set attributeName="href" to="javascript:x"/></a>'), "by animation"),
    "style from elsewhere": (SVG.format("<style>@import 'https://evil.example/a.css';</style>"), "refers to 'https"),
    "fill from elsewhere": (SVG.format('<path fill="url(https://evil.example/a.svg#b)"/>'), "refers to 'https"),
    "style spelt in escapes": (SVG.format("<path style='fill:\\75 rl(//evil.example)'/>"), "escaped characters"),
    "style sheet": ('<?xml-stylesheet href="//evil.example/a.css"?>' + SVG.format(""), "style sheet from elsewhere"),
    "entity bomb": (BOMB, "declares a document type or entities"),
    "file by entity": (
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG.format("<text>&a;</text>"), "declares"),
    "huge": (SVG.format("<path/>" + " " * MOST_BYTES), "MB are the limit"),
    "deep": (SVG.format("<g>" * 5000 + "</g>" * 5000), "levels"),
    "many parts": (SVG.format("<g/>" * 250_000), "elements"),
    "cut short": (SVG.format("<path/>")[:-9], "no valid XML (line 1"),
    "something else": ("<html><body/></html>", "is no SVG"),
    "rubbish": ("\x00\x01", "no valid XML"),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_hostile_drawing_is_refused(name):
    drawing, said = DRAWINGS[name]
    assert said in svg_problem(drawing.encode())


def test_what_our_own_plots_hold_is_harmless():
    harmless = (
        '<style>*{stroke-linejoin:round}</style><defs><clipPath id="a"><rect width="9" height="9"/></clipPath></defs>'
        '<g clip-path="url(#a)" style="font: 11px \'Inter\', sans-serif"><use xlink:href="#b" x="1"/></g>'
        '<image href="data:image/png;base64,AAAA"/><text onwards="no" >10 &gt; 9 (on: half)</text>'
    ).replace(' onwards="no"', "")
    assert svg_problem(SVG.format(harmless).encode()) is None


def test_a_hostile_drawing_is_not_published_and_the_others_are(mini):
    """The figure hands it over beside its own file; it reaches neither the figures nor the site."""
    svg = DRAWINGS["script"][0]
    path = mini.path("figures_src/plotting/output.py")
    text = path.read_text().replace(
        '    entry = {"sha256"',
        f'    extra = {{}}\n    if figure_id == "{FIRST}":\n        svg = {svg!r}\n'
        '        path.with_suffix(".svg").write_text(svg)\n'
        '        extra = {"first.svg": {"sha256": hashlib.sha256(svg.encode()).hexdigest(), "bytes": len(svg)}}\n'
        '    entry = {"sha256"',
    )
    path.write_text(text.replace('"files": {path.name: entry}', '"files": {path.name: entry, **extra}'))
    sentence = mini.fail()
    assert sentence == f"Figure {FIRST}: first.svg holds <script>, which a drawing does not need."
    assert not list(mini.figures.glob("one/first*"))
    assert mini.manifest(SECOND)["id"] == SECOND
    assert mini.manifest(THIRD)["id"] == THIRD
    path.write_text(path.read_text().replace("<script>fetch", "<!-- ").replace("</script>", " -->"))
    mini.build()
    assert mini.path("site/assets/figures/tiny/one/first.svg").exists()


def test_a_hostile_drawing_in_the_built_site_is_a_problem_of_its_own(tmp_path):
    (tmp_path / "a.svg").write_text(DRAWINGS["handler"][0])
    (tmp_path / "b.svg").write_text(SVG.format("<path/>"))
    (problem,) = html_check.Built(tmp_path).problems()
    assert "a.svg" in str(problem)
    assert "onload" in str(problem)


def test_a_hostile_icon_names_itself_before_anything_is_drawn():
    icons = {"icons": {"apple": {"body": "<path/>"}, "pear": {"body": '<image href="/etc/hostname"/>'}}}
    with pytest.raises(DenoisedError, match="noto/pear refers to '/etc/hostname'.*reinstall with `npm ci`"):
        recipes.check_icons("noto", icons)


# Words: captions, alt texts, claims. Whatever they hold comes out as text.

WORDS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    '[a](https://x.example/"onmouseover="alert(1))',
    "`<script>alert(1)</script>`",
    "$</span><script>alert(1)</script>$",
    "{{ ''.__class__.__mro__ }} {% raw %}",
    "\ue000\ue001 private characters",
    "**<b>bold</b>** <!-- -->",
]


@pytest.mark.parametrize("words", WORDS)
def test_hostile_words_come_out_as_text(words):
    """Parsed as a browser would: the only elements are those of inline Markdown, and no attribute runs anything."""
    import html5lib

    for made in (markup.inline(words), markup.inline(words, numbers_title="from x"), markup.escape(words)):
        tree = html5lib.parseFragment(made, namespaceHTMLElements=False)
        for element in tree.iter():
            if element is tree:
                continue
            assert element.tag in ("a", "code", "em", "span", "strong"), made
            assert set(element.attrib) <= {"href", "class", "title"}, made
            assert re.match(r"https?://|#", element.get("href", "#")), made
        attribute = html5lib.parseFragment(f'<p title="{markup.escape(words)}">', namespaceHTMLElements=False)
        assert [set(element.attrib) for element in attribute.iter("p")] == [{"title"}]


# Weights: safetensors only, for a pickle runs code when it is opened.


class Evil:
    """What unpickling this would do is to create a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


def pickled(target, form):
    data = pickle.dumps({"weight": Evil(target)})
    if form == "plain":
        return data
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # as torch.save writes it
        archive.writestr("archive/data.pkl", data)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["plain", "zip"])
@pytest.mark.parametrize("name", ["model.safetensors", "model.bin", "model.pt", "model.ckpt"])
def test_a_pickle_offered_as_a_weight_is_refused_and_never_opened(mini, tmp_path, name, form):
    trap = tmp_path / "ran"
    mini.path(f"figures_src/weights/toy/{name}").write_bytes(pickled(trap, form))
    sentence = mini.fail()
    assert sentence.startswith(f"Figure {THIRD} needs the weights figures_src/weights/toy/{name}, which are ")
    assert "safetensors" in sentence
    assert mini.manifest(FIRST)["id"] == FIRST
    assert not trap.exists()
    mini.path(f"figures_src/weights/toy/{name}").unlink()
    assert mini.build() == [THIRD]


# The encoder of films


@pytest.mark.parametrize("encoder", ["nowhere/ffmpeg", "a folder", "not executable", "no program", "fails"])
def test_without_an_encoder_a_film_is_one_sentence_that_says_what_to_do(tmp_path, monkeypatch, encoder):
    from plotting.animate import Animation
    from plotting.output import Output, save

    path = tmp_path / "ffmpeg"
    if encoder == "a folder":
        path.mkdir()
    elif encoder != "nowhere/ffmpeg":
        path.write_text("#!/bin/sh\necho broken >&2\nexit 3\n" if encoder == "fails" else "rubbish")
        path.chmod(0o644 if encoder == "not executable" else 0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    frames = [np.full((16, 16, 3), level, np.uint8) for level in (0, 255)]
    output = Output(alt="Of 2 frames", caption="2 frames", numbers={"n": 2}, animation=Animation(frames))
    with pytest.raises(DenoisedError) as error:
        save(output, "one/film", tmp_path / "out", {})
    said = sentences.sentence(error.value)
    assert "\n" not in said
    assert "ffmpeg" in said
    if encoder == "fails":
        assert "broken" in said
    else:
        assert said.startswith("The encoder of films, ")
        assert "IMAGEIO_FFMPEG_EXE" in said
    assert not list((tmp_path / "out").rglob("*.json"))


def test_numbers_that_are_none_are_refused_before_anything_is_written(tmp_path):
    from plotting.output import Output, save

    for numbers in ({"loss": float("nan")}, {"loss": float("inf")}, {"loss": np.float32("nan")}):
        with pytest.raises(DenoisedError, match=r"^Figure one/first: the number 'loss' is (nan|inf)"):
            output = Output(alt="Loss 1", caption="Loss", numbers=numbers, draw=lambda theme, narrow: None)
            save(output, "one/first", tmp_path, {})
    assert not list(tmp_path.rglob("*.*"))


def test_a_manifest_with_hostile_names_reaches_no_file_outside(built, tmp_path):
    """A manifest that names files above its folder is not believed; the figure is made again."""
    outside = built.path("docs/precious.md")
    outside.write_text("keep me")
    path = built.figures / "one/first.json"
    manifest = json.loads(path.read_text())
    (entry,) = manifest["files"].values()
    manifest["files"]["../../../../precious.md"] = entry
    path.write_text(json.dumps(manifest))
    assert built.build() == [FIRST]
    assert outside.read_text() == "keep me"
