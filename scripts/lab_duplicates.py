#!/usr/bin/env python3
"""Repeat the study of duplicates: under half an hour on one core; needs `make data` and the judge.

python scripts/lab_duplicates.py             resumes where it was stopped; writes duplicates.npz in denoised/studies
python scripts/lab_duplicates.py repeated    only trains and asks this variant (repeated, once, shorter); writes nothing
python scripts/lab_duplicates.py real        only says how near real icons are to each other
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.diffusion import objectives
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models.laboratory import LabSpeaker, parameters
from denoised.pipeline import decode
from denoised.probes import crowds, judge
from denoised.studies import duplicates as study
from denoised.studies import shelf
from denoised.training import images, laboratory
from denoised.training.denoiser import alpha_bar, draw_t, encode_all
from studying import keep_results, made_once, run_script


class Bench:
    """Icons, the judge, what real icons are like, and a folder that remembers what has been trained and asked."""

    def __init__(self):
        self.settings = study.SETTINGS
        lab = Lab("study/duplicates", weights=("emoji-sd/vae", "judge"))
        self.weights = shelf.digests(lab, "emoji-sd/vae", "judge")
        self.vae, self.judge = lab.vae(), judge_model.load(lab.weight("judge"))
        self.folder = paths.RUNS / "lab-duplicates" / f"{study.key()}-{self.weights['vae'][:12]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows, self.z, _ = self.icons(study.learned)
        self.others, self.z_others, pictures = self.icons(study.held)
        seen = f"seen-{self.weights['judge'][:12]}"
        self.real = made_once(self.folder, seen, lambda: torch.from_numpy(self.features(pictures)))
        concepts = sorted({row.concept for row in self.rows})
        self.said, self.said_others = (torch.from_numpy(study.told(x, concepts)) for x in (self.rows, self.others))
        self.size = int(self.said.max())
        self.among = study.nearness(self.z, self.z, np.arange(len(self.z)))
        self.newcomers = study.nearness(self.z_others, self.z)
        self.some = study.chosen(self.rows, self.among[2] > np.median(self.among[2]))
        self.asked = study.questions(self.rows, self.said.numpy(), self.some)

    def icons(self, which):
        """Rows, their latents, and pictures of 64 px."""
        rows, pictures = images.select(which)
        small = torch.cat([F.avg_pool2d(part.float(), 2).round().to(torch.uint8) for part in pictures.split(500)])
        return rows, made_once(self.folder, f"latents-{which.__name__}", lambda: encode_all(self.vae, small)), small

    def features(self, pictures) -> np.ndarray:
        return judge.look(self.judge, pictures)["features"]

    def run(self, variant, seed) -> dict:
        return made_once(self.folder, f"{variant}-{seed}", lambda: self.drawn(variant, seed))

    def drawn(self, variant, seed) -> dict:
        """What a network of this variant draws for each kind of prompt, and how near that is to what it learned."""
        s, weight = self.settings, torch.ones(len(self.rows))
        if variant == "repeated":
            weight[self.some] = torch.from_numpy(study.counts(seed)).float()
        work = study.budget(variant, len(self.rows))
        net = laboratory.train(self.z, self.said, (self.size,) * 2, seed, work, weight, build=LabSpeaker)
        out = {"parameters": parameters(net), "loss": self.loss(net)}
        for k, (kind, labels) in enumerate(self.asked.items()):
            if variant == "shorter" and kind != "rest":
                continue
            z = laboratory.draw(net, torch.from_numpy(labels), 100 * seed + k, s.guidance, s.steps)
            which, distance, near = study.nearness(z, self.z)
            out |= {f"which_{kind}": which, f"far_{kind}": distance, f"near_{kind}": near}
            if kind == "own":
                out["z_own"] = z.unflatten(0, (len(self.some), s.own))[:, : s.shown].half()
            elif kind == "nothing":
                out["z_nothing"] = z[:12].half()
            elif kind == "rest":
                out["z_rest"] = z.half()
        return {name: torch.as_tensor(value) for name, value in out.items()}

    def loss(self, net) -> float:
        """Mean loss on icons that nobody learned from, with the same noise for every network."""
        generator = torch.Generator().manual_seed(7)
        eps = torch.randn(self.z_others.shape, generator=generator)
        t = draw_t(len(eps), self.settings.training.shift, generator)
        with torch.no_grad():
            return float(objectives.diffusion_loss(
                lambda xt, t: net(xt, t, self.said_others), self.z_others, eps, t, alpha_bar()).mean())  # fmt: skip

    def quality(self, z) -> dict:
        """Of drawings of the rest: whether the judge names the thing that was asked for among its first five, how far they
        are apart, and which share of real icons has one near it."""
        seen, concepts = judge.look(self.judge, decode(self.vae, z.float())), sorted({row.concept for row in self.rows})
        wanted, best = (concepts[i - 1] for i in self.asked["rest"][:, 0]), judge.names(self.judge, seen, k=5)
        real, made = self.real[: 2 * len(z)].numpy(), seen["features"]
        return {"top5": np.array([name in row for name, row in zip(wanted, best, strict=True)]),
                "apart": crowds.apart(made), "covered": crowds.coverage(made, real).mean()}  # fmt: skip


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    if unknown := [word for word in arguments if word not in (*study.VARIANTS, "real")]:
        raise DenoisedError(f"'{unknown[0]}' is no variant; there are {', '.join(study.VARIANTS)}, and real.")
    bench = Bench()
    s = bench.settings
    print("an icon that nobody learned from is nearer than", np.quantile(bench.newcomers[2][::2], (s.strict, s.real)))
    print(", ".join(f"{bench.rows[i].style} {bench.rows[i].concept}" for i in bench.some), flush=True)
    runs = {
        variant: [bench.run(variant, seed) for seed in s.seeds]
        for variant in study.VARIANTS
        if not arguments or variant in arguments
    }
    if arguments:
        return 0
    arrays = {f"{variant}_{part}": np.stack([run[part].numpy() for run in by_seed])
              for variant, by_seed in runs.items() for part in by_seed[0] if part != "z_rest"}  # fmt: skip
    for variant, by_seed in runs.items():
        judged = [bench.quality(run["z_rest"]) for run in by_seed]
        arrays |= {f"{variant}_{part}": np.stack([one[part] for one in judged]) for part in judged[0]}
    arrays = {name: x.astype(np.float32) if x.dtype == np.float64 else x for name, x in arrays.items()}
    arrays |= {"some": bench.some, "z_some": bench.z[bench.some].half().numpy(),
               "near_among": bench.among[2].astype(np.float32), "far_among": bench.among[1].astype(np.float32),
               "near_new": bench.newcomers[2].astype(np.float32), "far_new": bench.newcomers[1].astype(np.float32),
               "styles": np.bincount(bench.said[:, 1] - bench.said[:, 1].min())}  # fmt: skip
    names = [f"{bench.rows[i].concept}, {bench.rows[i].style}" for i in bench.some]
    facts = {"key": study.key(), "weights": bench.weights, "torch": torch.__version__, "icons": len(bench.rows),
             "held": len(bench.others), "chosen": names, "parameters": int(runs["once"][0]["parameters"])}  # fmt: skip
    keep_results(study.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
