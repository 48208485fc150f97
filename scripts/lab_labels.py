#!/usr/bin/env python3
"""Repeat the study of what labels cost: some minutes on one core; needs `make data`.

python scripts/lab_labels.py     writes figures_src/denoised/studies/labels.npz; resumes at the nets it has trained
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.probes import judge
from denoised.probes.features import Features, stages
from denoised.probes.play import states_of
from denoised.studies import eye, eye_probes, labels, shelf, thumbs
from denoised.training import images, tower
from denoised.training.clip import small as halved
from denoised.training.denoiser import encode_all
from denoised.training.loop import write_whole
from studying import keep_results, run_script

S = labels.SETTINGS


def icons() -> tuple[torch.Tensor, np.ndarray, torch.Tensor, np.ndarray]:
    """(pictures uint8 [N, 3, 128, 128], classes) to learn from, with as many a class, and to be asked about."""
    place = {name: i for i, name in enumerate(labels.CLASSES)}
    rows, x = images.select(images.in_trunk)
    truth = np.array([place[row.group] for row in rows])
    pool = labels.drawn(truth, max(S.labels), seed=100)
    kept, z = images.select(lambda r: r.split == "pair" and r.tone == "none" and r.group in place)
    some = np.sort(np.random.default_rng(101).permutation(len(kept))[: S.asked])
    return x[pool], truth[pool], z[some], np.array([place[kept[i].group] for i in some])


def taught_by_captions(pipe, folder: Path):
    """The image tower of CLIP's way; it learns from all icons that generators learn from, and of no group."""
    rows, x = images.select(images.in_trunk)
    name = str((folder / "tower").relative_to(paths.RUNS))
    return tower.train(name, rows, halved(x), pipe.text_encoder, pipe.tokenizer, S.lessons)


@torch.no_grad()
def features(lab, pictures, clip) -> dict[str, np.ndarray]:
    """{name: [N, D]}; the noise that the denoiser meets is the same for every icon. clip: a Tower."""
    vae, pipe = lab.vae(), lab.pipeline()
    latents = encode_all(vae, pictures)
    alpha_bar = float(pipe.scheduler.alphas_cumprod[S.t])
    noise = torch.randn(latents.shape[1:], generator=torch.Generator().manual_seed(S.t))
    names = [name for _, name in stages(pipe.unet)[:-1]]
    empty, seen = states_of(pipe, [""]), []
    for z in latents.split(32):
        with Features(pipe.unet, names) as watched:
            noisy = alpha_bar**0.5 * z + (1 - alpha_bar) ** 0.5 * noise
            pipe.unet(noisy, torch.full((len(z),), S.t), encoder_hidden_states=empty.expand(len(z), -1, -1))
        seen.append(torch.cat([watched.maps[name][0].mean((2, 3)) for name in names], 1))
    net = judge_model.load(lab.weight("judge"))
    return {"pixels": F.avg_pool2d(pictures.float(), 8).flatten(1).numpy() / 255, "latents": latents.flatten(1).numpy(),
            "unet": torch.cat(seen).numpy(),
            "captions": clip.features(halved(pictures)).numpy(),
            "judge": judge.look(net, pictures.permute(0, 2, 3, 1).numpy())["features"]}  # fmt: skip


