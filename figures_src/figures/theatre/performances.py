"""The same theatre on other evenings: two scripts, two seeds each, every step recorded, for the reader's own hand on the
slider; the still picture is one evening's film strip.

Tests claims: r11-07.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import sigma_from_alpha_bar, snr
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import play
from denoised.probes.latents import fit_preview
from plotting.encode import encode_image
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Other evenings, other seeds"

PROMPTS = (play.PROMPT, "cat face with sunglasses, noto style")
SEEDS = (play.SEED, play.SEED + 1)
COLUMNS = 6  # of a sprite
STRIP = (0, 5, 10, 15, 20, 25)


def sprite(frames):
    """Frames [F, h, w, 3] in reading order on one sheet of COLUMNS columns."""
    blank = np.zeros_like(frames[0])
    padded = [*frames, *[blank] * (-len(frames) % COLUMNS)]
    return np.concatenate([np.concatenate(padded[i : i + COLUMNS], 1) for i in range(0, len(padded), COLUMNS)], 0)


def settled(x0, end):
    """Per step: share of the finished latent's variance that the bet explains. [S]."""
    spread = ((end - end.mean()) ** 2).sum()
    return (1 - ((x0 - end) ** 2).sum((1, 2, 3)) / spread).tolist()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    some = specimens.images[:: 150 if smoke else 12]
    preview = fit_preview(encode(pipe.vae, some), some)
    steps = 2 if smoke else play.STEPS
    pairs = [(p, seed) for p in range(len(PROMPTS)) for seed in SEEDS]
    traces = generate_batch(
        pipe, [PROMPTS[p] for p, _ in pairs], [seed for _, seed in pairs], steps=steps, guidance=play.GUIDANCE
    )
    files, runs, shown = {}, [[] for _ in PROMPTS], []
    for (p, seed), trace in zip(pairs, traces, strict=True):
        end, name = trace.xt[-1], f"p{p}s{seed}"
        latents, bets = preview(trace.xt), decode(pipe.vae, torch.cat([trace.x0, end[None]]))
        shares = [*settled(trace.x0, end), 1.0]
        files[f"{name}_has.webp"] = encode_image(sprite(latents), "webp", lossless=True)
        files[f"{name}_bets.webp"] = encode_image(sprite(bets), "webp", lossless=False)
        runs[p].append({"seed": seed, "name": name, "settled": [round(max(0.0, s), 3) for s in shares]})
        shown.append((latents, bets))
    t, alpha_bar = traces[0].timesteps.tolist(), traces[0].alpha_bar
    sigma, ratio = sigma_from_alpha_bar(alpha_bar).tolist(), snr(alpha_bar).tolist()
    ends = torch.stack([trace.xt[-1] for trace in traces])
    n = {
        "prompts": len(PROMPTS),
        "seeds": len(SEEDS),
        "steps": steps,
        "guidance": play.GUIDANCE,
        "apart_seeds": float((ends[0] - ends[1]).norm() / ends[0].norm()),
        "apart_scripts": float((ends[0] - ends[2]).norm() / ends[0].norm()),
    }
    data = {
        "columns": COLUMNS,
        "latent": shown[0][0].shape[1],
        "picture": shown[0][1].shape[1],
        "guidance": play.GUIDANCE,
        "t": t,
        "sigma": [round(s, 4) if np.isfinite(s) else None for s in sigma],
        "snr_db": [round(10 * float(np.log10(r)), 2) if r > 0 else None for r in ratio],
        "prompts": [{"text": text, "runs": runs[p]} for p, text in enumerate(PROMPTS)],
    }
    picks = sorted({min(i, steps) for i in STRIP})

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, columns = 8, 3 if narrow else len(STRIP)
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        for (p, seed), (_, bets) in zip(pairs, shown, strict=True):
            fig.note(0, y, PROMPTS[p], "text", 13, weight=600)
            fig.note(0 if narrow else fig.width, y + (18 if narrow else 0), f"seed {seed}", "muted", SMALL,
                     ha="left" if narrow else "right")  # fmt: skip
            y += 40 if narrow else 22
            for start in range(0, len(picks), columns):
                for j, i in enumerate(picks[start : start + columns]):
                    picture(fig, bets[i], j * (cell + gap), y, cell, cell)
                y += cell + gap
            y += 10
        fig.set_height(y - 10)
        return fig

    return Output(
        alt=(
            f"Four rows of pictures, {len(PROMPTS)} prompts with {len(SEEDS)} seeds each: what the model bets on at "
            f"{len(picks)} moments of {steps} steps. The finished latents of two seeds differ by "
            f"{n['apart_seeds']:.2f} of their length, those of two prompts with one seed by {n['apart_scripts']:.2f}."
        ),
        caption=(
            f"**Same script, another evening.** {len(PROMPTS)} prompts, {len(SEEDS)} seeds each, {steps} steps, "
            f"guidance {play.GUIDANCE:g}. The still picture shows the bets at {len(picks)} moments. Another seed moves "
            f"the finished latent by {n['apart_seeds']:.2f} of its length, another prompt with the same seed by "
            f"{n['apart_scripts']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files=files,
    )
