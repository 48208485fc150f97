"""A painter who has only seen blurred pictures: two tiny autoencoders, one trained on sharp icons, one on the same icons
shrunk and enlarged again, both given sharp ones (the study is denoised/studies/blurred.py).

Tests claims: r11-14.
"""

import numpy as np

from denoised.probes.metrics import bootstrap_ci
from denoised.studies import blurred
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Trained on blurred pictures"


def make(lab, smoke=False):
    facts, arrays = blurred.load()
    settings, test = blurred.SETTINGS, arrays["original"]
    energy = facts["detail"]
    ratio = np.array(energy["blurred"]) / np.array(energy["sharp"])
    lost = np.array(facts["psnr"]["sharp"]) - np.array(facts["psnr"]["blurred"])
    low, high = bootstrap_ci(ratio, seed=5)
    energy = {name: float(np.mean(values)) for name, values in energy.items()}
    score = {name: float(np.mean(values)) for name, values in facts["psnr"].items()}
    n = {
        "icons": facts["pictures"],
        "unseen": facts["unseen"],
        "steps": settings.steps,
        "seeds": len(settings.seeds),
        "side": test.shape[1],
        "small": test.shape[1] // settings.shrink,
        "fine_sharp": energy["sharp"],
        "fine_blurred": energy["blurred"],
        "fine_ratio": float(ratio.mean()),
        "fine_low": low,
        "fine_high": high,
        "psnr_sharp": score["sharp"],
        "psnr_blurred": score["blurred"],
        "psnr_loss": float(lost.mean()),
        "psnr_loss_least": float(lost.min()),
    }
    made = {name: arrays[name] for name in ("sharp", "blurred")}
    shown = [len(test) * k // 6 for k in range(6)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = 3 if narrow else 6
        names = ("an unseen icon", "trained sharp", "trained blurred")
        rows = [[images[i] for i in shown[:count]] for images in (test, made["sharp"], made["blurred"])]
        if narrow:
            y = 0
            for name, row in zip(names, rows, strict=True):
                fig.note(0, y, name, "muted", 13, weight=600)
                y = image_grid(fig, [row], y=y + 22, cell=114, gap=9, smooth=False) + 12
        else:
            image_grid(fig, rows, rows=names, left=130, gap=8, cell=90, smooth=False)
        return fig

    return Output(
        alt=(
            f"Unseen icons of {n['side']} pixels, and what two tiny autoencoders make of them. Those trained on blurred "
            f"icons return {energy['blurred']:.0%} of the fine detail, those trained on sharp icons "
            f"{energy['sharp']:.0%}; {score['blurred']:.1f} and {score['sharp']:.1f} dB."
        ),
        caption=(
            f"**It returns what it has learned to return.** Autoencoders that differ in their training pictures alone: "
            f"{n['icons']:,} icons at {n['side']} pixels, or the same ones shrunk to {n['small']} and enlarged again; "
            f"{n['seeds']} seeds each, {n['steps']} steps. Given {n['unseen']} sharp icons of unseen concepts, the first "
            f"keep {energy['sharp']:.0%} of the energy of fine detail, the second {energy['blurred']:.0%}, which is "
            f"{n['fine_ratio']:.2f} times as much ({low:.2f} to {high:.2f}), and they lose {n['psnr_loss']:.1f} dB."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
