"""One call of the U-Net as a score: every module in the order in which it answers, at its resolution. With it: how the
operations divide, how many kernels smooth, and whether any gradient flows while a picture is made.

Tests claims: r12-06, r12-07, r12-09.
"""

import math

import torch

from denoised.pipeline import encode_prompts
from denoised.probes.flow import Operations, kernels_of, low_pass_share, steps, switches
from denoised.probes.runs import noise, prompted, walk
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "One call, note by note"

PROMPT = "cat face, noto style"
SEED = 3
STEPS = 4
VOICES = (("convolution", "convolution", "latent"), ("attention", "attention", "attention"),
          ("linear", "linear map", "text"), ("quiet", "norm, activation", "noise"))  # fmt: skip


def lane(step):
    """The side of the map that a step answers with, or 0 for the clock and the text, which have no place."""
    if len(step.shape) == 4:
        return step.shape[-1]
    return math.isqrt(step.shape[1]) if len(step.shape) == 3 and not step.name.startswith("add_") else 0


def voice(step):
    """Which of VOICES a step belongs to."""
    return step.kind if step.kind in ("convolution", "attention", "linear") else "quiet"


def weights_among(found, cells, words):
    """How many of the steps answer with attention weights, [.., cells, cells] or [.., cells, words]; cells is a set."""
    pairs = {(a, b) for a in cells for b in cells | {words}}
    return sum(step.shape[-2:] in pairs for step in found if len(step.shape) == 3)


def largest_difference(pipe, count):
    """Largest difference between finished latents of the normal run, one in inference mode, and one with gradients
    switched on throughout: three ways of one sampling."""
    model, start = prompted(pipe, [PROMPT], 3.0), noise(pipe, [SEED])

    def with_gradients(xt, t):
        with torch.enable_grad():
            return model(xt.clone().requires_grad_(True), t).detach()

    normal = walk(pipe, model, start, count)
    with torch.inference_mode():
        still = walk(pipe, model, start, count).clone()
    first = next(pipe.unet.parameters())
    first.requires_grad_(True)
    try:
        live = walk(pipe, with_gradients, start, count)
    finally:
        first.requires_grad_(False)
    return max(float((normal - other).abs().max()) for other in (still, live))


