"""What one step may do with the network's answer. Plain subtraction, subtraction of an equal part each time, the same
coefficients at each step as if t were unknown, and the two real updates, DDIM and DDPM: what comes out of each.

Tests claims: c3-03, c1-04.
"""

import torch

from denoised.diffusion import samplers
from denoised.diffusion.guidance import guided
from denoised.diffusion.schedules import split, trailing_timesteps
from denoised.pipeline import PREDICTIONS, decode, encode_prompts
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Five ways to use one answer"

PROMPTS = ("red apple, noto style", "cat face, noto style", "grinning face, noto style")
SEED = 21
STEPS = 24
GUIDANCE = 3.0


# --8<-- [start:wrong_updates]
def subtract_all(xt, eps, i, levels):
    """Read literally: take away the noise that was predicted."""
    return xt - eps


def subtract_part(xt, eps, i, levels):
    """Take away an equal part at each of the steps."""
    return xt - eps / (len(levels) - 1)


def without_t(xt, eps, i, levels):
    """DDIM's formula with one pair of noise levels, from the middle of the schedule, at every step."""
    middle = len(levels) // 2
    now, then = levels[middle], levels[middle + 1]
    x0 = (xt - (1 - now).sqrt() * eps) / now.sqrt()
    return then.sqrt() * x0 + (1 - then).sqrt() * eps
    # --8<-- [end:wrong_updates]


VERSIONS = (
    ("subtract", "subtract all of it", subtract_all),
    ("part", "subtract an equal part", subtract_part),
    ("fixed", "DDIM without knowing t", without_t),
    ("ddim", "DDIM", None),
    ("ddpm", "DDPM", None),
)


@torch.no_grad()
def loop(update, model, xT, timesteps, alpha_bar, prediction):
    """The loop with another last line: the network is asked as usual, then `update` says what to do."""
    levels = samplers.path(timesteps, alpha_bar, prediction)
    xt = xT
    for i, t in enumerate(timesteps):
        eps = split(model(xt, t), xt, levels[i], prediction)[1]
        xt = update(xt, eps, i, levels)
    return xt


def make(lab, smoke=False):
    pipe = lab.pipeline()
    prompts, steps = (PROMPTS[:1], 2) if smoke else (PROMPTS, STEPS)
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    timesteps = trailing_timesteps(len(alpha_bar), steps)
    prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
    text, empty = encode_prompts(pipe, prompts).states, encode_prompts(pipe, [""]).states
    model = guided(
        lambda xt, t, context: pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0],
        GUIDANCE,
        text,
        empty.expand_as(text),
    )
    side = pipe.unet.config.sample_size
    xT = torch.randn(len(prompts), 4, side, side, generator=torch.Generator().manual_seed(SEED))
    ends = {}
    for name, _, update in VERSIONS:
        if update:
            ends[name] = loop(update, model, xT, timesteps, alpha_bar, prediction)
    seen = []
    ends["ddim"] = samplers.ddim(model, xT, timesteps, alpha_bar, prediction=prediction, on_step=seen.append)
    ends["ddpm"] = samplers.ddpm(
        model, xT, timesteps, alpha_bar, prediction=prediction, generator=lab.generator("ddpm")
    )
    levels = samplers.path(timesteps, alpha_bar, prediction)
    added = [float(samplers.posterior_variance(a, b)) for a, b in zip(levels, levels[1:], strict=False) if b < 1]

    # one latent and one predicted noise, two beliefs about t: how much the next latent differs
    middle = seen[steps // 2]
    here, there = (
        (middle.xt - (1 - alpha_bar[t]).sqrt() * middle.eps) / alpha_bar[t].sqrt() for t in (middle.t, middle.t // 2)
    )
    disagree = float((here - there).norm() / here.norm())
    spread = {name: float(end.std()) for name, end in ends.items()}
    near = {name: float((end - ends["ddim"]).square().mean().sqrt() / ends["ddim"].std()) for name, end in ends.items()}
    images = {name: decode(pipe.vae, end) for name, end in ends.items()}
    n = {
        "steps": steps,
        "guidance": GUIDANCE,
        **{f"spread_{name}": value for name, value in spread.items()},
        **{f"off_{name}": value for name, value in near.items() if name != "ddim"},
        "spread_noise": float(xT.std()),
        "disagree": disagree,
        "disagree_t": middle.t,
        "disagree_other_t": middle.t // 2,
        "ddpm_added_variance": sum(added),
        "ddpm_draws": len(added),
        "norm_start": float(xT.flatten(1).norm(dim=1).mean()),
        "norm_end": float(ends["ddim"].flatten(1).norm(dim=1).mean()),
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, cell = 8, 114 if narrow else 128
        left = 0 if narrow else 190
        y = 0
        for name, words, update in VERSIONS:
            colour = "noise" if update else "prediction"
            if narrow:
                fig.note(0, y, words, colour, 13, weight=600)
                fig.note(fig.width, y, f"spread {spread[name]:.2f}", "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 18, words, colour, 13, weight=600)
                fig.note(0, y + cell / 2 + 3, f"spread of values {spread[name]:.2f}", "muted", SMALL)
            for j, image in enumerate(images[name]):
                picture(fig, image, left + j * (cell + gap), y, cell, cell)
            y += cell + (16 if narrow else gap)
        return fig

    return Output(
        alt=(
            f"{len(prompts)} prompts drawn with five updates. Subtracting all the predicted noise at each of {steps} "
            f"steps leaves values with a spread of {spread['subtract']:.1f}, an equal part {spread['part']:.2f}, DDIM "
            f"without knowing t {spread['fixed']:.2f}, DDIM {spread['ddim']:.2f} and DDPM {spread['ddpm']:.2f}."
        ),
        caption=(
            f"**The same network, the same noise, five last lines of the loop.** Subtracting the predicted noise "
            f"literally, {steps} times, leaves values with a spread of {spread['subtract']:.2f} (a finished latent has "
            f"{spread['ddim']:.2f}). An equal part each time: {spread['part']:.2f}. DDIM's formula with the same two "
            f"noise levels at each step: {spread['fixed']:.2f}. Only the last two rows use the schedule at t. How much "
            f"t matters: from one latent and one predicted noise, believing t = {n['disagree_other_t']} instead of "
            f"{n['disagree_t']} gives a clean picture that is off by {100 * disagree:.0f} % of its length."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
