"""How fast Stable Diffusion's noise schedule buries a picture: the factors of picture and noise, and their
ratio in decibels, at each of 1000 steps, for the schedule as published and for its rescaling to zero
terminal SNR. The published schedule never quite reaches pure noise; the rescaled one does, exactly.

Tests claims: c2-03, c2-04.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import alpha_bar_from_betas, rescale_zero_terminal_snr, scaled_linear_betas
from plotting.layout import label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "The noise schedule"

T, START, END = 1000, 0.00085, 0.012  # the constants of Stable Diffusion 1 and 2


def decibels(alpha_bar):
    """Signal over noise, [T] dB; nan where nothing is left of the signal, so that the curve ends there."""
    return np.array([10 * np.log10(a / (1 - a)) if 0 < a < 1 else np.nan for a in alpha_bar])


def walk(betas, samples, generator):
    """Variances after walking unit-variance values through all steps one by one: with the signal shrunk by
    sqrt(1 - beta) at each step as the formula says, and, as a control, without."""
    kept = torch.randn(samples, generator=generator, dtype=torch.float64)
    unshrunk = kept.clone()
    for beta in betas:
        noise = beta.sqrt() * torch.randn(samples, generator=generator, dtype=torch.float64)
        kept = (1 - beta).sqrt() * kept + noise
        unshrunk += noise
    return float(kept.var()), float(unshrunk.var())


def make(lab, smoke=False):
    betas = scaled_linear_betas(T, START, END)
    alpha_bar = alpha_bar_from_betas(betas).numpy()
    rescaled = alpha_bar_from_betas(rescale_zero_terminal_snr(betas)).numpy()
    t = np.arange(T)
    db, db_rescaled = decibels(alpha_bar), decibels(rescaled)
    variance_kept, variance_unshrunk = walk(betas, 500 if smoke else 20_000, lab.generator("walk"))
    n = {
        "steps": T,
        "smallest_noise_share_percent": 100 * float(betas.min()),
        "largest_noise_share_percent": 100 * float(betas.max()),
        "variance_after_walk": variance_kept,
        "variance_without_shrinking": variance_unshrunk,
        "last_signal": float(np.sqrt(alpha_bar[-1])),
        "last_signal_percent": 100 * float(np.sqrt(alpha_bar[-1])),
        "last_signal_rescaled": float(np.sqrt(rescaled[-1])),
        "first_snr_db": float(db[0]),
        "last_snr_db": float(db[-1]),
        "even_step": int(np.argmax(db < 0)),  # the first step with more noise than picture
        "even_step_rescaled": int(np.argmax(db_rescaled < 0)),
    }

    last_db = f"−{abs(n['last_snr_db']):.1f}"

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            boxes = [(34, 36, 308, 204), (34, 336, 308, 204)]
        else:
            boxes = [(34, 36, 300, 240), (406, 36, 300, 240)]
        amount, ratio = (fig.area(*box, below=44) for box in boxes)
        titles = ("What a noisy sample is made of", "Picture over noise, in decibels")
        for box, title in zip(boxes, titles, strict=True):
            fig.note(box[0] - 34, box[1] - 36, title, size=14, weight=600)
        rescaled_line = {"color": theme.accent, "linewidth": 1.6, "dashes": (3, 2.2)}

        amount.plot(t, np.sqrt(rescaled), **rescaled_line)
        amount.plot(t, np.sqrt(alpha_bar), color=theme.image)
        amount.plot(t, np.sqrt(1 - alpha_bar), color=theme.noise)
        amount.set(xlim=(0, T - 1), ylim=(0, 1.03), yticks=[0, 0.5, 1])
        amount.set_yticklabels(["0", "0.5", "1"])
        label_point(amount, 150, np.sqrt(alpha_bar[150]), r"picture $\sqrt{\bar\alpha_t}$", "image", dx=12, dy=6)
        label_point(amount, 640, np.sqrt(1 - alpha_bar[640]), r"noise $\sqrt{1-\bar\alpha_t}$", "noise", dx=0, dy=-20)
        label_point(amount, 620, np.sqrt(rescaled[620]), "rescaled", "accent", dx=-8, dy=-10)
        end = float(np.sqrt(alpha_bar[-1]))
        dot = {"marker": "o", "clip_on": False, "zorder": 5, "linestyle": "", "markersize": 7}
        amount.plot([T - 1], [end], color=theme.image, **dot)
        amount.plot([T - 1], [0], color=theme.accent, **dot)
        label_point(
            amount, T - 1, end, f"{n['last_signal_percent']:.1f} % left", "image", dx=4, dy=36, ha="right", weight=600
        )

        ratio.axhline(0, color=theme.muted, linewidth=1)
        ratio.plot(t, db_rescaled, **rescaled_line)
        ratio.plot(t, db, color=theme.image)
        ratio.set(xlim=(0, T - 1), ylim=(-46, 36), yticks=[-40, -20, 0, 20])
        ratio.set_yticklabels(["−40", "−20", "0", "20"])
        ratio.plot([n["even_step"]], [0], color=theme.ink, **dot)
        label_point(ratio, n["even_step"], 0, f"equal at step {n['even_step']}", "ink", dx=5, dy=16)
        ratio.plot([T - 1], [db[-1]], color=theme.image, **dot)
        label_point(ratio, T - 1, db[-1], f"{last_db} dB", "image", dx=4, dy=30, ha="right", weight=600)
        label_point(ratio, 955, db_rescaled[955], "rescaled: no floor", "accent", dx=-10, dy=-4)
        for ax in (amount, ratio):
            ax.set_xticks([0, 250, 500, 750, T - 1], ["0", "250", "500", "750", str(T - 1)])
            ax.set_xlabel("step t", labelpad=2)
        return fig

    return Output(
        alt=(
            f"Two plots against the step t, 0 to {T - 1}. Left: the picture's factor falls from nearly 1 to "
            f"{n['last_signal']:.3f} while the noise's factor climbs to nearly 1; a dashed curve, the "
            f"rescaled schedule, ends at {n['last_signal_rescaled']:.0f}. Right: picture over noise falls "
            f"from {n['first_snr_db']:.0f} to {last_db} decibels and crosses zero at step {n['even_step']}; "
            "rescaled, it has no floor."
        ),
        caption=(
            "**Stable Diffusion's schedule stops just short of pure noise.** One step adds between "
            f"{n['smallest_noise_share_percent']:.2f} % and {n['largest_noise_share_percent']:.1f} % of noise "
            f"(as variance), yet from step {n['even_step']} on there is more noise than picture. After the "
            f"last step {n['last_signal_percent']:.1f} % of the picture's amplitude is still there, {last_db} "
            "dB. The dashed schedule is the same one rescaled to end at exactly zero. Shrinking the picture "
            f"at each step is what keeps the overall variance at {n['variance_after_walk']:.2f}; without it, "
            f"it would grow to {n['variance_without_shrinking']:.1f}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
