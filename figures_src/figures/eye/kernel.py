"""Icons, and what kernels make of them: the still picture under the widget in which a reader types a kernel.

Tests claims: r09-06.
"""

import numpy as np
from scipy.signal import correlate2d

from denoised.probes import kernels
from denoised.probes.metrics import LUMA
from plotting.layout import colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Type a kernel, see its map"

SIDE = 64  # of the pictures that the widget is handed
CAST = (
    ("openmoji", "cat-face", "cat"), ("twemoji", "pizza", "pizza"), ("noto", "rocket", "rocket"),
    ("noto", "tiger-face", "tiger"), ("openmoji", "house", "house"), ("twemoji", "red-heart", "heart"),
    ("noto", "octopus", "octopus"), ("fluent-emoji", "robot", "robot"), ("openmoji", "key", "key"),
    ("twemoji", "grinning-face", "face"), ("noto", "guitar", "guitar"),
    ("openmoji", "umbrella-with-rain-drops", "umbrella"),
)  # fmt: skip
STILL = ("vertical edges", "horizontal edges", "spots")
SETTINGS = [(k, s, p, d) for k in (3,) for s in (1, 2, 3) for p in (0, 1, 2) for d in (1, 2, 3)]
FIXTURES = (("vertical edges", 1, 0, 1), ("spots", 2, 1, 1), ("emboss", 1, 2, 3), ("sharpen", 3, 1, 2))
GRATING = ("vertical edges", "horizontal edges", "spots", "thin lines, upright")


def make(lab, smoke=False):
    specimens = lab.specimens()
    large = np.stack([specimens.one(style=s, concept=c, tone="none") for s, c, _ in CAST])
    small = np.round(large.reshape(len(CAST), SIDE, 2, SIDE, 2, 3).mean((2, 4))).astype(np.uint8)
    grey = small @ LUMA / 255

    mismatches = 0
    for k, s, p, d in SETTINGS:  # the formula against the places that are really there
        for side in (16, 33):
            starts = range(-p, side + p - d * (k - 1), s)
            mismatches += len(starts) != kernels.size_out(side, k, s, p, d)
    similar, usual = [], []
    for picture in grey:
        for name in GRATING:
            answer = correlate2d(picture, kernels.KERNELS[name], mode="valid")
            match = kernels.similarity(picture, kernels.KERNELS[name])
            similar.append(match.flat[answer.argmax()])
            usual.append(np.abs(match[np.abs(answer) > 1e-6]).mean())
    stripes = np.tile([0.0, 1.0], SIDE // 2)[None].repeat(SIDE, 0)
    thin = np.array(kernels.KERNELS["thin lines, upright"])
    n = {
        "size_mismatches": mismatches,
        "sizes_tried": 2 * len(SETTINGS),
        "similarity_at_peak": float(np.mean(similar)),
        "similarity_usual": float(np.mean(usual)),
        "pictures": len(CAST),
        "side": SIDE,
        "side_out": kernels.size_out(SIDE),
        "side_stride2": kernels.size_out(SIDE, stride=2),
        "stripes_stride1": float(kernels.convolve(stripes, thin).std()),
        "stripes_stride2": float(kernels.convolve(stripes, thin, stride=2).std()),
    }
    maps = {name: [kernels.convolve(g, kernels.KERNELS[name]) for g in grey[:4]] for name in STILL}

    fixtures = []
    for name, stride, padding, dilation in FIXTURES:
        patch = small[0, 16:32, 16:32].astype(float).mean(-1).round().astype(int)
        made = kernels.convolve(patch, kernels.KERNELS[name], stride, padding, dilation)
        fixtures.append({"kernel": name, "stride": stride, "padding": padding, "dilation": dilation,
                         "picture": patch.tolist(), "answer": made.round().astype(int).tolist()})  # fmt: skip
    data = {"size": SIDE, "pictures": [label for *_, label in CAST], "luma": [round(float(v), 4) for v in LUMA],
            "kernels": {name: [v for row in rows for v in row] for name, rows in kernels.KERNELS.items()},
            "fixtures": fixtures}  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        grid = [
            [large[i], *(colour_map(maps[name][i], theme, limit=0.8 * np.abs(maps[name][i]).max()) for name in STILL)]
            for i in range(4)
        ]
        words = ["icon", "upright\nedges", "level\nedges", "spots"] if narrow else ["the icon", *STILL]
        image_grid(fig, grid, columns=words, gap=6 if narrow else 12, cell=84 if narrow else 128, x=0 if narrow else 80,
                   smooth=True, size=11 if narrow else 12)  # fmt: skip
        return fig

    return Output(
        alt=(
            "Four icons and the answers of three kernels of nine numbers to each: blue where the answer is "
            "positive, brown "
            "where it is negative, blank where it is zero. Upright edges light up under the first kernel, "
            "level ones under "
            f"the second, spots and outlines under the third. The maps are {n['side']} places a side."
        ),
        caption=(
            "**A map of where the pattern is.** Each kernel slides over each icon; blue is a positive answer, brown a "
            f"negative one. Where an answer is largest, patch and kernel correlate with {n['similarity_at_peak']:.2f} "
            f"(mean over {n['pictures']} icons and {len(GRATING)} kernels; {n['similarity_usual']:.2f} in "
            "size where there "
            f"is any answer). With {n['sizes_tried']} combinations of side, stride, padding and dilation the "
            "number of places "
            f"was as the formula says but for {n['size_mismatches']}. On stripes one pixel wide, a stride of "
            "two sees a "
            f"spread of {n['stripes_stride2']:.0f} where a stride of one sees {n['stripes_stride1']:.0f}: it "
            "always lands on "
            "the same phase."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files={"sheet.webp": np.concatenate(list(small), axis=1)},
    )
