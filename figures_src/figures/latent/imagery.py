"""Whose pictures these are: what the icons are of that the denoiser was shown, counted; and what becomes of a skin tone
that is asked for by name, when whoever chose the icons left all toned ones out: is the skin's colour right, and does only
the skin change?

Tests claims: c7-03.
"""

import torch

from denoised import measured
from denoised.measured import latent_imagery
from denoised.measured.latent_imagery import NAMES
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Whose imagery"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_imagery, smoke)
    shown = list(zip(NAMES.values(), found["counts"].tolist(), strict=True))
    shown.sort(key=lambda pair: -pair[1])
    real = lab.specimens().images[found["icons"]]
    made = decode(lab.vae(), torch.from_numpy(found["made"]).flatten(0, 1)).reshape(real.shape)
    grid = [list(images[:, d]) for d in (0, 1) for images in (real, made)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, row = 124, 26
        w = (fig.width if narrow else 400) - left - 50
        fig.note(0, 0, "What the denoiser was shown", "image", 14, weight=600)
        for k, (name, count) in enumerate(shown):
            y = 30 + k * row
            fig.note(left - 10, y + 10, name, "ink", 13, ha="right", va="center")
            ax = fig.area(left, y, w, 20, grid="")
            ax.barh([0], [count], height=0.9, color=theme.image)
            ax.set(xlim=(0, shown[0][1]), ylim=(-0.5, 0.5))
            ax.set_axis_off()
            fig.note(left + w * count / shown[0][1] + 6, y + 10, f"{count:,}", "muted", SMALL, va="center")
        x, y = (0, 30 + row * len(shown) + 22) if narrow else (430, 0)
        fig.note(x, y, "A skin tone asked for by name", "text", 14, weight=600)
        names = ["light,\nreal", "light,\ndrawn", "dark,\nreal", "dark,\ndrawn"]
        image_grid(fig, grid, x=x, y=y + 30, rows=names, left=62, gap=8, cell=80 if narrow else 66)
        return fig

    return Output(
        alt=(
            f"Bars: what {n['icons']:,} icons of the denoiser's training show. "
            + ", ".join(f"{name} {count:,}" for name, count in shown)
            + f". Beside them people and a hand in light and in dark skin, real and drawn: asked for by name, "
            f"the skin's colour is off {n['skin_ratio']:.1f} times as far as where no tone is asked for."
        ),
        caption=(
            f"**A collection, not a humanity.** The denoiser was shown {n['icons']:,} icons from {n['styles']} sets, and "
            f"a standards body decided what these are of. Whoever trained it left out all {n['flags_left_out']:,} flags "
            f"and {n['toned_left_out']:,} people with a skin tone. Asked for light and for dark skin by name, it does "
            f"make pictures lighter and darker, by {n['tone_share']:.0%} of what real icons differ (95 % interval "
            f"{n['tone_low']:.0%} to {n['tone_high']:.0%}, {n['cases']} pairs); but hair and all else by "
            f"{n['rest_made']:.0f} of 255, where real ones change by {n['rest_real']:.0f}. Where the skin should be, the "
            f"colour is off by {n['skin_off']:.2f} of the way from light to dark, and by {n['skin_off_untoned']:.2f} "
            f"where no tone is asked for: {n['skin_ratio']:.1f} times as much ({n['skin_low']:.1f} to "
            f"{n['skin_high']:.1f}). Red and green apples, which it was shown, differ by {n['fruit_share']:.0%} of the "
            f"real difference ({n['fruit_low']:.0%} to {n['fruit_high']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
