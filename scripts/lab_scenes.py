#!/usr/bin/env python3
"""Repeat the laboratory of scenes: under an hour on one core; needs `make data`.

python scripts/lab_scenes.py                 resumes where it was stopped; writes figures_src/denoised/studies/scenes.npz
python scripts/lab_scenes.py words label     only trains and asks these variants; writes nothing
python scripts/lab_scenes.py onlooker        only trains the onlooker and says how well it sees
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from dataclasses import replace

import numpy as np
import torch

from denoised import paths
from denoised.data import scenes
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models.laboratory import LabSpeaker, parameters
from denoised.probes import crowds, onlooker
from denoised.studies import scenes as study
from denoised.studies import shelf
from denoised.training import laboratory
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script


class Bench:
    """Scenes, the onlooker, and a folder that remembers what has been trained and asked."""

    def __init__(self):
        self.settings, self.pairs = study.SETTINGS, scenes.split()
        self.known = study.learned(self.pairs)
        lab = Lab("study/scenes", weights=("emoji-sd/vae",))
        self.weights = shelf.digests(lab, "emoji-sd/vae")
        self.folder = paths.RUNS / "lab-scenes" / f"{study.key()}-{self.weights['vae'][:12]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._vae = lab.vae
        every = [pair for group in self.pairs.values() for pair in group]
        n = max(variant.scenes for variant in study.VARIANTS.values())
        self.training = scenes.scenes(self.known, n, 1)
        self.trial = scenes.scenes(every, self.settings.trials, 3)
        self.z = made_once(self.folder, "training", lambda: self.encoded(self.training))
        self.z_trial = made_once(self.folder, "trial", lambda: self.encoded(self.trial))
        real = scenes.scenes(self.known, 2 * self.settings.crowd, 4)
        self.z_real = made_once(self.folder, "real", lambda: self.encoded(real))
        self.onlooker = onlooker.Onlooker(self.settings.eye.width)
        self.onlooker.load_state_dict(made_once(self.folder, "onlooker", lambda: self.taught(every)))
        self.onlooker.eval()

    def encoded(self, some):
        pictures = scenes.compose(some, scenes.icons())
        return encode_all(self._vae(), torch.from_numpy(pictures).permute(0, 3, 1, 2))

    def taught(self, every):
        some = scenes.scenes(every, self.settings.eye.scenes, 2)
        return onlooker.train(self.encoded(some), onlooker.truth(some), 0, self.settings.eye).state_dict()

    def run(self, name, seed) -> dict:
        return made_once(self.folder, f"{name}-{seed}", lambda: self.asked(name, seed))

    def trained(self, name, seed):
        """A network taught as the variant says."""
        variant, settings = study.VARIANTS[name], self.settings
        whose = study.mislead(variant.scenes, variant.wrong, 100 + seed)
        said = [study.told(variant.told, s.kind, s.first, s.second) for s in self.training[: variant.scenes]]
        said = torch.from_numpy(np.stack([said[i] for i in whose]))  # [N, ways, K]
        ways = said.shape[1]
        latents = self.z[: variant.scenes].repeat_interleave(ways, 0)
        size = len(scenes.WORDS) if variant.told == "words" else scenes.labels()
        work = replace(settings.training, samples=round(settings.training.samples * variant.work))
        return laboratory.train(latents, said.flatten(0, 1), (size,) * said.shape[2], seed, work, build=LabSpeaker)

    def asked(self, name, seed) -> dict:
        """What it draws when it is asked for each group of pairs, and what it draws at guidance 1; seen by the onlooker."""
        variant, settings = study.VARIANTS[name], self.settings
        net = self.trained(name, seed)
        out = {"parameters": parameters(net)}

        def drawn(questions, offset, guidance):
            told = [study.told(variant.told, *q) for q in questions]
            labels = torch.from_numpy(np.stack([ways[i % len(ways)] for i, ways in enumerate(told)]))
            return laboratory.draw(net, labels, 1000 * seed + offset, guidance, settings.steps)

        if variant.told != "nothing":
            for g, group in enumerate(study.GROUPS):
                for kind in range(len(scenes.KINDS)):
                    z = drawn(study.asks(self.pairs[group], kind, settings.asked), 10 * g + kind, settings.guidance)
                    here = [i for i, s in enumerate(self.training) if s.kind == kind]
                    halves = [torch.cat([some[:, :, :4], some[:, :, 4:]]) for some in (z, self.z[here])]
                    out[f"said_{group}_{kind}"] = onlooker.read(self.onlooker, z)
                    out[f"whole_{group}_{kind}"] = study.nearest(z.numpy(), self.z[here].numpy())
                    out[f"halves_{group}_{kind}"] = study.nearest(*(half.numpy() for half in halves))
                    out[f"z_{group}_{kind}"] = z[: settings.shown].half()
        every = [(kind, *pair) for pair in self.known for kind in range(len(scenes.KINDS))]
        z = drawn([every[i % len(every)] for i in range(settings.crowd)], 99, 1.0)
        out |= {"said_crowd": onlooker.read(self.onlooker, z), "features": onlooker.features(self.onlooker, z)}
        out["z_crowd"] = z[: settings.shown].half()
        if variant.told != "nothing":  # where nothing is told, guidance has nothing to turn up
            z = drawn([every[i % len(every)] for i in range(settings.crowd)], 99, settings.guidance)
            out |= {"said_loud": onlooker.read(self.onlooker, z), "features_loud": onlooker.features(self.onlooker, z)}
        return {k: torch.as_tensor(v) for k, v in out.items()}


def onlooker_sees(bench) -> dict:
    """What the onlooker says of real scenes that nobody has learned from, and what would have been right."""
    right = np.array([(s.kind, s.first, s.second) for s in bench.trial])
    said = onlooker.read(bench.onlooker, bench.z_trial)
    for kind, name in enumerate(scenes.KINDS):
        here = right[:, 0] == kind
        print(f"{name}: {(said == right).all(1)[here].mean():.3f} of {here.sum()} real scenes seen rightly", flush=True)
    return {"trial_said": said.astype(np.int8), "trial_right": right.astype(np.int8)}


def crowd_numbers(bench, runs) -> dict:
    """Distance, spread and coverage of what was drawn at guidance 1, a row a variant and a column a seed."""
    n = bench.settings.crowd
    real = onlooker.features(bench.onlooker, bench.z_real)
    found = {"frechet_real": [crowds.frechet(real[n:], real[:n])], "apart_real": [crowds.apart(real[n:])],
             "coverage_real": [crowds.coverage(real[n:], real[:n]).mean()]}  # fmt: skip
    for name, by_seed in runs.items():
        for part, ending in (("features", ""), ("features_loud", "_loud")):
            made = [run[part].numpy() for run in by_seed if part in run]
            found[f"frechet_{name}{ending}"] = [crowds.frechet(some, real[:n]) for some in made]
            found[f"apart_{name}{ending}"] = [crowds.apart(some) for some in made]
            found[f"coverage_{name}{ending}"] = [crowds.coverage(some, real[:n]).mean() for some in made]
    return {name: np.array(values) for name, values in found.items()}


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    unknown = [name for name in arguments if name not in (*study.VARIANTS, "onlooker")]
    if unknown:
        raise DenoisedError(f"'{unknown[0]}' is no variant; there are onlooker, {', '.join(study.VARIANTS)}.")
    bench = Bench()
    arrays = onlooker_sees(bench)
    wanted = [name for name in arguments if name != "onlooker"] or ([] if arguments else list(study.VARIANTS))
    runs = {name: [bench.run(name, seed) for seed in bench.settings.seeds] for name in wanted}
    if arguments:
        return 0
    arrays |= crowd_numbers(bench, runs)
    for name, by_seed in runs.items():
        for part in by_seed[0]:
            if part.startswith("said") or name == "words" and part.startswith(("whole", "halves")):
                kind = np.int8 if part.startswith("said") else np.float32
                arrays[f"{name}_{part}"] = np.stack([run[part].numpy() for run in by_seed]).astype(kind)
            elif part.startswith("z_") and name in ("words", "wrong100", "nothing"):
                arrays[f"{name}_{part}"] = by_seed[0][part].numpy()
    facts = {"key": study.key(), "weights": bench.weights, "torch": torch.__version__, "onlooker": bench.settings.trials,
             "parameters": int(runs["words"][0]["parameters"])}  # fmt: skip
    keep_results(study.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
