"""What each icon is: eight open emoji sets joined with Unicode's names, keywords, groups, tones and genders.

The sets come from the Iconify JSON packages, names and CLDR keywords from emojibase-data (all npm, pinned in
package.json). One `Icon` per drawing; its `concept` is the same in every style, with the skin tone taken out.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError

STYLES = ("noto", "twemoji", "openmoji", "fluent-emoji", "fluent-emoji-flat", "emojione", "noto-v1", "fxemoji")
TONES = ("none", "light", "medium-light", "medium", "medium-dark", "dark")
_TONE_SUFFIX = re.compile(r"-(?:(medium-light|medium-dark|light|medium|dark)(?:-skin-tone)?|tone([1-5]))$")


@dataclass(frozen=True)
class Icon:
    """One drawing of one emoji in one style."""

    id: str  # "noto/red-apple", unique
    style: str
    name: str  # the set's own icon name
    concept: str  # "red-apple", shared by all styles and skin tones
    label: str  # "red apple", what a caption says
    keywords: str  # CLDR keywords joined by "|"
    group: str  # "food-drink", or "extras" for what Unicode does not know
    tone: str  # one of TONES
    gender: str  # "woman", "man" or "none"


def slug(text: str) -> str:
    """'Woman’s hat' -> 'womans-hat'."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("’", "").replace("'", "")).strip("-")


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DenoisedError(
            f"The emoji sources are not installed ({path} is missing): run `npm ci` in the project's folder."
        ) from None
    except json.JSONDecodeError as error:
        raise DenoisedError(f"{path} is damaged ({error}): delete node_modules and run `npm ci` again.") from None


def icon_set(style: str) -> dict:
    """The Iconify JSON of one style: {"icons": {name: {"body", ...}}, "width", "height"}."""
    return _read(paths.NODE_MODULES / "@iconify-json" / style / "icons.json")


def _code(hexcode: str) -> str:
    # FE0F only asks for colour; sets disagree on whether to write it.
    return "-".join(part for part in hexcode.lower().split("-") if part != "fe0f")


def _unicode_table() -> dict[str, dict]:
    """code point sequence -> {label, base, keywords, group, tone, gender}."""
    folder = paths.NODE_MODULES / "emojibase-data" / "en"
    groups = {g["order"]: g["key"] for g in _read(folder / "messages.json")["groups"]}
    table = {}
    for entry in _read(folder / "data.json"):
        base = entry["label"]
        shared = {
            "base": base,
            "keywords": "|".join(entry.get("tags", [])),
            "group": groups.get(entry.get("group"), "component"),
        }
        for variant in [entry, *entry.get("skins", [])]:
            tone = variant.get("tone", 0)
            tone = TONES[tone] if isinstance(tone, int) else "mixed"  # couples of two tones
            gender = {0: "woman", 1: "man"}.get(variant.get("gender"), "none")
            table[_code(variant["hexcode"])] = {**shared, "tone": tone, "gender": gender}
    for entry in table.values():  # emojibase leaves plain "man" and "woman" without a gender
        if entry["gender"] == "none" and entry["group"] == "people-body":
            words = entry["base"].replace(",", "").replace(":", "").split()
            women, men = {"woman", "women", "girl", "princess", "mermaid"}, {"man", "men", "boy", "prince", "merman"}
            has = ("woman" if women & set(words) else "") + ("man" if men & set(words) else "")
            entry["gender"] = has if has in ("woman", "man") else "none"
    return table


def _name_index(table: dict[str, dict]) -> dict[str, str]:
    """icon name -> code point sequence, from Unicode's labels and from every set that maps its own names."""
    index = {}
    folder = paths.NODE_MODULES / "emojibase-data" / "en"
    for entry in _read(folder / "data.json"):
        for variant in [entry, *entry.get("skins", [])]:
            index.setdefault(slug(variant["label"]), _code(variant["hexcode"]))
    for style in STYLES:
        chars = paths.NODE_MODULES / "@iconify-json" / style / "chars.json"
        if chars.exists():
            for code, name in _read(chars).items():
                if _code(code) in table:
                    index.setdefault(name, _code(code))
    return index


def catalogue() -> list[Icon]:
    """Every icon of the eight sets, sorted by id. Raises DenoisedError when a set is not installed."""
    table = _unicode_table()
    index = _name_index(table)
    squashed = {name.replace("-", ""): code for name, code in index.items()}  # fxemoji writes "redapple"
    icons = []
    for style in STYLES:
        chars = paths.NODE_MODULES / "@iconify-json" / style / "chars.json"
        own = {name: _code(code) for code, name in _read(chars).items()} if chars.exists() else {}
        for name in icon_set(style)["icons"]:
            code = next(
                (c for c in (own.get(name), index.get(name), squashed.get(name.replace("-", ""))) if c in table), None
            )
            icons.append(_from_unicode(style, name, table[code]) if code else _from_name(style, name, table, index))
    return sorted(icons, key=lambda icon: icon.id)


def _from_unicode(style: str, name: str, entry: dict) -> Icon:
    return Icon(
        f"{style}/{name}", style, name, slug(entry["base"]), entry["base"], entry["keywords"],
        entry["group"], entry["tone"], entry["gender"],
    )  # fmt: skip


def _from_name(style: str, name: str, table: dict, index: dict) -> Icon:
    """An icon that no table maps: read tone from its name, then try the bare name again."""
    tone, bare = "none", name
    if match := _TONE_SUFFIX.search(name):
        tone = match[1] or TONES[int(match[2])]
        bare = name[: match.start()]
    if code := index.get(bare):
        entry = table[code]
        return Icon(f"{style}/{name}", style, name, slug(entry["base"]), entry["base"], entry["keywords"],
                    entry["group"], tone, entry["gender"])  # fmt: skip
    group = "flags" if "flag" in bare else "extras"
    gender = next((g for g in ("woman", "man") if g in bare.split("-")), "none")
    return Icon(f"{style}/{name}", style, name, bare, bare.replace("-", " "), "", group, tone, gender)