def keep(path: Path, save) -> None:
    """save(file), whole or not at all: a killed run must not leave half of what the next one reads."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            save(file)

    write_whole(path, write)


def taught(pictures, truth, asked, answer, seed: int, path: Path) -> np.ndarray:
    """uint8 [icons]: named rightly by a net from scratch; from an earlier call if that got so far."""
    if not path.exists():
        net = thumbs.build({"group": list(labels.CLASSES), "concept": ["an icon"]}, seed)  # one concept teaches nothing
        lessons = eye.Settings(steps=S.steps, batch=S.batch, lr=thumbs.SETTINGS.lr, every=S.steps)
        mirrors = torch.ones(len(pictures), dtype=torch.bool)
        told = {"group": torch.from_numpy(truth), "concept": torch.zeros(len(truth), dtype=torch.long)}
        eye.train(net, pictures, mirrors, told, seed, lambda net: {}, lessons)
        said = eye.answers(net, asked)["group"].argmax(1).numpy()
        right = (said == answer).astype(np.uint8)
        keep(path, lambda file: np.save(file, right))
    return np.load(path)


def main() -> int:
    torch.set_num_threads(1)
    lab = Lab("study/labels", weights=("emoji-sd", "judge"))
    x, truth, z, answer = icons()
    folder = paths.RUNS / "lab-labels" / labels.key()
    folder.mkdir(parents=True, exist_ok=True)
    small, small_z = (F.avg_pool2d(p.float(), 2).round().byte() for p in (x, z))
    arrays, rng = {}, np.random.default_rng(0)
    cache = folder / "features.npz"
    if not cache.exists():
        clip = taught_by_captions(lab.pipeline(), folder)
        known, new = features(lab, x, clip), features(lab, z, clip)
        found = {f"known_{k}": v for k, v in known.items()} | {f"new_{k}": v for k, v in new.items()}
        keep(cache, lambda file: np.savez(file, **found))
    kept = dict(np.load(cache))
    for name in labels.FEATURES:
        found = [[eye_probes.right(eye_probes.ridge(kept[f"known_{name}"][some], truth[some], len(labels.CLASSES)),
                                   kept[f"new_{name}"], answer)
                  for some in (labels.drawn(truth, count, seed) for seed in S.seeds)] for count in S.labels]  # fmt: skip
        arrays[f"right_{name}"] = np.array(found)
        print(name, arrays[f"right_{name}"].mean((1, 2)).round(3), flush=True)
    measured = {"purity": [], "shared": [], "null": []}
    made, shown, each = S.sheet
    for name in labels.FEATURES:
        x_of = kept[f"known_{name}"]
        runs = [labels.clusters(x_of, len(labels.CLASSES), seed)[1] for seed in S.seeds]
        measured["purity"].append([labels.purity(run, truth) for run in runs])
        measured["shared"].append([labels.shared(run, truth) for run in runs])
        measured["null"].append([labels.shared(runs[0], rng.permutation(truth)) for _ in range(S.shuffles)])
        centres, of = labels.clusters(x_of, made, 0)
        spread = (x_of - x_of.mean(0)) / x_of.std(0)
        far = np.linalg.norm(spread - centres[of], axis=1)
        largest = np.argsort(-np.bincount(of, minlength=made))[:shown]
        near = np.array([[i for i in np.argsort(far) if of[i] == c][:each] for c in largest])
        arrays[f"sheet_{name}"] = F.interpolate(x[near.ravel()].float(), 48, mode="area").round().byte().permute(
            0, 2, 3, 1).numpy().reshape(shown, each, 48, 48, 3)  # fmt: skip
        arrays[f"sheet_group_{name}"] = truth[near].astype(np.int8)
        print(name, *(np.mean(v[-1]).round(3) for v in measured.values()), flush=True)
    arrays |= {name: np.array(values, np.float32) for name, values in measured.items()}
    nets = []
    for count in S.labels:
        some = [labels.drawn(truth, count, seed) for seed in S.seeds]
        nets.append([taught(small[k], truth[k], small_z, answer, s, folder / f"{count}-{s}.npy")
                     for s, k in zip(S.seeds, some, strict=True)])  # fmt: skip
        print("cnn", count, np.mean(nets[-1]).round(3), flush=True)
    wrong = [np.random.default_rng(s).permutation(truth) for s in S.seeds]
    arrays["right_cnn"] = np.array(nets)
    arrays["shuffled"] = np.array([taught(small, t, small_z, answer, s, folder / f"shuffled-{s}.npy")
                                   for s, t in zip(S.seeds, wrong, strict=True)])  # fmt: skip
    facts = {"key": labels.key(), "torch": torch.__version__, "commonest": float(np.bincount(answer).max() / len(answer)),
             "weights": shelf.digests(lab, *labels.NETWORKS),
             "pool": len(truth), "asked": len(answer)}  # fmt: skip
    keep_results(labels.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)
