#!/usr/bin/env python3
"""Repeat the study of the loss's parts and of the factor: tiny autoencoders on one core; needs `make data`.

python scripts/lab_losses.py        resumes where it was stopped; writes figures_src/denoised/studies/losses.npz
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch
import torch.nn.functional as F

from denoised import paths, pipeline
from denoised.data import splits
from denoised.data.icons import on_white
from denoised.errors import DenoisedError
from denoised.studies import losses, shelf
from denoised.training import images
from denoised.training.loop import write_whole

SHOWN = 6  # round trips that are kept of a recipe's first seed, evenly spaced


def pictures(settings: losses.Settings):
    """(training pictures, held-out pictures), uint8 [N, 3, 32, 32], chosen with a fixed seed."""

    def take(keep, count):
        found = [i for i, row in enumerate(splits.load()) if keep(row)]  # chosen first, so that few are unpacked
        order = torch.randperm(len(found), generator=torch.Generator().manual_seed(7))[:count]
        stack = torch.from_numpy(on_white(images.rgba_at([found[int(i)] for i in order]))).permute(0, 3, 1, 2)
        return torch.cat([F.avg_pool2d(part.float(), 4).round().byte() for part in stack.split(256)])

    train = take(images.in_trunk, settings.pictures)
    return train, take(lambda r: r.split == "concept" and r.tone == "none", settings.held_out)


def one_run(name: str, weights, size, seed, train, held_out, see, folder: Path, settings) -> dict:
    """Train and measure one autoencoder, or read what an earlier call left."""
    path = folder / f"{name.replace(' ', '-')}-{seed}.pt"
    if not path.exists():
        start = time.process_time()
        numbers, shown = losses.measure(*losses.train(weights, seed, train, see, size, settings), held_out, see, seed)
        seconds = time.process_time() - start
        some = torch.from_numpy(shown[:: len(shown) // SHOWN][:SHOWN].copy())
        write_whole(path, lambda part: torch.save({"numbers": numbers, "shown": some, "seconds": seconds}, part))
        told = ", ".join(f"{word} {value:.3g}" for word, value in numbers.items())
        print(f"{name}, seed {seed}: {told} ({seconds:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = losses.SETTINGS
    folder = paths.RUNS / "lab-losses" / losses.key()
    folder.mkdir(parents=True, exist_ok=True)
    train, held_out = pictures(settings)
    see = losses.Features(pipeline.load_vae(paths.WEIGHTS / "emoji-sd" / "vae").requires_grad_(False))
    facts = {"key": losses.key(), "torch": torch.__version__, "recipes": {}, "sizes": {}, "parameters": {}}
    arrays = {"original": held_out.permute(0, 2, 3, 1).numpy()[:: len(held_out) // SHOWN][:SHOWN]}
    jobs = [("sizes", f"{factor}x{channels}", "plain", (factor, channels)) for factor, channels in settings.sizes]
    jobs += [("recipes", name, name, (8, 4)) for name in settings.recipes]
    seconds = 0.0
    for shelf_name, name, recipe, size in jobs:
        weights = losses.strengths(recipe)
        how = settings if shelf_name == "recipes" else replace(settings, steps=settings.longer)
        runs = [one_run(name, weights, size, seed, train, held_out, see, folder, how) for seed in settings.seeds]
        facts[shelf_name][name] = [run["numbers"] for run in runs]
        facts["parameters"][name] = sum(p.numel() for part in losses.build(*size) for p in part.parameters())
        arrays[name] = runs[0]["shown"].numpy()
        seconds += sum(run["seconds"] for run in runs)
    facts |= {"seconds": round(seconds), "unseen": len(held_out), "pictures": len(train)}
    shelf.put(losses.FILE, facts, arrays)
    print(f"wrote {losses.FILE.relative_to(paths.ROOT)}, {losses.FILE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DenoisedError as error:
        sys.exit(str(error))
