#!/usr/bin/env python3
"""Play the evenings again: guidance and samplers on the shipped weights, two or three minutes on one core.

python scripts/lab_evenings.py        resumes where it was stopped; writes figures_src/denoised/studies/evenings.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths, pipeline
from denoised.lab import Lab
from denoised.studies import evenings, shelf
from denoised.training.loop import write_whole
from studying import keep_results, run_script


class Stage:
    """The pipeline, and a folder that remembers what has been played."""

    def __init__(self):
        self.lab = Lab("study/evenings", weights=("emoji-sd",))
        self.pipe = self.lab.pipeline()
        self.digests = shelf.digests(self.lab, "emoji-sd/unet", "emoji-sd/vae")
        self.folder = paths.RUNS / "lab-evenings" / f"{evenings.key()}-{self.digests['unet'][:12]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.seconds = 0.0

    def play(self, name, concepts, seeds, sampler, steps, guidance):
        """Finished latents and small pictures, made or remembered."""
        path = self.folder / f"{name}.pt"
        if not path.exists():
            start = time.process_time()
            states = pipeline.encode_prompts(self.pipe, evenings.prompts(concepts)).states
            empty = pipeline.encode_prompts(self.pipe, [""]).states.expand_as(states)
            scheduler = evenings.stock(sampler, self.pipe.scheduler.config)
            ends = evenings.play(self.pipe, scheduler, states, empty, seeds, steps, float(guidance))
            images = torch.from_numpy(evenings.small(pipeline.decode(self.pipe.vae, ends)))
            run = {"ends": ends, "images": images, "seconds": time.process_time() - start}
            write_whole(path, lambda part: torch.save(run, part))
            print(f"{name} ({run['seconds']:.0f} s)", flush=True)
        run = torch.load(path, weights_only=True)
        self.seconds += run["seconds"]
        return run["ends"], run["images"].numpy()


def apart(a, b) -> list[float]:
    """Root mean square distance of finished latents, one a pair."""
    return (a - b).square().mean((1, 2, 3)).sqrt().tolist()


def loud(stage, settings, sheets):
    concepts = [c for c in settings.cast for _ in settings.loud_seeds]
    seeds = [seed for _ in settings.cast for seed in settings.loud_seeds]
    for s in settings.strengths:
        _, sheets[f"guidance_{s}"] = stage.play(f"guidance-{s}", concepts, seeds, "DDIM", settings.loud_steps, s)


def sampled(stage, settings, sheets) -> dict:
    concepts = settings.cast[: settings.sampled]
    seeds = [settings.seed + k for k in range(len(concepts))]
    goal, sheets["full"] = stage.play("full", concepts, seeds, "DDIM", settings.full, settings.guidance)
    other, sheets["other"] = stage.play(
        "other", concepts, [seed + 100 for seed in seeds], "DDIM", settings.counts[-1], settings.guidance
    )
    far, ends = {}, {}
    for name in settings.samplers:
        for steps in settings.counts:
            code = f"{name}_{steps}".replace(" ", "-")
            ends[name, steps], sheets[code] = stage.play(code, concepts, seeds, name, steps, settings.guidance)
            far[code] = apart(ends[name, steps], goal)
    twins = [float(np.mean(apart(ends["DDIM", s], ends["Euler", s]))) for s in settings.counts]
    return {"other_seed": apart(other, goal), "far": far, "twins": twins}


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings, stage, sheets = evenings.SETTINGS, Stage(), {}
    facts = {"key": evenings.key(), "weights": stage.digests, "torch": torch.__version__}
    loud(stage, settings, sheets)
    facts |= sampled(stage, settings, sheets)
    facts["seconds"] = round(stage.seconds)
    keep_results(evenings.FILE, facts, {name: evenings.pack(images) for name, images in sheets.items()})
    return 0


if __name__ == "__main__":
    run_script(main)
