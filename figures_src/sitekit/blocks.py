"""Blocks of HTML that pass through Markdown untouched.

A macro may stand in a list, an admonition or a table; raw HTML there would be indented, cut into paragraphs
and read as Markdown. So a macro puts a one-word token on the page, and the page's HTML gets the block in its
place.
"""

import re

from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor

TOKEN = re.compile(r"dnblock(\d+)kcolbnd")
_PARAGRAPH = re.compile(r"<p>((?:(?!</?p>).)*?dnblock\d+kcolbnd(?:(?!</?p>).)*)</p>", re.S)


class Blocks(Extension):
    """A Markdown extension that holds the blocks of one build; add(html) gives the token for the page."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def add(self, html):
        self.kept.append(html)
        return f"dnblock{len(self.kept) - 1}kcolbnd"

    def extendMarkdown(self, md):
        md.postprocessors.register(_Restore(self), "dn-blocks", 1)  # after every other postprocessor

    def restore(self, text):
        """HTML with the blocks in place; a paragraph around a block is split, as HTML allows none there."""
        text = _PARAGRAPH.sub(
            lambda m: re.sub(r"<p>\s*</p>", "", "<p>" + TOKEN.sub(r"</p>\g<0><p>", m.group(1)) + "</p>"), text
        )
        return TOKEN.sub(lambda m: self.kept[int(m.group(1))] if int(m.group(1)) < len(self.kept) else m.group(0), text)


class _Restore(Postprocessor):
    def __init__(self, blocks):
        super().__init__()
        self.blocks = blocks

    def run(self, text):
        return self.blocks.restore(text)
