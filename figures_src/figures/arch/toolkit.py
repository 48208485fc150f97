"""One 3x3 convolution by four tools: the same result, very different times, and only one of them gives gradients.

Tests claims: r08-02. Times are read from the results of `scripts/bench_architectures.py`; the results are compared here.
"""

import numpy as np
import torch

from denoised.benchmarks import architectures
from denoised.probes import by_hand
from plotting.output import Output
from plotting.powers import powers
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "One kernel, four tools"

KERNEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
TOOLS = (
    ("python", "plain Python", "muted"),
    ("scipy", "SciPy", "text"),
    ("numpy", "NumPy", "image"),
    ("torch", "PyTorch", "latent"),
)


def make(lab, smoke=False):
    facts = architectures.load()
    times = {tool: facts["convolution"][tool] for tool, _, _ in TOOLS}
    image = lab.specimens().one(concept="cat-face", style="noto").astype(np.float64).mean(2) / 255
    image = image[:24, :24] if smoke else image
    pixels, kernel = torch.tensor(image), torch.tensor(KERNEL, requires_grad=True)
    results = {
        "python": np.array(by_hand.convolve_loops(image.tolist(), KERNEL.tolist())),
        "numpy": by_hand.convolve_numpy(image, KERNEL), "scipy": by_hand.convolve_scipy(image, KERNEL),
        "torch": by_hand.convolve_torch(pixels, kernel),
    }  # fmt: skip
    gradient = torch.autograd.grad(results["torch"].square().sum(), kernel)[0]
    plain = {tool: np.asarray(r.detach() if torch.is_tensor(r) else r) for tool, r in results.items()}
    n = {
        "difference": float(max(np.abs(r - plain["python"]).max() for r in plain.values())),
        "pixels": image.shape[0], "machine": facts["machine"],
        "gradient_norm": float(gradient.norm()),
        "times_python": times["python"] / min(times[tool] for tool in ("numpy", "scipy", "torch")),
        "microseconds_torch": 1e6 * times["torch"], "milliseconds_python": 1e3 * times["python"],
    }  # fmt: skip
    # can one ask the result what it was made from, and so how to change the kernel?
    n |= {f"gradients_{tool}": int(getattr(r, "grad_fn", None) is not None) for tool, r in results.items()}
    n |= {f"ratio_{tool}": times["python"] / times[tool] for tool, _, _ in TOOLS}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Times as fast as loops in plain Python", size=14, weight=600)
        left = 96
        for i, (tool, words, colour) in enumerate(TOOLS):
            y = 30 + 40 * i
            fig.note(left - 10, y + 13, words, "ink", 12, ha="right", va="center")
            ax = fig.area(left, y, fig.width - left - 66, 26, grid="")
            ax.set_axis_off()
            ax.barh([0], [max(np.log10(n[f"ratio_{tool}"]), 0.03)], color=theme.colour(colour), height=1)
            ax.set(xlim=(0, np.log10(max(n[f"ratio_{t}"] for t, _, _ in TOOLS))), ylim=(-0.5, 0.5))
            fig.note(fig.width, y + 13, f"×{n[f'ratio_{tool}']:,.0f}", "ink", 12, ha="right", va="center")
        fig.note(0, 30 + 40 * len(TOOLS), "bars on a log scale; one thread, one run of the benchmark", "muted", 11)
        return fig

    return Output(
        alt=(
            f"Bars: a 3×3 convolution of {n['pixels']}×{n['pixels']} pixels by SciPy is {n['ratio_scipy']:.0f} times "
            "as fast as "
            f"in plain Python, by NumPy {n['ratio_numpy']:.0f} times, by PyTorch {n['ratio_torch']:.0f} times. The "
            "results differ "
            f"by {powers(n['difference'])} at most."
        ),
        caption=(
            "**The same numbers, at very different speeds.** An edge-finding kernel carried over an icon of "
            f"{n['pixels']}×"
            f"{n['pixels']} pixels. All four tools give the same result, to {powers(n['difference'])}. Compared with "
            "loops in plain "
            f"Python SciPy is {n['ratio_scipy']:.0f} times as fast, NumPy {n['ratio_numpy']:.0f} times, PyTorch "
            f"{n['ratio_torch']:.0f} times (one thread, medians, both sides in one run, on {n['machine']}). Only "
            "PyTorch’s result "
            f"knows what it was made from, and can say how each of the nine numbers should change."
        ),
        numbers=n,
        draw=draw,
    )
