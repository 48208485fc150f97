"""What a librarian would bring instead: for icons that the autoencoder never saw, the likest whole training icon and a
mosaic of the likest training patches, next to what the decoder returns.

Tests claims: r13-08.
"""

import numpy as np

from denoised.data import splits
from denoised.pipeline import decode, encode
from denoised.probes.archive import cells, nearest, uncells, windows
from denoised.probes.metrics import bootstrap_ci, psnr
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "What retrieval would have brought"

SIDE = 8  # pixels: the patch that one latent cell looks after
SHOWN = 4
RANKS = (0.15, 0.4, 0.65, 0.9)  # of the round trips' likeness, so that the shown are not picked
SHARES = (8, 4, 2, 1)  # archives of an eighth, a quarter, half and all of the training icons in a clone


def decibels(error):
    return float(10 * np.log10(255**2 / np.mean(error)))


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    known = specimens.where(split="train")[:: 16 if smoke else 1]
    unseen = specimens.where(split="concept")[:: 24 if smoke else 5]
    archive, images = specimens.images[known], specimens.images[unseen]
    back = decode(vae, encode(vae, images))

    # whole icons: the librarian may look at the original itself
    everything = np.random.default_rng(0).permutation(len(archive))  # so that part of the archive is a fair part
    flat = archive[everything].reshape(len(archive), -1)
    whole_db = {}
    for share in SHARES:
        found, error = nearest(images.reshape(len(images), -1), flat[: len(flat) // share])
        whole_db[share] = float(np.mean(10 * np.log10(255**2 / error)))
    whole = flat[found].reshape(images.shape).astype(np.uint8)

    # patches: near the decoder's own, as copying would have to be, and, to be generous, near the original's
    truth, ours = cells(images, SIDE), cells(back, SIDE)
    busy = np.flatnonzero(np.ptp(truth, axis=1) > 8)
    order = np.argsort(psnr(back, images))
    places = [int(order[round(r * (len(order) - 1))]) for r in RANKS[:SHOWN]]
    per = truth.shape[0] // len(images)
    drawn = [q for p in places for q in range(p * per, (p + 1) * per)]
    sample = np.random.default_rng(1).permutation(busy)[: 100 if smoke else 1500]
    asked = np.unique(np.concatenate([sample, drawn]))
    rows, origin = windows(archive[everything], SIDE)
    copied, _ = nearest(ours[asked], rows)
    patch_db, within = {}, np.isin(asked, sample)
    for share in SHARES:
        part = rows[origin < len(archive) // share]
        best, error = nearest(truth[asked], part)
        patch_db[share] = decibels(error[within])
    copy_error = ((rows[copied] - truth[asked]) ** 2).mean(1)
    our_error = ((ours[asked] - truth[asked]) ** 2).mean(1)
    best_error = error

    mosaic = np.zeros((SHOWN, *images.shape[1:]), np.uint8)
    for k, p in enumerate(places):
        at = np.searchsorted(asked, np.arange(p * per, (p + 1) * per))
        mosaic[k] = uncells(rows[best[at]], (1, *images.shape[1:3]), SIDE)[0]
    train_rows = sum(row.split == "train" for row in splits.load())
    wins = (our_error < copy_error)[within]
    low, high = bootstrap_ci(wins.astype(float), n=500)
    doublings = float(np.log2(train_rows / len(archive)))
    n = {
        "archive": len(archive), "training_icons": train_rows, "icons": len(images), "patches": int(within.sum()),
        "patches_in_archive": len(rows), "side": SIDE,
        "psnr_vae": float(psnr(back, images).mean()), "psnr_whole": whole_db[1],
        "psnr_mosaic": decibels(best_error[within]), "psnr_copy": decibels(copy_error[within]),
        "psnr_vae_patches": decibels(our_error[within]),
        "beats_copy": float(wins.mean()), "beats_copy_low": low, "beats_copy_high": high,
        "beats_best": float((our_error < best_error)[within].mean()),
        "beats_whole": float((psnr(back, images) > psnr(whole, images)).mean()),
        "whole_per_doubling_db": (whole_db[1] - whole_db[SHARES[0]]) / np.log2(SHARES[0]),
        "patch_per_doubling_db": (patch_db[1] - patch_db[SHARES[0]]) / np.log2(SHARES[0]),
        "doublings": doublings,
    }  # fmt: skip
    n["whole_extrapolated"] = n["psnr_whole"] + doublings * n["whole_per_doubling_db"]
    n["mosaic_extrapolated"] = n["psnr_mosaic"] + doublings * n["patch_per_doubling_db"]
    sizes = [len(archive) // share for share in SHARES]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["unseen icon", "autoencoder", "likest\ntraining icon", "likest\ntraining patches"]
        if narrow:
            columns = ["unseen\nicon", "auto-\nencoder", "likest\nicon", "likest\npatches"]
        grid = [[images[p], back[p], whole[p], mosaic[k]] for k, p in enumerate(places)]
        labels = [
            ["", *(f"{psnr(x[None], row[0][None])[0]:.1f} dB" for x in row[1:])] for row in grid
        ]  # fmt: skip
        if narrow:
            y = image_grid(fig, grid, columns=columns, labels=labels, gap=8, cell=84, size=11) + 26
            left, top, width = 36, y + 26, fig.width - 52
        else:
            image_grid(fig, grid, columns=columns, labels=labels, gap=8, cell=92)
            y, left, top, width = 0, 450, 44, 200
        words = "Likeness by size of the archive (dB)"
        fig.note(left - 36 if narrow else left - 26, y, words, size=13, weight=600)
        ax = fig.area(left, top, width, 180 if narrow else 300, below=44)
        ax.plot(sizes, [whole_db[s] for s in SHARES], "o-", color=theme.noise)
        ax.plot(sizes, [patch_db[s] for s in SHARES], "o-", color=theme.prediction)
        for key, start, colour in (("whole", whole_db, "noise"), ("mosaic", patch_db, "prediction")):
            ax.plot([sizes[-1], train_rows], [start[1], n[f"{key}_extrapolated"]], ":", color=theme.colour(colour))
        ax.axhline(n["psnr_vae"], color=theme.latent, linewidth=1.6)
        ax.axhline(n["psnr_vae_patches"], color=theme.latent, linewidth=1.6, linestyle="--")
        ax.set_xscale("log")
        ax.set_xticks([30, 200, 2000, 20000], ["30", "200", "2,000", "20,000"])
        ax.minorticks_off()
        ax.set_xlim(20, 24000)
        lows = [*whole_db.values(), *patch_db.values()]
        ax.set_ylim(min(lows) - 2, max(*lows, n["psnr_vae"], n["mosaic_extrapolated"]) + 2.5)
        ax.set_xlabel("training icons in the archive")
        side = {"dx": 0, "ha": "left"}
        label_point(ax, 22, n["psnr_vae"], "autoencoder, whole", "latent", dy=9, **side)
        label_point(ax, 23500, n["psnr_vae_patches"], "autoencoder, patches", "latent", dx=0, dy=-9, ha="right")
        label_point(ax, sizes[0], whole_db[SHARES[0]], "likest icon", "noise", dy=-13, **side)
        label_point(ax, sizes[0], patch_db[SHARES[0]], "likest patches", "prediction", dy=-13, **side)
        return fig

    return Output(
        alt=(
            f"Four unseen icons beside the autoencoder's round trip, the likest of {n['archive']} training icons, "
            f"which shows another thing, and a mosaic of the likest training patches. Whole icons: autoencoder "
            f"{n['psnr_vae']:.1f} dB, likest icon {n['psnr_whole']:.1f}. Patches: autoencoder "
            f"{n['psnr_vae_patches']:.1f} dB, likest patch {n['psnr_mosaic']:.1f}. A plot shows how retrieval gains "
            "with the size of the archive."
        ),
        caption=(
            f"**The librarian's best offer.** For {n['icons']} unseen icons: the likest of the {n['archive']} training "
            f"icons that the repository ships (of {n['training_icons']:,} that were trained on) reaches "
            f"{n['psnr_whole']:.1f} dB, the autoencoder {n['psnr_vae']:.1f}. Cut into patches of {SIDE} pixels, "
            "without blank ones: if each of the decoder's patches is exchanged for the training patch that it "
            "resembles most, "
            f"the decoder's own is the better one in {n['beats_copy']:.0%} of {n['patches']:,} cases (95 % interval "
            f"{n['beats_copy_low']:.0%} to {n['beats_copy_high']:.0%}). A librarian who is shown the original and "
            f"picks from {n['patches_in_archive']:,} patches gets {n['psnr_mosaic']:.1f} dB against "
            f"{n['psnr_vae_patches']:.1f}, and loses in {n['beats_best']:.0%} of cases. Each doubling of the archive "
            f"adds {n['whole_per_doubling_db']:.2f} dB to whole icons and {n['patch_per_doubling_db']:.2f} to patches; "
            f"the dotted lines go on at that rate to all training icons."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
