"""How the scripts that repeat a study or a benchmark begin and end alike."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from denoised import paths
from denoised.errors import DenoisedError
from denoised.studies import shelf


def keep_results(file: Path, facts: dict, arrays: dict[str, np.ndarray]) -> None:
    """Put a study's results where they are committed, and say so."""
    shelf.put(file, facts, arrays)
    print(f"wrote {file.relative_to(paths.ROOT)}, {file.stat().st_size:,} bytes")


def made_once(folder: Path, name: str, make: Callable[[], object]):
    """What make() returns (tensors, in whatever torch saves), or what an earlier call left of it in the folder."""
    import torch  # benchmarks that need no torch begin here, too

    from denoised.training.loop import write_whole

    path = folder / f"{name}.pt"
    if not path.exists():
        start = time.process_time()
        made = make()
        write_whole(path, lambda part: torch.save(made, part))
        print(f"{name} ({time.process_time() - start:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def judged_runs(folder: Path, draws: dict[str, Callable[[], object]], vae, judge_net, rows, marks: dict[str, str]):
    """Lets each of `draws` draw the captions of icons `rows`, and the judge look at it, both at most once: its name with
    marks[name] (of the weights that had a part) is the file's. Returns ({name: latents}, {"top1_<name>", "top5_<name>",
    "style_<name>": bool [N]}): does the judge name the thing at once, among its first five, and the style?"""
    import torch

    from denoised.pipeline import decode
    from denoised.probes import judge

    def look(pictures):
        logits = judge.look(judge_net, pictures)
        return {head: torch.from_numpy(values) for head, values in logits.items() if head != "features"}

    made, arrays = {}, {}
    for name, draw in draws.items():
        z = made[name] = made_once(folder, f"{name}-{marks[name]}", draw)
        seen = made_once(folder, f"seen-{name}-{marks[name]}", lambda z=z: look(decode(vae, z)))
        arrays |= right_about(judge_net, {head: logits.numpy() for head, logits in seen.items()}, rows, name)
    return made, arrays


def right_about(judge_net, seen: dict[str, np.ndarray], rows, name: str) -> dict[str, np.ndarray]:
    """Of what the judge saw in drawings of icons `rows`: {"top1_<name>", "top5_<name>", "style_<name>": bool [N]}, and a
    line that says so."""
    from denoised.probes import judge

    five, styles = judge.names(judge_net, seen, k=5), judge.names(judge_net, seen, head="style")
    found = {
        "top1": [row.concept == names[0] for row, names in zip(rows, five, strict=True)],
        "top5": [row.concept in names for row, names in zip(rows, five, strict=True)],
        "style": [row.style == names[0] for row, names in zip(rows, styles, strict=True)],
    }
    print(name, *(f"{what} {np.mean(right):.3f}" for what, right in found.items()), flush=True)
    return {f"{what}_{name}": np.array(right) for what, right in found.items()}


def turn_by_turn(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call, `repeats` times, in turns so that all meet the same machine; a first turn is not counted."""
    times = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:
                times[name].append(time.perf_counter() - start)
    return times


def some_icons(keep: Callable[[object], bool], count: int):
    """(rows, rgba uint8 [count, 128, 128, 4]) of icons for which keep(row) is true, chosen with a fixed seed."""
    import torch

    from denoised.data import splits
    from denoised.training import images

    rows = splits.load()
    found = [i for i, row in enumerate(rows) if keep(row)]  # chosen first, so that few are unpacked
    chosen = [found[int(i)] for i in torch.randperm(len(found), generator=torch.Generator().manual_seed(7))[:count]]
    return [rows[i] for i in chosen], images.rgba_at(chosen)


def run_script(main: Callable[..., int | None], *arguments) -> NoReturn:
    """Leave with main's status; with 1 and one sentence where it raises a DenoisedError."""
    try:
        sys.exit(main(*arguments))
    except DenoisedError as error:
        sys.exit(str(error))
