"""One job, all architectures: small models of equal size learn to answer questions about what they have read.

    nice python scripts/lab_recall.py        # some twenty minutes on one core; two files beside this one

Two jobs. *Questions* (multi-query associative recall, Arora et al. 2023): pairs of a key and a value, then the keys
again in another order, each to be answered with its value. *Copying* (selective copying, Gu & Dao 2023): four signs
strewn among blanks, then to be told again in their order. Each model is trained with three seeds; a seed fixes the
first weights and everything that is drawn, so that all models see the same sequences.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import scan, sequences
from denoised.studies import shelf

FOLDER = Path(__file__).parent
JOBS = ("questions", "copying")
VOCABULARY = 48
BLANK, ASK = 0, 47  # the token between signs, and the one that stands where a sign is to be told
KEYS, VALUES = range(1, 17), range(17, 33)  # of the questions
SIGNS = range(33, 41)  # of the copying
FADE_LENGTH = 129  # the gradient is followed 128 positions back


@dataclass(frozen=True)
class Settings:
    """The whole study. `pairs` are drawn from in training, `lengths` and `crowds` are tested."""

    seeds: tuple[int, ...] = (0, 1, 2)
    questions: tuple[str, ...] = (*sequences.KINDS, "mamba_wide1", "mamba_stateless")
    copying: tuple[str, ...] = ("rnn", "lstm", "gru", "transformer", "rwkv", "mamba")
    steps: int = 1200
    copying_steps: int = 600
    # those that are not at nine tenths of the trained length after these steps are trained longer: the question is what
    # happens beyond it. How much longer the Transformer needs was found with a seed that is not of the study.
    slow: tuple[str, ...] = ("rnn", "lstm", "transformer")
    slow_steps: int = 1500
    batch: int = 32
    lr: float = 3e-3
    warmup: int = 100
    pairs: tuple[int, ...] = (1, 2, 4, 8, 8)
    crowds: tuple[int, ...] = (1, 2, 4, 8, 12, 16)
    signs: int = 4
    length: int = 32  # of the context in copying, in training
    lengths: tuple[int, ...] = (16, 32, 64, 128, 256, 1024, 4096, 16384)
    tested: int = 256  # sequences of each kind in a test
    tested_long: int = 4  # and of those longer than 1,024


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), questions, copying, patience, train, answers, sequences, scan)


def load(job: str, folder: Path = FOLDER, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results of a job; DenoisedError if they are missing or of another version."""
    return shelf.take(folder / f"recall_{job}.npz", key(settings), "lab_recall")


# --8<-- [start:questions]
def questions(count: int, pairs: int, asked: int, rng: np.random.Generator):
    """`pairs` facts, then `asked` questions. Tokens [count, 2 pairs + asked] and what is right at each place, -1
    where nothing is asked."""
    keys = np.stack([rng.permutation(KEYS)[:pairs] for _ in range(count)])
    values = rng.choice(VALUES, (count, pairs))
    order = np.stack([rng.permutation(pairs)[:asked] for _ in range(count)])
    facts = np.stack([keys, values], axis=2).reshape(count, -1)
    asks, right = (np.take_along_axis(some, order, axis=1) for some in (keys, values))
    return np.concatenate([facts, asks], axis=1), np.concatenate([np.full_like(facts, -1), right], axis=1)
    # --8<-- [end:questions]


# --8<-- [start:copying]
def copying(count: int, length: int, signs: int, rng: np.random.Generator):
    """`signs` signs at chance places among blanks, then as many places where they are to be told, in order."""
    places = np.sort(np.stack([rng.permutation(length)[:signs] for _ in range(count)]), axis=1)
    told = rng.choice(SIGNS, (count, signs))
    context = np.full((count, length), BLANK)
    np.put_along_axis(context, places, told, axis=1)
    asks = np.full((count, signs), ASK)
    return np.concatenate([context, asks], axis=1), np.concatenate([np.full_like(context, -1), told], axis=1)
    # --8<-- [end:copying]


def patience(job: str, kind: str, settings: Settings = SETTINGS) -> int:
    """Steps of training that a model gets for a job."""
    if job == "questions":
        return settings.steps
    return settings.slow_steps if kind in settings.slow else settings.copying_steps


def train(job: str, kind: str, seed: int, settings: Settings = SETTINGS, steps: int | None = None):
    """A trained model of `kind` for the job "questions" or "copying", and its loss every fifty steps."""
    import torch
    import torch.nn.functional as F

    model = sequences.build(kind, VOCABULARY, seed).train()
    rng = np.random.default_rng(1000 + seed)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.lr, weight_decay=0.01)
    losses, total = [], steps or patience(job, kind, settings)
    with scan.quick_scan():
        for step in range(total):
            if job == "questions":
                pairs = int(rng.choice(settings.pairs))
                tokens, right = questions(settings.batch, pairs, pairs, rng)
            else:
                tokens, right = copying(settings.batch, settings.length, settings.signs, rng)
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * min(1.0, (step + 1) / settings.warmup, 1.02 - step / total)
            logits = model(torch.as_tensor(tokens))
            loss = F.cross_entropy(logits.flatten(0, 1), torch.as_tensor(right).flatten(), ignore_index=-1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            if step % 50 == 0 or step == total - 1:
                losses.append(float(loss.detach()))
    return model.eval().requires_grad_(False), losses


def answers(model, tokens, right, batch: int = 64) -> np.ndarray:
    """What the model says where something is asked: whole numbers [count, asked]."""
    import torch

    asked, said = right >= 0, []
    with torch.no_grad(), scan.quick_scan():
        for i in range(0, len(tokens), batch):
            logits = model(torch.as_tensor(tokens[i : i + batch]))
            said.append(logits.argmax(-1).numpy())
    return np.concatenate(said)[asked].reshape(len(tokens), -1)


def confused(said: np.ndarray, right: np.ndarray) -> float:
    """Share of all answers that are wrong and would have been right for another question of the same input."""
    other = (said[:, :, None] == right[:, None, :]).any(2)
    return float(((said != right) & other).mean())
