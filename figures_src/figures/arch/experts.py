"""A mixture of experts that names the groups of icons: which expert is asked about which group, and what the choosing is
worth against a net of equal work and against experts who get their pictures by lot.

Tests claims: r08-25. Read from the results of `scripts/lab_experts.py`.
"""

import numpy as np

from denoised.studies import experts
from denoised.studies.labels import CLASSES
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Which expert is asked"

WORDS = {
    "experts": "chosen experts",
    "lot": "experts by lot",
    "dense": "dense, equal work",
    "large": "dense, equal size",
}
GROUPS = {"activities": "play", "animals-nature": "nature", "food-drink": "food", "objects": "objects",
          "people-body": "people", "smileys-emotion": "smileys", "symbols": "symbols",
          "travel-places": "travel"}  # fmt: skip
CHANCE_DRAWS = 2000


def lead(one, other, rng):
    """(mean, low, high) of right answers of one arm less another's, [seeds, icons] each; both drawn anew."""
    difference = one.astype(float) - other.astype(float)
    seeds, icons = difference.shape
    some = [difference[rng.integers(seeds, size=seeds)][:, rng.integers(icons, size=icons)].mean()
            for _ in range(CHANCE_DRAWS)]  # fmt: skip
    return float(difference.mean()), *map(float, np.quantile(some, [0.025, 0.975]))


