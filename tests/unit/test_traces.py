"""The study of traces in spectra: its decoders, its features, its detector."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from denoised.errors import DenoisedError
from denoised.paths import ROOT
from denoised.studies import traces

SMALL = dataclasses.replace(traces.SETTINGS, widths=(8, 8, 6, 4), updates=40, batch=4)


def test_both_kinds_double_the_side_with_as_many_weights():
    made = {kind: traces.enlarging(kind, 5, 3) for kind in traces.KINDS}
    assert {tuple(net(torch.zeros(2, 5, 4, 6)).shape) for net in made.values()} == {(2, 3, 8, 12)}
    assert len({sum(p.numel() for p in net.parameters()) for net in made.values()}) == 1


def test_transposed_convolutions_overlap_unevenly_and_repeated_pixels_do_not():
    """Of a plane of one colour, kernels of ones make a checkerboard where their number over a pixel differs."""
    plane = {}
    for kind in traces.KINDS:
        net = traces.enlarging(kind, 1, 1)
        with torch.no_grad():
            for p in net.parameters():
                p.fill_(1.0 if p.ndim == 4 else 0.0)
            plane[kind] = net(torch.ones(1, 1, 16, 16))[0, 0, 4:-4, 4:-4]
    assert plane["resized"].unique().tolist() == [9]
    assert sorted(plane["transposed"].unique().tolist()) == [1, 2, 4]  # Odena et al. 2016, their figure of k = 3, s = 2


def test_a_seed_decides_all_and_training_helps():
    rng = torch.Generator().manual_seed(5)
    latents = torch.randn(12, 4, 2, 2, generator=rng)
    pictures = (latents[:, :3].mean((2, 3), keepdim=True).expand(-1, -1, 16, 16) > 0).byte() * 255
    losses = []
    for updates in (4, 40, 40):
        settings = dataclasses.replace(SMALL, updates=updates)
        losses.append(traces.train(traces.decoder("resized", 1, settings), latents, pictures, 1, settings))
    assert losses[1] == losses[2] < losses[0]


def test_the_profile_is_flat_for_noise_and_falls_for_what_is_smooth():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 64, 64, 3)).astype(np.uint8)
    flat = traces.profile(noise).mean(0)
    assert flat.shape == (32,) and np.ptp(flat[2:]) < 0.5
    ramp = np.tile(np.sin(np.arange(64) * 2 * np.pi / 64) * 100 + 128, (1, 64, 1))[..., None].repeat(3, -1)
    wave = traces.profile(np.round(ramp).astype(np.uint8))[0]
    assert wave.argmax() == 0 and wave[0] - wave[5:].max() > 5


def test_concepts_stay_in_one_fold_and_all_folds_are_used():
    concepts = np.repeat(np.arange(30), 3)
    fold = traces.fold_of(concepts)
    assert set(fold) == set(range(traces.SETTINGS.folds))
    assert all(len(set(fold[concepts == c])) == 1 for c in range(30))


def test_what_differs_is_told_and_what_does_not_is_not():
    rng = np.random.default_rng(1)
    concepts = np.repeat(np.arange(60), 4)
    real = rng.normal(size=(240, 16))
    shifted = rng.normal(size=(240, 16)) + np.eye(16)[3] * 5
    assert traces.told(real, shifted, concepts).mean() > 0.95
    same = np.mean([traces.told(real, rng.normal(size=(240, 16)), concepts).mean() for _ in range(4)])
    assert abs(same - 0.5) < 0.05
    senseless = np.mean([traces.told(real, shifted, concepts, shuffle=k).mean() for k in range(4)])
    assert abs(senseless - 0.5) < 0.06


def test_what_is_only_remembered_of_a_concept_does_not_count():
    """Each concept has a mark of its own on real and made pictures; on another concept it says nothing."""
    rng = np.random.default_rng(2)
    concepts = np.repeat(np.arange(40), 5)
    mark = rng.normal(size=(40, 2, 12)) * 3
    real, made = (mark[concepts, k] + rng.normal(size=(200, 12)) * 0.1 for k in (0, 1))
    assert abs(traces.told(real, made, concepts).mean() - 0.5) < 0.12


def test_results_of_other_settings_are_refused():
    with pytest.raises(DenoisedError, match="lab_traces"):
        traces.load(settings=dataclasses.replace(traces.SETTINGS, updates=1))


def test_the_script_says_what_it_can_train():
    command = [sys.executable, "scripts/lab_traces.py", "bicubic", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "no decoder of this study" in done.stderr and "Traceback" not in done.stderr
