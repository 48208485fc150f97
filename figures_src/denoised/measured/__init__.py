"""What figures measure over so many drawings that a build takes it from a file: numbers, and latents to decode.

    python scripts/lab_measured.py      # measures what is not current; writes <module>.npz beside each module

Each module of this package (latent_beyond for latent/beyond) says FIGURE (whose seeds it uses), WEIGHTS and DATA (as a
figure does), SOURCES (the modules that it measures with) and `measure(lab, smoke) -> (numbers, arrays)`.
"""

import hashlib
import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from denoised.errors import DenoisedError
from denoised.lab import Lab, data_path, weight_hashes
from denoised.studies import shelf

NAMES = (
    "canvas_guidance", "canvas_left", "canvas_steps", "knows_damage", "knows_hands", "knows_pairs", "knows_probes",
    "knows_together", "knows_two", "latent_between", "latent_beyond", "latent_clouds", "latent_copies",
    "latent_imagery", "latent_neighbours", "latent_paradox", "latent_weights", "librarian_style_word", "models_drawn",
    "negatives_algebra", "negatives_many", "negatives_wrong_decoder", "theatre_decode", "theatre_style",
    "theatre_sunglasses", "tunnel_caption", "tunnel_swap", "vae_colour", "vae_compression", "vae_posterior",
    "vae_reconstructions", "vae_spectra", "vae_swap", "vae_variance",
)  # fmt: skip
SCRIPT = "lab_measured"


def module(name: str) -> ModuleType:
    """The module of one of NAMES. DenoisedError if there is none."""
    if name not in NAMES:
        raise DenoisedError(f"There is no measurement '{name}'; there are: {', '.join(NAMES)}.")
    return importlib.import_module(f"denoised.measured.{name}")


def file(study: ModuleType) -> Path:
    """Where its results lie."""
    return Path(study.__file__).with_suffix(".npz")


def key(study: ModuleType) -> str:
    """Short hash of the source of all that measures."""
    return shelf.key({"figure": study.FIGURE}, study, *study.SOURCES)


def bench(study: ModuleType) -> Lab:
    """The lab that its figure would be handed."""
    return Lab(study.FIGURE, weights=study.WEIGHTS, data=study.DATA)


def made_from(study: ModuleType) -> dict[str, str]:
    """Name of each file of weights and data that had a part in the results -> sha256."""
    found = dict(weight_hashes(study.WEIGHTS))
    for name in study.DATA:
        path = data_path(name)
        for one in sorted(p for p in (path.rglob("*") if path.is_dir() else [path]) if p.is_file()):
            found[f"{name}/{one.name}"] = hashlib.sha256(one.read_bytes()).hexdigest()
    return found


def load(study: ModuleType) -> tuple[dict, dict[str, np.ndarray]]:
    """(numbers, arrays) of the committed results. DenoisedError where they are missing or damaged, shelf.Outdated where
    they are from other code, weights or data."""
    facts, arrays = shelf.take(file(study), key(study), SCRIPT)
    if facts["made_from"] != made_from(study):
        raise shelf.Outdated(
            f"The results in {file(study).name} were measured with other weights or data: "
            f"run `python scripts/{SCRIPT}.py`."
        )
    return facts["numbers"], arrays


def results(lab: Lab, study: ModuleType, smoke: bool = False) -> tuple[dict, dict[str, np.ndarray]]:
    """(numbers, arrays) for a figure: the committed ones. Measured on the spot for a checkpoint that is not ours, where
    what is committed is outdated (with a word on standard error), and, in small, where `smoke`."""
    if smoke or not lab.profile.trained_here:
        return study.measure(lab, smoke)
    try:
        return load(study)
    except shelf.Outdated as why:
        print(f"{study.FIGURE} is measured anew, which takes a while: {why}", file=sys.stderr, flush=True)
        return study.measure(lab, smoke)
