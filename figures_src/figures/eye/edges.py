"""What the kernel with columns -1, 0, 1 really answers to: edges and bars of every direction and width.

Tests claims: r09-07.
"""

import numpy as np

from denoised.probes import kernels
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Lines or edges?"

SIDE, FINE = 33, 8  # pixels, and samples a pixel, so that slanted edges are smooth
WIDTHS = (1, 2, 3, 4, 6, 8)


def scene(angle: float, width: float | None) -> np.ndarray:
    """float [SIDE, SIDE] in [0, 1]: a bright half (width None) or a bright bar through the middle, whose edge runs
    `angle` degrees away from upright."""
    steps = (np.arange(SIDE * FINE) + 0.5) / FINE - SIDE / 2
    y, x = np.meshgrid(steps, steps, indexing="ij")
    across = np.cos(np.radians(angle)) * x + np.sin(np.radians(angle)) * y
    bright = across > 0 if width is None else np.abs(across) < width / 2
    return bright.astype(float).reshape(SIDE, FINE, SIDE, FINE).mean((1, 3))


def make(lab, smoke=False):
    kernel = np.array(kernels.KERNELS["vertical edges"])
    angles = np.arange(0, 181, 30 if smoke else 5)
    middle = slice(SIDE // 2 - 6, SIDE // 2 + 5)  # away from the picture's borders

    def respond(picture, k=kernel):
        return kernels.convolve(picture, k)[middle, middle]

    edge = {name: np.array([np.abs(respond(scene(a, None), k)).max() for a in angles])
            for name, k in (("upright", kernel), ("turned", kernel.T))}  # fmt: skip
    signed = np.array([respond(scene(a, None))[5, 5] for a in angles])
    line = np.array([np.abs(respond(scene(a, 1))).max() for a in angles])
    profiles = {name: kernels.convolve(scene(0, w), kernel)[SIDE // 2 - 1] for name, w in
                (("edge", None), ("thin line", 1), ("broad bar", 8))}  # fmt: skip
    centre = SIDE // 2 - 1
    thin = profiles["thin line"]
    top = edge["upright"].max()
    half = float(np.interp(0.5, (edge["upright"] / top)[angles <= 90][::-1], angles[angles <= 90][::-1]))
    n = {
        "edge_peak": float(top),
        "edge_one_sign": int(profiles["edge"].min() >= -1e-9),
        "line_centre": float(thin[centre] / np.abs(thin).max()),
        "line_flank": float(np.abs(thin[[centre - 1, centre + 1]]).min() / top),
        "line_signs": int(np.sign(thin[centre - 1]) != np.sign(thin[centre + 1])),
        "horizontal": float(np.interp(90, angles, edge["upright"]) / top),
        "turned_horizontal": float(np.interp(90, angles, edge["turned"]) / top),
        "slanted": float(np.interp(45, angles, edge["upright"]) / top) if not smoke else float(edge["upright"][1] / top),
        "half_angle": half,
        "reversed": float(signed[-1] / top),
    } | {f"bar_{w}": float(np.abs(respond(scene(0, w))).max() / top) for w in WIDTHS}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        w = 300 if narrow else 290
        fig.note(0, 0, "Along one row of pixels", size=14, weight=600)
        y = 26
        for name, colour in (("edge", "image"), ("thin line", "prediction"), ("broad bar", "latent")):
            ax = fig.area(36, y + 22, w, 62)
            fig.note(36, y, name, colour, 12, weight=600)
            x = np.arange(len(profiles[name])) - centre
            ax.bar(x, profiles[name], width=0.8, color=theme.colour(colour))
            ax.axhline(0, color=theme.muted, linewidth=1)
            ax.set(xlim=(-9.5, 9.5), ylim=(-3.4, 3.4), yticks=(-3, 0, 3), xticks=())
            y += 96
        left, top_y = (36, y + 30) if narrow else (390, 26)
        fig.note(left - 36, top_y - 26, "Strongest answer by direction of the edge", size=14, weight=600)
        ax = fig.area(left, top_y + 8, 230 if narrow else 236, 230, below=44)
        ax.plot(angles, edge["upright"], color=theme.image, label="u")
        ax.plot(angles, edge["turned"], color=theme.noise, label="t", linestyle=(0, (4, 2)))
        ax.plot(angles, line, color=theme.prediction, label="l")
        label_ends(ax, {"u": "edge", "t": "edge, turned", "l": "thin line"}, size=12, gap=20)
        ax.set(xlim=(0, 180), ylim=(-0.1, 3.3), xticks=(0, 45, 90, 135), yticks=(0, 1, 2, 3))
        ax.set_xlabel("degrees from upright")
        return fig

    return Output(
        alt=(
            "Left, three bar charts of the kernel's answer along a row: an edge gives one bump of one sign; "
            "a thin line "
            f"gives a bump up and a bump down with {n['line_centre']:.2f} in its middle; a broad bar gives "
            "two bumps far "
            f"apart. Right, the strongest answer by direction: {n['edge_peak']:.0f} for an upright edge, "
            f"{n['slanted']:.0%} of it at 45 degrees, {n['horizontal']:.0%} for a level one."
        ),
        caption=(
            "**It answers to steps, not to lines.** An upright step from dark to bright gives one sign, the "
            "reverse step "
            f"the other (minus {abs(n['reversed']):.0%} of the peak). In the middle of a line one pixel thin the answer is "
            f"{n['line_centre']:.2f}, and beside it plus and minus. At 45 degrees an edge still gets "
            f"{n['slanted']:.0%} of the full answer, half is left at {n['half_angle']:.0f} degrees, and a "
            "level edge gets "
            f"{n['horizontal']:.0%}. The control, the same kernel turned by a quarter, prefers just that one "
            f"({n['turned_horizontal']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
