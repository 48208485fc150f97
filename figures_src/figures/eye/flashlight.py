"""The kernel for vertical edges sliding over a small picture, number by number, and a count of the arithmetic.

Tests claims: r09-01.
"""

import numpy as np
from matplotlib.patches import Rectangle
from scipy.signal import correlate2d

from denoised.probes import kernels
from denoised.probes.metrics import LUMA
from plotting.layout import colour_map, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, MONO, context, new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "A flashlight of nine numbers"

SIDE = 10  # of the small picture
KERNEL = kernels.KERNELS["vertical edges"]
LIMIT = 27  # grey goes from 0 to 9, so no answer is larger


def make(lab, smoke=False):
    icon = lab.specimens().one(style="twemoji", concept="red-heart", tone="none")
    grey = icon[4:124, 4:124].astype(float) @ LUMA
    small = np.round(9 * grey.reshape(SIDE, 12, SIDE, 12).mean((1, 3)) / 255).astype(int)
    answer, tally = kernels.counted(small, KERNEL)
    library = correlate2d(small, np.array(KERNEL), mode="valid")
    known = {"multiplications", "additions"}
    n = {
        "difference": int(np.abs(answer - library).max()),
        "multiplications": tally["multiplications"],
        "additions": tally["additions"],
        "other_operations": sum(v for name, v in tally.items() if name not in known),
        "places": answer.size,
        "side": SIDE,
        "side_out": len(answer),
        "largest": int(answer.max()),
        "smallest": int(answer.min()),
    }
    places = [(r, c) for r in range(len(answer)) for c in range(len(answer[0]))]

    def draw(theme, narrow, at=None):
        fig = new_figure(theme, narrow)
        r, c = places[5 * len(answer[0]) + 5] if at is None else at
        seen = answer.astype(float).copy()
        if at is not None:
            seen.ravel()[r * len(answer[0]) + c + 1 :] = np.nan
        cell = 30 if not narrow else 34
        size = 11 if narrow else 12

        def table(x, y, values, title, shade, limit):
            fig.note(x, y, title, size=13, weight=600)
            ax = fig.area(x, y + 24, cell * values.shape[1], cell * values.shape[0], grid="")
            ax.set_axis_off()
            ax.set_xlim(0, values.shape[1])
            ax.set_ylim(values.shape[0], 0)
            shown = np.nan_to_num(values)
            ax.imshow(shade(shown, limit), extent=(0, values.shape[1], values.shape[0], 0), aspect="auto")
            for i, j in np.ndindex(values.shape):
                if not np.isnan(values[i, j]):
                    level = shade(shown, limit)[i, j].astype(float) @ LUMA
                    ax.text(j + 0.5, i + 0.53, f"{values[i, j]:.0f}".replace("-", "−"), ha="center", va="center",
                            fontsize=size, family=MONO, color="#14161A" if level > 120 else "#FBF8F2")  # fmt: skip
            return ax

        def greys(values, limit):
            return np.repeat(np.uint8(40 + 215 * values / limit)[..., None], 3, -1)

        def signed(values, limit):
            return colour_map(values, theme, limit=limit)

        left = table(0, 0, small.astype(float), f"The picture, grey from 0 to 9 ({SIDE} × {SIDE})", greys, 9)
        x, y = (44, 24 + SIDE * cell + 112) if narrow else (720 - 8 * cell - 2, 30)
        right = table(x, y, seen, "What the kernel answers (8 × 8)", signed, LIMIT)
        for ax, a, b, w in ((left, c, r, 3), (right, c, r, 1)):
            ax.add_patch(Rectangle(
                (a + 0.04, b + 0.04), w - 0.08, w - 0.08, fill=False, linewidth=3, edgecolor=theme.accent, zorder=5))
        patch = small[r : r + 3, c : c + 3]
        ky = 24 + SIDE * cell + 14
        minus, plus = int(patch[:, 0].sum()), int(patch[:, 2].sum())
        words = f"right column {plus} − left column {minus} = {plus - minus}".replace("= -", "= −")
        kx = 0 if narrow else 328
        ky = ky if narrow else 126
        fig.note(kx, ky if narrow else ky - 24, "Kernel", size=13, weight=600)
        rows = "\n".join("  ".join(f"{v:2d}".replace("-", "−") for v in row) for row in KERNEL)
        fig.note(kx, ky + (22 if narrow else 0), rows, size=12, family=MONO)
        fig.note(124 if narrow else 0, ky + 30 if narrow else 24 + SIDE * cell + 12, words.replace(" − left", "\n− left")
                 .replace(" = ", "\n= ") if narrow else words, "accent", 13, weight=600)  # fmt: skip
        fig.set_height(fig.height + 6)
        return fig

    frames = []
    with context(LIGHT):
        for at in places[:: 8 if smoke else 1]:
            frames.append(rasterize(draw(LIGHT, False, at), scale=1))
    return Output(
        alt=(
            f"A {SIDE} by {SIDE} grid of grey levels, a heart; a frame of 3 by 3 slides over it, and at each of "
            f"{n['places']} places one number is written into a second grid of {n['side_out']} by {n['side_out']}. "
            "Where the picture gets darker from left to right the answer is negative, down to "
            f"{n['smallest']}; where it "
            f"gets lighter it is positive, up to {n['largest']}; in flat regions 0."
        ),
        caption=(
            f"**Nine products and a sum, {n['places']} times.** The kernel's left column counts minus one, its right "
            f"column plus one. All in all {n['multiplications']} multiplications and {n['additions']} "
            "additions of whole "
            f"numbers, and {n['other_operations']} operations of any other kind. A library's answer (SciPy) differs by "
            f"{n['difference']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=5, poster=len(frames) // 2),
    )
