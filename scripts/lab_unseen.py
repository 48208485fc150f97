#!/usr/bin/env python3
"""Repeat the study of what decoders make of what they have never seen: some minutes on one core; needs `make data`.

python scripts/lab_unseen.py     writes figures_src/denoised/studies/unseen.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data import splits
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models import tiny
from denoised.pipeline import decode
from denoised.probes import judge, logistic, lost
from denoised.probes.metrics import psnr
from denoised.studies import shelf, unseen
from denoised.training import diets
from denoised.training.denoiser import encode_all
from denoised.training.images import rgba_at
from studying import keep_results, run_script

S = unseen.SETTINGS
ONE_SIDED = ("women", "men", "light", "plants")


class Bench:
    """The models, and what has been measured so far."""

    def __init__(self):
        names = [name for diet in ("balanced", *ONE_SIDED) for name in unseen.decoders(diet)]
        self.lab = Lab("study/unseen", weights=("emoji-sd/vae", "judge", *(f"decoders/{name}" for name in names)))
        self.vae, self.net = self.lab.vae(), judge_model.load(self.lab.weight("judge"))
        self.tiny = {name: tiny.load(self.lab.weight(f"decoders/{name}/decoder.safetensors")) for name in names}
        self.rows, self.arrays = splits.load(), {}

    def icons(self, chosen):
        """(pictures uint8 [N, 128, 128, 3] on white, alpha, latents)."""
        rgba = rgba_at(chosen)
        images = on_white(rgba)
        return images, rgba[..., 3], self.encode(images)

    def encode(self, images):
        return encode_all(self.vae, torch.from_numpy(images).permute(0, 3, 1, 2))

    def runs(self, diet, z):
        """Pictures by each run of a diet; by the shipped decoder for "shipped"."""
        if diet == "shipped":
            return [decode(self.vae, z)]
        return [tiny.decode(self.tiny[name], z) for name in unseen.decoders(diet)]

    def features(self, images):
        return judge.look(self.net, images)["features"]

    def note(self, name, values):
        """One row a run; the first of them are what the others are compared with."""
        self.arrays[name] = np.asarray(values, np.float32)
        print(f"{name:28} {np.round(np.mean(values, axis=-1), 3)}", flush=True)


def probe(bench, name, true, false):
    """Told apart by the judge's features of training icons, as they are and through the balanced decoder."""
    sides = []
    for keep in (true, false):
        images, _, z = bench.icons(unseen.singles(bench.rows, keep, S.probe, S.seed, ("train",)))
        sides.append(bench.features(np.concatenate([images, bench.runs("balanced", z)[0]])))
    fitted = logistic.fit(np.concatenate(sides), np.repeat([True, False], [len(s) for s in sides]))
    for part in ("centre", "scale", "weight", "bias"):
        bench.arrays[f"probe_{name}_{part}"] = np.asarray(getattr(fitted, part))
    return fitted


