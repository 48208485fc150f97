"""Do words find their things? On noised real icons the map of the noun is compared with the icon's own outline, layer by
layer; in scenes of two icons it is asked which of the two it leans to.

Tests claims: r11-08.
"""

import numpy as np

from denoised.probes import play
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.pointing import SIDES, TIME, read_icons, read_scenes, short
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Do words find their things?"


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    scores, layers, heads, icon = read_icons(pipe, specimens, network, lab.generator("icons"), smoke)
    chosen = max(layers, key=lambda name: layers[name]["end"])  # chosen on single icons, asked again on scenes
    share, union, sheet = read_scenes(pipe, specimens, network, lab.generator("noise"), chosen, smoke)
    pairs = len(share["own", SIDES[0]]) // 2
    per_pair = share["own", SIDES[0]].reshape(pairs, 2).mean(1)
    low, high = bootstrap_ci(per_pair, seed=1)
    order = {name: k for k, name in enumerate(("down_blocks", "mid_block", "up_blocks"))}
    names = sorted(layers, key=lambda name: (order[name.split(".")[0]], name))
    spread = {kind: bootstrap_ci(values, seed=2) for kind, values in scores.items()}
    best = float(heads.max())
    scene_low, scene_high = bootstrap_ci(np.reshape(union["end"], (pairs, 2)).mean(1), seed=3)
    n = {
        "icons": len(scores["noun"]),
        **{f"find_{kind}": float(np.mean(values)) for kind, values in scores.items()},
        **{f"find_{kind}_low": both[0] for kind, both in spread.items()},
        **{f"find_{kind}_high": both[1] for kind, both in spread.items()},
        "heads": len(heads),
        "best_head": best,
        "layer": short(chosen),
        "layer_noun": layers[chosen]["noun"],
        "layer_end": layers[chosen]["end"],
        "layer_start": layers[chosen]["start"],
        "best_noun": max(row["noun"] for row in layers.values()),
        "scene_end": float(np.mean(union["end"])),
        "scene_end_low": scene_low,
        "scene_end_high": scene_high,
        "scene_centre": float(np.mean(union["centre"])),
        "time": TIME,
        "scenes": 2 * pairs,
        "pairs": pairs,
        "pointing": float(share["own", SIDES[0]].mean()),
        "pointing_low": low,
        "pointing_high": high,
        "pointing_coarse": float(share["own", SIDES[1]].mean()),
        "strangers": float(share["strange", SIDES[0]].mean()),
        "side": SIDES[0],
        "side_coarse": SIDES[1],
        "layers": len(layers),
        "chance": 0.5,
    }  # fmt: skip
    image, mask, maps, noun = icon

    def tile(theme, one):
        one = one - one.min()
        return colour_map(one, theme, float(one.max()) or 1.0, "attention")

    def bar(fig, x, y, width, words, value, colour, edges=None, percent=False):
        fig.note(x, y, words, "ink", SMALL)
        ax = fig.area(x, y + 17, width, 16, grid="")
        ax.set_axis_off()
        ax.set(xlim=(0, 1.2), ylim=(-0.5, 0.5))
        ax.barh([0], [value], color=fig.theme.colour(colour))
        ax.axvline(0.5, color=fig.theme.ink, linewidth=1, linestyle=(0, (3, 3)))
        end = value
        if edges:
            ax.plot(edges, [0, 0], color=fig.theme.ink, linewidth=1.6)
            end = edges[1]
        ax.annotate(f"{value:.0%}" if percent else f"{value:.2f}", (max(end, 0.5), 0), xytext=(8, 0),
                    textcoords="offset points", va="center", fontsize=12, weight=600, color=fig.theme.ink,
                    annotation_clip=False)  # fmt: skip
        return y + 40

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        size, gap = (112, 12) if narrow else (104, 12)
        fig.note(0, 0, "One icon under noise: does a map find it?", size=14, weight=600)
        tiles = [(image, "the icon", "image"), (colour_map(mask, theme, 1.0, "image"), "its cells", "image"),
                 (tile(theme, maps["noun"]), f"“{noun}”", "text"), (tile(theme, maps["end"]), "end token", "text"),
                 (tile(theme, maps["start"]), "start token", "text"),
                 (tile(theme, maps["centre"]), "the centre", "noise")]  # fmt: skip
        columns, y = 3, 26
        for k, (one, words, colour) in enumerate(tiles):
            row, column = divmod(k, columns)
            x, top = column * (size + gap), y + row * (size + 28)
            picture(fig, one, x, top, size, size, smooth=k == 0)
            fig.note(x + size / 2, top + size + 4, words, colour, 12, ha="center", weight=600)
        bottom = y + 2 * (size + 28)
        left, top, width = (0, bottom + 6, fig.width) if narrow else (3 * (size + gap) + 24, y - 2, 0)
        width = width or fig.width - left
        for kind, words, colour in (("noun", "the noun's map", "attention"), ("stranger", "another noun's", "noise"),
                                    ("start", "the start token's", "text"), ("end", "the end token's", "text"),
                                    ("centre", "no network: nearness to the centre", "noise")):  # fmt: skip
            top = bar(fig, left, top, width, words, n[f"find_{kind}"], colour, spread[kind])
        y = max(bottom, top) + 14

        fig.note(0, y, "Two icons: does a noun look at its own?", size=14, weight=600)
        y += 26
        picture(fig, sheet[0], 0, y, size, size)
        fig.note(size / 2, y + size + 4, "the scene", "image", 12, ha="center", weight=600)
        for k, (word, one) in enumerate(zip(sheet[1], sheet[2], strict=True)):
            x = (k + 1) * (size + gap)
            picture(fig, tile(theme, one), x, y, size, size, smooth=False)
            fig.note(x + size / 2, y + size + 4, f"“{word}”", "text", 12, ha="center", weight=600)
        top = y + size + 34 if narrow else y - 2
        for words, value, colour, edges in (
            (f"maps of {SIDES[0]} × {SIDES[0]}", n["pointing"], "attention", (low, high)),
            (f"maps of {SIDES[1]} × {SIDES[1]}", n["pointing_coarse"], "attention", None),
            ("words of other icons", n["strangers"], "noise", None),
        ):
            top = bar(fig, left, top, width, words, value, colour, edges, percent=True)
        y = max(y + size + 28, top) + 14

        fig.note(0, y, "Layer by layer, on single icons", size=14, weight=600)
        y += 26
        label, cell = 84, 84 if narrow else 120
        for k, (words, colour) in enumerate((("noun", "attention"), ("start", "text"), ("end token", "text"))):
            fig.note(label + (k + 0.5) * cell, y, words, colour, 12, ha="center", weight=600)
        y += 20
        for name in names:
            fig.note(0, y + 12, short(name), "ink", SMALL, va="center")
            for k, kind in enumerate(("noun", "start", "end")):
                value = layers[name][kind]
                ax = fig.area(label + k * cell, y, cell - 3, 24, grid="")
                ax.set_axis_off()
                ax.set(xlim=(0, 1), ylim=(0, 1))
                shade = theme.colour("attention" if value > 0.5 else "latent")
                ax.axvspan(0, 1, color=shade, alpha=0.06 + 0.55 * min(1.0, abs(value - 0.5) / 0.45))
                fig.note(label + (k + 0.5) * cell, y + 12, f"{value:.2f}", "ink", 12, ha="center", va="center")
            if not narrow:
                side = (
                    SIDES[1]
                    if any(mark in name for mark in ("mid_block", "down_blocks.2", "up_blocks.0"))
                    else SIDES[0]
                )
                fig.note(label + 3 * cell + 14, y + 12, f"{side} × {side} cells", "muted", SMALL, va="center")
            y += 28
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"An icon, the cells that it covers, and maps of attention beside it. How well a map tells the icon's cells "
            f"from the others, as bars: the noun's {n['find_noun']:.2f}, another noun's {n['find_stranger']:.2f}, the "
            f"start token's {n['find_start']:.2f}, the end token's {n['find_end']:.2f}, nearness to the centre "
            f"{n['find_centre']:.2f}; {n['chance']} is chance. In scenes of two icons the noun leans to its own in "
            f"{n['pointing']:.0%} of cases. In layer “{n['layer']}” the end "
            f"token's map reaches {n['layer_end']:.2f} on icons, {n['scene_end']:.2f} on scenes."
        ),
        caption=(
            f"**Does a word find its thing?** Above, {n['icons']} real icons under noise (t = {TIME}): the chance that a "
            f"cell of the icon is brighter in a map than a cell beside it, at the map's true {SIDES[0]} × {SIDES[0]}, "
            f"with intervals over icons. The noun: {n['find_noun']:.2f} ({spread['noun'][0]:.2f} to "
            f"{spread['noun'][1]:.2f}); a noun that is not shown: {n['find_stranger']:.2f}; the end token: "
            f"{n['find_end']:.2f}. Icons stand in the middle, so nearness to the centre alone gives "
            f"{n['find_centre']:.2f}. Below that, {n['scenes']} scenes of two icons, both ways round: a noun leans "
            f"to its own in {n['pointing']:.0%} of cases ({low:.0%} to {high:.0%}), with words of other icons in "
            f"{n['strangers']:.0%}. Last, layer by layer (of {n['heads']} heads none does better for the noun than "
            f"{best:.2f}). In layer “{n['layer']}”, chosen on single icons, the end token's map scores "
            f"{n['layer_end']:.2f}; on the scenes, where the centre gives {n['scene_centre']:.2f}, it scores "
            f"{n['scene_end']:.2f} ({scene_low:.2f} to {scene_high:.2f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
