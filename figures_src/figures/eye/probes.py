"""What a linear map reads off each layer: the direction of stripes, colour, style, group, concept; trained nets against
the same nets before training. Read from the results of `scripts/lab_eye.py`."""

import numpy as np

from denoised.studies import eye
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What each layer knows"

TASKS = {"orientation": "direction of stripes", "colour": "colour", "style": "style", "group": "group, new concepts",
         "concept": "concept, new style"}  # fmt: skip
COLOURS = {"orientation": "noise", "colour": "image", "style": "text", "group": "prediction", "concept": "latent"}
RESAMPLES = 2000


def bootstrap(right, rng, resamples=RESAMPLES):
    """[2, layers]: 95 % interval of the mean over seeds and pictures of right [seeds, layers, pictures]."""
    seeds, _, pictures = right.shape
    drawn = [
        right[rng.integers(seeds, size=seeds)][:, :, rng.integers(pictures, size=pictures)].mean((0, 2))
        for _ in range(resamples)
    ]
    return np.percentile(drawn, (2.5, 97.5), axis=0)


def make(lab, smoke=False):
    facts, arrays = eye.load()
    rng = np.random.default_rng(0)
    found, n = {}, {"seeds": len(eye.SETTINGS.seeds)}
    for task in TASKS:
        for word in ("trained", "fresh"):
            right = arrays[f"probe_{word}_{task}"].astype(float)
            mean = right.mean((0, 2))
            found[task, word] = mean, bootstrap(right, rng, 50 if smoke else RESAMPLES)
            n |= {f"{task}_{word}_{layer}": float(v) for layer, v in enumerate(mean)}
            n[f"{task}_{word}_peak"] = int(mean.argmax())
        n[f"{task}_chance"] = facts["chance"][task]
    layers = len(mean)
    n["layers"] = layers

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        for k, (task, words) in enumerate(TASKS.items()):
            column, row = (k % 2, k // 2) if narrow else (k % 3, k // 3)
            x, y, w = (column * 184, row * 190, 140) if narrow else (column * 246, row * 216, 190)
            fig.note(x, y, words, COLOURS[task], 12 if narrow else 13, weight=600)
            ax = fig.area(x + 34, y + 26, w, 110 if narrow else 130, below=40)
            for word, colour in (("fresh", "muted"), ("trained", COLOURS[task])):
                mean, (low, high) = found[task, word]
                ax.fill_between(range(layers), low, high, color=theme.colour(colour), alpha=0.2, linewidth=0)
                ax.plot(range(layers), mean, "o-", color=theme.colour(colour), markersize=4,
                        linestyle="-" if word == "trained" else (0, (4, 2)))  # fmt: skip
            ax.axhline(facts["chance"][task], color=theme.grid, linewidth=2)
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xticks(range(layers), ["px", "stem", *range(1, layers - 1)] if not narrow else
                          ["px", "", *(str(i) if i % 2 else "" for i in range(1, layers - 1))])  # fmt: skip
            ax.tick_params(labelsize=11)
            ax.set_ylim(bottom=0)
        x, y = (184, 2 * 190 + 40) if narrow else (2 * 246 + 34, 216 + 40)
        fig.note(x, y, "coloured: trained\ndashed: before training\nlevel line: the commonest\nanswer alone", "muted", 11)
        return fig

    first, last = 0, layers - 1
    return Output(
        alt=(
            f"Five small plots over {layers} depths, from the pixels through the stem to the last unit. "
            "Direction of stripes: "
            f"{n['orientation_trained_0']:.0%} from pixels, at best "
            f"{max(found['orientation', 'trained'][0]):.0%}. Group: "
            f"from {n['group_trained_0']:.0%} to {n[f'group_trained_{last}']:.0%}; concept: from "
            f"{n['concept_trained_0']:.1%} to {n[f'concept_trained_{last}']:.1%}. Dashed lines show the nets "
            "before training."
        ),
        caption=(
            f"**What a linear map reads off each layer.** Mean of {n['seeds']} PyramidNets with 95 % "
            "intervals (seeds and "
            "pictures drawn anew), dashed the same nets before training. Direction of stripes is read best at depth "
            f"{n['orientation_trained_peak']} of {last} ({max(found['orientation', 'trained'][0]):.0%}), colour at "
            f"{n['colour_trained_peak']}, style at {n['style_trained_peak']}, group at "
            f"{n['group_trained_peak']}, concept at "
            f"{n['concept_trained_peak']}; depth 0 is the pixels, 1 the stem. At the last layer the group is read "
            f"for {n[f'group_trained_{last}']:.0%} of concepts that were never met, before training for "
            f"{n[f'group_fresh_{last}']:.0%}, from the pixels' colours alone for {n[f'group_trained_{first}']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
