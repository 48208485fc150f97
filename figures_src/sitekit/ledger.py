"""The claims ledger: docs/series/claims.yaml, read with line numbers, checked against figures and references.

Fields that the ledger adds to the specification of a claim:
  verdict   holds | partly | false | outdated   what the numbers (or, for outdated, the literature) say
            cited        settled by literature, not by a run of ours
            explained    an opinion, advice or a metaphor: gets a sentence, not a test
            untested     the default: the planned test is shown
  check     expression over figures' numbers that must be true for the verdict given. It may be written
            down before the verdict is, so that the threshold cannot follow the result
  checks    instead of check: verdict -> expression. The given verdict's must be true and all others false
  threshold_note   why a threshold was moved after it was first written down
  evidence  ids of figures, beside those that the check names
  says      one or two sentences: what is true of it. num() and the other macros may be used
  cites     keys of docs/references.bib
"""

from collections import Counter
from pathlib import Path

import yaml

from sitekit import expressions
from sitekit.errors import SiteError, did_you_mean

VERDICTS = ("holds", "partly", "false", "outdated", "cited", "explained", "untested")
MEASURED = ("holds", "partly", "false")  # verdicts that need numbers
SPECIFIED = {"id", "by", "claim", "kind", "expect", "test", "cite", "note"}
ADDED = {"verdict", "check", "checks", "threshold_note", "evidence", "says", "cites"}
LISTS = ("cite", "evidence", "cites")


class Claim(dict):
    """One claim's fields, its section and the line of its id in the file."""

    section = None
    line = 0
    lines = None  # field -> line

    @property
    def verdict(self):
        return self.get("verdict", "untested")

    def expressions(self):
        """verdict -> expression of every check."""
        if "checks" in self:
            return dict(self["checks"])
        return {self.verdict: self["check"]} if "check" in self else {}

    def figures(self):
        """Ids of all figures that bear on the claim: its evidence and those its checks and words name."""
        texts = [*self.expressions().values(), self.get("says") or ""]
        named = [ref.partition(".")[0] for text in texts for ref in expressions.references(text)]
        return list(dict.fromkeys([*self.get("evidence", []), *named]))


