"""Where washed-out pictures come from: saturation and contrast after a round trip with the matching decoder
and scale, and after the same latents met another decoder or were decoded with a wrong scale.

Tests claims: r10-11.
"""

import numpy as np

from denoised import measured
from denoised.measured import vae_colour
from denoised.measured.vae_colour import SD_SCALE, versions
from plotting.layout import chunk, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "Washed out, and why"

EXAMPLES = (("noto", "octopus"), ("twemoji", "rocket"))


def make(lab, smoke=False):
    n, _ = measured.results(lab, vae_colour, smoke)
    shown = np.stack([lab.specimens().one(style=s, concept=c, tone="none") for s, c in EXAMPLES])
    rows = versions(lab, shown)
    words = {"matched": "right scale", "openmoji": "OpenMoji\ndecoder", "noto": "Noto\ndecoder",
             "unscaled": "scale\nleft out", "misscaled": "scale of\nSD 1.5"}  # fmt: skip

    def signed(value):
        return f"{'+' if value >= 0 else '−'}{abs(value):.0%}"

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        heads = [("original", shown, "")]
        heads += [
            (words[name], rows[name],
             f"saturation {signed(n[f'saturation_{name}'])}\ncontrast {signed(n[f'contrast_{name}'])}")
            for name in words
        ]
        y = 0
        for some in chunk(heads, 3 if narrow else 6):
            grid = [[pictures[k] for _, pictures, _ in some] for k in range(len(EXAMPLES))]
            labels = [[""] * len(some)] * (len(EXAMPLES) - 1) + [[told for _, _, told in some]]
            columns = [word if "\n" in word else "\n" + word for word, _, _ in some]
            cell = 114 if narrow else 112
            y = image_grid(fig, grid, y=y, columns=columns, labels=labels, gap=9, cell=cell, size=11)
            y += 16
        fig.set_height(y - 16)
        return fig

    return Output(
        alt=(
            "Two icons, decoded six ways. With the right scale colours match the original (saturation "
            f"{signed(n['saturation_matched'])} on average); with the scale left out they change by "
            f"{signed(n['saturation_unscaled'])}, with Stable Diffusion's factor by "
            f"{signed(n['saturation_misscaled'])}; the OpenMoji decoder gives "
            f"{signed(n['saturation_openmoji'])}, the Noto decoder {signed(n['saturation_noto'])}."
        ),
        caption=(
            "**A matching decoder leaves colours alone; a mismatch does not.** Mean change over "
            f"{n['icons']} unseen icons, inside the drawing. A round trip changes saturation by "
            f"{signed(n['saturation_matched'])} (95 % interval {signed(n['matched_low'])} to "
            f"{signed(n['matched_high'])}) and contrast by {signed(n['contrast_matched'])}. The same "
            f"latents decoded without undoing the factor {n['scaling_factor']:.3f}: "
            f"{signed(n['saturation_unscaled'])} and {signed(n['contrast_unscaled'])}; with the factor "
            f"{SD_SCALE}, which belongs to another model: {signed(n['saturation_misscaled'])} and "
            f"{signed(n['contrast_misscaled'])}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
