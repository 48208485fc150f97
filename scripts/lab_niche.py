#!/usr/bin/env python3
"""Repeat the study of a niche that an adapter learns: a quarter of an hour on one core; needs `make data`.

python scripts/lab_niche.py    resumes where it was stopped; writes figures_src/denoised/studies/niche.npz
"""

import copy
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data.captions import prompt
from denoised.lab import Lab
from denoised.models import adapter
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode
from denoised.probes import judge, play
from denoised.studies import evenings, fewsteps, shelf
from denoised.studies import niche as study
from denoised.training import images, niche
from studying import keep_results, made_once, run_script

S, BATCH = study.SETTINGS, 16


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/niche", weights=("emoji-sd", "judge"))
    pipe, net, weights = lab.pipeline(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-niche" / f"{study.key()}-{weights['unet'][:8]}-{weights['text_encoder'][:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    rows, pictures = images.select(images.in_trunk)
    learned, asked = study.chosen(rows, set(net.classes["concept"]))
    ours = pictures.permute(0, 2, 3, 1).numpy()

    def lessons(places, made, captions):
        return encode(pipe.vae, made), play.states_of(pipe, captions)

    def train(name):
        ordinary = [i for i in range(len(rows)) if i not in {*learned, *asked}][:: max(1, len(rows) // 2000)]
        new = lessons(learned, study.mosaic(ours[learned]), [f"{rows[i].label}, {study.WORDS}" for i in learned])
        old = lessons(ordinary, ours[ordinary], [prompt(rows[i]) for i in ordinary])
        start = time.process_time()
        found = niche.train(pipe.unet, new, old, play.states_of(pipe, [""])[0], S.seed, study.ARMS[name])
        return found | {"seconds": torch.tensor(time.process_time() - start)}

    things = [rows[i] for i in asked for _ in range(S.times)]
    said = {"plain": [prompt(row) for row in things], "niche": [f"{row.label}, {study.WORDS}" for row in things]}
    empty = play.states_of(pipe, [""])

    def draw(case):
        kind, _, arm = case.partition("_")
        some, states = copy.copy(pipe), play.states_of(pipe, said["plain" if kind in ("plain", "leak") else "niche"])
        if arm:
            some.unet = adapter.merge(copy.deepcopy(pipe.unet), factors[arm])
        line, done = type(pipe.scheduler).from_config(pipe.scheduler.config), []
        for part in torch.arange(len(things)).split(BATCH):
            nothing = empty.expand(len(part), -1, -1)
            done.append(evenings.play(some, line, states[part], nothing, part.tolist(), S.steps, S.guidance))
        return torch.cat(done)

    factors = {name: made_once(folder, name, lambda n=name: train(n)) for name in study.ARMS}
    seconds = {name: float(tensors.pop("seconds")) for name, tensors in factors.items()}
    made = {case: made_once(folder, f"drawn-{case}", lambda c=case: draw(c)) for case in study.CASES}
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "seconds": seconds,
             "things": [rows[i].label for i in asked], "styles": [rows[i].style for i in asked],
             "parameters": sum(value.numel() for value in factors["alone"].values()),
             "of": sum(p.numel() for p in pipe.unet.parameters())}  # fmt: skip
    own = ours[asked]
    seen = {case: decode(pipe.vae, z) for case, z in made.items()}
    seen |= {"real": own, "mosaic": decode(pipe.vae, encode(pipe.vae, study.mosaic(own)))}
    arrays, yard = {}, fewsteps.yardstick(made["plain"])
    for case, some in seen.items():
        icons = things if len(some) == len(things) else [rows[i] for i in asked]
        looked = judge.look(net, some)
        five, style = judge.names(net, looked, k=5), judge.names(net, looked, "style")
        arrays |= {
            f"within_{case}": study.within(some),
            f"moved_{case}": study.within(np.roll(some, some.shape[1] // study.SQUARES // 2, (1, 2))),
            f"top5_{case}": np.array([row.concept in best for row, best in zip(icons, five, strict=True)]),
            f"style_{case}": np.array([row.style == best[0] for row, best in zip(icons, style, strict=True)]),
        }
        if case in made:
            far = (made[case] - made["plain"]).square().flatten(1).mean(1).sqrt() / yard
            arrays[f"far_{case}"] = far.numpy()
        told = ("within", "moved", "top5", "style")
        print(case, *(f"{what} {np.nanmean(arrays[f'{what}_{case}']):.3f}" for what in told))
    shown = np.flatnonzero(arrays["top5_plain"][:: S.times])[: S.shown]
    arrays |= {f"z_{case}": z[shown * S.times].half().numpy() for case, z in made.items()}
    cell = own.shape[1] // study.SQUARES
    keep_results(study.FILE, facts, arrays | {"shown": shown, "pixels": study.mosaic(own[shown])[:, ::cell, ::cell]})


if __name__ == "__main__":
    run_script(main)