def make(lab, smoke=False):
    facts, arrays = experts.load()
    s, rng = experts.SETTINGS, np.random.default_rng(0)
    right = {arm: arrays[f"right_{arm}"] for arm in experts.ARMS}
    group, chosen = arrays["group"], arrays["expert_experts"].astype(int)
    n = {"seeds": len(s.seeds), "experts": s.experts, "asked": facts["asked"], "learnt": facts["learnt"],
         "seconds": facts["seconds"], "moved": float(np.mean(facts["moved"])),
         "chance": float(np.bincount(group).max() / len(group))}  # fmt: skip
    for arm in experts.ARMS:
        each = right[arm].mean(1)
        n |= {f"right_{arm}": float(each.mean()), f"least_{arm}": float(each.min()), f"most_{arm}": float(each.max()),
              f"parameters_{arm}": facts["parameters"][arm]}  # fmt: skip
    for other in ("dense", "lot", "large"):
        n |= dict(zip((f"lead_{other}", f"lead_{other}_low", f"lead_{other}_high"),
                      lead(right["experts"], right[other], rng), strict=True))  # fmt: skip
    null = np.quantile(arrays["null"], 0.95, axis=1)
    n |= {"shared": float(arrays["shared"].mean()), "null": float(null.max()), "by_lot": float(arrays["by_lot"].mean()),
          "knows": int((arrays["shared"] > null).sum())}  # fmt: skip
    busiest = [np.bincount(c.astype(int), minlength=s.experts).max() / len(group) for c in arrays["expert_unbalanced"]]
    n["busiest_unbalanced"] = float(np.mean(busiest))
    n["busiest"] = float(np.mean([np.bincount(c, minlength=s.experts).max() / len(group) for c in chosen]))
    tables = np.zeros((len(s.seeds), s.experts, len(CLASSES)))
    for seed, which in enumerate(chosen):
        np.add.at(tables[seed], (which, group), 1)
    tables /= tables.sum(1, keepdims=True)  # of each group, the share that goes to an expert
    n |= {f"top_{GROUPS[name]}": float(tables[:, :, k].max(1).mean()) for k, name in enumerate(CLASSES)}
    table = tables[0]
    order = np.argsort(table.argmax(1), kind="stable")
    n |= {
        "top_share": float(table.max()),
        "top_group": GROUPS[CLASSES[int(table.max(0).argmax())]],
    }
    n["even"] = 1 / s.experts

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Where the icons of each group go (first seed)", size=14, weight=600)
        left, row, cell = 22, 34, 26 if narrow else 52
        for k, name in enumerate(CLASSES):
            how = {"rotation": 90, "ha": "center"} if narrow else {"rotation": 35, "ha": "left"}
            fig.note(left + cell * (k + 0.5), 76 if narrow else 62, GROUPS[name], "ink", 12, va="bottom",
                     rotation_mode="default" if narrow else "anchor", **how)  # fmt: skip
        y, size = 82 if narrow else 68, row * s.experts
        shades = colour_map(table[order], theme, float(table.max()), "latent")
        picture(fig, shades, left, y, cell * len(CLASSES), size, smooth=False)
        many = 3 if narrow else 6
        strips = np.pad(arrays["sheet"][order, :many], ((0, 0), (0, 0), (1, 1), (2, 2), (0, 0)), constant_values=255)
        strips = strips.transpose(0, 2, 1, 3, 4).reshape(s.experts * 34, many * 36, 3)
        picture(fig, strips, left + cell * len(CLASSES) + 10, y, 36 * many, size)
        for place in range(s.experts):
            fig.note(0, y + row * (place + 0.5), f"{place + 1}", "muted", 12, va="center")
        y += size
        y += 22
        fig.note(0, y, "Groups named rightly", size=14, weight=600)
        ax = fig.area(118, y + 26, fig.width - 118 - 52, 26 * len(WORDS), grid="x", below=30)
        for i, arm in enumerate(WORDS):
            ax.barh(
                [i], [n[f"right_{arm}"]], height=0.62, color=theme.colour("latent" if arm == "experts" else "muted")
            )
            ax.plot([n[f"least_{arm}"], n[f"most_{arm}"]], [i, i], color=theme.ink, linewidth=1.5)
            fig.note(fig.width, y + 26 + 26 * (i + 0.5), f"{n[f'right_{arm}']:.1%}", "ink", 12, ha="right", va="center")
        ax.axvline(n["chance"], color=theme.ink, linewidth=1.2, linestyle=(0, (3, 3)))
        ax.set_yticks(range(len(WORDS)), list(WORDS.values()))
        ax.set(xlim=(0, 1.15 * max(n[f"most_{arm}"] for arm in WORDS)), ylim=(len(WORDS) - 0.4, -0.6))
        ax.set_xticks([0, 0.25, 0.5], ["0", "¼", "½"])
        fig.set_height(y + 26 + 26 * len(WORDS) + 34)
        return fig

    def told(other):
        lead, low, high = (f"{100 * n[f'lead_{other}{end}']:+.1f}".replace("-", "−") for end in ("", "_low", "_high"))
        return f"{lead} points ({low} to {high})"

    return Output(
        alt=(
            f"A table of {s.experts} experts by eight groups of icons, shaded by the share of a group that goes to an "
            f"expert, up to {n['top_share']:.0%} ({n['top_group']}), with icons of each expert beside it. Below, groups "
            f"named rightly: chosen experts {n['right_experts']:.1%}, experts by lot {n['right_lot']:.1%}, a dense net of "
            f"equal work {n['right_dense']:.1%}, one of equal size {n['right_large']:.1%}."
        ),
        caption=(
            f"**Which expert is asked.** Icons of 16×16 pixels; each chooses one of {s.experts} experts, and nobody tells "
            f"it which. Still the experts divide the groups among themselves: shared information {n['shared']:.2f}, by "
            f"shuffling at most {n['null']:.2f}; {n['top_symbols']:.0%} of symbols and {n['top_smileys']:.0%} of smileys "
            f"go to one expert (mean of seeds), an even share would be {n['even']:.0%}. What is it worth? {n['asked']} "
            "icons that nobody learnt from, "
            f"{n['seeds']} seeds (thin line: lowest to highest): against a net that does as much work {told('dense')}, "
            f"against experts who get each icon by lot {told('lot')}, against one net as large as all of them "
            f"{told('large')}. Icons sent to other experts than they chose are named rightly in {n['moved']:.0%}. Without "
            f"the loss that keeps all busy one expert gets {n['busiest_unbalanced']:.0%} of all icons instead of "
            f"{n['busiest']:.0%}. Dashed: always naming the commonest group."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
