"""References: a small BibTeX reader, author-year labels, and the list on the references page."""

import re
import unicodedata
from pathlib import Path

from sitekit.errors import SiteError, did_you_mean
from sitekit.markup import escape

FIELDS = {  # every field that an entry may have; each must have been checked against the work itself
    "author",
    "title",
    "year",
    "journal",
    "booktitle",
    "publisher",
    "howpublished",
    "institution",
    "eprint",
    "archiveprefix",
    "url",
    "note",
    "volume",
    "edition",
}
_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "r": "\u030a",
    "k": "\u0328",
}
_LETTERS = {
    "ss": "ß",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
}


def parse_bibtex(text):
    """Entries of a BibTeX file: [{"ENTRYTYPE", "ID", "line", field: raw value}], values without outer braces.

    Understands @type{key, field = {nested {braces}} | "quoted" | number}, % comment lines between entries;
    no @string, no concatenation. SiteError with the line for anything else.
    """
    entries, at = [], 0

    def line():
        return text.count("\n", 0, at) + 1

    def fail(what):
        raise SiteError(f"line {line()}: {what}")

    def expect(pattern, what):
        nonlocal at
        match = re.compile(r"\s*" + pattern).match(text, at)
        if not match:
            fail(f"expected {what}")
        at = match.end()
        return match

    def value():
        nonlocal at
        opening = expect(r'([{"]|\d+)', "a value in braces or quotes").group(1)
        if opening.isdigit():
            return opening
        start, depth = at, 0
        while at < len(text):
            char = text[at]
            if depth == 0 and char == ('"' if opening == '"' else "}"):
                at += 1
                return " ".join(text[start : at - 1].split())
            depth += {"{": 1, "}": -1}.get(char, 0) if text[at - 1] != "\\" else 0
            at += 1
        at = start
        return fail("a value is never closed")

    def skip():
        nonlocal at
        at = re.compile(r"(?:\s|%[^\n]*(?:\n|$))*").match(text, at).end()
        return at < len(text)

    while skip():
        entry = {"line": line()}
        entry["ENTRYTYPE"] = expect(r"@(\w+)\s*\{", "@type{").group(1).lower()
        entry["ID"] = expect(r"([^\s,{}]+)\s*,", "a key and a comma").group(1)
        while not re.compile(r"\s*\}").match(text, at):
            name = expect(r"(\w+)\s*=", "field =").group(1).lower()
            if name in entry:
                fail(f"{entry['ID']} has {name} twice")
            entry[name] = value()
            if not re.compile(r"\s*\}").match(text, at):
                expect(",", "a comma between fields")
        expect(r"\}", "}")
        entries.append(entry)
    return entries


def plain(value):
    r"""A BibTeX value as text: accents (\"o, {\'e}), --, ~, escapes; braces dropped."""

    def accent(match):
        return unicodedata.normalize("NFC", match.group(2).replace("ı", "i") + _ACCENTS[match.group(1)])

    value = re.sub(r"\{?\\([`'^\"~=.])\s*\{?\\?([A-Za-zı])\}?\}?", accent, value)
    value = re.sub(r"\{?\\([cvuHrk])(?:\s*\{|\s+)([A-Za-z])\}?\}?", accent, value)
    value = re.sub(r"\{?\\(ss|ae|AE|aa|AA|[oOlLi])(?![A-Za-z])\s*\}?", lambda m: _LETTERS[m.group(1)], value)
    value = re.sub(r"\\([&%$#_{}])", r"\1", value.replace("---", "—").replace("--", "–").replace("~", "\u00a0"))
    return re.sub(r"[{}]", "", value)


