"""Would a better judge have said something else? The judge and its second run before the same drawings.

    python scripts/lab_opinions.py        # half an hour on one core, resumable; writes opinions.npz beside this file

All that this site measures with a judge is measured with the first one, which names two in five of the real icons that it
never saw. Its second run, three times as long, names nearly three in five. Both look at the drawings of four networks
(captions and noise of `fewsteps`), and at every real icon that was held out from both.

Written down before this was run; that the second judge thinks more of the large transformer than of the U-Net was known
from an earlier attempt whose results were lost. By their first five names both put the four networks in the same order.
Each network's share, as a part of what real icons of the same things get, differs between the judges by less than fifteen
points at the first guess. Whether its thing is among their first five they agree for at least seven drawings in ten.
By both, the best network comes to 85 % of what real icons get with captions that it learned, and to 65 % with captions of
icons that were kept from it.
"""

import copy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import bridge
from denoised.models import adapter, dit, second_judge
from denoised.models import small as small_model
from denoised.probes.judge import Share
from denoised.studies import evenings, fewsteps, judged, shares, shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "student", "dit/transformer", "small", "judge",
            "judge2")  # that had a part in the results  # fmt: skip
JUDGES = {"first": "judge", "second": "judge2"}  # by the folder of its weights


@dataclass(frozen=True)
class Runner:
    """Who draws, in how many steps, how guided (1 is none), by which of diffusers' schedulers, by its first letters."""

    net: str
    steps: int
    guidance: float
    scheduler: str = "DDIM"


RUNNERS = {
    "dit-25": Runner("dit", 25, 3.0),
    "unet-25": Runner("unet", 25, 3.0),
    "adapter-4": Runner("adapter", 4, 1.0),
    "small-4": Runner("small", 4, 1.0),
}
BEST = "dit-25"
ORDER_BY, AGREED, MOVED = "top5", 0.7, 0.15  # by which names they are put in order; what was expected
SHOWN = 4  # drawings of each of `groups`
LEARNED, KEPT = 0.85, 0.65  # of what real icons get: the aims that we were set


def key(settings=fewsteps.SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    runners = {name: asdict(runner) for name, runner in RUNNERS.items()}
    return shelf.key(
        [asdict(settings), runners], evenings.play, judged.wanted, fewsteps.wanted, fewsteps.scheduler, prompt, bridge,
        dit.told, dit.velocity, dit.AsUNet, dit.WithEnd, small_model.velocity, second_judge,
    )  # fmt: skip


def networks(lab) -> dict:
    """{"unet", "adapter", "dit", "small": a pipeline that draws with that network}."""
    pipe = lab.pipeline()
    taught = copy.copy(pipe)
    taught.unet = adapter.merge(copy.deepcopy(pipe.unet), adapter.load(lab.weight("student")))
    return {
        "unet": pipe, "adapter": taught, "dit": dit.put_into(copy.copy(pipe), lab.weight("dit")),
        "small": small_model.put_into(copy.copy(pipe), lab.weight("small")),
    }  # fmt: skip


def groups(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """BEST's drawings by who names the thing at once: {"both", "second", "first", "neither": bool [N]}."""
    first, second = (arrays[f"top1_{judge}_{BEST}"] for judge in JUDGES)
    return {"both": first & second, "second": second & ~first, "first": first & ~second, "neither": ~first & ~second}


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of JUDGES and of RUNNERS "top1_<judge>_<name>", "top5_..." and
    "style_..." [N] say whether the judge names thing and style of a drawing; with the name "real" [M] those of the real
    icons held out from both judges, facts["real"] their ids. "kept" [N] marks captions of icons that no network was trained
    on; "same_learned" and "same_kept" [M] mark real icons of the things that captions of each kind ask for. For each of
    `groups`, "shown_<group>" are places of the first few, and "z_<group>" [SHOWN, 4, h, w] their latents."""
    return shelf.take(path, key(), "lab_opinions")


def numbers(arrays: dict[str, np.ndarray]) -> dict[str, float]:
    """Shares of each judge with their intervals, for drawings also as parts of what real icons of the same things get; how
    often the judges agree about a network's drawings ("agreed_<name>"), by how much the part of what real icons get differs
    between them at most ("moved_most"), and whether they put the networks in the same order."""
    n = {"drawings": len(arrays["kept"]), "kept": int(arrays["kept"].sum()), "real": len(arrays["same_kept"])}
    words = {name: name.replace("-", "_") for name in RUNNERS}
    for judge in JUDGES:
        for field in shares.FIELDS:
            right, word = arrays[f"{field}_{judge}_real"], f"{field}_{judge}_real"
            share = Share(int(right.sum()), len(right))
            n |= {word: share.share, f"{word}_low": share.interval[0], f"{word}_high": share.interval[1]}
            n |= {f"{word}_{part}": float(right[arrays[f"same_{part}"]].mean()) for part in ("learned", "kept")}
        for name, word in words.items():
            n |= shares.numbers(arrays, f"{judge}_{name}")
            n[f"part_{judge}_{word}"] = n[f"top1_{judge}_{word}"] / n[f"top1_{judge}_real"]
            for part in ("learned", "kept"):
                real = n[f"top1_{judge}_real_{part}"]
                n[f"part_{judge}_{word}_{part}"] = n[f"top1_{judge}_{word}_{part}"] / real
    for name, word in words.items():
        first, second = (arrays[f"{ORDER_BY}_{judge}_{name}"] for judge in JUDGES)
        n[f"agreed_{word}"] = float((first == second).mean())
        n[f"moved_{word}"] = abs(n[f"part_first_{word}"] - n[f"part_second_{word}"])
    n["agreed_least"] = min(n[f"agreed_{word}"] for word in words.values())
    n["moved_most"] = max(n[f"moved_{word}"] for word in words.values())
    orders = [sorted(RUNNERS, key=lambda name: -arrays[f"{ORDER_BY}_{judge}_{name}"].sum()) for judge in JUDGES]
    n["moved_expected"] = MOVED
    n["same_order"] = int(orders[0] == orders[1])
    return n | {f"count_{group}": int(here.sum()) for group, here in groups(arrays).items()}
