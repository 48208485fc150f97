"""Is noise purged selectively? Band by band, when the bet agrees with the end, how strong the signal stands, whether one
band loses its noise before another, and how much noise an ancestral sampler puts back.

Tests claims: r11-12.
"""

import numpy as np

from denoised.diffusion.samplers import path, posterior_variance
from denoised.pipeline import generate_batch
from denoised.probes import bands, play
from plotting.layout import label_ends, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Which noise goes first?"

PROMPTS = (play.PROMPT, "red apple, noto style", "pizza, twemoji style", "cat face, openmoji style", "rose, noto style")
AGREED = 0.9  # correlation with the end from which a band counts as settled
COLOURS = ("latent", "image", "prediction")


def first_above(curve, level):
    """1-based step from which a curve stays at or above `level`; one past the end if it never does."""
    below = np.flatnonzero(np.asarray(curve) < level)
    return 1 if len(below) == 0 else int(below[-1]) + 2


def make(lab, smoke=False):
    pipe = lab.pipeline()
    network = play.denoiser(pipe)
    prompts = PROMPTS[: 1 if smoke else None]
    steps = 2 if smoke else play.STEPS
    runs = generate_batch(pipe, prompts, range(play.SEED, play.SEED + len(prompts)), steps=steps,
                          guidance=play.GUIDANCE)  # fmt: skip
    level = runs[0].alpha_bar
    agree = np.mean([bands.correlation(r.x0, r.xt[-1:].expand_as(r.x0)).numpy() for r in runs], axis=0)  # [S, 3]
    cells = bands.masks(*runs[0].xt.shape[-2:]).sum((1, 2)).numpy() * runs[0].xt.shape[1]
    noise = np.mean([bands.power(r.eps).numpy() for r in runs], axis=0) / cells  # per value, white noise has 1
    signal = np.mean([bands.power(r.xt[-1:]).numpy()[0] for r in runs], axis=0) / cells
    ratio = level.numpy()[:, None] * signal / np.maximum((1 - level.numpy())[:, None] * noise, 1e-12)
    spread = (noise.max(1) - noise.min(1)) / noise.mean(1)
    levels = path(runs[0].timesteps, network.alpha_bar, network.prediction)
    fresh = [float(posterior_variance(a, b) / (1 - b)) for a, b in zip(levels, levels[1:], strict=False) if b < 1]
    settled = [first_above(agree[:, k], AGREED) for k in range(3)]
    n = {
        "steps": steps,
        "runs": len(runs),
        "agreed": AGREED,
        **{f"settled_{name}": value for name, value in zip(bands.NAMES, settled, strict=True)},
        **{f"signal_{name}": float(value) for name, value in zip(bands.NAMES, signal, strict=True)},
        "removal_spread": float(spread.mean()),
        "signal_ratio": float(signal[0] / signal[2]),
        "fresh_share": float(np.mean(fresh)) if fresh else 0.0,
        "fresh_ddim": 0.0,
        "guidance": play.GUIDANCE,
    }
    words = ("coarse", "middle", "fine")
    x = np.arange(1, steps + 1)
    decibels = 10 * np.log10(np.maximum(ratio, 1e-4))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        panels = (
            ("Agreement of the bet with the end", agree, (min(0.0, float(agree.min())), 1.03), AGREED),
            ("Signal over noise in the latent (dB)", np.clip(decibels, -30, 40), (-32, 42), 0),
        )
        y = 0
        for k, (title, values, limits, line) in enumerate(panels):
            left, top = (0, y) if narrow else (k * 372, 0)
            fig.note(left, top, title, size=14, weight=600)
            ax = fig.area(left + 40, top + 32, (fig.width if narrow else 340) - 40 - 64, 190, below=46)
            for j in range(3):
                ax.plot(x, values[:, j], color=theme.colour(COLOURS[j]), label=words[j])
            ax.axhline(line, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.set(xlim=(1, steps), ylim=limits)
            ax.set_xlabel("step")
            ax.set_xticks(sorted({1, (steps + 1) // 2, steps}))
            if k == 0:  # all three end at 1, so their names stand in order beside them
                for j, word in enumerate(words):
                    label_point(ax, steps, 0.98 - 0.1 * j, word, COLOURS[j], fontsize=12)
            else:
                label_ends(ax, {word: word for word in words}, size=12)
            y = top + 290
        fig.set_height(y - 20)
        return fig

    return Output(
        alt=(
            f"Two plots over {steps} steps with a curve each for coarse, middle and fine structure. Left: the bet agrees "
            f"with the end (correlation {AGREED:g}) from step {settled[0]} on in the coarse band, {settled[1]} in the "
            f"middle, {settled[2]} in the fine. Right: signal over noise rises alike in all bands, the coarse always "
            "ahead."
        ),
        caption=(
            f"**One broom for all.** Means over {len(runs)} performances. The noise in the latent is nearly equal in all "
            f"bands at each step (they differ by {n['removal_spread']:.0%} of their mean), so it leaves them together. "
            f"What differs is the signal, {n['signal_ratio']:.0f} times stronger in the coarse band than in the fine: it "
            f"rises out of the noise earlier. The bet is settled from step {settled[0]} on in the coarse band and from "
            f"step {settled[2]} in the fine. And an ancestral sampler such as DDPM draws, on average, "
            f"{n['fresh_share']:.0%} of the remaining noise anew at each step; DDIM none."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
