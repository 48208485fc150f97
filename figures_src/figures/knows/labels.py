"""The price of a label: groups named by learners who had none, one, or up to hundreds of labelled icons a class, from
scratch or on features that something else had learned. Read from the results of `scripts/lab_labels.py`.

Tests claims: r07-09, r07-13.
"""

import numpy as np

from denoised.probes.crossed import crossed_ci
from denoised.studies import labels, shelf
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "What a label costs"
TINY_ONLY = "It reads what was measured with the small model."

RESAMPLES = 2000
LEARNERS = {  # name: (words, colour)
    "judge": ("judge's", "image"),
    "captions": ("CLIP's", "text"),
    "unet": ("denoiser's", "prediction"),
    "latents": ("VAE's", "latent"),
    "pixels": ("pixels", "noise"),
    "cnn": ("from scratch", "attention"),
}


def make(lab, smoke=False):
    facts, arrays = labels.load()
    shelf.expect(facts, lab, labels.NETWORKS, "lab_labels")
    rng, resamples = np.random.default_rng(0), 100 if smoke else RESAMPLES
    counts = labels.SETTINGS.labels
    right = {name: arrays[f"right_{name}"].astype(float) for name in LEARNERS}
    n = {"classes": len(labels.CLASSES), "asked": facts["asked"], "pool": facts["pool"],
         "seeds": len(labels.SETTINGS.seeds), "commonest": facts["commonest"],
         "views": labels.SETTINGS.steps * labels.SETTINGS.batch, "most": counts[-1],
         "chance": 1 / len(labels.CLASSES)}  # fmt: skip
    for name in LEARNERS:
        n |= {f"{name}_{count}": float(right[name][i].mean()) for i, count in enumerate(counts)}
    for i, name in enumerate(labels.FEATURES):
        n |= {f"purity_{name}": float(arrays["purity"][i].mean()), f"shared_{name}": float(arrays["shared"][i].mean()),
              f"null_{name}": float(np.percentile(arrays["null"][i], 95))}  # fmt: skip
    bounds = []
    for i, count in enumerate(counts):
        gap = right["cnn"][i] - right["unet"][i]
        low, high = crossed_ci(gap, rng, resamples)
        bounds.append((low, high))
        n |= {f"lead_{count}": float(gap.mean()), f"lead_{count}_low": low, f"lead_{count}_high": high}
    n |= {"lead_lowest": min(low for low, _ in bounds), "lead_highest": max(high for _, high in bounds)}
    taught = right["cnn"][-1] - arrays["shuffled"]
    low, high = crossed_ci(taught, rng, resamples)
    n |= {"shuffled": float(arrays["shuffled"].mean()), "taught": float(taught.mean()), "taught_low": low,
          "taught_high": high}  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Groups named rightly, by labelled icons a class", size=13, weight=600)
        width = 224 if narrow else 380
        ax = fig.area(40, 34, width, 270, below=44)
        for name, (words, colour) in LEARNERS.items():
            mean, by_seed = right[name].mean((1, 2)), right[name].mean(2)
            ax.fill_between(counts, by_seed.min(1), by_seed.max(1), color=theme.colour(colour), alpha=0.18, linewidth=0)
            ax.plot(counts, mean, color=theme.colour(colour), label=words, linestyle="--" if name == "cnn" else "-")
        ax.set_xscale("log", base=4)
        ax.set_xticks(counts, [str(c) for c in counts])
        ax.minorticks_off()
        ax.axhline(n["commonest"], color=theme.muted, linewidth=1, linestyle=":")
        ax.set(ylim=(0, 1), xlim=(counts[0], counts[-1]))
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xlabel("labelled icons a class")
        label_ends(ax, {words: words for words, _ in LEARNERS.values()}, size=12)
        x, y = (0, 372) if narrow else (540, 0)
        fig.note(x, y, "Without any label:\npurity of clusters", size=13, weight=600)
        ax = fig.area(x + 76, y + 52, 170 if narrow else 96, 150, grid="x", below=30)
        for k, name in enumerate(labels.FEATURES):
            words, colour = LEARNERS[name]
            ax.barh([-k], [n[f"purity_{name}"]], height=0.56, color=theme.colour(colour))
            fig.note(x, y + 52 + 150 * (0.55 + k) / 5.1, words, colour if colour != "noise" else "muted", 12, va="center")
        ax.axvline(n["chance"], color=theme.muted, linewidth=1, linestyle=":")
        ax.set(yticks=(), xlim=(0, 0.7), xticks=(0, 0.5), ylim=(-4.55, 0.55))
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        return fig

    top = counts[-1]
    return Output(
        alt=(
            f"Curves of the share of icons whose group is named rightly, over {counts[0]} to {top} labels a class. With "
            f"{top}: {n[f'judge_{top}']:.0%} on the judge's features, {n[f'captions_{top}']:.0%} on those of CLIP's image "
            f"tower, {n[f'unet_{top}']:.0%} on the denoiser's, "
            f"{n[f'latents_{top}']:.0%} on the VAE's, {n[f'cnn_{top}']:.0%} from scratch. Beside them the purity of "
            f"clusters found without labels, {n['purity_latents']:.0%} on the VAE's features."
        ),
        caption=(
            f"**What a label costs.** {n['asked']} icons, {n['classes']} groups, {n['seeds']} draws of labels; the dotted "
            f"line is always saying the commonest group ({n['commonest']:.0%}). With one label a class: "
            f"{n['judge_1']:.0%} on the features of a judge that was told groups before, {n['captions_1']:.0%} on those of "
            f"a net that was told captions (CLIP's image tower, {labels.SETTINGS.lessons.samples:,} views), "
            f"{n['unet_1']:.0%} on the denoiser's, {n['latents_1']:.0%} on the VAE's, "
            f"{n['pixels_1']:.0%} on pixels, {n['cnn_1']:.0%} by a net "
            f"from scratch ({n['views']:,} views). "
            f"With {top}: {n[f'judge_{top}']:.0%}, {n[f'captions_{top}']:.0%}, {n[f'unet_{top}']:.0%}, "
            f"{n[f'latents_{top}']:.0%}, "
            f"{n[f'pixels_{top}']:.0%}, {n[f'cnn_{top}']:.0%}; the net with shuffled labels {n['shuffled']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
