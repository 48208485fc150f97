"""An autoencoder that has only met blurred pictures: tiny autoencoders that differ in their training pictures alone.

    python scripts/lab_blurred.py        # about two minutes on one core; writes blurred.npz beside this file

Pictures are 32x32, as in `studies.kl`, whose networks and training these are. The blurred ones were shrunk to 8x8 and
enlarged again, the factor of four that lies between 32 and 128 pixels.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies, power_spectrum
from denoised.studies import kl, shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment; the weight of the KL term is that of the real preset, see `kl.Settings`."""

    weight: float = 1.6e-5
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 500
    pictures: int = 4000  # icons of the training split
    held_out: int = 128  # icons of held-out concepts, always sharp
    shrink: int = 4


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), kl.build, kl.losses, kl.train, kl.psnr, blur, round_trip, detail)


# --8<-- [start:blur]
def blur(pictures, shrink: int = SETTINGS.shrink):
    """uint8 [N, 3, H, W], averaged over patches and enlarged again: what a low-resolution original would give."""
    import torch.nn.functional as F

    small = F.avg_pool2d(pictures.float(), shrink)
    large = F.interpolate(small, scale_factor=shrink, mode="bicubic", align_corners=False)
    return large.clamp(0, 255).round().byte()
    # --8<-- [end:blur]


def round_trip(encoder, decoder, pictures):
    """uint8 [N, 3, 32, 32] coded (the mean) and decoded: (pictures uint8 [N, 32, 32, 3], mean PSNR in dB)."""
    import torch

    x = pictures.float() / 127.5 - 1
    with torch.no_grad():
        y = decoder(encoder(x).clamp(-30, 20).chunk(2, dim=1)[0])
    return kl._show(y), kl.psnr(y, x)


def detail(made, real) -> float:
    """Energy of what shrinking leaves no room for, in the brightness of `made` over that of `real`, uint8 [N, H, W, 3]."""
    fine = frequencies(*real.shape[1:3]) >= 0.5 / SETTINGS.shrink
    energy = [power_spectrum(pictures @ LUMA)[:, fine].sum() for pictures in (made, real)]
    return float(energy[0] / energy[1])


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: facts["psnr"] and ["detail"] of "sharp" and "blurred", one number a seed,
    and a few pictures of the first seed, arrays["original"], ["sharp"], ["blurred"], uint8 [N, 32, 32, 3].

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_blurred")
