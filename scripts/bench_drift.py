#!/usr/bin/env python3
"""Does `make check` raise false alarms, and does it see what was planted? Needs the rendered figures (`make figures`).

    python scripts/bench_drift.py              five runs, each over another tenth of the figures, then eight plants
    python scripts/bench_drift.py --all        five runs over all figures (hours)
    python scripts/bench_drift.py --json figures_src/denoised/benchmarks/drift.json

The runs differ in what must not matter: number of threads, instruction set, another seed of Python's hashes, another
time zone and language. Each plant is one edit in a copy of the repository, checked there through scripts/check_drift.py
against the figures of this one. Status 1 if there was a false alarm or a plant went unseen.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "assets" / "figures"
OLDER = {"ATEN_CPU_CAPABILITY": "avx2", "DNNL_MAX_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
CONDITIONS = {
    "as it is": {},
    "one figure at a time, two threads": {"JOBS": "1"},
    "an older instruction set": OLDER,
    "another hash seed": {"PYTHONHASHSEED": "7"},
    "another time zone and language": {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
}


@dataclass(frozen=True)
class Plant:
    """One edit: `new` for `old` in a file, or a layer of weights disturbed by `noise` of its spread; seen in `figure`."""

    name: str
    figure: str
    file: str
    old: str = ""
    new: str = ""
    layer: str = ""
    noise: float = 0.0


VAE, UNET = (f"figures_src/weights/emoji-sd/{name}/diffusion_pytorch_model.safetensors" for name in ("vae", "unet"))
PLANTS = (
    Plant("decoder's first layer", "vae/reconstructions", VAE, layer="decoder.conv_in.weight", noise=0.1),
    Plant("encoder's first layer", "vae/channels", VAE, layer="encoder.conv_in.weight", noise=0.1),
    Plant("the denoiser's last layer", "canvas/updates", UNET, layer="conv_out.weight", noise=0.1),
    Plant("a colour of the palette", "canvas/schedule", "figures_src/plotting/style.py", "#00805E", "#009060"),
    Plant("every seed", "canvas/forward_strip", "figures_src/denoised/lab.py", "map(str, parts)",
          'map(str, ("x", *parts))'),
    Plant("a constant of a figure", "data/edges", "figures_src/figures/data/edges.py", "JUMP = 32", "JUMP = 36"),
    Plant("a factor in the schedule", "canvas/schedule", "figures_src/denoised/diffusion/schedules.py",
          "cumprod(1 - _betas(betas)", "cumprod(1 - 0.98 * _betas(betas)"),
    Plant("a word of a caption", "data/edges", "figures_src/figures/data/edges.py", "cost pixels", "cost many pixels"),
)  # fmt: skip


def check(root: Path, *arguments: str, **environment: str) -> tuple[int, str, float]:
    """(status, what it said, seconds) of check_drift.py in a checkout."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "scripts/check_drift.py", *arguments],
        cwd=root, env=dict(os.environ, PYTHONPATH=str(root / "figures_src"), **environment),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, time.monotonic() - began


def copy_to(root: Path) -> None:
    """The files that git knows, without their history."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, root / name)


def plant(root: Path, what: Plant) -> None:
    path = root / what.file
    if what.layer:
        import torch
        from safetensors.torch import load_file, save_file

        tensors = load_file(path)
        layer = tensors[what.layer]
        noise = torch.randn(layer.shape, generator=torch.Generator().manual_seed(0))
        tensors[what.layer] = (layer.float() + what.noise * layer.float().std() * noise).to(layer.dtype)
        save_file(tensors, path, metadata={"format": "pt"})
        return
    text = path.read_text(encoding="utf-8")
    if what.old not in text:
        raise SystemExit(f"error: {what.file} holds no {what.old!r}, so '{what.name}' cannot be planted.")
    path.write_text(text.replace(what.old, what.new), encoding="utf-8")


def quiet(every: bool) -> list[dict]:
    """The runs in which nothing has changed."""
    runs = []
    for number, (name, environment) in enumerate(CONDITIONS.items(), 1):
        status, said, seconds = check(ROOT, *([] if every else ["--tenth", str(number)]), **environment)
        found = re.search(r"(\d+) of (\d+) figures are as they were", said)
        if not found:
            raise SystemExit(f"error: check_drift.py did not come to its end:\n{said[-2000:]}")
        alarms = re.findall(r"^  (\S+) +(?:DRIFT|FAILED|new|gone)\b.*", said, re.MULTILINE)
        runs.append({"condition": name, "figures": int(found[2]), "alarms": alarms, "seconds": seconds})
        print(f"{name}: {found[1]} of {found[2]} as they were, {seconds:.0f} s {' '.join(alarms)}", flush=True)
        if status and not alarms:
            raise SystemExit(f"error: status {status} without an alarm:\n{said[-2000:]}")
    return runs


def planted() -> list[dict]:
    """The runs in which one thing has changed."""
    runs = []
    for what in PLANTS:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "copy"
            copy_to(root)
            shutil.copytree(FIGURES, root / FIGURES.relative_to(ROOT))
            plant(root, what)
            status, said, seconds = check(root, what.figure)
            caught = status == 1 and bool(re.search(rf"^  {what.figure} +DRIFT", said, re.MULTILINE))
        runs.append({"plant": what.name, "figure": what.figure, "caught": caught, "seconds": seconds})
        print(f"{what.name}: {'caught' if caught else 'NOT SEEN'} in {what.figure}, {seconds:.0f} s", flush=True)
        if not caught:
            print(said[-1500:], file=sys.stderr)
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every figure in each run, not a tenth")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    options = parser.parse_args()
    result = {"quiet": quiet(options.all), "planted": planted()}
    alarms = sum(len(run["alarms"]) for run in result["quiet"])
    caught = sum(run["caught"] for run in result["planted"])
    print(f"{alarms} false alarms in {len(result['quiet'])} runs; {caught} of {len(PLANTS)} plants caught.")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(alarms > 0 or caught < len(PLANTS))


if __name__ == "__main__":
    sys.exit(main())
