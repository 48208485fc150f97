#!/usr/bin/env python3
"""Repeat the study of pictures told token by token: some fifteen minutes on one core; needs `make data`.

python scripts/lab_pieces.py     resumes where it was stopped; writes figures_src/denoised/studies/pieces.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.data import splits
from denoised.data.icons import on_white
from denoised.diffusion import guidance, samplers
from denoised.lab import Lab
from denoised.models import fsq
from denoised.models import judge as judge_model
from denoised.pipeline import decode
from denoised.probes import judge
from denoised.studies import pieces, shelf
from denoised.training import images, laboratory
from denoised.training.denoiser import alpha_bar, encode_all
from studying import keep_results, made_once, run_script

S = pieces.SETTINGS
STYLES = ("noto", "twemoji", "openmoji", "fluent-emoji", "fluent-emoji-flat", "emojione", "noto-v1", "fxemoji")
SIZES = len(pieces.CONCEPTS), len(STYLES)


def label(concept: str, style: str) -> list[int]:
    return [pieces.CONCEPTS.index(concept) + 1, STYLES.index(style) + 1]


def to_bytes(x: torch.Tensor) -> np.ndarray:
    """float [N, 3, H, W] in [-1, 1] -> uint8 [N, H, W, 3]."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def painted(tokenizer, tokens) -> np.ndarray:
    with torch.no_grad():
        return to_bytes(tokenizer.decode(fsq.to_digits(tokens)))


def timed(work):
    start = time.process_time()
    return *work(), time.process_time() - start


def run(seed: int, folder: Path, pictures, latents, labels, learnt) -> dict:
    """The tokenizer, and a Transformer and a denoiser of a seed, each trained or read."""
    x = images.to_float(pictures[learnt])

    def tokenizer():
        net, seconds = timed(lambda: (pieces.train_tokenizer(x, S.seeds[0]),))
        return {"net": net.state_dict(), "seconds": seconds}

    def teller():
        net, loss, seconds = timed(lambda: pieces.train_teller(tokens[learnt], labels[learnt], SIZES, seed))
        return {"net": net.state_dict(), "seconds": seconds, "loss": loss}

    def denoiser():
        settings = laboratory.Settings(samples=S.denoiser)
        net, seconds = timed(lambda: (laboratory.train(latents[learnt], labels[learnt], SIZES, seed, settings),))
        return {"net": net.state_dict(), "seconds": seconds}

    found = {"tokenizer": made_once(folder, "tokenizer", tokenizer)}
    nets = {"tokenizer": fsq.Tokenizer(), "teller": fsq.Teller(SIZES), "denoiser": laboratory.LabNet(SIZES)}
    nets["tokenizer"].load_state_dict(found["tokenizer"]["net"])
    with torch.no_grad():
        tokens = torch.cat([fsq.to_tokens(nets["tokenizer"].digits(images.to_float(p))) for p in pictures.split(64)])
    for name, make in (("teller", teller), ("denoiser", denoiser)):
        found[name] = made_once(folder, f"{name}-{seed}", make)
        nets[name].load_state_dict(found[name]["net"])
    for net in nets.values():
        net.eval().requires_grad_(False)
    return nets | {"tokens": tokens, "seconds": {name: one["seconds"] for name, one in found.items()}}


