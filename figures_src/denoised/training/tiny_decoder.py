"""Train the tiny decoder on the frozen autoencoder's latents: pictures in, pictures out, no teacher in between."""

import torch

from denoised.data import splits
from denoised.data.icons import on_white
from denoised.models import tiny
from denoised.training import diets, images, loop
from denoised.training.autoencoder import reconstruction_loss
from denoised.training.denoiser import encode_all
from denoised.training.presets import Preset

SIDE, FACTOR = 8, 8  # of a window in latent pixels; pixels a latent pixel


def windows(z: torch.Tensor, pictures: torch.Tensor, batch: int, generator: torch.Generator):
    """(latents [batch, 4, SIDE, SIDE], float pictures [batch, 3, 64, 64]): matching windows at random places. The less
    blank of two, as in `images.crops`; no flips, since the latent of a mirrored picture is not the mirrored latent."""
    reach = z.shape[-1] - SIDE + 1

    def integers(high: int) -> list[int]:
        return torch.randint(high, (batch,), generator=generator).tolist()

    pick, places = integers(len(z)), [(integers(reach), integers(reach)) for _ in range(2)]
    some, patches = [], []
    for b, i in enumerate(pick):
        found = []
        for tops, lefts in places:
            top, left = tops[b], lefts[b]
            patch = pictures[i, :, FACTOR * top : FACTOR * (top + SIDE), FACTOR * left : FACTOR * (left + SIDE)].float()
            found.append((patch[:, ::4, ::4].std().item(), top, left, patch))
        _, top, left, patch = max(found, key=lambda f: f[0])
        some.append(z[i, :, top : top + SIDE, left : left + SIDE])
        patches.append(patch)
    return torch.stack(some), torch.stack(patches).div_(127.5).sub_(1)


def train_tiny(preset: Preset, vae, **limits):
    """A new tiny decoder, from random weights. Returns (decoder, report).

    extra: `diet` (diets.py) and `icons`, how many icons of it are encoded once and learnt from.
    """
    torch.manual_seed(preset.seed)
    decoder, rows = tiny.build(), splits.load()
    chosen = diets.draw(rows, preset.extra["diet"], preset.extra["icons"], preset.seed)
    pictures = torch.from_numpy(on_white(images.rgba_at(chosen))).permute(0, 3, 1, 2).contiguous()
    z = encode_all(vae, pictures)

    def loss_of(step, generator):
        some, x = windows(z, pictures, preset.batch, generator)
        with loop.bf16():
            y = decoder(some).float()
        return reconstruction_loss(y, x), {}

    report = {"icons": len(chosen)} | loop.train(preset, decoder, loss_of, **limits)
    return decoder, report
