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
from dataclasses import asdict
from pathlib import Path

import numpy as np

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.diffusion import bridge
from denoised.models import adapter, dit, second_judge
from denoised.models import small as small_model
from denoised.studies import evenings, fewsteps, judged, shares, shelf
from denoised.studies.small import Runner
from denoised.training import judge as judge_training

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "student", "dit/transformer", "small", "judge",
            "judge2")  # that had a part in the results  # fmt: skip
JUDGES = {"first": "judge", "second": "judge2"}  # by the folder of its weights
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
RESAMPLED = 2_000  # times, for intervals


def key(settings=fewsteps.SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    runners = {name: asdict(runner) for name, runner in RUNNERS.items()}
    return shelf.key(
        [asdict(settings), runners], evenings.play, judged.wanted, fewsteps.wanted, fewsteps.scheduler, prompt, bridge,
        dit.told, dit.velocity, dit.AsUNet, dit.WithEnd, small_model.velocity, second_judge, judge_training.eligible,
        judge_training.is_test,
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
    on. For each of `groups`, "shown_<group>" are places of the first few, "z_<group>" [SHOWN, 4, h, w] their latents."""
    return shelf.take(path, key(), "lab_opinions")


def part_of_real(drawn: np.ndarray, asked: list[str], real: np.ndarray, things: list[str]) -> tuple[float, float, float]:
    """How often drawings are named, as a part of how often real icons of the same things are: (part, low, high).

    drawn: bool [N] for captions that ask for `asked` [N]; real: bool [M] for icons of `things` [M]. Captions of which no
    real icon is there do not count; each other one is held against the mean of its thing's icons. The 95 % interval is a
    bootstrap over things, since captions and icons of one thing are kin.
    """
    icons = {thing: real[[i for i, other in enumerate(things) if other == thing]].mean() for thing in {*asked} & {*things}}
    sums = {thing: np.zeros(2) for thing in sorted(icons)}
    for right, thing in zip(drawn, asked, strict=True):
        if thing in icons:
            sums[thing] += (right, icons[thing])
    table = np.array(list(sums.values()))
    drawings, reals = table[np.random.default_rng(3).integers(len(table), size=(RESAMPLED, len(table)))].sum(1).T
    low, high = np.quantile(drawings / np.maximum(reals, 1e-9), (0.025, 0.975))
    return float(table[:, 0].sum() / table[:, 1].sum()), float(low), float(high)


def numbers(facts: dict, arrays: dict[str, np.ndarray]) -> dict[str, float]:
    """Shares of each judge with their intervals; for drawings "part_<judge>_<name>" as well, of all captions, of learned
    and of kept ones: see `part_of_real`. How often the judges agree about a network's drawings ("agreed_<name>"), by how
    much that part differs between them ("moved_<name>"), and whether they put the networks in the same order."""
    n = {"drawings": len(arrays["kept"]), "kept": int(arrays["kept"].sum()), "real": len(facts["real"])}
    thing_of = {row.id: row.concept for row in splits.load()}
    asked, things = (np.array([thing_of[i] for i in facts[which]]) for which in ("asked", "real"))
    parts = {"": np.ones(len(asked), bool), "_learned": ~arrays["kept"], "_kept": arrays["kept"]}
    n["matched"] = int(np.isin(asked, things).sum())
    words = {name: name.replace("-", "_") for name in RUNNERS}
    for judge in JUDGES:
        for field in shares.FIELDS:
            n |= shares.with_interval(f"{field}_{judge}_real", arrays[f"{field}_{judge}_real"])
        for name, word in words.items():
            n |= shares.numbers(arrays, f"{judge}_{name}")
            for part, here in parts.items():
                drawn, key = arrays[f"top1_{judge}_{name}"][here], f"part_{judge}_{word}{part}"
                found = part_of_real(drawn, asked[here].tolist(), arrays[f"top1_{judge}_real"], things.tolist())
                n |= dict(zip((key, f"{key}_low", f"{key}_high"), found, strict=True))
    for name, word in words.items():
        first, second = (arrays[f"{ORDER_BY}_{judge}_{name}"] for judge in JUDGES)
        n[f"agreed_{word}"] = float((first == second).mean())
        n[f"moved_{word}"] = abs(n[f"part_first_{word}"] - n[f"part_second_{word}"])
        n[f"gain_{word}"] = n[f"top1_second_{word}"] - n[f"top1_first_{word}"]
    for field in ("agreed", "moved", "gain"):
        found = [n[f"{field}_{word}"] for word in words.values()]
        n |= {f"{field}_least": min(found), f"{field}_most": max(found)}
    n |= {"agreed_expected": AGREED, "moved_expected": MOVED}
    n["moved_too_far"] = sum(n[f"moved_{word}"] > MOVED for word in words.values())
    for field, told in ((ORDER_BY, "same_order"), ("top1", "same_order_at_once")):
        orders = [sorted(RUNNERS, key=lambda name: -arrays[f"{field}_{judge}_{name}"].sum()) for judge in JUDGES]
        n[told] = int(orders[0] == orders[1])
    return n | {f"count_{group}": int(here.sum()) for group, here in groups(arrays).items()}