class Work:
    """One entry: key, line, and its fields as text."""

    def __init__(self, entry):
        self.key, self.line, self.kind = entry["ID"], entry["line"], entry["ENTRYTYPE"]
        self.raw = {k: v for k, v in entry.items() if k not in ("ID", "line", "ENTRYTYPE")}
        self.fields = {k: plain(v) for k, v in self.raw.items()}
        names = re.split(r"\s+and\s+", self.raw.get("author", ""))
        self.authors = [self._name(n) for n in names if n]
        self.letter = ""  # a, b, ... where authors and year alone would not tell two works apart

    @staticmethod
    def _name(raw):
        """(family, given) of 'Family, Given', 'Given Family' or '{An Organisation}'."""
        if raw.startswith("{") and raw.endswith("}"):
            return plain(raw), ""
        if "," in raw:
            family, given = raw.split(",", 1)
            return plain(family).strip(), plain(given).strip()
        given, _, family = raw.rpartition(" ")
        return plain(family), plain(given)

    @property
    def label(self):
        """Ho et al., 2020; without a year, as software often is, the name alone."""
        families = [family for family, _ in self.authors if family != "others"]
        if len(families) == 2 and len(self.authors) == 2:
            who = " & ".join(families)
        else:
            who = families[0] + (" et al." if len(self.authors) > 1 else "")
        return f"{who}, {self.fields['year']}{self.letter}" if "year" in self.fields else who

    @property
    def author_list(self):
        shown = ["et al." if family == "others" else f"{given} {family}".strip() for family, given in self.authors]
        if shown[-1] == "et al.":
            return ", ".join(shown)
        return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " & " + shown[-1]

    @property
    def url(self):
        if self.fields.get("archiveprefix", "").lower() == "arxiv":
            return f"https://arxiv.org/abs/{self.fields['eprint']}"
        return self.fields.get("url")

    def html(self):
        """Authors (year). Title, linked. Venue, arXiv number."""
        f = self.fields
        title = f"<cite>{escape(f['title'])}</cite>"
        if self.url:
            title = f'<a href="{escape(self.url)}">{title}</a>'
        rest = [
            f.get("booktitle")
            or f.get("journal")
            or f.get("publisher")
            or f.get("howpublished")
            or f.get("institution")
        ]
        if f.get("eprint"):
            rest.append(f"arXiv:{f['eprint']}")
        rest.append(f.get("note"))
        tail = ". ".join(escape(r).rstrip(".") for r in rest if r)
        year = f" ({escape(f['year'])}{self.letter})" if "year" in f else ""
        end = "" if f["title"][-1] in ".?!" else "."
        return f"{escape(self.author_list)}{year}. {title}{end}" + (f" {tail}." if tail else "")


class Bibliography(dict):
    """key -> Work."""

    _titles = None  # filled when first asked for, once all works are in

    @classmethod
    def load(cls, path):
        """Works of a .bib file. SiteError names file and line of a bad, incomplete or doubled entry."""
        path, found = Path(path), cls()
        if not path.is_file():
            return found
        where = f"{path.parent.name}/{path.name}"
        try:
            entries = parse_bibtex(path.read_text(encoding="utf-8"))
        except SiteError as problem:
            raise SiteError(f"{where}: {problem}") from None
        for entry in entries:
            at = f"{where}:{entry['line']}: {entry['ID']}"
            needed = ("author", "title", "url") if entry["ENTRYTYPE"] == "misc" else ("author", "title", "year")
            missing = [k for k in needed if not entry.get(k)]
            unknown = set(entry) - FIELDS - {"ID", "line", "ENTRYTYPE"}
            if missing:
                raise SiteError(f"{at} lacks {', '.join(missing)}")
            if unknown:
                raise SiteError(f"{at} has unknown or unwanted fields: {', '.join(sorted(unknown))}")
            if entry["ID"] in found:
                raise SiteError(f"{at} is there twice")
            found[entry["ID"]] = Work(entry)
        labels = {}
        for work in found.sorted():
            labels.setdefault(work.label, []).append(work)
        for alike in labels.values():
            for letter, work in zip("abcdefghij", alike, strict=False):
                work.letter = letter if len(alike) > 1 and "year" in work.fields else ""
        return found

    def work(self, key):
        if key not in self:
            raise SiteError(f"unknown reference {key!r}{did_you_mean(str(key), self)}")
        return self[key]

    def sorted(self):
        def order(work):
            folded = unicodedata.normalize("NFKD", work.authors[0][0]).casefold()
            return folded, work.fields.get("year", ""), work.fields["title"]

        return sorted(self.values(), key=order)

    def by_title(self, text):
        """The work of a free citation ('Ho, Jain & Abbeel, 2020, Denoising ... (thesis)'), by its title, or None."""
        if self._titles is None:
            self._titles = {_squeeze(w.fields["title"]): w for w in self.values()}
        return self._titles.get(_squeeze(re.sub(r"\s*\([^()]*\)$", "", re.split(r",\s*\d{4},\s*", text)[-1])))


def _squeeze(title):
    """A title without case and punctuation."""
    return " ".join(re.findall(r"\w+", title.casefold()))
