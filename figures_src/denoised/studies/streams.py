"""One design for every kind of sequence? Names letter by letter, pictures colour by colour, tunes note by note.

    nice python scripts/lab_streams.py        # some minutes on one core; writes streams.npz beside this file

The same classes of models, at the same size, learn to guess the next token of three kinds of sequence that come with the
repository or are made up here. Bits per token on sequences that were held out; the baselines know only how common
tokens are (unigram) and what follows what (bigram), counted on the same training sequences.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import scan, sequences
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
VOCABULARY = 48
END = 0  # where a name ends, and what fills the rest


@dataclass(frozen=True)
class Settings:
    """The whole study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    kinds: tuple[str, ...] = ("lstm", "gru", "cnn", "transformer", "rwkv")
    everywhere: tuple[str, ...] = ("transformer", "rwkv")  # on all streams; the others on names only
    streams: tuple[str, ...] = ("names", "pictures", "tunes")
    steps: int = 300
    batch: int = 32
    lr: float = 3e-3
    warmup: int = 50
    length: int = 32
    side: int = 6  # of a picture, in cells
    colours: int = 27  # three steps of red, green and blue
    tunes: int = 2000
    held_out: float = 0.15


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), names, pictures, tunes, divided, train, bits, baselines, sequences, scan)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results; DenoisedError if they are missing or of another version."""
    return shelf.take(path, key(settings), "lab_streams")


def names(settings: Settings = SETTINGS) -> np.ndarray:
    """Emoji names as tokens [N, length + 1], one a concept, cut after `length` letters; END where a name is over."""
    from denoised.data import splits

    labels = sorted({row.label.lower() for row in splits.load() if row.group not in ("extras", "component", "flags")})
    letters = "abcdefghijklmnopqrstuvwxyz0123456789 -.,:’"
    tokens = np.zeros((len(labels), settings.length + 1), int)
    for i, label in enumerate(labels):
        some = [letters.find(letter) + 1 or len(letters) + 1 for letter in label][: settings.length]
        tokens[i, : len(some)] = some
    return tokens


def pictures(settings: Settings = SETTINGS) -> np.ndarray:
    """The shipped icons as rows of few colours, tokens [N, side * side]: each cell is the nearest of 27 colours."""
    from denoised.data import specimens

    images, s = specimens.load().images.astype(float), settings.side
    edge = images.shape[1] // s
    cells = images[:, : s * edge, : s * edge].reshape(len(images), s, edge, s, edge, 3).mean((2, 4))
    steps = np.rint(cells / 255 * 2).astype(int)
    return (steps @ np.array([9, 3, 1])).reshape(len(images), -1) + 1


def tunes(settings: Settings = SETTINGS) -> np.ndarray:
    """Made-up tunes as tokens [N, length + 1]: a motif of four to six notes of one key, told again and again, each time a
    step of the scale higher or lower, so that what comes depends on what was long before."""
    rng = np.random.default_rng(11)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    found = []
    for _ in range(settings.tunes):
        motif, key_, rise = rng.integers(0, 7, rng.integers(4, 7)), rng.integers(0, 5), rng.integers(-1, 2)
        steps = [m + rise * r for r in range(9) for m in motif][: settings.length + 1]
        pitch = [12 * (s // 7) + scale[s % 7] + key_ for s in steps]
        found.append([1 + (p % 36) for p in pitch])
    return np.array(found)


def readers(stream: str, settings: Settings = SETTINGS) -> tuple[str, ...]:
    """Which kinds of models read a stream."""
    return settings.kinds if stream == "names" else settings.everywhere


def divided(stream: str, settings: Settings = SETTINGS) -> tuple[np.ndarray, np.ndarray]:
    """(training sequences, held-out ones), chance with a fixed seed."""
    tokens = {"names": names, "pictures": pictures, "tunes": tunes}[stream](settings)
    order = np.random.default_rng(3).permutation(len(tokens))
    held = round(settings.held_out * len(tokens))
    return tokens[order[held:]], tokens[order[:held]]


def train(stream: str, kind: str, seed: int, settings: Settings = SETTINGS, steps: int | None = None):
    """A model of `kind` that has learnt to guess the next token of a stream."""
    import torch
    import torch.nn.functional as F

    sequences_, _ = divided(stream, settings)
    model = sequences.build(kind, VOCABULARY, seed).train()
    rng, total = np.random.default_rng(2000 + seed), steps or settings.steps
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=0.01)
    for step in range(total):
        some = torch.as_tensor(sequences_[rng.integers(len(sequences_), size=settings.batch)])
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / settings.warmup, 1.02 - step / total)
        loss = F.cross_entropy(model(some[:, :-1]).flatten(0, 1), some[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval().requires_grad_(False)


def wanted(stream: str, tokens: np.ndarray) -> np.ndarray:
    """Which of the tokens from the second on count, bool [N, T - 1]: of a name its letters and its first END."""
    after = tokens[:, 1:]
    return (after != END) | (tokens[:, :-1] != END) if stream == "names" else np.ones_like(after, bool)


def bits(model, stream: str, tokens: np.ndarray) -> float:
    """Mean bits that the model needs for a token of these sequences [N, T], the first of each left out."""
    import torch

    some = torch.as_tensor(tokens)
    with torch.no_grad():
        logs = torch.log_softmax(model(some[:, :-1]), -1).gather(2, some[:, 1:, None])[..., 0]
    return float(-logs[torch.as_tensor(wanted(stream, tokens))].mean() / np.log(2))


def baselines(stream: str, learnt: np.ndarray, tokens: np.ndarray) -> dict[str, float]:
    """Bits per token of held-out sequences by counting: {"unigram", "bigram"}, each count raised a little."""
    use, keep = wanted(stream, learnt), wanted(stream, tokens)
    single = np.full(VOCABULARY, 0.1)
    pair = np.full((VOCABULARY, VOCABULARY), 0.1)
    np.add.at(single, learnt[:, 1:][use], 1)
    np.add.at(pair, (learnt[:, :-1][use], learnt[:, 1:][use]), 1)
    # a pair that was never seen falls back on how common its second token is
    pair = pair + 2 * single / single.sum()
    before, after = tokens[:, :-1][keep], tokens[:, 1:][keep]
    return {"unigram": float(-np.log2(single / single.sum())[after].mean()),
            "bigram": float(-np.log2(pair / pair.sum(1, keepdims=True))[before, after].mean())}  # fmt: skip