def make(lab, smoke=False):
    pipe = lab.pipeline()
    unet, text, start = pipe.unet, encode_prompts(pipe, [PROMPT]).states, noise(pipe, [SEED])
    with torch.no_grad():
        found = steps(unet, lambda: unet(start, 500, encoder_hidden_states=text))
        with Operations(unet) as counted:
            unet(start, 500, encoder_hidden_states=text)
    cells = {level**2 for level in (lane(step) for step in found) if level}
    learned = kernels_of(unet, limit=512 if smoke else 4096)
    by_chance = torch.randn(20000, 3, 3, generator=lab.generator("kernels")).numpy()
    total = counted.total()
    row = [voice(step) for step in found]
    n = {
        "steps": len(found), "switches": switches(found),
        **{f"{key}_steps": row.count(key) for key, *_ in VOICES},
        "frequency_calls": sum(k for name, k in counted.names.items() if "fft" in name or "stft" in name),
        "operators": sum(counted.names.values()), "operations_millions": total / 1e6,
        "matrix_percent": 100 * counted.total("matrix") / total, "rest_percent": 100 * counted.total("rest") / total,
        "sinusoid_percent": 100 * counted.total("sinusoid") / total,
        "sinusoids": sum(counted.names[name] for name in ("sin", "cos")),
        "sinusoid_numbers": sum(s.shape[-1] for s in found if s.name == "time_proj"),
        "low_pass_percent": 100 * low_pass_share(learned), "low_pass_chance": 100 * low_pass_share(by_chance),
        "kernels": len(learned),
        "tensors_with_gradient": sum(step.gradient for step in found),
        "attention_tensors": weights_among(found, cells, text.shape[1]),
        "gradient_difference": largest_difference(pipe, 2 if smoke else STEPS), "compared_steps": STEPS,
    }  # fmt: skip
    lanes = [*sorted({lane(step) for step in found} - {0}, reverse=True), 0]

    def bars(fig, x, y, w, title, rows):
        fig.note(x, y, title, size=14, weight=600)
        for k, (words, value, colour, told) in enumerate(rows):
            top = y + 30 + 24 * k
            fig.note(x + 116, top + 7, words, colour, SMALL, ha="right", va="center")
            ax = fig.area(x + 124, top, w - 184, 14, grid="")
            ax.barh([0], [value], height=1, color=fig.theme.colour(colour))
            ax.set(xlim=(0, 100), ylim=(-0.5, 0.5), xticks=[], yticks=[])
            ax.axvline(0, color=fig.theme.muted, linewidth=1)
            fig.note(x + 130 + (w - 184) * value / 100, top + 7, told, "ink", SMALL, va="center")
        return y + 30 + 24 * len(rows)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, high = 64, 26
        x = 0
        for _, words, colour in VOICES:
            fig.note(x, 0, "■", colour, 12)
            fig.note(x + 15, 0, words if not narrow else words.split(",")[0], "ink", 12)
            x += 15 + (14 + 7.2 * len(words.split(",")[0] if narrow else words))
        ax = fig.area(left, 26, fig.width - left, high * len(lanes), grid="", below=22)
        ax.set_axis_off()
        ax.set(xlim=(0, len(found)), ylim=(len(lanes), 0))
        for k, level in enumerate(lanes):
            ax.axhline(k + 0.5, color=theme.grid, linewidth=1, zorder=0)
            words = f"{level}×{level}" if level else "clock, text"
            fig.note(left - 6, 26 + high * (k + 0.5), words, "muted", 11, ha="right", va="center")
        for key, _, colour in VOICES:
            at = [(i, lanes.index(lane(s))) for i, s in enumerate(found) if voice(s) == key]
            low, tall = (0.3, 0.4) if key == "quiet" else (0.1, 0.8)
            ax.bar([i + 0.5 for i, _ in at], [tall] * len(at), bottom=[k + low for _, k in at], width=0.86,
                   color=theme.colour(colour), linewidth=0)  # fmt: skip
        y = 26 + high * len(lanes)
        fig.note(left, y + 4, "first", "muted", 11)
        fig.note(fig.width, y + 4, f"step {len(found)}", "muted", 11, ha="right")
        cost = (
            ("matrices", n["matrix_percent"], "latent", f"{n['matrix_percent']:.1f} %"),
            ("all else", n["rest_percent"], "noise", f"{n['rest_percent']:.1f} %"),
            ("sine and cosine", n["sinusoid_percent"], "accent", "hardly any"),
        )
        smooth = (
            ("learned", n["low_pass_percent"], "latent", f"{n['low_pass_percent']:.0f} %"),
            ("random numbers", n["low_pass_chance"], "noise", f"{n['low_pass_chance']:.0f} %"),
        )
        y += 40
        if narrow:
            y = bars(fig, 0, y, fig.width, "Where the operations go", cost) + 14
            bars(fig, 0, y, fig.width, "Kernels that smooth", smooth)
        else:
            bars(fig, 0, y, 345, "Where the operations go", cost)
            bars(fig, 375, y, 345, "Kernels that smooth", smooth)
        fig.set_height(fig.height + 8)
        return fig

    return Output(
        alt=(
            f"A score of one call: {n['steps']} modules in their order, in lanes by resolution, "
            f"{n['convolution_steps']} convolutions and {n['attention_steps']} attentions among them; the work passes "
            f"between these two {n['switches']} times. Bars: {n['matrix_percent']:.1f} % of the operations are in "
            f"matrix products and convolutions; sines and cosines write {n['sinusoid_numbers']} numbers. "
            f"{n['low_pass_percent']:.0f} % of the kernels smooth; of random ones {n['low_pass_chance']:.0f} % would."
        ),
        caption=(
            f"**No stations, a weave.** The {n['steps']} modules of one call in the order in which they answered. "
            f"Convolution and attention take turns, {n['switches']} times, down to the coarsest grid and up again; of "
            f"{n['operators']:,} operators that ran, {n['frequency_calls']} were a frequency analysis. "
            f"{n['low_pass_percent']:.0f} % of {n['kernels']:,} kernels looked at let flat areas through best, that is, "
            f"smooth; of random numbers it would be {n['low_pass_chance']:.0f} %. Matrix products and convolutions make "
            f"up {n['matrix_percent']:.1f} % of the operations; sines and cosines write {n['sinusoid_numbers']} numbers "
            f"for the clock. Tensors that carried a gradient: {n['tensors_with_gradient']}."
        ),
        numbers=n,
        draw=draw,
    )
