"""The nearest neighbours of one icon in four spaces; and over all icons, whether near means alike: the same kind of
thing, shared keywords, and a cat that is nearer to a tiger than to a household object of its own colour.

Tests claims: c4-03, c4-04.
"""

from denoised import measured
from denoised.measured import latent_neighbours
from denoised.measured.latent_neighbours import NEAREST, SPACES, STYLE, K
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Who lives next door"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_neighbours, smoke)
    images = lab.specimens().images

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        colour = {"pixels": "image", "latents": "latent", "middle": "prediction", "texts": "text"}
        cell = 65 if narrow else 88
        shown = 4 if narrow else NEAREST
        y = 0
        for name, title in SPACES:
            x = 0
            fig.note(0, y, title, colour[name], 13, weight=600)
            numbers = f"same kind {100 * n[f'same_kind_{name}']:.0f} %   keywords {n[f'keywords_{name}']:+.2f}"
            if narrow:
                fig.note(fig.width, y, f"same kind {100 * n[f'same_kind_{name}']:.0f} %", "muted", 12, ha="right")
            else:
                fig.note(fig.width, y, f"{numbers}   cat–tiger {100 * n[f'cat_{name}']:.0f} %", "muted", 12, ha="right")
            row = [images[i] for i in found[name][: 1 + shown]]
            image_grid(fig, [row], x=x, y=y + 22, cell=cell, gap=8 if narrow else 34)
            y += 22 + cell + 16
        fig.set_height(y - 15)
        return fig

    def told(key, form):
        return ", ".join(f"{title} {form(n[f'{key}_{name}'])}" for name, title in SPACES)

    def percent(x):
        return f"{100 * x:.0f} %"

    def between(key, form):
        each = ((title, *(n[f"{key}_{name}{end}"] for end in ("", "_low", "_high"))) for name, title in SPACES)
        return ", ".join(f"{title} {form(x)} ({form(low)} to {form(high)})" for title, x, low, high in each)

    return Output(
        alt=(
            f"The {STYLE} cat and its {NEAREST} nearest neighbours in pixels, VAE latents, the U-Net's middle and text "
            f"vectors. Of the {K} nearest other things, of the same kind are: {told('same_kind', percent)}; by chance "
            f"{percent(n['chance'])}."
        ),
        caption=(
            f"**Neighbours mean different things in different spaces.** First picture: the cat; then its nearest "
            f"neighbours among {n['icons']} icons (for text vectors: among their prompts). *Same kind*: share of the "
            f"{K} "
            f"nearest other things that belong to the same of {n['kinds']} groups (chance {percent(n['chance'])}): "
            f"{told('same_kind', percent)}. *Keywords*: rank correlation of nearness with shared keywords, "
            f"{between('keywords', lambda x: f'{x:.2f}')}, 95 % "
            f"intervals, things resampled; shuffled at most {n['keywords_null']:.2f}. *Cat–tiger*: how "
            "often "
            f"the tiger is nearer than an object of the cat's colour, in {n['triplets']} triplets: "
            f"{between('cat', percent)}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
