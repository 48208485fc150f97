#!/usr/bin/env python3
"""What the project is made with: every package, font, emoji set and weight file, with version, hash and licence.

    python scripts/supply.py licences    is each licence one that this project can live with? status 1 if not
    python scripts/supply.py sbom        the same as a CycloneDX file, build/sbom.json (--out FILE)

Versions come from the lock files, Python packages' licences from the installed packages, so run it in .venv. Where a
package does not state its licence as SPDX, STATED says what its own licence file says.
"""

import argparse
import base64
import importlib.metadata
import json
import re
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CNRI-Python", "ISC", "MIT", "MIT-CMU", "PSF-2.0", "Unlicense", "Zlib",
    "CC-BY-4.0", "CC-BY-SA-4.0",  # drawings, and what was learned from them: NOTICE names the authors
    "OFL-1.1",  # typefaces, each with its text beside it
    "MPL-2.0",  # used as it is, no file of it changed
    "EPL-2.0",  # likewise: elkjs inside of Mermaid, see NOTICE
}  # fmt: skip
STATED = {  # (ecosystem, name): licence, by the licence file in the package
    ("pypi", "click-default-group"): "BSD-3-Clause",
    ("pypi", "hjson"): "MIT OR AFL-2.1",
    ("pypi", "protobuf"): "BSD-3-Clause",
    ("pypi", "resvg-py"): "MIT",
    ("npm", "khroma"): "MIT",
}
_WORDS = {  # what packages write instead of SPDX
    "apache": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache software license": "Apache-2.0", "apache-2.0": "Apache-2.0",
    "bsd": "BSD-3-Clause", "bsd license": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause": "BSD-3-Clause", "bsd-2-clause": "BSD-2-Clause", "bsd 2-clause license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause", "isc license": "ISC", "isc license (iscl)": "ISC", "mit": "MIT",
    "mit license": "MIT", "mpl-2.0": "MPL-2.0", "mpl-2.0 and mit": "MPL-2.0 AND MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "python software foundation license": "PSF-2.0",
    "psfl": "PSF-2.0",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One thing that somebody else made, or a weight file of ours."""

    kind: str  # library, data, machine-learning-model
    ecosystem: str  # pypi, npm, or "" for what is in the repository
    name: str
    version: str
    licence: str  # an SPDX expression; "" where none is known
    hashes: tuple[tuple[str, str], ...] = field(default=())  # (algorithm, hexadecimal)
    needed: bool = True  # False: only for tests, data and training

    @property
    def purl(self) -> str:
        if not self.ecosystem:
            return f"pkg:generic/{self.name}@{self.version}"
        name = self.name.replace("@", "%40", 1) if self.ecosystem == "npm" else self.name.lower().replace("_", "-")
        return f"pkg:{self.ecosystem}/{name}@{self.version}"


def python_parts() -> list[Part]:
    hashes = {}
    vouched = _text("requirements.hashes") + _text("requirements-cluster.hashes")
    for block in re.findall(r"^(\S+==\S+) ((?:[\\\s]*--hash=\S+)+)", vouched, re.MULTILINE):
        hashes[block[0].lower()] = tuple(("SHA-256", one) for one in re.findall(r"sha256:(\w+)", block[1]))
    found = []
    for lock in ("requirements.lock", "requirements-cluster.lock"):
        for name, version in re.findall(r"^([A-Za-z0-9][\w.-]*)==([\w.!+]+)", _text(lock), re.MULTILINE):
            known = hashes.get(f"{name}=={version}".lower(), ())
            licence = _python_licence(name)
            found.append(Part("library", "pypi", name, version, licence, known, lock == "requirements.lock"))
    return found


def _python_licence(name: str) -> str:
    """SPDX: as stated, or from the words and classifiers that older packages use."""
    if said := STATED.get(("pypi", name)):
        return said
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [one for one in metadata.get_all("Classifier", []) if one.startswith("License ::")]
    words = [metadata.get("License") or "", *(one.rpartition("::")[2] for one in classifiers)]
    return next((_WORDS[one.strip().lower()] for one in words if one.strip().lower() in _WORDS), "")


def npm_parts() -> list[Part]:
    found = []
    for place, entry in json.loads(_text("package-lock.json"))["packages"].items():
        if not place:
            continue
        name = place.rpartition("node_modules/")[2]
        digest = base64.b64decode(entry["integrity"].partition("-")[2]).hex()
        kind = "data" if name.startswith(("@iconify-json/", "emojibase")) else "library"
        licence = STATED.get(("npm", name)) or entry.get("license", "")
        found.append(
            Part(kind, "npm", name, entry["version"], licence, (("SHA-512", digest),), not entry.get("dev", False))
        )
    return found


def own_parts() -> list[Part]:
    """Weights, each file with the hash that its card notes, and the pictures of others in the repository."""
    found = []
    for card in sorted((ROOT / "figures_src" / "weights").rglob("card.json")):
        noted = json.loads(card.read_text(encoding="utf-8"))
        folder = card.parent.relative_to(ROOT / "figures_src" / "weights").as_posix()
        for name, digest in noted.get("sha256", {}).items():
            hashes = (("SHA-256", digest),)
            found.append(
                Part("machine-learning-model", "", f"weights/{folder}/{name}", digest[:12], "CC-BY-SA-4.0", hashes)
            )
    found.append(Part("data", "", "photograph-chelsea", "scikit-image", "CC0-1.0"))
    return found


def parts() -> list[Part]:
    """Everything, in the order of its purl, each once."""
    every = {part.purl: part for part in [*python_parts(), *npm_parts(), *own_parts()]}
    return [every[purl] for purl in sorted(every)]


def acceptable(expression: str) -> bool:
    """Does an SPDX expression leave a choice that is allowed? Every AND must be, one OR is enough."""
    expression = expression.strip()
    while expression.startswith("(") and expression.endswith(")") and "(" not in expression[1:-1]:
        expression = expression[1:-1].strip()
    if "(" in expression:
        return False  # none has brackets within; somebody shall look at the first one
    choices = re.split(r"\s+OR\s+", expression)
    return any(all(one.strip() in ALLOWED for one in re.split(r"\s+AND\s+", choice)) for choice in choices)


def problems(every: list[Part]) -> list[str]:
    """One line for each thing without a licence, or with one that is not allowed."""
    found = []
    for part in every:
        where = f"{part.ecosystem or 'repository'} {part.name} {part.version}"
        if not part.licence:
            found.append(f"{where}: states no licence; look into it and write it into STATED of scripts/supply.py")
        elif not acceptable(part.licence):
            found.append(f"{where}: {part.licence} is not among ALLOWED of scripts/supply.py")
    return found


def sbom(every: list[Part]) -> dict:
    """CycloneDX 1.6. The same parts give the same bytes: the serial number is made from them, and there is no date."""
    project = json.loads(_text("package.json"))
    components = []
    for part in every:
        one = {
            "type": part.kind,
            "bom-ref": part.purl,
            "name": part.name,
            "version": part.version,
            "scope": "required" if part.needed else "optional",
            "licenses": [{"expression": part.licence}],
            "purl": part.purl,
        }
        if part.hashes and len(part.hashes) == 1:  # of many files, which one was installed is not known here
            one["hashes"] = [{"alg": algorithm, "content": digest} for algorithm, digest in part.hashes]
        components.append(one)
    root = f"pkg:generic/{project['name']}@{project['version']}"
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"expression": "MIT AND CC-BY-SA-4.0"}],
            }
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [part.purl for part in every]}],
    }


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("licences", "sbom"))
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "sbom.json")
    options = parser.parse_args(arguments)
    try:
        every = parts()
        found = problems(every)
        for line in found:
            print(f"error: {line}.", file=sys.stderr)
        if found:
            return 1
        if options.command == "sbom":
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(sbom(every), indent=1) + "\n", encoding="utf-8")
            print(f"{len(every)} parts are in {options.out}, each with its licence.")
        else:
            print(f"{len(every)} parts, each with a licence that is allowed.")
    except (OSError, ValueError, KeyError) as error:
        print(f"error: the parts cannot be listed: {type(error).__name__}: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
