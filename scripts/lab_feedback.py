#!/usr/bin/env python3
"""Repeat the study of feedback: some ten minutes on one core; needs `make data` and the judge.

python scripts/lab_feedback.py           resumes where it was stopped; writes figures_src/denoised/studies/feedback.npz
python scripts/lab_feedback.py readers   only says how well the rater and the judge read real icons
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from functools import partial

import numpy as np
import torch

from denoised import paths
from denoised.data.catalogue import STYLES
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models.laboratory import LabSpeaker, parameters
from denoised.pipeline import decode
from denoised.probes import judge, metrics, rater
from denoised.studies import feedback as study
from denoised.studies import shelf
from denoised.training import feedback, images, laboratory
from denoised.training import judge as judge_training
from denoised.training.clip import augment
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script


class Bench:
    """Icons of the groups, the two readers, and a folder that remembers what has been trained, drawn and seen."""

    def __init__(self):
        self.settings = study.SETTINGS
        lab = Lab("study/feedback", weights=study.NETWORKS)
        self.vae, self.judge = lab.vae(), judge_model.load(lab.weight("judge"))
        self.weights = shelf.digests(lab, *study.NETWORKS)
        self.folder = paths.RUNS / "lab-feedback" / f"{study.key()}-{self.weights['vae'][:12]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        rows, pictures = judge_training.eligible()
        kin = [i for i, row in enumerate(rows) if row.group in self.settings.groups]
        self.rows, self.pictures = [rows[i] for i in kin], pictures[kin]
        self.things = study.chosen(self.rows)
        self.z = made_once(self.folder, "icons", lambda: encode_all(self.vae, self.pictures))
        self.place = {name: i for i, name in enumerate(self.judge.classes["concept"])}
        self.known = torch.tensor([self.place[row.concept] for row in self.rows])
        self.own = torch.tensor([self.place[thing] for thing in self.things])  # the things, as both readers number them
        self.learned = [i for i, r in enumerate(self.rows) if r.split == "train" and r.concept in self.things]
        self.rater = rater.Rater(len(self.place), self.settings.eye.width)
        self.rater.load_state_dict(made_once(self.folder, "rater", self.taught))
        self.rater.eval().requires_grad_(False)

    def taught(self):
        learn = [i for i, row in enumerate(self.rows) if row.split == "train"]
        net = rater.train(self.z[learn], self.known[learn], len(self.place), 1, self.settings.eye)
        return net.state_dict()

    def readers(self) -> dict:
        """How often each reader names the thing of icons that neither has learned from, decoded from their latents for the
        judge; of the things here, which are few, "thing" is its best guess among the things."""
        test = [i for i, row in enumerate(self.rows) if judge_training.is_test(row)]
        own = [k for k, i in enumerate(test) if self.rows[i].concept in self.things]
        right = self.known[test].numpy()
        seen = {"rater": self.rater(self.z[test]).numpy(),
                "judge": judge.look(self.judge, decode(self.vae, self.z[test]))["concept"]}  # fmt: skip
        found = {"tested": len(test), "tested_things": len(own)}
        for name, logits in seen.items():
            among = self.own.numpy()[logits[own][:, self.own].argmax(1)]
            found |= {f"{name}_right": float((logits.argmax(1) == right).mean()),
                      f"{name}_thing": float((among == right[own]).mean())}  # fmt: skip
        return found

    def diet(self):
        """Latents [N, 4, 8, 8] and captions [N, 2] of what the denoiser learns: its icons, and views of them."""
        generator, rows = torch.Generator().manual_seed(0), [self.rows[i] for i in self.learned]
        mirror = torch.tensor([images.has_mirror(row) for row in rows])

        def views():
            out = [self.z[self.learned]]
            for _ in range(self.settings.views):
                x = augment(images.to_float(self.pictures[self.learned]), generator, mirror, turn=0.05, zoom=0.1)
                out.append(encode_all(self.vae, ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)))
            return torch.cat(out)

        said = torch.from_numpy(study.captions(rows, self.things)).repeat(self.settings.views + 1, 1)
        return made_once(self.folder, "views", views), said

    def base(self, seed: int):
        """The untuned denoiser."""
        sizes = (len(self.things), len(STYLES))

        def make():
            return laboratory.train(*self.diet(), sizes, seed, self.settings.training, build=LabSpeaker).state_dict()

        net = LabSpeaker(sizes)
        net.load_state_dict(made_once(self.folder, f"base-{seed}", make))
        return net.eval().requires_grad_(False)

    def rated(self, net, seed: int) -> dict:
        """Drawings of every wish, four times [wishes, of, 4, 8, 8], and how the rater likes them [wishes, of]."""
        settings = self.settings
        asked = torch.from_numpy(study.wishes(settings.rounds)).repeat_interleave(settings.of, 0)
        z = laboratory.draw(net, asked, 1000 + seed, 1.0, settings.steps)
        liked = rater.sure(self.rater, z, self.own[asked[:, 0] - 1])
        return {"z": z.unflatten(0, (-1, settings.of)), "liked": liked.unflatten(0, (-1, settings.of))}

    def losses(self, seed: int, drawn: dict) -> dict:
        """What each road tunes by."""
        how, every = self.settings.tuning, torch.arange(len(drawn["z"]))
        asked = torch.from_numpy(study.wishes(self.settings.rounds))
        some = {name: drawn["z"][every, which]
                for name, which in study.ranked(drawn["liked"].numpy(), seed).items()}  # fmt: skip
        return {
            "dpo": lambda: feedback.by_pairs(some["best"], some["worst"], asked, how),
            "picked": lambda: feedback.by_pictures(some["best"], asked, how),
            "coin": lambda: feedback.by_pairs(some["heads"], some["tails"], asked, how),
            "own": lambda: feedback.by_pictures(some["any"], asked, how),
            "more": lambda: feedback.by_pictures(*self.diet(), how),
        }

    def drawings(self, seed: int) -> dict:
        """{name of model: its drawings [asked * concepts, 4, 8, 8]}, all from the same noise."""
        settings, net = self.settings, self.base(seed)
        asked, noise = torch.from_numpy(study.wishes(settings.asked)), 2000 + seed
        drawn = made_once(self.folder, f"rated-{seed}", lambda: self.rated(net, seed))
        out = {f"s{s:g}": made_once(self.folder, f"s{s:g}-{seed}",
                                    lambda s=s: laboratory.draw(net, asked, noise, s, settings.steps))
               for s in settings.strengths}  # fmt: skip

        def tuned(loss, marks):
            found = {}

            def look(step, tuned):
                found[str(step)] = laboratory.draw(tuned, asked, noise, 1.0, settings.steps)

            feedback.tune(net, loss(), marks, seed, settings.tuning, look)
            return found

        for road, loss in self.losses(seed, drawn).items():
            found = made_once(self.folder, f"{road}-{seed}", partial(tuned, loss, study.marks(road)))
            out |= {f"{road}-{mark}": z for mark, z in found.items()}
        return out

    def looked(self, name: str, z, real) -> dict:
        """What rater and judge make of drawings z of every wish, `asked` times over."""
        thing = study.wishes(self.settings.asked)[:, 0] - 1
        own, pictures = self.own.numpy(), decode(self.vae, z)
        seen, logits = judge.look(self.judge, pictures), self.rater(z).numpy()
        right, features = own[thing], seen["features"]
        styles = np.array([self.judge.classes["style"].index(style) for style in STYLES])
        return {
            "liked": rater.sure(self.rater, z, torch.from_numpy(right)).exp().numpy(),
            "sure": rater.sure(lambda x: x, torch.from_numpy(seen["concept"]), torch.from_numpy(right)).exp().numpy(),
            "rater_right": own[logits[:, own].argmax(1)] == right,
            "right": own[seen["concept"][:, own].argmax(1)] == right,
            "apart": np.array([judge.diversity(features[thing == k]) for k in range(len(own))]),
            "near": judge.nearest(features, real)[0],
            "kid": np.array([judge.kid(features, real, subsets=20)[0]]),
            "style": seen["style"][:, styles].argmax(1),
            "saturation": metrics.saturation(pictures),
            "outline": metrics.outline(pictures),
        }  # fmt: skip


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    if arguments not in ([], ["readers"]):
        raise DenoisedError(f"'{arguments[0]}' is nothing that this script can do; say `readers` or nothing.")
    bench, settings = Bench(), study.SETTINGS
    facts = bench.readers()
    print(facts, flush=True)
    if arguments:
        return 0
    rows = [bench.rows[i] for i in bench.learned]
    pictures = decode(bench.vae, bench.z[bench.learned])
    real = judge.look(bench.judge, pictures)["features"]
    thing = study.captions(rows, bench.things)[:, 0] - 1
    arrays = {"real_apart": np.array([judge.diversity(real[thing == k]) for k in range(len(bench.things))]),
              "real_saturation": metrics.saturation(pictures), "real_outline": metrics.outline(pictures),
              "real_style": np.array([STYLES.index(row.style) for row in rows], np.int8)}  # fmt: skip
    found: dict[str, list] = {}
    for seed in settings.seeds:
        drawn, seen = bench.drawings(seed), []
        for name in study.models():
            kept = f"look-{name}-{seed}-{bench.weights['judge'][:12]}"
            look = partial(bench.looked, name, drawn[name], real)
            made = made_once(bench.folder, kept, lambda look=look: {k: torch.as_tensor(v) for k, v in look().items()})
            seen.append({part: value.numpy() for part, value in made.items()})
            if seed == settings.seeds[0]:  # [shown, asked, 4, 8, 8]
                by_round = drawn[name].unflatten(0, (settings.asked, settings.concepts))
                arrays[f"z_{name}"] = by_round[:, : settings.shown].transpose(0, 1).half().numpy()
        for part in seen[0]:
            found.setdefault(part, []).append([one[part] for one in seen])
    for part, values in found.items():  # [seeds, models, drawings or things or 1]
        whole = np.array(values)
        arrays[part] = whole.astype(np.int8 if whole.dtype.kind in "bi" else np.float32)
    facts |= {"key": study.key(), "weights": bench.weights, "torch": torch.__version__, "things": bench.things,
              "icons": len(rows), "parameters": parameters(bench.base(settings.seeds[0]))}  # fmt: skip
    keep_results(study.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
