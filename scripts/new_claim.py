"""Add a claim to the ledger: `python scripts/new_claim.py p4-r10 "What is said, in our words."`

It gets the section's next free id, no verdict, and fields to fill in; the ledger builds at once. `--figure vae/swap`
also writes the beginning of a check on that figure, which need not exist yet.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import yaml

from denoised import paths
from denoised.errors import DenoisedError
from sitekit.errors import did_you_mean
from sitekit.ledger import Ledger

LEDGER = paths.ROOT / "docs" / "series" / "claims.yaml"
USAGE = 'Say which section makes the claim, and what it says: python scripts/new_claim.py p4-r10 "The VAE paints."'
KINDS = ("mechanism", "empirical", "bias", "history", "definition", "advice", "opinion", "metaphor")
EXPECTED = ("holds", "partly", "false", "outdated", "open")
FIGURE = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")

TEMPLATE = """\
      - id: @ID@
        by: @BY@
        claim: >-
@CLAIM@
        kind: @KIND@
        expect: "@EXPECT@"
        test: >-
          Say what is measured, on how many samples, against which baseline and with which control.
"""
CHECK = """\
        check: @FIGURE@.a_number > 0
"""


def shown() -> str:
    return LEDGER.relative_to(paths.ROOT).as_posix() if LEDGER.is_relative_to(paths.ROOT) else str(LEDGER)


def load() -> Ledger:
    """The ledger, if nothing is wrong with it; else DenoisedError with the file and line of the first problem."""
    if not LEDGER.is_file():
        raise DenoisedError(f"There is no ledger: {shown()} is missing.")
    ledger = Ledger.load(LEDGER)
    if ledger.problems:
        line, problem = ledger.problems[0]
        more = len(ledger.problems) - 1
        raise DenoisedError(
            f"{shown()}:{line}: {problem}; put this right first" + (f" (and {more} more)" if more else "")
        )
    return ledger


def next_id(section: dict) -> str:
    """The section's last id with the next number: r10-41 after r10-40, with as many digits."""
    numbered = [re.fullmatch(r"(.+-)(\d+)", claim["id"]) for claim in section["claims"]]
    numbered = [match for match in numbered if match]
    if not numbered:
        raise DenoisedError(
            f"Section {section['id']} has no claim yet from which an id could be told: write its first by hand, in "
            f"{shown()}, such as `id: x-01`."
        )
    last = max(numbered, key=lambda match: int(match[2]))
    return f"{last[1]}{int(last[2]) + 1:0{len(last[2])}d}"


def end_of_section(text: str, section_id: str) -> int:
    """Index of the line after the last claim of a section; comments and blank lines below it stay below."""
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    sections = next(value for key, value in root.value if key.value == "sections")
    for section in sections.value:
        fields = {key.value: value for key, value in section.value}
        if fields["id"].value == section_id:
            if fields["claims"].flow_style:
                line = fields["claims"].start_mark.line + 1
                raise DenoisedError(f"{shown()}:{line}: write the claims below each other, not in brackets.")
            end = fields["claims"].value[-1].end_mark.line
            lines = text.split("\n")
            while end > 0 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1
            return end
    raise AssertionError(section_id)


def scaffold(section_id: str, claim: str, *, by=None, kind="empirical", expect="open", figure=None) -> tuple[str, int]:
    """Write a claim at the end of a section: (its id, the line it stands on)."""
    claim = " ".join(claim.split())
    if not claim:
        raise DenoisedError("The claim is empty: say in our own words what is said.")
    if figure and not FIGURE.fullmatch(figure):
        raise DenoisedError(f"{figure!r} is no figure's name: section/name in small letters, such as vae/swap.")
    ledger = load()
    if section_id not in ledger.sections:
        hint = did_you_mean(section_id, ledger.sections) or f"; there are {', '.join(ledger.sections)}"
        raise DenoisedError(f"There is no section {section_id!r} in {shown()}{hint}")
    section = ledger.sections[section_id]
    same = next((c["id"] for c in section["claims"] if " ".join(c["claim"].split()) == claim), None)
    if same:
        raise DenoisedError(f"Claim {same} says exactly this already ({shown()}:{ledger.claims[same].line}).")
    speakers = [c["by"] for c in section["claims"]]
    fields = {
        "ID": next_id(section),
        "BY": by or max(set(speakers), key=speakers.count),
        "CLAIM": textwrap.fill(
            claim,
            90,
            initial_indent=" " * 10,
            subsequent_indent=" " * 10,
            break_on_hyphens=False,
            break_long_words=False,
        ),
        "KIND": kind,
        "EXPECT": expect,
        "FIGURE": figure,
    }
    entry = TEMPLATE + (CHECK if figure else "")
    for field, value in fields.items():
        entry = entry.replace(f"@{field}@", str(value))
    text = LEDGER.read_text(encoding="utf-8")
    at = end_of_section(text, section_id)
    lines = text.split("\n")
    LEDGER.write_text("\n".join([*lines[:at], "", *entry.rstrip("\n").split("\n"), *lines[at:]]), encoding="utf-8")
    try:
        found = load().claims[fields["ID"]]
    except (DenoisedError, KeyError) as error:
        LEDGER.write_text(text, encoding="utf-8")  # as it was
        raise DenoisedError(f"The claim could not be put into {shown()}; it was left as it was ({error}).") from error
    return fields["ID"], found.line


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("section", nargs="?", help="id of a section of docs/series/claims.yaml")
    parser.add_argument("claim", nargs="?", help="the statement, in our own words")
    parser.add_argument("--by", choices=("human", "model", "both", "essay"), help="who says it")
    parser.add_argument("--kind", choices=KINDS, default="empirical")
    parser.add_argument("--expect", choices=EXPECTED, default="open", help="your expectation before any run")
    parser.add_argument("--figure", help="a figure that shall decide it; it need not exist yet")
    options = parser.parse_args(arguments)
    if not options.section or not options.claim:
        print(USAGE, file=sys.stderr)
        return 1
    try:
        claim_id, line = scaffold(
            options.section,
            options.claim,
            by=options.by,
            kind=options.kind,
            expect=options.expect,
            figure=options.figure,
        )
    except DenoisedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The ledger could not be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    print(f"Wrote claim {claim_id} at {shown()}:{line}. Next, there:")
    print("  write `test`, and `check` with its threshold; commit both before you run the figure in full")
    if options.figure:
        print(f"  in the docstring of figures_src/figures/{options.figure}.py:  Tests claims: {claim_id}.")
    print("  when it has run: `verdict` and `says`")
    print(f'{{{{ claim("{claim_id}") }}}} puts it on a page.')
    return 0


if __name__ == "__main__":
    sys.exit(main())
