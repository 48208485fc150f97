#!/usr/bin/env python3
"""Repeat the study of tilted data (women and men, outlines and shading): half an hour on one core; needs `make data`.

python scripts/lab_tilt.py           resumes where it was stopped; writes figures_src/denoised/studies/tilt.npz
python scripts/lab_tilt.py reader    only says how well the readers read real icons
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models.laboratory import LabSpeaker
from denoised.pipeline import decode
from denoised.probes import judge, logistic
from denoised.studies import shelf, tilt
from denoised.training import images, laboratory
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script

S = tilt.SETTINGS


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    if arguments not in ([], ["reader"]):
        raise DenoisedError(f"'{arguments[0]}' is nothing that this script can do; say `reader` or nothing.")
    lab = Lab("study/tilt", weights=("emoji-sd/vae", "judge"))
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *tilt.NETWORKS)
    folder = paths.RUNS / "lab-tilt" / f"{tilt.key()}-{weights['vae'][:12]}-{weights['judge'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    arrays, facts = {}, {"key": tilt.key(), "weights": weights, "torch": torch.__version__}
    for axis in tilt.AXES:
        one_axis(axis, vae, net, folder, arrays, facts, only_reader=bool(arguments))
    if not arguments:
        keep_results(tilt.FILE, facts, arrays)
    return 0


def one_axis(axis: str, vae, net, folder: Path, arrays: dict, facts: dict, only_reader: bool) -> None:
    def seen(latents):
        """What the judge makes of them, [N, F]."""
        return judge.look(net, decode(vae, latents))["features"]

    rows, pictures = images.select(lambda row: tilt.fits(row, axis))
    small = F.avg_pool2d(pictures.float(), 2).round().to(torch.uint8)
    z = made_once(folder, f"latents-{axis}", lambda: encode_all(vae, small))
    first = np.array([tilt.kind(row, axis) == tilt.AXES[axis][0] for row in rows])
    own = np.array([tilt.mine(row, axis) for row in rows])
    features = made_once(folder, f"features-{axis}", lambda: torch.from_numpy(seen(z))).numpy()
    reader = logistic.fit(features[~own], first[~own], tilt.PENALTY)
    own_rows = [row for row, k in zip(rows, own, strict=True) if k]
    both = np.flatnonzero(own)[tilt.balanced(own_rows, axis)]
    right = reader.accuracy(features[both], first[both])
    subjects = sorted({tilt.subject(rows[i], axis) for i in both})
    print(f"{axis}: {len(subjects)} subjects, {len(both)} icons ({first[both].mean():.0%} of the first kind), "
          f"reader from {int((~own).sum())}: {right:.3f} right", flush=True)  # fmt: skip
    facts[axis] = {"right": right, "icons": len(both), "subjects": len(subjects), "first": float(first[both].mean()),
                   "taught": int((~own).sum())}  # fmt: skip
    if only_reader:
        return
    z_own, is_first = z[both], first[both]
    about = np.array([1 + subjects.index(tilt.subject(rows[i], axis)) for i in both])
    told = np.stack([about, 1 + len(subjects) + ~is_first], 1)
    said = torch.from_numpy(np.stack([told, np.stack([about, 0 * about], 1)], 1)).flatten(0, 1)  # two wordings an icon
    size = len(subjects) + 2
    kinds = [0] * S.asked + [1 + len(subjects)] * S.named + [2 + len(subjects)] * S.named  # untold, first, second
    turns = [*range(S.asked), *range(S.named), *range(S.named)]
    asked = torch.tensor([[1 + i % len(subjects), k] for i, k in zip(turns, kinds, strict=True)])
    # As many of each kind as of the other in both kinds' sum, whatever the sets hold of them.
    per = np.where(is_first, 1 / is_first.sum(), 1 / (~is_first).sum())

    def run(share, seed):
        weight = torch.from_numpy(per * np.where(is_first, share, 1 - share)).repeat_interleave(2)
        speaker = laboratory.train(z_own.repeat_interleave(2, 0), said, (size, size), seed, S.training, weight,
                                   build=LabSpeaker)  # fmt: skip
        out = {}
        for s in S.strengths:
            made = laboratory.draw(speaker, asked, 1000 * seed, s, S.steps)
            out[f"score_{s:g}"] = torch.from_numpy(reader.score(seen(made)))
            out[f"z_{s:g}"] = made[: S.shown].half()
        return out

    scores, named = [], []
    for share in S.shares:
        made = [made_once(folder, f"{axis}-{share:g}-{seed}", lambda share=share, seed=seed: run(share, seed))
                for seed in S.seeds]  # fmt: skip
        found = np.array([[some[f"score_{s:g}"].numpy() for s in S.strengths] for some in made])
        scores.append(found[..., : S.asked])
        named.append(found[..., S.asked :].reshape(*found.shape[:2], 2, S.named))
        for s in S.strengths:
            arrays[f"z_{axis}_{share:g}_{s:g}"] = made[0][f"z_{s:g}"].numpy()
        print(axis, share, *((some > 0).mean((0, -1)).round(3).tolist() for some in (scores[-1], named[-1])), flush=True)
    arrays[f"score_{axis}"] = np.array(scores, np.float32)
    arrays[f"named_{axis}"] = np.array(named, np.float32)
    arrays[f"real_{axis}"] = reader.score(features[both]).astype(np.float32)
    arrays[f"truth_{axis}"] = is_first


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
