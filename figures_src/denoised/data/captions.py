"""What the text encoder reads: the icon's name, CLDR keywords, style, colour and tone, worded in many ways."""

import random

from denoised.data.catalogue import Icon

# The word before the comma is the set's own name, the rest is what a person would call the look.
STYLE_WORDS = {
    "noto": ("noto", "shaded"),
    "twemoji": ("twemoji", "flat"),
    "openmoji": ("openmoji", "line art"),
    "fluent-emoji": ("fluent", "glossy"),
    "fluent-emoji-flat": ("fluent flat", "soft flat"),
    "emojione": ("emojione", "emoji one"),
    "noto-v1": ("old noto", "blob"),
    "fxemoji": ("firefox", "fx"),
}
_WITH_STYLE = (
    "{style} style, {what}",
    "{what}, {style} style",
    "a {what} in {style} style",
    "{style} {what}",
    "{what}, {style}",
)
_COLOURS = {"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "black", "white"}
_BARE = ("{what}", "a {what}", "a picture of a {what}", "an emoji of a {what}")


def prompt(icon: Icon) -> str:
    """The plain caption used for evaluation and sample sheets: 'red apple, noto style'."""
    return f"{_what(icon)}, {STYLE_WORDS[icon.style][0]} style"


def _what(icon: Icon) -> str:
    words = icon.label.lower().replace(":", "").replace("’", "'")
    return words if icon.tone in ("none", "mixed") else f"{words}, {icon.tone} skin tone"


# --8<-- [start:caption]
def caption(icon: Icon, rng: random.Random, style: bool = True, rich: bool | None = None) -> str:
    """One wording, drawn from `rng`. `style=False` leaves the style out; rich captions add keywords and colour."""
    rich = rng.random() < 0.5 if rich is None else rich
    what = _what(icon)
    if rich:
        keywords = [k for k in icon.keywords.split("|") if k and k not in what.split()]
        rng.shuffle(keywords)
        keywords = keywords[: rng.randint(1, 4)]
        colour = getattr(icon, "colour", "none")
        if colour != "none" and not _COLOURS & set(what.split()) and rng.random() < 0.5:
            if rng.random() < 0.6:
                what = f"{colour} {what}"
            else:
                keywords.append(colour)
        parts = [what, *keywords]
        if rng.random() < 0.3:
            rng.shuffle(parts)
        what = ", ".join(parts)
    if not style:
        return rng.choice(_BARE).format(what=what)
    name = rng.choice(STYLE_WORDS[icon.style]) if rng.random() < 0.35 else STYLE_WORDS[icon.style][0]
    return rng.choice(_WITH_STYLE).format(what=what, style=name)
    # --8<-- [end:caption]
