"""Is a training picture walked through hundreds of noising steps? Latents of icons are noised in hundreds of small
steps and in one jump; the two are told apart by nothing. Then one training step is run and its noisy samples counted.

Tests claims: c2-02.
"""

import numpy as np
import torch

from denoised.diffusion.objectives import add_noise, diffusion_loss
from denoised.diffusion.schedules import alpha_bar_from_betas, scaled_linear_betas
from denoised.pipeline import encode
from denoised.probes.latents import fit_preview
from plotting.layout import label_point, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Hundreds of small steps or one jump"

WALK = 400
WRONG = 200  # control: a jump to another step, which must be told apart
SHOWN = (1, 50, 100, 200, 300, 400)
ICON = {"style": "twemoji", "concept": "cat-face"}


def ks(a, b):
    """Two-sample Kolmogorov-Smirnov statistic: the largest gap between two cumulative distributions."""
    a, b = np.sort(np.ravel(a)), np.sort(np.ravel(b))
    both = np.concatenate([a, b])
    return float(np.abs(np.searchsorted(a, both, "right") / len(a) - np.searchsorted(b, both, "right") / len(b)).max())


def jump(x0, t, alpha_bar, generator):
    eps = torch.randn(x0.shape, generator=generator)
    return add_noise(x0, eps, torch.full((len(x0),), t - 1), alpha_bar)


def count_training_step(x0, alpha_bar, generator):
    """One call of the training loss on a batch: noisy samples and network calls per clean sample, and their steps."""
    seen = []

    def network(xt, t):
        seen.append(len(xt))
        return torch.zeros_like(xt)

    t = torch.randint(len(alpha_bar), (len(x0),), generator=generator)
    diffusion_loss(network, x0, torch.randn(x0.shape, generator=generator), t, alpha_bar)
    return sum(seen) / len(x0), t


def make(lab, smoke=False):
    vae, specimens = lab.vae(), lab.specimens()
    betas = scaled_linear_betas()
    alpha_bar = alpha_bar_from_betas(betas)
    images = specimens.images[:: 60 if smoke else 7]
    x0 = encode(vae, images)
    preview = fit_preview(x0, images)
    shown = encode(vae, specimens.one(**ICON)[None])

    generator = lab.generator("walk")
    xt, film, strip = x0, shown, {}
    for i in range(WALK):
        keep, fresh = (1 - betas[i]).sqrt().float(), betas[i].sqrt().float()
        xt = keep * xt + fresh * torch.randn(xt.shape, generator=generator)
        film = keep * film + fresh * torch.randn(film.shape, generator=generator)
        if i + 1 in SHOWN:
            strip[i + 1] = preview(film)[0]
    jumped = jump(x0, WALK, alpha_bar, lab.generator("jump"))
    wrong = jump(x0, WRONG, alpha_bar, lab.generator("wrong"))
    jumps = {t: preview(jump(shown, t, alpha_bar, lab.generator(f"jump {t}")))[0] for t in SHOWN}
    noisy, drawn = count_training_step(x0, alpha_bar, lab.generator("training"))
    values = x0.numel()
    share = alpha_bar[WALK - 1].sqrt().float()
    added = {name: (x - share * x0).numpy() for name, x in (("walked", xt), ("jumped", jumped), ("wrong", wrong))}
    n = {
        "walk_steps": WALK,
        "icons": len(x0),
        "values": values,
        "ks": ks(added["walked"], added["jumped"]),
        "ks_chance": 1.36 * float(np.sqrt(2 / values)),  # 5 % critical value for two samples of this size
        "ks_wrong_step": ks(added["walked"], added["wrong"]),
        "wrong_step": WRONG,
        "mean_walked": float(added["walked"].mean()),
        "mean_jumped": float(added["jumped"].mean()),
        "variance_walked": float(added["walked"].var()),
        "variance_jumped": float(added["jumped"].var()),
        "noisy_versions_per_example": noisy,
        "mean_t": float((drawn + 1).double().mean()),
        "schedule_steps": len(alpha_bar),
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 3 if narrow else len(SHOWN)
        gap = 8
        cell = 112 if narrow else 113
        left = 0
        y = 0
        names = (("noised in small steps", "noise", strip), ("noised in one jump", "latent", jumps))
        plot_y, plot_x, plot_w = 24, 0, 0
        for name, colour, pictures in names:
            fig.note(0, y, name, colour, SMALL, weight=600)
            y += 22
            for k, t in enumerate(SHOWN):
                row, column = divmod(k, columns)
                x = left + column * (cell + gap)
                picture(fig, pictures[t], x, y + row * (cell + 24), cell, cell, False)
                fig.note(x + cell / 2, y + row * (cell + 24) + cell + 4, f"step {t}", "muted", SMALL, ha="center")
            y += -(-len(SHOWN) // columns) * (cell + 24) + 8
        plot_y = y + 34
        plot_w = fig.width - 8
        fig.note(0, y + 6, f"What was added to {n['icons']} icons in {WALK} steps", size=14, weight=600)
        ax = fig.area(plot_x, plot_y, plot_w, 170, grid="", below=30)
        low, high = -3.6, 3.6
        edges = np.linspace(low, high, 61)
        for name, colour, width in (("walked", theme.noise, 5.0), ("jumped", theme.latent, 1.8)):
            heights, _ = np.histogram(added[name].ravel(), bins=edges, density=True)
            ax.plot((edges[1:] + edges[:-1]) / 2, heights, color=colour, linewidth=width)
        heights, _ = np.histogram(added["wrong"].ravel(), bins=edges, density=True)
        middles = (edges[1:] + edges[:-1]) / 2
        ax.plot(middles, heights, color=theme.accent, linewidth=1.4, dashes=(3, 2.2))
        ax.set(xlim=(low, high), ylim=(0, heights.max() * 1.25), yticks=[], xticks=[-3, -2, -1, 0, 1, 2, 3])
        ax.set_xticklabels(["−3", "−2", "−1", "0", "1", "2", "3"])
        peak = heights.max()
        kwargs = {"fontsize": 12, "ha": "left"}
        x = 1.25 if narrow else 1.5
        label_point(ax, x, peak * 1.14, f"{WALK} steps (thick)", "noise", dx=0, **kwargs)
        label_point(ax, x, peak * 1.00, "one jump (thin)", "latent", dx=0, **kwargs)
        label_point(ax, x, peak * 0.86, f"jump to {WRONG}", "accent", dx=0, **kwargs)
        return fig

    times = "once" if noisy == 1 else f"{noisy:.2f} times"
    same = n["ks"] < 2 * n["ks_chance"]
    return Output(
        alt=(
            f"Two rows of one cat's latent, at steps {', '.join(map(str, SHOWN))}: noised in small steps, and noised "
            f"in one jump each. Below, the distribution of what {WALK} small steps added to {values:,} values, and of "
            f"what one jump added: the curves {'lie on each other' if same else 'differ'}, largest gap "
            f"{n['ks']:.4f}; a jump to step {WRONG} gives a gap of {n['ks_wrong_step']:.3f}."
        ),
        caption=(
            f"**{WALK} steps or one: {'the test cannot tell them apart' if same else 'the test tells them apart'}.** "
            f"The largest gap between the distributions of what was added to {values:,} values is {n['ks']:.4f}, where "
            f"chance alone allows {n['ks_chance']:.4f}; a jump to the wrong step, {WRONG}, gives "
            f"{n['ks_wrong_step']:.3f}. So training never walks. In one step of this project's training loss "
            f"each icon was noised {times}, at a step of its own; walking there "
            f"would have taken {n['mean_t']:.0f} steps on average."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
