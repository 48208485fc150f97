"""sitekit.notebooks: the page that a notebook becomes, from what mkdocs-jupyter really hands over."""

import base64
import io
import re

import nbformat
import pytest
from nbformat import v4
from PIL import Image

from sitekit import notebooks

CODE = 'def twice(x):\n    return 2 * x  # "quoted" <and> marked\n'


def png(width, height) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """(html, pictures) of a notebook with text, code, printed lines and two pictures."""
    from mkdocs_jupyter import convert

    def shown(data, alt):
        metadata = {"image/png": {"alt": alt}} if alt else {}
        return v4.new_output("display_data", {"image/png": base64.b64encode(data).decode()}, metadata=metadata)

    book = v4.new_notebook(cells=[
        v4.new_markdown_cell("# A title\n\n## A part\n\nWords, and `code`."),
        v4.new_code_cell(CODE, outputs=[
            v4.new_output("stream", name="stdout", text="a < b\n"),
            shown(png(30, 10), 'A red band, "wide" & flat'), shown(png(7, 9), "")]),
    ])  # fmt: skip
    file = tmp_path_factory.mktemp("notebook") / "a_notebook.ipynb"
    nbformat.write(book, file)
    raw = convert.nb2html(str(file))
    assert "<style" in raw and "data:image/png" in raw and "clipboard-copy" in raw, "there is nothing to clean"
    return notebooks.cleaned(raw, file)


def test_pictures_are_files_that_say_what_they_show(page):
    html, pictures = page
    sizes = {name: Image.open(io.BytesIO(data)).size for name, data in pictures.items()}
    assert sizes == {"1.png": (30, 10), "2.png": (7, 9)}
    first, second = re.findall(r"<img [^>]*>", html)
    assert 'src="1.png"' in first and 'width="30" height="10" loading="lazy"' in first
    assert 'alt="A red band, &quot;wide&quot; &amp; flat"' in first
    assert 'src="2.png" alt=""' in second
    assert "data:image" not in html and "No description" not in html


def test_nothing_of_jupyterlab_is_left(page):
    html, _ = page
    assert not re.search(r"<style|<script|<link|<!--|clipboard|Prompt|Collapser|<svg", html)
    assert len(html) < 3_000


def test_code_is_code_as_on_every_page_and_stands_there_once(page):
    html, _ = page
    block = r'<div class="language-python highlight"><pre><span></span><code>(.*?)</code></pre></div>'
    (code,) = re.findall(block, html, re.S)
    text = re.sub(r"<[^>]+>", "", code).replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
    assert text.strip() == CODE.strip()
    assert html.count("twice") == 1


def test_text_headings_and_output_stay(page):
    html, _ = page
    assert re.search(r'<h2 id="a-part">A part<a class="headerlink" href="#a-part" title="Link to this section">', html)
    assert re.search(r'tabindex="0" role="group" aria-label="Output 1">\s*<pre>a &lt; b', html)
    assert html.count("tabindex") == 1, "only what may scroll is a stop of the keyboard"
    assert '<a href="a_notebook.ipynb" download>' in html
