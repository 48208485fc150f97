"""Frequencies along the run: how strong waves of each length are in the noisy latent and in the bet, step by step, beside
pure noise and the latents of real icons.
"""

import numpy as np
import torch

from denoised.data.prompts import SHEET_PROMPTS
from denoised.pipeline import encode
from denoised.probes.runs import clock, noise, prompted, walk
from denoised.probes.spectra import radial_power_spectrum
from plotting.output import Output
from plotting.style import SMALL, mix, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Frequencies along the run"

RUNS = 20
STEPS = 10
SEED = 300
GUIDANCE = 1.0  # off: it exaggerates, and most where least is known
SHOWN = (0, 3, 6, 9)  # steps in the picture


def spectrum(x):
    """Power of the waves that go 1, 2, ... times across, mean over samples and channels, [K]."""
    return radial_power_spectrum(np.asarray(x, dtype=np.float64))[1].mean((0, 1))[1:]


def slope(power):
    """Exponent of the straight line through log power over log frequency, from one wave across to the finest."""
    return float(np.polyfit(np.log(np.arange(1, len(power) + 1)), np.log(power), 1)[0])


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    count, steps, shown = (2, 2, (0, 1)) if smoke else (RUNS, STEPS, SHOWN)
    prompts = [SHEET_PROMPTS[i % len(SHEET_PROMPTS)] for i in range(count)]
    seen: list = []
    end = walk(pipe, prompted(pipe, prompts, GUIDANCE), noise(pipe, range(SEED, SEED + count)), steps, seen=seen)
    icons = specimens.images[specimens.where(split="concept")[: 4 if smoke else 40]]
    real, blank = encode(pipe.vae, icons), torch.randn(400, *end.shape[1:], generator=lab.generator("noise"))
    alpha_bar = clock(pipe, 1)[1]
    has = np.stack([spectrum(one.xt) for one in seen])
    bets = np.stack([spectrum(one.x0) for one in seen])
    flat, true, made = spectrum(blank), spectrum(real), spectrum(end)
    pixels = radial_power_spectrum(np.moveaxis(icons / 255.0, -1, 1))[1].mean((0, 1))[1:]
    # the part of the latent's power that is picture, if the bet is right: the step at which it is more than half
    share = np.stack([float(alpha_bar[one.t]) * made / (float(alpha_bar[one.t]) * made + 1e-12 +
                      float(1 - alpha_bar[one.t]) * flat) for one in seen])  # fmt: skip
    when = [int(np.argmax(share[:, k] > 0.5)) + 1 if (share[:, k] > 0.5).any() else steps + 1 for k in (0, -1)]
    n = {
        "runs": count, "steps": steps, "icons": len(icons), "waves": len(flat), "slope_noise": slope(flat),
        "slope_real": slope(true), "slope_made": slope(made), "slope_pixels": slope(pixels),
        "slope_first_bet": slope(bets[0]), "slope_first_latent": slope(has[0]),
        "coarse_over_fine_real": float(true[0] / true[-1]), "coarse_over_fine_noise": float(flat[0] / flat[-1]),
        "coarse_from": when[0], "fine_from": when[1],
        "first_bet_coarse": 100 * float(bets[0][0] / made[0]), "first_bet_fine": 100 * float(bets[0][-1] / made[-1]),
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        wide = (fig.width - 50) if narrow else 298
        at = np.arange(1, len(flat) + 1)
        lows = min(bets.min(), has.min(), true.min()), max(bets.max(), has.max(), flat.max(), true.max())
        for k, (title, rows) in enumerate((("In the noisy latent", has), ("In the bet", bets))):
            x, y = (46, k * 300) if narrow else (46 + k * (wide + 66), 0)
            fig.note(x - 46, y, title, size=14, weight=600)
            ax = fig.area(x, y + 34, wide, 200, below=42)
            for words, curve, colour in (("noise", flat, "noise"), ("real icons", true, "ink")):
                ax.plot(at, curve, color=theme.colour(colour), linewidth=1.4, linestyle=(0, (4, 3)), label=words)
            for j, i in enumerate(shown):
                colour = mix(theme.prediction, theme.image, j / max(1, len(shown) - 1))
                ax.plot(at, rows[i], color=colour, linewidth=2)
            ax.set(xscale="log", yscale="log", xlim=(1, len(flat)), ylim=(lows[0] * 0.7, lows[1] * 1.4))
            ax.set_xticks(
                [1, 2, 4, 8][: 4 if len(flat) >= 8 else 2], ["1", "2", "4", "8"][: 4 if len(flat) >= 8 else 2]
            )
            ax.set_xticks([], minor=True)
            ax.set_yticks([], minor=True)
            ax.set_yticks([])
            ax.set_xlabel("waves across")
            fig.note(x - 8, y + 34, "strong", "muted", 11, ha="right")
            fig.note(x - 8, y + 222, "weak", "muted", 11, ha="right")
        y = 596 if narrow else 300
        x = 0
        for j, i in enumerate(shown):
            colour = mix(theme.prediction, theme.image, j / max(1, len(shown) - 1))
            fig.note(x, y, "■", colour, 12)
            fig.note(x + 15, y, f"step {i + 1}", "ink", SMALL)
            x += 76
        x = 0 if narrow else x + 10
        y += 20 if narrow else 0
        for words, colour in (("noise alone", "noise"), ("latents of real icons", "ink")):
            fig.note(x, y, "┄┄", colour, 12)
            fig.note(x + 30, y, words, "ink", SMALL)
            x += 128
        return fig

    return Output(
        alt=(
            f"Two log plots of power over frequency, from one wave across the latent to {n['waves']}. Noise is flat (slope "
            f"{n['slope_noise']:.2f}), latents of real icons fall with slope {n['slope_real']:.1f}. Left, the noisy latent "
            "begins on the noise's line and bends towards the icons', at its coarse end first. Right, the first bet falls "
            f"even more steeply, {n['slope_first_bet']:.1f}: it has {n['first_bet_coarse']:.0f} % of the finished power in "
            f"the longest waves and {n['first_bet_fine']:.0f} % in the finest."
        ),
        caption=(
            f"**Coarse first, as a spectrum.** Power of waves by how often they go across, mean of {n['runs']} runs of "
            f"{steps} steps, guidance off. Noise has the same power everywhere (slope {n['slope_noise']:.2f}); latents of "
            f"{n['icons']} unseen icons fall with slope {n['slope_real']:.1f} and the icons themselves, in pixels, with "
            f"{n['slope_pixels']:.1f}. So noise of one strength hides the fine waves long before the coarse ones: in the "
            f"noisy latent, picture outweighs noise from step {n['coarse_from']} on in the longest waves and from step "
            f"{n['fine_from']} on in the shortest. The first bet has {n['first_bet_coarse']:.0f} % of the finished "
            f"latents' power in the longest waves and {n['first_bet_fine']:.0f} % in the shortest."
        ),
        numbers=n,
        draw=draw,
    )
