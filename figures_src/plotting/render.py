"""Run one figure: import it, build its lab, make it, save it with its provenance."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import random
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import torch

from denoised.errors import DenoisedError
from denoised.lab import Lab, seed_of, weight_hashes
from denoised.paths import ROOT
from plotting.output import Output, save
from plotting.source import Source, read_source

FIGURE_ASSETS = ROOT / "docs" / "assets" / "figures"
VERSIONS_OF = ("torch", "diffusers", "transformers", "matplotlib", "numpy", "pillow")


def versions() -> dict[str, str]:
    """The packages whose version can change a figure's pixels or numbers; those that are installed."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in VERSIONS_OF:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def lab_for(source: Source, smoke: bool = False, seed: int = 0, profile=None) -> Lab:
    """The lab a figure is handed: what its file declares and no more."""
    extra = {} if profile is None else {"profile": profile}
    return Lab(source.figure_id, weights=source.weights, data=source.data, seed=seed, smoke=smoke, **extra)


def load_module(source: Source):
    """Import a figure's file afresh (an author saves it many times in one session), under its full name."""
    name = "figures." + source.figure_id.replace("/", ".")
    spec = importlib.util.spec_from_file_location(name, source.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _where(error: BaseException, source: Source) -> str:
    """' (line 12 of figures_src/figures/vae/swap.py)': the innermost line of the figure's own file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(source.path)]
    return f" (line {lines[-1]} of {source.shown_path})" if lines else ""


def guarded(source: Source, step, what: str):
    """step(), with anything a figure can throw told in one sentence that names the figure; a DenoisedError
    names it too."""
    try:
        return step()
    except DenoisedError as error:
        if source.figure_id in str(error):
            raise
        raise DenoisedError(f"Figure {source.figure_id}{_where(error, source)}: {error}") from error
    except (Exception, SystemExit) as error:
        said = str(error).strip().split("\n")[0] or "no message"
        raise DenoisedError(
            f"Figure {source.figure_id} failed in {what}{_where(error, source)}: {type(error).__name__}: {said}"
        ) from error


def make(source: Source, lab: Lab, smoke: bool = False) -> Output:
    """Import a figure and run its make() under fixed seeds: its Output, not yet checked."""
    module = guarded(source, lambda: load_module(source), "its import")
    seed = seed_of(lab.seed, source.figure_id, "global")  # figures use lab.generator(); this covers what they call
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return guarded(source, lambda: module.make(lab, smoke=smoke), "make()")


def render(
    figure_id: str,
    lab: Lab | None = None,
    out_root: Path | None = None,
    smoke: bool = False,
    code_hash: str = "",
) -> Path:
    """Make a figure and save it under `out_root`/<profile>/<section>/ (default docs/assets/figures): its
    manifest's path.

    `code_hash` is the caller's hash of the figure's code closure, recorded as it is. DenoisedError, one
    sentence that names the figure, for an unknown id, a figure that raises or returns rubbish, weights that
    are missing, a full disk.
    """
    start = time.monotonic()
    source = read_source(figure_id)
    lab = lab_for(source, smoke) if lab is None else lab
    # before the work, so that a missing file costs no minutes
    weights = guarded(source, lambda: weight_hashes(source.weights, lab.profile), "finding its weights")
    output = make(source, lab, smoke)

    def provenance():  # asked for when all is drawn, so that the seconds count it
        return {
            "title": source.title,
            "doc": source.doc,
            "claims": list(source.claims),
            "seed": lab.seed,
            "profile": lab.profile.name,
            "smoke": smoke,
            "source": source.shown_path,
            "weights": weights,
            "code_hash": code_hash,
            "versions": versions(),
            "seconds": round(time.monotonic() - start, 2),
        }

    folder = (FIGURE_ASSETS if out_root is None else Path(out_root)) / lab.profile.name
    return guarded(source, lambda: save(output, figure_id, folder, provenance), "drawing")
