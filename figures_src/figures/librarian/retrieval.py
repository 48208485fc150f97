"""What a librarian would bring instead: for icons that the autoencoder never saw, the likest whole training icon and a
mosaic of the likest training patches, next to what the decoder returns; with few books on the shelves, and with all.

Tests claims: r13-08. Read from the results of `scripts/lab_shelves.py`.
"""

import numpy as np

from denoised.errors import DenoisedError
from denoised.probes.metrics import bootstrap_ci, psnr
from denoised.studies import shelf, shelves
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "What retrieval would have brought"
TINY_ONLY = "It reads a study of this project's autoencoder and of all its training pictures."


def decibels(error):
    """PSNR of the mean squared error, in dB."""
    return float(10 * np.log10(255**2 / np.mean(error)))


def make(lab, smoke=False):
    facts, arrays = shelves.load()
    if facts["weights"] != shelf.weights_digest(lab.weight("emoji-sd/vae")):
        raise DenoisedError("The shelves were searched for another autoencoder: run `python scripts/lab_shelves.py`.")
    sizes, last = facts["sizes"], len(facts["sizes"]) - 1
    ours = arrays["ours_error"]
    wins = [ours < arrays[f"copied_{k}"] for k in range(len(sizes))]
    # patches of one icon resemble each other: whole icons are drawn again
    by_icon = [wins[last][arrays["icon"] == i].mean() for i in np.unique(arrays["icon"])]
    low, high = bootstrap_ci(np.array(by_icon), n=1000)
    whole_db = [float(np.mean(10 * np.log10(255**2 / arrays[f"whole_{k}"]))) for k in range(len(sizes))]
    patch_db = [decibels(arrays[f"wanted_{k}"]) for k in range(len(sizes))]
    whole_last = 10 * np.log10(255**2 / arrays[f"whole_{last}"])
    n = {
        "archive": facts["archive"], "icons": facts["icons"], "patches": facts["patches"], "side": shelves.SETTINGS.side,
        "patches_in_archive": facts["patches_in_archive"], "archive_small": sizes[0],
        "psnr_vae": float(arrays["vae_db"].mean()), "psnr_whole": whole_db[last],
        "psnr_mosaic": patch_db[last], "psnr_mosaic_small": patch_db[0], "psnr_copy": decibels(arrays[f"copied_{last}"]),
        "psnr_vae_patches": decibels(ours),
        "beats_copy": float(wins[last].mean()), "beats_copy_low": low, "beats_copy_high": high,
        "beats_copy_small": float(wins[0].mean()), "beats_best": float((ours < arrays[f"wanted_{last}"]).mean()),
        "beats_whole": float((arrays["vae_db"] > whole_last).mean()),
    }  # fmt: skip
    images, back, whole, mosaic = (arrays[name] for name in ("pictures", "back", "whole", "mosaic"))
    shares = [float(w.mean()) for w in wins]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["unseen icon", "autoencoder", "likest\ntraining icon", "likest\ntraining patches"]
        if narrow:
            columns = ["unseen\nicon", "auto-\nencoder", "likest\nicon", "likest\npatches"]
        grid = [list(row) for row in zip(images, back, whole, mosaic, strict=True)]
        labels = [["", *(f"{psnr(x[None], row[0][None])[0]:.1f} dB" for x in row[1:])] for row in grid]
        if narrow:
            y = image_grid(fig, grid, columns=columns, labels=labels, gap=8, cell=84, size=11) + 26
            x, width, height = 0, fig.width, 170
        else:
            image_grid(fig, grid, columns=columns, labels=labels, gap=8, cell=92)
            x, y, width, height = 420, 0, fig.width - 420, 176
        ticks = [size for size in (100, 1000, 10000) if size <= sizes[-1]]

        def axes(y, title, below):
            fig.note(x, y, title, size=13, weight=600)
            ax = fig.area(x + 42, y + 26, width - 52, height, below=below)
            ax.set_xscale("log")
            ax.set_xticks(ticks, [f"{size:,}" for size in ticks])
            ax.minorticks_off()
            ax.set_xlim(0.8 * sizes[0], 1.25 * sizes[-1])
            return ax

        ax = axes(y, "Likeness (dB), by training icons at hand", 24)
        ax.plot(sizes, whole_db, "o-", color=theme.noise)
        ax.plot(sizes, patch_db, "o-", color=theme.prediction)
        ax.axhline(n["psnr_vae"], color=theme.latent, linewidth=1.6)
        ax.axhline(n["psnr_vae_patches"], color=theme.latent, linewidth=1.6, linestyle="--")
        ax.set_ylim(min(whole_db) - 3, max(n["psnr_vae"], *patch_db) + 2.5)
        side = {"dx": 0, "ha": "left", "fontsize": 12}
        label_point(ax, sizes[0], n["psnr_vae"], "autoencoder, whole icons", "latent", dy=8, **side)
        label_point(ax, sizes[0], n["psnr_vae_patches"], "autoencoder, patches", "latent", dy=8, **side)
        label_point(ax, sizes[-1], patch_db[-1], "likest patches", "prediction", dx=0, dy=-34, ha="right", fontsize=12)
        label_point(ax, sizes[-1], whole_db[-1], "likest icon", "noise", dx=0, dy=-13, ha="right", fontsize=12)
        y += 26 + height + 44
        ax = axes(y, "Decoder better than the copy", 44)
        ax.plot(sizes, shares, "o-", color=theme.latent, label="share")
        ax.axhline(0.5, color=theme.muted, linewidth=1.2)
        ax.set_ylim(0, 1)
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
        ax.set_xlabel("training icons at hand")
        label_point(ax, sizes[-1], shares[-1], f"{shares[-1]:.0%}", "latent", dx=0, dy=12, ha="right")
        return fig

    return Output(
        alt=(
            f"Four unseen icons beside the autoencoder's round trip, the likest of {n['archive']:,} training icons, "
            f"which shows another thing, and a mosaic of the likest training patches. Whole icons: autoencoder "
            f"{n['psnr_vae']:.1f} dB, likest icon {n['psnr_whole']:.1f}. Patches: autoencoder "
            f"{n['psnr_vae_patches']:.1f} dB, likest patch {n['psnr_mosaic']:.1f}. Two plots by size of the archive: "
            f"retrieval gains, and the decoder's patch beats the copy in {n['beats_copy_small']:.0%} of cases with "
            f"{n['archive_small']} icons at hand and in {n['beats_copy']:.0%} with all."
        ),
        caption=(
            f"**The librarian's best offer.** For {n['icons']} unseen icons: the likest of all {n['archive']:,} "
            "training icons (without flags and copies in other skin tones) reaches "
            f"{n['psnr_whole']:.1f} dB, the autoencoder {n['psnr_vae']:.1f}. Cut into patches of {n['side']} pixels, "
            f"without blank ones, {n['patches']} of them drawn by chance: if each of the decoder's patches is exchanged "
            "for the training patch that it resembles most, the decoder's own is the better one in "
            f"{n['beats_copy']:.0%} of cases (95 % interval, icons drawn again, {n['beats_copy_low']:.0%} to "
            f"{n['beats_copy_high']:.0%}); with {n['archive_small']} icons at hand it was {n['beats_copy_small']:.0%}. "
            f"A librarian who is shown the original and picks from {n['patches_in_archive'] / 1e6:.1f} million patches "
            f"gets {n['psnr_mosaic']:.1f} dB against the decoder's {n['psnr_vae_patches']:.1f}; hers is the worse patch "
            f"in {n['beats_best']:.0%} of cases."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
