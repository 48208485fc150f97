#!/usr/bin/env python3
"""Repeat the study of decoders that paint in steps: half an hour on one core; needs `make data`.

python scripts/lab_repaint.py    resumes where it was stopped; writes figures_src/denoised/studies/repaint.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch

from denoised import paths
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models import repaint as nets
from denoised.models import tiny
from denoised.pipeline import decode
from denoised.pixels import as_bytes
from denoised.probes import judge
from denoised.studies import repaint as study
from denoised.studies import shelf
from denoised.training import images
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script, some_icons

S = study.SETTINGS


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/repaint", weights=study.NETWORKS)
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    small = tiny.load(lab.weight("decoders/tiny-balanced/decoder.safetensors"))
    folder = paths.RUNS / "lab-repaint" / f"{study.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)

    def channels_first(rgba):
        return torch.from_numpy(on_white(rgba)).permute(0, 3, 1, 2).contiguous()

    pictures = channels_first(some_icons(images.in_trunk, S.icons)[1])
    z = made_once(folder, "latents", lambda: encode_all(vae, pictures))
    known = set(net.classes["concept"])
    rows, rgba = some_icons(lambda r: r.split == "concept" and r.tone == "none" and r.concept in known, S.unseen)
    real, alpha = on_white(rgba), rgba[..., 3]
    codes = encode_all(vae, channels_first(rgba))
    asked = [row.concept for row in rows]
    noise = torch.randn((len(rows), 3, *real.shape[1:3]), generator=torch.Generator().manual_seed(11))
    arrays = {"original": real[: S.shown]}
    seen_real = judge.look(net, real)["features"]

    def told(made):
        seen = judge.look(net, made)
        five = [concept in names for concept, names in zip(asked, judge.names(net, seen, k=5), strict=True)]
        apart = study.apart(seen_real, seen["features"])
        return study.numbers(made, real, alpha) | {"top5": sum(five) / len(five), "kid": apart}

    def trained(kind, seed):
        """The network of a kind and a seed, made once; consistency goes on from diffusion."""

        def make():
            begun = time.process_time()
            torch.manual_seed(seed)
            model = nets.Repainter()
            if kind == "consistency":
                model.load_state_dict(trained("diffusion", seed)["model"])
            model = study.train(kind, model, z, pictures, seed)
            return {"model": model.state_dict(), "seconds": time.process_time() - begun}

        return made_once(folder, f"{kind}-{seed}", make)

    def painted(kind, seed, steps):
        model = nets.Repainter()
        model.load_state_dict(trained(kind, seed)["model"])
        parts = zip(codes.split(40), noise.split(40), strict=True)
        return torch.cat([nets.paint(model.eval(), some, of, steps, kind == "consistency") for some, of in parts])

    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "kinds": {}, "unseen": len(rows)}
    for seed in S.seeds:
        for kind in study.KINDS:
            for steps in {"plain": S.steps[:1], "diffusion": S.steps, "consistency": S.steps[:3]}[kind]:
                made = as_bytes(painted(kind, seed, steps) / 2 + 0.5)
                facts["kinds"].setdefault(f"{kind}-{steps}", []).append(told(made))
                if f"{kind}-{steps}" in study.KEPT:
                    arrays.setdefault(f"{kind}-{steps}", made[: S.shown])
                print(f"{kind}, {steps} steps, seed {seed}: {facts['kinds'][f'{kind}-{steps}'][-1]}", flush=True)
    others = {"shipped": decode(vae, codes), "tiny": tiny.decode(small, codes)}
    facts["others"] = {name: told(made) for name, made in others.items()} | {"real": told(real)}
    arrays |= {name: made[: S.shown] for name, made in others.items()}
    operations = tiny.multiply_adds(nets.Repainter(), noise[:1], torch.ones(1), codes[:1])
    facts |= {"operations": operations, "parameters": sum(p.numel() for p in nets.Repainter().parameters())}
    facts["seconds"] = round(sum(trained(kind, seed)["seconds"] for kind in study.KINDS for seed in S.seeds))
    keep_results(study.FILE, facts, arrays)


if __name__ == "__main__":
    run_script(main)
