"""The reverse process, recorded on the real pipeline: for six prompts and two seeds each, what the model has in hand
at every step and what picture it bets on, and for one of the seeds the same with fewer steps and with another sampler.
The page plays these records; the still picture is one run's film strip.

Tests claims: c3-01, c1-04.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import sigma_from_alpha_bar, snr
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes.latents import fit_preview
from plotting.encode import encode_image
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The reverse process, step by step"

PROMPTS = (
    "red apple, noto style",
    "cat face, noto style",
    "grinning face, noto style",
    "red heart, twemoji style",
    "pizza, twemoji style",
    "tiger face, openmoji style",
)
SEEDS = (1, 2)
STEPS = 24
GUIDANCE = 3.0
OTHERS = (("ddim", 6), ("ddpm", 24))  # the first seed once more, in other ways
COLUMNS = 5  # of a sprite: the steps and the finished picture fill 5 x 5 tiles
STRIP = (0, 4, 8, 12, 16, 20, 22, 24)  # frames of the still picture


def sprite(frames):
    """Frames [F, h, w, 3] in reading order on one sheet of COLUMNS columns."""
    blank = np.zeros_like(frames[0])
    rows = [list(frames[i : i + COLUMNS]) for i in range(0, len(frames), COLUMNS)]
    rows[-1] += [blank] * (COLUMNS - len(rows[-1]))
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


def settled(x0, end):
    """Per step: share of the finished latent's variance that the guess already explains, at most 1. [S]."""
    spread = ((end - end.mean()) ** 2).sum()
    return (1 - ((x0 - end) ** 2).sum((1, 2, 3)) / spread).tolist()


def clock(trace):
    """What the dial says at each step: {"t", "sigma", "snr_db"}, null where a number is infinite."""
    sigma, ratio = sigma_from_alpha_bar(trace.alpha_bar).tolist(), snr(trace.alpha_bar).tolist()
    return {
        "t": trace.timesteps.tolist(),
        "sigma": [round(s, 4) if np.isfinite(s) else None for s in sigma],
        "snr_db": [round(10 * float(np.log10(r)), 2) if r > 0 else None for r in ratio],
    }


def way(sampler, steps):
    return f"{sampler.upper()}, {steps} steps"


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)
    prompts, seeds, steps = (PROMPTS[:1], SEEDS[:1], 2) if smoke else (PROMPTS, SEEDS, STEPS)
    pairs = [(p, seed) for p in range(len(prompts)) for seed in seeds]
    traces = generate_batch(
        pipe, [prompts[p] for p, _ in pairs], [s for _, s in pairs], steps=steps, guidance=GUIDANCE, batch=6
    )

    files, runs, strip = {}, [[] for _ in prompts], None

    def keep(trace, name):
        """A run's record; its sprites go into `files`."""
        end = trace.xt[-1]
        latents, guesses = preview(trace.xt), decode(pipe.vae, torch.cat([trace.x0, end[None]]))
        files[f"{name}_has.webp"] = encode_image(sprite(latents), "webp", lossless=True)
        files[f"{name}_bets.webp"] = encode_image(sprite(guesses), "webp", lossless=False)
        shares = [*settled(trace.x0, end), 1.0]
        record = {"seed": trace.seed, "name": name, "settled": [round(max(0.0, share), 3) for share in shares]}
        return record, latents, guesses

    for (p, seed), trace in zip(pairs, traces, strict=True):
        record, latents, guesses = keep(trace, f"p{p}s{seed}")
        runs[p].append(record)
        strip = strip or (trace, latents, guesses)
    ways = []
    for sampler, count in () if smoke else OTHERS:
        others = generate_batch(
            pipe, prompts, seeds[:1] * len(prompts), steps=count, guidance=GUIDANCE, sampler=sampler, batch=6
        )
        found = [[keep(other, f"p{p}s{other.seed}{sampler}{count}")[0]] for p, other in enumerate(others)]
        ways.append({"name": way(sampler, count), **clock(others[0]), "runs": found})
    trace, latents, guesses = strip
    t, alpha_bar = trace.timesteps.tolist(), trace.alpha_bar
    sigma, ratio = sigma_from_alpha_bar(alpha_bar).tolist(), snr(alpha_bar).tolist()
    finite = [i for i in range(steps) if ratio[i] > 0]
    n = {
        "prompts": len(prompts),
        "seeds": len(seeds),
        "steps": steps,
        "guidance": GUIDANCE,
        "first_t": t[0],
        "last_t": t[-1],
        "last_sigma": sigma[-1],
        "second_sigma": sigma[finite[0]],
        "latent_values": trace.xt[0].numel(),
        "preview_r2": preview.r2,
    }
    data = {
        "columns": COLUMNS,
        "latent": latents.shape[1],
        "picture": guesses.shape[1],
        "guidance": GUIDANCE,
        "way": way("ddim", steps),
        **clock(trace),
        "ways": ways,
        "prompts": [{"text": text, "runs": runs[p]} for p, text in enumerate(prompts)],
    }
    picks = sorted({min(i, steps) for i in STRIP})

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4 if narrow else len(STRIP)
        gap, left = 6, 0 if narrow else 66
        cell = (fig.width - left - gap * (columns - 1)) // columns
        y = 0
        for start in range(0, len(picks), columns):
            for name, colour, pictures, smooth in (
                ("what it\nhas", "latent", latents, False),
                ("what it\nbets on", "prediction", guesses, None),
            ):
                if narrow:
                    fig.note(0, y, name.replace("\n", " "), colour, SMALL, weight=600)
                    y += 20
                else:
                    fig.note(0, y + cell / 2, name, colour, SMALL, va="center", weight=600)
                for j, i in enumerate(picks[start : start + columns]):
                    picture(fig, pictures[i], left + j * (cell + gap), y, cell, cell, smooth)
                y += cell + gap
            for j, i in enumerate(picks[start : start + columns]):
                x = left + j * (cell + gap) + cell / 2
                step, when = (f"step {i + 1}", f"t = {t[i]}") if i < steps else ("finished", "t = 0")
                fig.note(x, y, step, "ink", SMALL, ha="center", weight=600)
                fig.note(x, y + 17, when if i < steps else f"{steps} steps", "muted", SMALL, ha="center")
            y += 54 if narrow else 38
        return fig

    return Output(
        alt=(
            f"Film strip of one run with the prompt “{trace.prompt}”: above, the noisy latent of "
            f"{n['latent_values']} numbers as coloured squares; below, the picture that the model bets on, at "
            f"{len(picks)} moments of {steps} steps from t = {t[0]} down to the finished picture."
        ),
        caption=(
            f"**Records of {len(traces)} real runs of DDIM, {steps} steps each**, and of "
            f"{sum(len(w['runs']) for w in ways)} in other ways, to choose from. *What it has* is the noisy latent, as "
            "coloured squares, a rough preview. *What it bets on* is the clean latent "
            "that it would answer if it had to stop there, decoded. The curve over the slider says how much of the "
            f"finished latent the bet already explains. {len(prompts)} prompts, {len(seeds)} seeds each, guidance "
            f"{GUIDANCE:g}; the still picture is “{trace.prompt}”, seed {trace.seed}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files=files,
    )