def footprint(tokenizer, tokens, pool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """When one token of a picture is exchanged for one of `pool`, at places by lot: of each exchange [pictures, places]
    the share of the change, in squares, that falls outside of the token's own 8 x 8 pixels, and how many pixels change by
    more than eight levels."""
    rng, outside, touched = np.random.default_rng(seed), [], []
    before = painted(tokenizer, tokens).astype(float)
    for _ in range(S.places):
        other, places = tokens.clone(), rng.integers(fsq.PLACES, size=len(tokens))
        for i, place in enumerate(places):
            different = pool[pool != tokens[i, place]]
            other[i, place] = int(different[rng.integers(len(different))])
        change = painted(tokenizer, other) - before
        squares, own = (change**2).sum(-1), np.zeros(change.shape[:3], bool)
        for i, (row, column) in enumerate(zip(*divmod(places, fsq.SIDE), strict=True)):
            own[i, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = True
        outside.append((squares * ~own).sum((1, 2)) / squares.sum((1, 2)).clip(1e-9))
        touched.append((abs(change).max(-1) > 8).sum((1, 2)))
    return np.stack(outside, 1), np.stack(touched, 1)


def films(nets, vae, asked) -> dict:
    """What there is to see after each fourth token, and after each step of denoising; calls of each network."""
    calls, places = {"told": 0, "denoised": 0}, {"told": nets["teller"].body, "denoised": nets["denoiser"].net}
    hooks = []
    for way, part in places.items():

        def count(module, inputs, out, way=way):
            calls[way] += 1

        hooks.append(part.register_forward_hook(count))
    tokens = nets["teller"].tell(asked, 77, S.guidance)
    blank = nets["tokens"].flatten().mode().values
    stages = []
    for look in range(S.looks):
        so_far = torch.full_like(tokens, int(blank))
        so_far[:, : 4 * look] = tokens[:, : 4 * look]
        stages.append(painted(nets["tokenizer"], so_far))
    noise = torch.randn(len(asked), 4, 8, 8, generator=torch.Generator().manual_seed(78))
    table, steps = alpha_bar(), []
    timesteps = torch.arange(len(table), 0, -len(table) / S.steps).round().long() - 1
    model = guidance.guided(nets["denoiser"], S.guidance, asked, torch.zeros_like(asked))
    last = samplers.ddim(model, noise, timesteps, table, on_step=lambda step: steps.append(step.xt))
    for hook in hooks:
        hook.remove()
    seen = [decode(vae, z) for z in (*steps, last)]
    return {"film_tokens": tokens.numpy().astype(np.int16), "film_told": np.stack(stages, 1),
            "film_denoised": np.stack(seen, 1), "calls": calls}  # fmt: skip


def main() -> int:
    torch.set_num_threads(1)
    lab = Lab("study/pieces", weights=pieces.NETWORKS)
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *pieces.NETWORKS)
    folder = paths.RUNS / "lab-pieces" / f"{pieces.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = splits.load()
    learnt, held = pieces.chosen(rows)
    rows = [rows[i] for i in (*learnt, *held)]
    whole = torch.from_numpy(on_white(images.rgba_at((*learnt, *held)))).permute(0, 3, 1, 2)
    pictures = F.avg_pool2d(whole.float(), 2).round().to(torch.uint8).contiguous()
    latents = made_once(folder, "latents", lambda: encode_all(vae, pictures))
    labels = torch.tensor([label(row.concept, row.style) for row in rows])
    seen_by_all, strangers = slice(0, len(learnt)), slice(len(learnt), None)
    real = judge.look(net, pictures.permute(0, 2, 3, 1).numpy())

    rng = np.random.default_rng(6)
    ask = {"held": labels[strangers].repeat(S.asked, 1)}
    ask["seen"] = torch.stack([labels[rng.choice([i for i in range(len(learnt)) if labels[i, 0] == k + 1])]
                               for _ in range(S.asked) for k in range(len(pieces.CONCEPTS))])  # fmt: skip

    def read(some: np.ndarray | dict, asked) -> dict:
        """{"right", "right_style", "other": [hits, n], "near": mean distance to the nearest icon learnt from}"""
        looked = judge.look(net, some) if isinstance(some, np.ndarray) else some
        concepts = [pieces.CONCEPTS[k - 1] for k in asked[:, 0].tolist()]
        styles = [STYLES[k - 1] for k in asked[:, 1].tolist()]
        scored = judge.score(net, looked, {"concept": concepts, "style": styles})
        moved = judge.score(net, looked, {"concept": concepts[1:] + concepts[:1]})["top1"]
        near = judge.nearest(looked["features"], real["features"][seen_by_all])[0]
        found = {"right": scored["top1"], "right_style": scored["style"], "other": moved}
        return {name: [share.hits, share.n] for name, share in found.items()} | {"near": float(near.mean())}

    facts = {"key": pieces.key(), "weights": weights, "torch": torch.__version__, "learnt": len(learnt),
             "held": len(held), "runs": [],
             "real": {"held": read({k: v[strangers] for k, v in real.items()}, labels[strangers]),
                      "seen": read({k: v[seen_by_all] for k, v in real.items()}, labels[seen_by_all])}}  # fmt: skip
    arrays = {}
    for seed in S.seeds:
        nets = run(seed, folder, pictures, latents, labels, seen_by_all)
        tokens = nets["tokens"]
        if seed == S.seeds[0]:
            counts = np.bincount(tokens[seen_by_all].flatten().numpy(), minlength=fsq.WORDS) + 0.1
            remade = painted(nets["tokenizer"], tokens)
            off = ((remade.astype(float) - pictures.permute(0, 2, 3, 1).numpy()) ** 2).mean((1, 2, 3))
            psnr = 10 * np.log10(255**2 / off)
            outside, touched = footprint(nets["tokenizer"], tokens[strangers], tokens[seen_by_all].flatten(), 8)
            arrays |= {"outside": outside.astype(np.float32), "touched": touched.astype(np.int16),
                       "sheet_remade_held": remade[strangers][: S.shown]}  # fmt: skip
            facts["unigram"] = float(-np.log2(counts / counts.sum())[tokens[strangers].flatten().numpy()].mean())
            facts |= {"words": int((counts > 1).sum()), "psnr_held": float(psnr[strangers].mean()),
                      "psnr_seen": float(psnr[seen_by_all].mean()),
                      "remade": {"held": read(remade[strangers], labels[strangers]),
                                 "seen": read(remade[seen_by_all], labels[seen_by_all])}}  # fmt: skip
        found = {"seconds": nets["seconds"], "told": {}, "denoised": {},
                 "bits": {"held": pieces.bits(nets["teller"], tokens[strangers], labels[strangers]),
                          "seen": pieces.bits(nets["teller"], tokens[seen_by_all], labels[seen_by_all])}}  # fmt: skip
        for group, asked in ask.items():
            told = nets["teller"].tell(asked, 100 + seed, S.guidance)
            z = laboratory.draw(nets["denoiser"], asked, 100 + seed, S.guidance, S.steps)
            drawn = {"told": painted(nets["tokenizer"], told), "denoised": decode(vae, z)}
            for way, some in drawn.items():
                found[way][group] = read(some, asked)
                if seed == S.seeds[0]:
                    arrays[f"sheet_{way}_{group}"] = some[: S.shown]
            arrays.setdefault(f"sheet_labels_{group}", asked[: S.shown].numpy().astype(np.int8))
        if seed == S.seeds[0]:
            made = films(nets, vae, torch.tensor([label(concept, S.film_style) for concept in S.film]))
            facts["calls"] = made.pop("calls")
            arrays |= made
            facts["parameters"] = {name: sum(p.numel() for p in nets[name].parameters())
                                   for name in ("tokenizer", "teller", "denoiser")}  # fmt: skip
            facts["convolutions"] = sum(m.weight.numel() + m.bias.numel() for m in nets["tokenizer"].modules()
                                        if isinstance(m, torch.nn.Conv2d))  # fmt: skip
        facts["runs"].append(found)
        print(seed, found, flush=True)
    arrays["sheet_real_held"] = pictures[strangers][: S.shown].permute(0, 2, 3, 1).numpy()
    keep_results(pieces.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)
