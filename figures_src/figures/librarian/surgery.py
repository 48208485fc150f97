"""Does the decoder know anatomy? Two blocks of a latent change places and the result is decoded: is the error drawn or
repaired? As a control, the U-Net gets the same broken latent for a short image-to-image pass.

Tests claims: r13-07.
"""

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.data.splits import Row
from denoised.pipeline import decode, encode
from denoised.probes.metrics import bootstrap_ci, psnr
from denoised.probes.restore import swap_blocks, touch_up
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "An eye on the forehead"

# The protocol below was settled while looking at faces of noto, twemoji and fluent-emoji-flat. What is measured are the
# same and one more face in the other styles, which nobody had looked at by then; they are taken all, in this order.
BLOCK = 3  # latent cells a side
EYE, FOREHEAD = (7, 3), (3, 6)  # upper left corners, in cells
SMALLEST = 100  # mean squared difference of pixels below which the exchange makes no wound to speak of
STRENGTH, STEPS, GUIDANCE = 0.6, 6, 2.0
FACES = ("cat-face", "dog-face", "tiger-face", "grinning-face", "robot", "skull", "loudly-crying-face")
STYLES = ("openmoji", "fluent-emoji", "emojione", "noto-v1", "fxemoji")
EVERY = 3  # the U-Net takes its turn on every third face


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    picks = [i for c in FACES for s in STYLES for i in specimens.where(concept=c, style=s, tone="none")[:1]]
    picks = picks[:: 6 if smoke else 1]
    images = specimens.images[picks]
    z = encode(pipe.vae, images)
    cut = swap_blocks(z, EYE, FOREHEAD, BLOCK)
    whole, drawn = decode(pipe.vae, z), decode(pipe.vae, cut)
    scale = images.shape[1] // z.shape[-1]
    pixels = torch.from_numpy(whole).permute(0, 3, 1, 2)
    corners = [tuple(scale * side for side in corner) for corner in (EYE, FOREHEAD)]
    pasted = swap_blocks(pixels, *corners, BLOCK * scale).permute(0, 2, 3, 1).numpy()
    mask = np.zeros(images.shape[1:3], bool)
    for top, left in corners:
        mask[top : top + BLOCK * scale, left : left + BLOCK * scale] = True

    def error(a, b):
        """Mean squared difference inside the two blocks, for each picture."""
        return ((a.astype(float) - b)[:, mask] ** 2).mean((1, 2))

    # the U-Net's turn, on some of them: the broken latent and, for comparison, the whole one, with the same noise
    few = range(0, len(picks), EVERY)
    words = [prompt(Row(**specimens.records[picks[i]])) for i in few]
    noise = torch.randn(z[list(few)].shape, generator=lab.generator("noise"))
    settings = {"strength": STRENGTH, "steps": 2 if smoke else STEPS, "guidance": GUIDANCE}
    mended, kept = (
        decode(pipe.vae, touch_up(pipe, some[list(few)], words, noise, **settings)) for some in (cut, z)
    )  # fmt: skip
    wound = error(pasted, whole)  # what the operation does to the picture, if nobody repairs it
    enough = wound > SMALLEST
    by_decoder = (1 - error(drawn, whole) / np.maximum(wound, 1))[enough]
    subset = enough[list(few)]
    by_unet = (1 - error(mended, kept) / np.maximum(wound[list(few)], 1))[subset]
    low, high = bootstrap_ci(by_decoder, statistic=np.median)
    unet_low, unet_high = bootstrap_ci(by_unet, statistic=np.median)
    n = {
        "pictures": int(enough.sum()), "pictures_unet": int(subset.sum()), "block": BLOCK, "faces": len(picks),
        "block_pixels": BLOCK * scale,
        "decoder_repairs": float(np.median(by_decoder)), "decoder_low": low, "decoder_high": high,
        "unet_repairs": float(np.median(by_unet)), "unet_low": unet_low, "unet_high": unet_high,
        "faithful_db": float(psnr(drawn, pasted).mean()), "strength": STRENGTH,
        "pass_db": float(psnr(kept, whole[list(few)]).mean()),
        "elsewhere_db": float(psnr(drawn, whole, np.repeat(~mask[None], len(whole), 0)).mean()),
    }  # fmt: skip
    rows = [[whole[i], pasted[i], drawn[i], mended[k]] for k, i in enumerate(few)]
    # shown are the largest wounds, so that there is something to see
    rows = [rows[k] for k in sorted(np.argsort(-wound[list(few)])[: 1 if smoke else 3])]
    columns = ["decoded", "the same cut,\nmade in pixels", "cut in the latent,\nthen decoded", "cut, then\nthe U-Net"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        words = ["decoded", "cut in\npixels", "cut in\nlatent", "then the\nU-Net"] if narrow else columns
        cell, gap = (84, 8) if narrow else (112, 10)
        y = image_grid(fig, rows, columns=words, cell=cell, gap=gap)
        x, top = (0, y + 26) if narrow else (4 * 122 + 18, 44)
        width = fig.width - x
        fig.note(x, top, "How much of the wound\nis gone?" if not narrow else "How much of the wound is gone?", size=14,
                 weight=600)  # fmt: skip
        top += 26 if narrow else 48
        parts = (("after decoding", by_decoder, "latent"), ("after the U-Net", by_unet, "prediction"))
        ax = fig.area(x + 46, top, width - 54, 210, below=50)
        for i, (_, some, colour) in enumerate(parts):
            spot = i + np.linspace(-0.16, 0.16, len(some))
            ax.plot(spot, np.maximum(some, -1.0), "o", color=theme.colour(colour), markersize=6, alpha=0.75)
            ax.plot([i - 0.28, i + 0.28], [np.median(some)] * 2, color=theme.ink, linewidth=1.8)
        ax.axhline(0, color=theme.muted, linewidth=1.2)
        ax.set_xlim(-0.5, 1.5)
        ax.set_xticks([0, 1], [word.replace("after ", "after\n") for word, _, _ in parts])
        ax.set_ylim(-1.08, 1.08)
        ax.set_yticks([-1, -0.5, 0, 0.5, 1], ["−100%", "−50%", "0%", "50%", "100%"])
        return fig

    return Output(
        alt=(
            "Three faces, each decoded whole, with a block beside the nose and one on the forehead exchanged in the "
            "pixels, with the same exchange made in the latent and then decoded, and after a short pass of the U-Net. "
            f"Decoding leaves everything where it was put. The two exchanges are {n['faithful_db']:.1f} dB apart; "
            f"decoding removes {n['decoder_repairs']:.0%} of the wound, the U-Net's pass {n['unet_repairs']:.0%}."
        ),
        caption=(
            f"**Nobody puts the eye back.** In {n['pictures']} faces two blocks of {BLOCK} by {BLOCK} latent cells, "
            "one on the forehead and one where an eye or its neighbourhood is, changed places. Of the damage that the "
            f"same cut does in pixels, decoding "
            f"removes {n['decoder_repairs']:.0%} (median; 95 % interval {n['decoder_low']:+.0%} to "
            f"{n['decoder_high']:+.0%}; "
            "below "
            f"nothing means more damage, since the decoder reads each cell together with its neighbours). The picture "
            f"outside of the blocks stays {n['elsewhere_db']:.1f} dB from what it was. Control: an image-to-image "
            "pass of "
            f"the U-Net at strength {STRENGTH} with the face's own caption, on {n['pictures_unet']} of them, against "
            "the "
            f"same pass from the whole latent, removes {n['unet_repairs']:.0%} ({n['unet_low']:+.0%} to "
            f"{n['unet_high']:+.0%}); its price is that it redraws the unbroken rest as well ({n['pass_db']:.1f} dB). "
            "Dots "
            "beyond −100 % are drawn there; shown are the largest wounds."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
