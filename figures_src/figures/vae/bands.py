"""Which details the decoder supplies: energy, and agreement with the original, band by band from coarse to
fine, for round trips and for the linear preview enlarged without any decoder. On unseen icons and on a
photograph.

Tests claims: r10-10.
"""

import numpy as np

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies
from plotting.layout import image_grid, resize
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Which details the decoder adds"

EDGES = (0.0078, 1 / 16, 1 / 8, 1 / 4, 0.5)  # cycles a pixel; a latent cell is 8 pixels, so 1/16 is its finest wave
BANDS = ("coarse", "mid_low", "mid_high", "fine")


def bands(made, real):
    """(energy of `made` over that of `real`, correlation of the two) in each band, [4] each, from the brightness of
    pictures uint8 [N, H, W, 3], pooled over all N."""
    a, b = (np.fft.fft2(x @ LUMA) for x in (made, real))
    far = frequencies(*a.shape[-2:])
    energy, match = [], []
    for low, high in zip(EDGES[:-1], EDGES[1:], strict=True):
        ring = (far >= low) & (far < high)
        own, other = (np.abs(x[:, ring]) ** 2 for x in (a, b))
        energy.append(own.sum() / other.sum())
        match.append((a[:, ring] * b[:, ring].conj()).real.sum() / np.sqrt(own.sum() * other.sum()))
    return np.array(energy), np.array(match)


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    unseen = specimens.where(split="concept")[:: 40 if smoke else 2]
    training = specimens.where(split="train")[: 6 if smoke else 96]
    preview = fit_preview(encode(vae, specimens.images[training]), specimens.images[training])
    photo = photos.load()[None]

    results, samples = {}, {}
    for name, images in (("icons", specimens.images[unseen]), ("photo", photo)):
        z = encode(vae, images)
        back = decode(vae, z)
        flat = np.stack([resize(p, 128, 128, smooth=True) for p in preview(z)])
        results[name] = {"decoder": bands(back, images), "linear": bands(flat, images)}
        samples[name] = images, flat, back
    n = {"icons": len(unseen)}
    for subject, ways in results.items():
        for way, (energy, match) in ways.items():
            for k, band in enumerate(BANDS):
                tail = f"{way}_{subject}_{band}"
                n |= {f"energy_{tail}": float(energy[k]), f"match_{tail}": float(match[k])}
    (energy, match), (_, photo_match) = results["icons"]["decoder"], results["photo"]["decoder"]
    n |= {
        "mid_energy": float(energy[1:3].mean()), "mid_match": float(match[1:3].mean()),
        "fine_energy": float(energy[3]), "fine_match": float(match[3]), "fine_match_photo": float(photo_match[3]),
        "fine_energy_photo": float(results["photo"]["decoder"][0][3]),
        "mid_energy_linear": float(results["icons"]["linear"][0][1:3].mean()),
    }  # fmt: skip

    words = ("coarser than\n16 px", "16–8 px", "8–4 px", "finer than\n4 px")
    lines = (("decoder", "photo", "noise"), ("linear", "icons", "latent"), ("decoder", "icons", "image"))
    labels = {
        ("decoder", "icons"): "decoder, icons",
        ("linear", "icons"): "linear map, icons",
        ("decoder", "photo"): "decoder, photo",
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        titles = ("Energy, as a share of the original's", "Agreement with the original")
        y = 0
        for part, title in enumerate(titles):
            x, top = (0, y) if narrow else (part * 380, 0)
            fig.note(x, top, title, size=14, weight=600)
            ax = fig.area(x + 40, top + 34, 304 if narrow else 290, 170, below=52)
            for way, subject, colour in lines:
                values = results[subject][way][part]
                ax.plot(range(4), values, "o-", color=theme.colour(colour), markersize=6)
            ax.set(xlim=(-0.3, 3.3), ylim=(-0.05, max(1.08, *(results[s][w][part].max() * 1.04 for w, s, _ in lines))))
            ax.set_xticks(range(4), words)
            ax.tick_params(labelsize=11)
            ax.axhline(1, color=theme.muted, linewidth=1)
            y = top + 34 + 170 + 60
        x = 0
        for way, subject, colour in lines[::-1]:
            fig.note(x, y, "●", colour, 11)
            fig.note(x + 14, y, labels[way, subject], "ink", 12 if not narrow else 11)
            x += 114 if narrow and way == "decoder" else 130 if narrow else 150
        y += 28
        middle = len(unseen) // 2
        trio = [samples["icons"][k][middle] for k in range(3)]
        photo_trio = [samples["photo"][k][0] for k in range(3)]
        columns = ["original", "linear map", "decoder"]
        if narrow:
            image_grid(fig, [trio, photo_trio], y=y, columns=columns, gap=9, cell=114)
        else:
            image_grid(fig, [trio + photo_trio], y=y, columns=columns * 2, gap=9, cell=112)
        return fig

    return Output(
        alt=(
            "Two plots over four bands of detail, coarse to fine. Energy: the decoder's round trips keep "
            f"{n['mid_energy']:.0%} in the middle bands and {n['fine_energy']:.0%} in the finest, the "
            f"linear map {n['mid_energy_linear']:.0%} in the middle. Agreement with the original: "
            f"{n['mid_match']:.2f} in the middle, {n['fine_match']:.2f} in the finest band for icons, "
            f"{n['fine_match_photo']:.2f} for a photograph. Below: an icon and a cat's face, each as "
            "original, enlarged linear preview, and decoded."
        ),
        caption=(
            "**Detail that was coded comes back; what was not is guessed or gone.** A latent cell covers "
            f"8 pixels, so details finer than 16 cannot stand in the grid as such. On {n['icons']} unseen "
            f"icons the decoder still supplies {n['mid_energy']:.0%} of the energy between 16 and 4 "
            f"pixels, and it agrees with the original (correlation {n['mid_match']:.2f}; the linear map "
            f"has {n['mid_energy_linear']:.0%} of the energy there). In the finest band the agreement is "
            f"{n['fine_match']:.2f}. On a photograph, whose fur the network has never learned, it is "
            f"{n['fine_match_photo']:.2f}, with {n['fine_energy_photo']:.0%} of the energy."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
