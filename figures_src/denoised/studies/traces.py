"""Do pictures that a network made give themselves away by their spectrum alone?

    python scripts/lab_traces.py      # half an hour on one core; writes traces.npz beside this file

Pictures of one size, of icons that no generator learned from: as they were drawn by people; rebuilt by the autoencoder,
whose decoder enlarges by repeating pixels and convolving; drawn by the model from those icons' captions; and rebuilt by
small decoders that differ in one thing, whether they enlarge so or by transposed convolutions of three pixels in strides
of two, which overlap unevenly (Odena et al. 2016). From each picture only its brightness's radial power spectrum is taken
(Durall et al. 2020), and a weighted sum of it must tell made pictures from real ones, of concepts that it never met.

Written down before the first run:
- made pictures carry traces if both rebuilt and drawn ones are told from real ones in more than half of the cases, with
  95 % intervals above a half; these traces are lattices, spectral ghosts in the narrow sense, if besides the frequencies
  of a lattice of eight pixels stand out of drawn pictures' spectra half as far again as out of real ones';
- a detector that has learned from labels without sense must stay at a half.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes import ghosts, logistic, spectra
from denoised.probes.metrics import LUMA
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
KINDS = ("transposed", "resized")


@dataclass(frozen=True)
class Settings:
    """The whole experiment. widths: channels of the small decoders after each enlargement; folds: of concepts."""

    icons: int = 400
    lessons: int = 3000
    drawn: int = 200
    steps: int = 20
    guidance: float = 3.0
    widths: tuple[int, ...] = (48, 32, 24, 16)
    seeds: tuple[int, ...] = (0, 1, 2)
    updates: int = 600
    batch: int = 16
    lr: float = 2e-3
    folds: int = 5
    shuffles: int = 20


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), enlarging, decoder, train, profile, told, fold_of, ghosts, logistic, spectra)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. Arrays by set ("real", "rebuilt", "drawn", "transposed_0", ...):
    "profile_<set>" [frequencies] geometric mean of the pictures' spectra, "standing_<set>" [64, 64] how far each frequency
    stands out of its neighbours, "told_<set>" uint8 [2, pictures] was a real and a made picture taken for what it is,
    "healed_<set>" the same with the lattice filtered out; "concepts" and "concepts_drawn", numbers of the pictures'
    concepts; "shuffled" [shuffles] accuracies on labels without sense.

    Raises DenoisedError when the file is missing or damaged, Outdated when it was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_traces")


def enlarging(kind: str, wide: int, narrow: int):
    """One doubling of the side, [N, wide, H, W] -> [N, narrow, 2H, 2W], by one of KINDS; both have as many weights."""
    from torch import nn

    if kind == "transposed":
        return nn.ConvTranspose2d(wide, narrow, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(wide, narrow, 3, padding=1))


def decoder(kind: str, seed: int, settings: Settings = SETTINGS):
    """A small decoder, latents [N, 4, h, w] -> pictures [N, 3, 8h, 8w] in about -1..1."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = [nn.Conv2d(4, settings.widths[0], 3, padding=1), nn.ReLU()]
    for wide, narrow in zip(settings.widths, settings.widths[1:], strict=False):
        layers += [enlarging(kind, wide, narrow), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(settings.widths[-1], 3, 3, padding=1))


def train(net, latents, pictures, seed: int, settings: Settings = SETTINGS) -> float:
    """Teach a decoder pictures uint8 [N, 3, H, W] of their latents [N, 4, h, w]; the mean error of the last hundredth."""
    import torch

    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr)
    errors = []
    for step in range(settings.updates):
        some = torch.randint(len(latents), (settings.batch,), generator=rng)
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * (1 - step / settings.updates)
        error = (net(latents[some]) - (pictures[some].float() / 127.5 - 1)).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        error.backward()
        optimizer.step()
        errors.append(error.item())
    return float(np.mean(errors[-max(1, settings.updates // 100) :]))


def profile(images) -> np.ndarray:
    """Logarithm of the radial power spectrum of the brightness of uint8 [N, H, W, 3], without the mean: [N, H / 2]."""
    light = np.asarray(images).astype(np.float64) @ LUMA / 255
    _, power = spectra.radial_power_spectrum(light[:, None])
    return np.log(power[:, 0, 1:] + 1e-12)


def fold_of(concepts, settings: Settings = SETTINGS) -> np.ndarray:
    """Which fold each picture is in, [N]: pictures of one concept in one."""
    names, place = np.unique(concepts, return_inverse=True)
    return np.random.default_rng(0).permutation(np.arange(len(names)) % settings.folds)[place]


def told(real, made, concepts, settings: Settings = SETTINGS, shuffle: int | None = None) -> np.ndarray:
    """Was each real and each made picture taken for what it is? bool [2, N], from features [N, F] of pairs of the same
    concept, each pair by a detector that was fitted on other concepts. `shuffle`: seed of labels without sense, one of a
    pair being called made by a coin."""
    fold, features = fold_of(concepts, settings), np.stack([real, made])
    truth = np.stack([np.zeros(len(real), bool), np.ones(len(made), bool)])
    if shuffle is not None:
        truth = truth ^ (np.random.default_rng(shuffle).random(len(real)) < 0.5)
    right = np.zeros(truth.shape, bool)
    for k in range(settings.folds):
        fits, asked = fold != k, fold == k
        if asked.any():
            net = logistic.fit(features[:, fits].reshape(-1, features.shape[-1]), truth[:, fits].ravel())
            right[:, asked] = (net.score(features[:, asked]) > 0) == truth[:, asked]
    return right