def _plain(node):
    """A YAML node as Python values (the loader of PyYAML, without composing the file twice)."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


class Ledger:
    """All sections and claims. `problems` holds (line, sentence) of what is wrong with the file by itself."""

    def __init__(self):
        self.sections = {}  # id -> {"id", "title", "source", "asks", "metaphors", "claims": [Claim]}
        self.sources = {}
        self.claims = {}
        self.problems = []

    @classmethod
    def load(cls, path):
        path, ledger = Path(path), cls()
        if not path.is_file():
            return ledger
        try:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            ledger.problems.append(
                (mark.line + 1 if mark else 1, f"this is not YAML: {getattr(error, 'problem', error)}")
            )
            return ledger
        top = {key.value: value for key, value in root.value}
        ledger.sources = {s["id"]: s for s in _plain(top["sources"])} if "sources" in top else {}
        for node in top["sections"].value if "sections" in top else []:
            fields = {key.value: value for key, value in node.value}
            section = {k: _plain(v) for k, v in fields.items() if k != "claims"}
            section["claims"] = []
            ledger.sections[section["id"]] = section
            for claim_node in fields["claims"].value if "claims" in fields else []:
                ledger._add(claim_node, section)
        return ledger

    def _add(self, node, section):
        claim = Claim(_plain(node))
        claim.section = section["id"]
        claim.lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
        claim.line = node.start_mark.line + 1
        double = [k for k, n in Counter(key.value for key, _ in node.value).items() if n > 1]
        for field in double:
            self.problems.append((claim.lines[field], f"a claim has {field!r} twice"))
        if not isinstance(claim.get("id"), str):
            self.problems.append((claim.line, "a claim has no id"))
        elif claim["id"] in self.claims:
            self.problems.append((claim.line, f"claim {claim['id']} is there twice"))
        else:
            problems = list(self._shape(claim))
            self.problems += problems
            if not problems:
                section["claims"].append(claim)
                self.claims[claim["id"]] = claim

    @staticmethod
    def _shape(claim):
        """(line, sentence) for each thing wrong with a claim's fields, without looking at figures."""
        name = f"claim {claim['id']}"

        def at(field):
            return claim.lines.get(field, claim.line)

        for field in claim:
            if field not in SPECIFIED | ADDED:
                yield (
                    at(field),
                    f"{name} has an unknown field {field!r}{did_you_mean(str(field), SPECIFIED | ADDED)}",
                )
        for field in ("claim", "by", "kind"):
            if not isinstance(claim.get(field), str):
                yield at(field), f"{name} lacks {field!r}"
        for field in ("claim", "test", "note", "says", "check", "threshold_note"):
            if field in claim and not isinstance(claim[field], str):
                yield at(field), f"{name}: {field!r} must be text"
        for field in LISTS:
            if field in claim and not (
                isinstance(claim[field], list) and all(isinstance(x, str) for x in claim[field])
            ):
                yield at(field), f"{name}: {field!r} must be a list of strings"
        verdict = claim.verdict
        if verdict not in VERDICTS:
            quote = ' (write "false" in quotes: bare it is a boolean)' if verdict is False else ""
            hint = quote or did_you_mean(str(verdict), VERDICTS) or f"; the verdicts are {', '.join(VERDICTS)}"
            yield at("verdict"), f"{name}: unknown verdict {verdict!r}{hint}"
            return
        if verdict != "untested" and not str(claim.get("says") or "").strip():
            yield at("verdict"), f"{name} is {verdict!r} but lacks 'says': one sentence on what is true of it"
        if "check" in claim and "checks" in claim:
            yield at("checks"), f"{name} has both 'check' and 'checks'; keep one"
            return
        checks = claim.get("checks", {})
        if not isinstance(checks, dict) or not all(isinstance(v, str) for v in checks.values()):
            yield at("checks"), f"{name}: 'checks' must map verdicts to expressions"
            return
        for key in checks:
            if key not in MEASURED + ("outdated",):
                yield at("checks"), f"{name}: no check can decide the verdict {key!r}"
        if checks and verdict in MEASURED and verdict not in checks:
            yield at("checks"), f"{name} is {verdict!r}, but its checks have no expression for that verdict"
        if verdict in MEASURED and "check" not in claim and not checks:
            yield at("verdict"), f"{name} is {verdict!r} but has no 'check' on a number of a figure"
        if verdict == "outdated" and not (claim.expressions() or claim.get("cites")):
            yield at("verdict"), f"{name} is 'outdated' but has neither a check nor 'cites'"
        if verdict == "cited" and not claim.get("cites"):
            yield at("verdict"), f"{name} is 'cited' but has no 'cites' (keys of references.bib)"
        for expression in claim.expressions().values():
            try:
                expressions.parse(expression)
            except SiteError as problem:
                yield at("checks" if checks else "check"), f"{name}: {problem}"

    def claim(self, claim_id):
        if claim_id not in self.claims:
            raise SiteError(f"unknown claim {claim_id!r}{did_you_mean(str(claim_id), self.claims)}")
        return self.claims[claim_id]

    def section(self, section_id):
        if section_id not in self.sections:
            raise SiteError(f"unknown section of claims {section_id!r}{did_you_mean(str(section_id), self.sections)}")
        return self.sections[section_id]

    def counts(self):
        """verdict -> number of claims, in the order of VERDICTS."""
        have = Counter(c.verdict for c in self.claims.values())
        return {v: have[v] for v in VERDICTS}

    def contradictions(self, figures, works):
        """(line, sentence) for each claim whose figures, works or numbers do not bear out what it says.

        figures: sitekit.manifests.Figures; works: the bibliography, or anything that holds its keys.
        """
        for claim in self.claims.values():
            name = f"claim {claim['id']}"

            def at(field, claim=claim):
                return claim.lines.get(field, claim.line)

            for key in claim.get("cites", []):
                if key not in works:
                    yield at("cites"), f"{name}: unknown reference {key!r}{did_you_mean(key, works)}"
            if claim.verdict == "untested":
                continue  # its threshold may be written down before its figure exists
            for figure_id in claim.get("evidence", []):
                try:
                    figures.get(figure_id)
                except SiteError as problem:
                    yield at("evidence"), f"{name}: {problem}"
            for verdict, expression in claim.expressions().items():
                field = "checks" if "checks" in claim else "check"
                try:
                    truth, values = expressions.evaluate(expression, figures.number)
                except SiteError as problem:
                    yield at(field), f"{name}: {problem}"
                    continue
                found = ", ".join(f"{ref} = {value!r}" for ref, value in values.items())
                if truth and verdict != claim.verdict:
                    yield (
                        at(field),
                        (f"{name} is {claim.verdict!r}, but the check for {verdict!r} is true: {expression} ({found})"),
                    )
                elif not truth and verdict == claim.verdict:
                    yield (
                        at(field),
                        f"{name} is {verdict!r}, but its check is not true: {expression} ({found})",
                    )
