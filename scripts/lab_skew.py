#!/usr/bin/env python3
"""Repeat the study of skewed data: some ten minutes on one core; needs `make data`.

python scripts/lab_skew.py           resumes where it was stopped; writes figures_src/denoised/studies/skew.npz
python scripts/lab_skew.py reader    only says how well the reader of tones reads real hands
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
from denoised.models.laboratory import LabSpeaker
from denoised.probes import logistic
from denoised.studies import shelf, skew
from denoised.training import images, laboratory
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    if arguments not in ([], ["reader"]):
        raise DenoisedError(f"'{arguments[0]}' is nothing that this script can do; say `reader` or nothing.")
    settings = skew.SETTINGS
    lab = Lab("study/skew", weights=("emoji-sd/vae",))
    vae, weights = lab.vae(), shelf.digests(lab, "emoji-sd/vae")
    folder = paths.RUNS / "lab-skew" / f"{skew.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)

    def latents(which):
        rows, pictures = images.select(which)
        small = F.avg_pool2d(pictures.float(), 2).round().to(torch.uint8)
        return rows, made_once(folder, f"latents-{which.__name__}", lambda: encode_all(vae, small))

    def light(rows):
        return np.array([row.tone == "light" for row in rows])

    rows, z = latents(skew.learned)
    others, z_others = latents(skew.strangers)
    held, z_held = latents(skew.tested)
    reader = logistic.fit(skew.skin(z_others), light(others))
    accuracy = {
        "held_right": reader.accuracy(skew.skin(z_held), light(held)),
        "learned_right": reader.accuracy(skew.skin(z), light(rows)),
    }
    print(f"reader: {accuracy['held_right']:.3f} of {len(held)} hands that nobody learned from")
    if arguments:
        return 0
    said = torch.from_numpy(np.stack([skew.captions(row) for row in rows])).flatten(0, 1)
    size = len(skew.GESTURES) + len(skew.TONES)
    known = sorted({int(word) for word in said[:, 0]})
    asked = torch.tensor([[known[i % len(known)], 0] for i in range(settings.asked)])

    def run(share, seed):
        weight = torch.where(torch.from_numpy(light(rows)), share, 1 - share).repeat_interleave(2)
        net = laboratory.train(z.repeat_interleave(2, 0), said, (size, size), seed, settings.training, weight,
                               build=LabSpeaker)  # fmt: skip
        out = {}
        for s in settings.strengths:
            made = laboratory.draw(net, asked, 1000 * seed, s, settings.steps)
            out[f"score_{s:g}"] = torch.from_numpy(reader.score(skew.skin(made.numpy())))
            out[f"z_{s:g}"] = made[: settings.shown].half()
        return out

    arrays, scores = {}, []
    for share in settings.shares:
        made = [
            made_once(folder, f"share{share:g}-{seed}", lambda share=share, seed=seed: run(share, seed))
            for seed in settings.seeds
        ]
        scores.append([[some[f"score_{s:g}"].numpy() for s in settings.strengths] for some in made])
        for s in settings.strengths:
            arrays[f"z_{share:g}_{s:g}"] = made[0][f"z_{s:g}"].numpy()
    arrays["score"] = np.array(scores, np.float32)  # [shares, seeds, strengths, asked]
    arrays["score_held"], arrays["light_held"] = reader.score(skew.skin(z_held)).astype(np.float32), light(held)
    facts = {"key": skew.key(), "weights": weights, "torch": torch.__version__, "hands": len(rows), "others": len(others),
             "held": len(held), "gestures": len(known), "light": int(light(rows).sum()), **accuracy}  # fmt: skip
    keep_results(skew.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
