"""Reading kana: a small convolutional net and a dense one on printed characters, in fonts that they have not seen.

    npm install --no-save --prefix FOLDER $(python scripts/lab_kana.py --packages)
    python scripts/lab_kana.py FOLDER      # about two minutes on one core; writes kana.npz beside this file

Hiragana, katakana and seven kanji that look like katakana are drawn from openly licensed fonts (NOTICE). Both nets learn
them in the middle of the picture only and are then asked about fonts of other families, in the middle and moved.

Written down before the first run:
- look-alikes are what is hard if the convolutional net reads fewer of LOOKALIKES than of the other characters, with an
  interval of the difference below zero, and if most of its mistakes among them name the twin;
- reading in steps of kernels and pools makes the place matter less (Fukushima's point of 1980) if, four pixels off, the
  convolutional net keeps more than half of its accuracy and the dense net less than half.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
HIRAGANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
KATAKANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
KANJI = "力二八口工夕卜"
CHARACTERS = HIRAGANA + KATAKANA + KANJI
LOOKALIKES = {  # twins: across the two syllabaries, within katakana, katakana and kanji
    "hiragana and katakana": ("へヘ", "りリ", "かカ", "きキ", "せセ", "やヤ", "もモ", "うウ"),
    "within katakana": ("シツ", "ソン"),
    "katakana and kanji": ("カ力", "ニ二", "ハ八", "ロ口", "エ工", "タ夕", "ト卜"),
}
FONTS = {  # packages of npm: their version, and the weights that are taken
    "noto-sans-jp": ("5.3.0", (100, 200, 300, 400, 500, 600, 700, 800, 900)),
    "noto-serif-jp": ("5.3.0", (200, 300, 400, 500, 600, 700, 800, 900)),
    "shippori-mincho": ("5.3.0", (400, 500, 600, 700, 800)),
    "zen-maru-gothic": ("5.3.0", (300, 400, 500, 700, 900)),
    "dela-gothic-one": ("5.3.0", (400,)),
    "dotgothic16": ("5.3.0", (400,)),
}
UNSEEN = {  # families that no net has learned from
    "zen-old-mincho": ("5.3.0", (400,)),
    "kiwi-maru": ("5.3.0", (400,)),
    "sawarabi-gothic": ("5.3.1", (400,)),
    "kosugi-maru": ("5.3.0", (400,)),
}
KINDS = ("convolutional", "dense")


@dataclass(frozen=True)
class Settings:
    """The whole experiment."""

    side: int = 40  # pixels of a picture
    letter: int = 24  # of a character's box in its middle
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 500
    batch: int = 64
    lr: float = 4e-3
    moves: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8)  # pixels, to each of four sides


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings, the characters, the fonts and the source of all that computes the results."""
    return shelf.key([asdict(settings), CHARACTERS, FONTS, UNSEEN], draw, build, train, moved, answers)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: "said_<kind>" uint8 [seeds, moves, sides, fonts, characters], which
    character was read; "pictures" uint8 [fonts, characters, side, side], black on white, of the unseen families.

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_kana")


def draw(font, character: str, settings: Settings = SETTINGS) -> np.ndarray:
    """uint8 [side, side]: one character, black on white, its box in the middle. `font`: PIL's, of size `letter`."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (settings.side, settings.side), 255)
    ImageDraw.Draw(page).text((settings.side / 2, settings.side / 2), character, fill=0, font=font, anchor="mm")
    return np.asarray(page)


# --8<-- [start:build]
def build(kind: str, seed: int, settings: Settings = SETTINGS):
    """Pictures [B, 1, side, side] -> logits [B, characters]. Kernel, then pool, three times over; or every pixel with a
    weight of its own."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    if kind == "dense":
        first, last = nn.Linear(settings.side**2, 64), nn.Linear(64, len(CHARACTERS))
        return nn.Sequential(nn.Flatten(), first, nn.BatchNorm1d(64), nn.ReLU(), last)

    def step(cin, cout, pool):
        return nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(), pool

    return nn.Sequential(
        *step(1, 16, nn.MaxPool2d(2)), *step(16, 32, nn.MaxPool2d(2)), *step(32, 64, nn.AdaptiveMaxPool2d(1)),
        nn.Flatten(), nn.Linear(64, len(CHARACTERS)),
    )  # fmt: skip
    # --8<-- [end:build]


def train(net, pictures, labels, seed: int, settings: Settings = SETTINGS) -> float:
    """Train in place on pictures uint8 [N, side, side], all in the middle; gives the mean loss of the last steps."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=settings.steps, pct_start=0.2)
    losses = []
    for _ in range(settings.steps):
        pick = torch.randint(len(pictures), (settings.batch,), generator=generator)
        loss = F.cross_entropy(net(1 - pictures[pick][:, None].float() / 255), labels[pick])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    net.eval().requires_grad_(False)
    return float(np.mean(losses[-50:]))


def moved(pictures, by: int, side: int):
    """uint8 [N, S, S] moved by some pixels up, right, down or left (0 to 3); what comes in is white."""
    import torch

    down, along = ((-by, 0), (0, by), (by, 0), (0, -by))[side]
    empty = torch.full_like(pictures, 255)
    s = pictures.shape[-1]
    empty[:, max(down, 0) : s + min(down, 0), max(along, 0) : s + min(along, 0)] = pictures[
        :, max(-down, 0) : s + min(-down, 0), max(-along, 0) : s + min(-along, 0)
    ]
    return empty


def answers(net, pictures, settings: Settings = SETTINGS) -> np.ndarray:
    """uint8 [moves, 4, N]: the character that is read in pictures uint8 [N, side, side], moved to each side."""
    import torch

    with torch.no_grad():
        rows = [
            [net(1 - moved(pictures, by, side)[:, None].float() / 255).argmax(1).byte().numpy() for side in range(4)]
            for by in settings.moves
        ]
    return np.array(rows)
