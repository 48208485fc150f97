#!/usr/bin/env python3
"""Repeat the study of streams: small models on names, pictures and tunes, some minutes on one core; needs no data.

python scripts/lab_streams.py     resumes where it was stopped; writes figures_src/denoised/studies/streams.npz
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch

from denoised import paths
from denoised.studies import streams
from denoised.training.loop import write_whole
from studying import keep_results, run_script


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    s = streams.SETTINGS
    folder = paths.RUNS / "lab-streams" / streams.key()
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"key": streams.key(), "torch": torch.__version__, "bits": {}, "baselines": {}, "counts": {}, "seconds": 0.0}
    for stream in s.streams:
        learnt, held = streams.divided(stream)
        facts["baselines"][stream] = streams.baselines(stream, learnt, held)
        facts["counts"][stream] = [len(learnt), len(held), int(streams.wanted(stream, held).sum())]
        for kind in streams.readers(stream):
            for seed in s.seeds:
                path = folder / f"{stream}-{kind}-{seed}.json"
                if not path.exists():
                    start = time.process_time()
                    found = streams.bits(streams.train(stream, kind, seed), stream, held)
                    told = json.dumps([found, time.process_time() - start])
                    write_whole(path, lambda part, told=told: part.write_text(told))
                    print(f"{stream}, {kind}, seed {seed}: {found:.3f} bits", flush=True)
                found, seconds = json.loads(path.read_text())
                facts["bits"].setdefault(f"{stream}/{kind}", []).append(found)
                facts["seconds"] += seconds
    facts["seconds"] = round(facts["seconds"])
    print(json.dumps(facts, indent=1))
    keep_results(streams.FILE, facts, {})
    return 0


if __name__ == "__main__":
    run_script(main)
