"""Where things are. Each root can be moved by an environment variable (tests and other disks)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "figures_src"
WEIGHTS = Path(os.environ.get("DENOISED_WEIGHTS", SRC / "weights"))
DATA = Path(os.environ.get("DENOISED_DATA", ROOT / "data"))  # rasterized icons; git-ignored
RUNS = Path(os.environ.get("DENOISED_RUNS", ROOT / "runs"))  # checkpoints of training; git-ignored
SPECIMENS = SRC / "denoised" / "data" / "specimens"  # shipped in the repository
NODE_MODULES = Path(os.environ.get("DENOISED_NODE_MODULES", ROOT / "node_modules"))