def main() -> int:
    torch.set_num_threads(1)
    bench = Bench()
    rows, two = bench.rows, unseen.pairs(bench.rows)
    shown = {}

    # beards, on and off
    on, off = (list(side) for side in zip(*two["beards"], strict=True))
    with_beard, alpha, z = bench.icons(on)
    without = on_white(rgba_at(off))
    where = lost.region(with_beard, without)
    beside = (alpha >= 128) & ~where
    for diet in ("shipped", "balanced", "women", "men"):
        made = bench.runs(diet, z)
        bench.note(f"beard_kept_{diet}", [lost.position(y, without, with_beard, where) for y in made])
        bench.note(f"beard_psnr_{diet}", [psnr(y, with_beard, where) for y in made])
        bench.note(f"beard_beside_{diet}", [psnr(y, with_beard, beside) for y in made])
        shown[f"beards_{diet}"] = made[0][::3][[4, 6, 12]]
    shown["beards"], shown["beards_off"] = with_beard[::3][[4, 6, 12]], without[::3][[4, 6, 12]]

    # women and men
    gender = probe(bench, "woman", diets.woman, diets.man)
    for who, keep in (("women", diets.woman), ("men", diets.man)):
        images, alpha, z = bench.icons(unseen.singles(rows, keep, S.people, S.seed))
        bench.note(f"woman_score_{who}_real", [gender.score(bench.features(images))])
        # "plants": as one-sided, but with no gender in it, so that what it does to the probe is no gender either
        for diet in ("shipped", "balanced", "women", "men", "plants"):
            made = bench.runs(diet, z)
            bench.note(f"woman_score_{who}_{diet}", [gender.score(bench.features(y)) for y in made])
            bench.note(f"psnr_{who}_{diet}", [psnr(y, images, alpha) for y in made])
            shown[f"{who}_{diet}"] = made[0][:4]
        shown[who] = images[:4]

    # skin
    some = np.random.default_rng(S.seed).permutation(len(two["tones"]))[: S.tones]
    dark, light = (list(side) for side in zip(*[two["tones"][i] for i in sorted(some)], strict=True))
    images, alpha, z = bench.icons(dark)
    other, other_alpha, other_z = bench.icons(light)
    where = lost.region(images, other)
    for diet in ("shipped", "balanced", "light"):
        made, made_light = bench.runs(diet, z), bench.runs(diet, other_z)
        bench.note(f"lightened_{diet}", [lost.position(y, images, other, where) for y in made])
        bench.note(f"darkened_{diet}", [lost.position(y, other, images, where) for y in made_light])
        bench.note(f"psnr_dark_{diet}", [psnr(y, images, alpha) for y in made])
        bench.note(f"psnr_pale_{diet}", [psnr(y, other, other_alpha) for y in made_light])
        shown[f"tones_{diet}"] = made[0][:5]
    shown["tones"], shown["tones_light_skin"] = images[:5], other[:5]

    # plants, and all that is none
    plant = probe(bench, "plant", diets.is_plant, lambda row: diets.not_people(row) and not diets.is_plant(row))
    kinds = {
        "plants": unseen.singles(rows, diets.is_plant, S.plants, S.seed),
        "others": unseen.singles(rows, lambda r: diets.not_people(r) and not diets.is_plant(r), S.others, S.seed),
    }
    for kind, chosen in kinds.items():
        images, alpha, z = bench.icons(chosen)
        bench.note(f"plant_score_{kind}_real", [plant.score(bench.features(images))])
        for diet in ("shipped", "balanced", "plants"):
            made = bench.runs(diet, z)
            bench.note(f"plant_score_{kind}_{diet}", [plant.score(bench.features(y)) for y in made])
            bench.note(f"psnr_{kind}_{diet}", [psnr(y, images, alpha) for y in made])
            shown[f"{kind}_{diet}"] = made[0][:4]
        shown[kind] = images[:4]
    blurred = lost.blobs(images[: S.plants])
    z = bench.encode(blurred)
    bench.note("blob_detail_real", [lost.detail(blurred)])
    for diet in ("shipped", "balanced", "plants"):
        made = bench.runs(diet, z)
        bench.note(f"blob_detail_{diet}", [lost.detail(y) for y in made])
        bench.note(f"blob_score_{diet}", [plant.score(bench.features(y)) for y in made])
        shown[f"blobs_{diet}"] = made[0][:4]
    shown["blobs"] = blurred[:4]

    folders = {name: shelf.weights_digest(paths.WEIGHTS / "decoders" / name) for name in bench.tiny}
    facts = {"key": unseen.key(), "weights": folders, "vae": shelf.weights_digest(bench.lab.weight("emoji-sd/vae")),
             "torch": torch.__version__, "beards": [rows[i].style for i in on[::3]]}  # fmt: skip
    keep_results(unseen.FILE, facts, bench.arrays | {f"shown_{name}": value for name, value in shown.items()})
    return 0


if __name__ == "__main__":
    run_script(main)
