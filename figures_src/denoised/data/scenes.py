"""Scenes of two things, composed from icons: one above the other, or one in front of the other. Who stands where is known,
because it was put there; what may be learned of it is fixed here too.

    both     pairs of things that training shows both ways round
    one way  pairs that it shows in one order only; the other order is asked for afterwards
    never    pairs of which it shows nothing, in no relation
"""

from dataclasses import dataclass

import numpy as np

from denoised.errors import DenoisedError

SIDE = 64  # pixels of a scene
THINGS = ("cat-face", "horse", "green-apple", "rocket", "octopus", "skull", "cactus", "soccer-ball", "automobile",
          "mushroom", "penguin", "guitar")  # fmt: skip
STYLES = ("noto", "twemoji", "emojione", "fluent-emoji-flat")
KINDS = ("above", "in front of")  # what the first thing is to the second
WORDS = (*THINGS, "above", "below", "in front of", "behind")  # word i of a caption is i + 1; 0 says nothing
SIZES = (32, 44)  # pixels of an icon, for each kind: things in front of each other have to overlap


@dataclass(frozen=True)
class Scene:
    """`first` is above or in front of `second`; both are places in THINGS, `kind` one in KINDS, `style` one in STYLES.
    `at` holds the left upper corners ((x, y) of first, (x, y) of second) in pixels."""

    kind: int
    first: int
    second: int
    style: int
    at: tuple[tuple[int, int], tuple[int, int]]


# --8<-- [start:split]
def split(seed: int = 4) -> dict[str, list[tuple[int, int]]]:
    """Ordered pairs (first, second): "both" and "one way" are learned, "reversed" and "never" only asked for.

    Of all pairs of THINGS, in a drawn order, 15 are never shown and 15 one way round, so that each thing is learned in
    both places. "reversed" holds the other order of "one way".
    """
    n = len(THINGS)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    rng = np.random.default_rng(seed)
    order = [pairs[i] if rng.random() < 0.5 else pairs[i][::-1] for i in rng.permutation(len(pairs))]
    never, one, both = order[:15], order[15:30], order[30:]
    return {
        "both": sorted(both + [(b, a) for a, b in both]),
        "one way": sorted(one),
        "reversed": sorted((b, a) for a, b in one),
        "never": sorted(never + [(b, a) for a, b in never]),
    }
    # --8<-- [end:split]


def place(kind: int, rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corners of first and second: one under the other, or side by side, half of one behind the other."""
    if kind == 0:
        x = rng.integers(0, 5, 2) * 8
        return (int(x[0]), 0), (int(x[1]), SIDE // 2)
    y = rng.integers(0, 3, 2) * 8 + 2
    corners = [(0, int(y[0])), (SIDE - SIZES[1], int(y[1]))]
    return tuple(corners if rng.random() < 0.5 else corners[::-1])


def scenes(pairs, n: int, seed: int) -> list[Scene]:
    """n scenes of the ordered `pairs`, kinds and pairs in turn, style and places drawn."""
    if not pairs:
        raise DenoisedError("There is no pair of things to make scenes of.")
    rng = np.random.default_rng(seed)
    every = [(kind, a, b) for a, b in pairs for kind in range(len(KINDS))]
    order = np.concatenate([rng.permutation(len(every)) for _ in range(-(-n // len(every)))])[:n]
    return [
        Scene(*every[i], int(rng.integers(len(STYLES))), place(every[i][0], rng))
        for i in order
    ]  # fmt: skip


def compose(some: list[Scene], icons: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, SIDE, SIDE, 3] on white from icons uint8 [len(STYLES), len(THINGS), 128, 128, 4] (straight alpha).
    The second is drawn before the first, which may hide it."""
    from PIL import Image

    def shrunk(style, thing, size):
        return Image.fromarray(icons[style, thing]).resize((size, size), Image.Resampling.BOX)

    out = np.empty((len(some), SIDE, SIDE, 3), np.uint8)
    for i, scene in enumerate(some):
        sheet = Image.new("RGBA", (SIDE, SIDE), "white")
        for thing, at in ((scene.second, scene.at[1]), (scene.first, scene.at[0])):
            sheet.alpha_composite(shrunk(scene.style, thing, SIZES[scene.kind]), at)
        out[i] = np.asarray(sheet)[..., :3]
    return out


def captions(kind, first, second) -> np.ndarray:
    """The two ways to say it, int64 [2, 3]: "cat above horse" and "horse below cat"."""
    a, b, forth = first + 1, second + 1, len(THINGS) + 1 + 2 * kind
    return np.array([[a, forth, b], [b, forth + 1, a]])


def words(caption) -> str:
    """[1, 13, 2] -> "cat face above horse"."""
    return " ".join(WORDS[i - 1].replace("-", " ") for i in caption)


def label(kind, first, second) -> int:
    """The same as one number, 1 ... `labels()`: a class by itself for every scene that could be asked for."""
    return 1 + (kind * len(THINGS) + first) * len(THINGS) + second


def labels() -> int:
    return len(KINDS) * len(THINGS) ** 2


def icons() -> np.ndarray:
    """The icons of all THINGS in all STYLES, uint8 [styles, things, 128, 128, 4]; needs `make data`."""
    from denoised.data import splits
    from denoised.training.images import rgba_at

    rows = splits.load()
    where = {(row.style, row.concept): i for i, row in enumerate(rows) if row.tone == "none"}
    missing = [f"{s}/{t}" for s in STYLES for t in THINGS if (s, t) not in where]
    if missing:
        raise DenoisedError(f"The icons have no {', '.join(missing)}: run `make data`.")
    found = rgba_at([where[s, t] for s in STYLES for t in THINGS])
    return found.reshape(len(STYLES), len(THINGS), *found.shape[1:])
