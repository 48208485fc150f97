"""What negatives/algebra measures: the weight of a negative in one step, and what negating "red" does to whole pictures."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import generate_batch
from denoised.probes import metrics, negatives, runs
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.negatives import apart, redness, strangers, weight_of_negative

FIGURE = "negatives/algebra"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, metrics, negatives, runs)

PROMPTS = ("red apple, noto style", "red heart, twemoji style")
NEGATIVE = "red"
SEEDS = (1, 2)
MORE = ("red apple", "red heart", "rose", "strawberry", "cherries", "tomato")  # for the claim, at the usual guidance
MORE_SEEDS = (3, 4, 5)
SCALES = (0.5, 1.0, 3.0, 6.0)
STEPS = 6


def measure(lab, smoke=False):
    """(numbers, arrays): the scales of guidance, at each the negative's weight and how far it moves latents, and the
    latents [rows, scales, C, h, w] of each prompt's first seed, without the negative and with it."""
    pipe = lab.pipeline()
    steps, scales = (2, (0.5, 1.0, 3.0)) if smoke else (STEPS, SCALES)
    alpha_bar = pipe.scheduler.alphas_cumprod
    xt = runs.noise(pipe, [0])
    t = int((alpha_bar - 0.5).abs().argmin())
    weights = {s: weight_of_negative(pipe, PROMPTS[0], NEGATIVE, xt, t, s) for s in scales}

    prompts, seeds = [p for p in PROMPTS for _ in SEEDS], [*SEEDS] * len(PROMPTS)
    images, latents = {}, {}
    for s in scales:
        for word in ("", NEGATIVE):
            made = generate_batch(pipe, prompts, seeds, negative_prompt=word, steps=steps, guidance=s)
            images[s, word] = np.stack([trace.image for trace in made])
            latents[s, word] = torch.stack([trace.xt[-1] for trace in made])
    moved = {s: apart(latents[s, ""], latents[s, NEGATIVE]) for s in scales}
    paler = {s: redness(images[s, ""]) - redness(images[s, NEGATIVE]) for s in scales}
    usual = 3.0
    things, more = (MORE[:2], MORE_SEEDS[:2]) if smoke else (MORE, MORE_SEEDS)
    asked, drawn = [f"{thing}, noto style" for thing in things for _ in more], [*more] * len(things)
    pairs = [generate_batch(pipe, asked, drawn, negative_prompt=word, steps=steps, guidance=usual)
             for word in ("", NEGATIVE)]  # fmt: skip
    ends = [torch.stack([trace.xt[-1] for trace in made]) for made in pairs]
    red = [redness(np.stack([trace.image for trace in made])) for made in pairs]
    groups = [ends[0][i * len(more) : (i + 1) * len(more)] for i in range(len(things))]
    other = float(np.mean([strangers(group) for group in groups]))
    ways = apart(*ends) / other
    low, high = bootstrap_ci(ways)
    share = red[0].mean() - red[1].mean()
    picks = np.random.default_rng(0).integers(0, len(asked), (2000, len(asked)))
    shares = 1 - red[1][picks].mean(1) / np.maximum(red[0][picks].mean(1), 1e-3)
    n = {
        "pictures": len(prompts), "steps": steps, "t": t, "usual": usual, "least": min(scales), "most": max(scales),
        "weight_below": weights[0.5][0], "weight_off": weights[1.0][0], "weight_above": weights[usual][0],
        "weight_rest": max(rest for _, rest in weights.values()),
        "moved_below": float(moved[0.5].mean()), "moved_off": float(moved[1.0].max()),
        "moved_above": float(moved[usual].mean()), "moved_most": float(moved[max(scales)].mean()),
        "more": len(asked), "seeds_apart": other, "moved_of_seed": float(ways.mean()),
        "moved_of_seed_low": low, "moved_of_seed_high": high,
        "red_before": float(red[0].mean()), "red_after": float(red[1].mean()), "red_removed": float(share),
        "red_removed_low": float(np.quantile(shares, 0.025)), "red_removed_high": float(np.quantile(shares, 0.975)),
        "red_removed_below": float(paler[0.5].mean()),
    }  # fmt: skip
    n["red_removed_share"] = n["red_removed"] / max(n["red_before"], 1e-3)
    pairs_of_seeds = latents[usual, ""].split(len(SEEDS))
    near = float(np.mean([strangers(pair) for pair in pairs_of_seeds]))
    n["seeds_near"] = near
    shown = [torch.stack([latents[s, word][i] for s in scales]) for i in (0, len(SEEDS)) for word in ("", NEGATIVE)]
    return n, {
        "scales": np.array(scales), "weights": np.array([weights[s][0] for s in scales]),
        "moved": np.array([moved[s].mean() for s in scales]), "shown": torch.stack(shown).numpy(),
    }  # fmt: skip
