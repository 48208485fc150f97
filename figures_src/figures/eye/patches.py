"""For a few channels of each layer of the trained PyramidNet, the icons that drive it most, cropped to what it sees."""

import numpy as np
import torch
import torch.nn.functional as F

from denoised.models import pyramid
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("pyramidnet",)
DATA = ("specimens",)
TITLE = "What drives a channel most"

LAYERS = (0, 2, 4, 6)
CHANNELS, BEST = 2, 6
SCALE = 4  # of an icon over the net's picture


def make(lab, smoke=False):
    specimens = lab.specimens()
    net = pyramid.load(lab.weight("pyramidnet"))
    picks = list(range(0, len(specimens.records), 12 if smoke else 1))
    x = F.avg_pool2d(torch.from_numpy(specimens.images[picks]).permute(0, 3, 1, 2).float(), SCALE) / 127.5 - 1
    with torch.no_grad():
        parts = [net.maps(part) for part in x.split(256)]
    fields = pyramid.field(net)
    groups = [specimens.records[i]["group"] for i in picks]
    concepts = [specimens.records[i]["concept"] for i in picks]
    rows, n = [], {"icons": len(picks), "best": BEST}
    for layer in LAYERS:
        maps = torch.cat([p[layer] for p in parts])
        top = maps.flatten(2).max(2).values
        purity = []
        for c in range(maps.shape[1]):
            best = top[:, c].argsort(descending=True, stable=True)[:BEST].tolist()
            mine = [groups[i] for i in best]
            purity.append(max(mine.count(g) for g in set(mine)) / BEST)
        n[f"purity_{layer}"] = float(np.mean(purity))
        lively = (top.std(0) / top.mean(0).abs().clamp_min(1e-6)).argsort(descending=True, stable=True)[:CHANNELS].tolist()
        for c in lively:
            best, used = [], set()
            for i in top[:, c].argsort(descending=True, stable=True).tolist():
                if concepts[i] not in used:  # one drawing a concept: styles of one thing would fill the row
                    used.add(concepts[i])
                    best.append(i)
                if len(best) == BEST:
                    break
            field, stride = fields[layer]
            reach = max(8, min(field, 32) * SCALE // 2)
            crops = []
            for i in best:
                r, q = divmod(int(maps[i, c].argmax()), maps.shape[3])
                icon = np.pad(specimens.images[picks[i]], ((64, 64), (64, 64), (0, 0)), constant_values=255)
                y, z = (64 + int((v + 0.5) * stride * SCALE) for v in (r, q))
                if field >= 32:  # it sees the whole picture
                    y = z = 128
                    reach = 64
                crops.append(icon[y - reach : y + reach, z - reach : z + reach])
            rows.append((layer, crops))
    n |= {"chance": max(groups.count(g) for g in set(groups)) / len(groups)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, cell = 0, 46 if narrow else 84
        for k, (layer, crops) in enumerate(rows):
            if k % CHANNELS == 0:
                word = "stem" if layer == 0 else f"unit {layer}"
                seen = min(fields[layer][0], 32)
                fig.note(0, y + (0 if narrow else 6), f"{word}, sees {seen} px" if narrow else f"{word}\nsees {seen} px",
                         size=12, weight=600)  # fmt: skip
                y += 22 if narrow else 0
            y = image_grid(fig, [crops], x=0 if narrow else 130, y=y, cell=cell, gap=8, smooth=True) + 8
            y += 10 if k % CHANNELS == CHANNELS - 1 else 0
        return fig

    return Output(
        alt=(
            f"For {CHANNELS} channels at each of {len(LAYERS)} depths, the {BEST} icons of {n['icons']} that "
            "drive them most, cut "
            "to what the channel sees: bits of edge at the stem, corners and patches of colour, then whole "
            "icons. The six best "
            f"icons of a channel share a group to {n['purity_0']:.0%} at the stem and {n['purity_6']:.0%} at "
            "the last unit."
        ),
        caption=(
            f"**What drives a channel most.** Among {n['icons']} icons, one drawing a concept, cut to what "
            "the channel can see; "
            f"the channels are those whose peaks vary most. Of the {BEST} icons that drive a channel most, "
            "styles of one concept "
            f"counted too, on average {n['purity_0']:.0%} are of one group at the stem, {n['purity_2']:.0%}, "
            f"{n['purity_4']:.0%} "
            f"and {n['purity_6']:.0%} higher up; the commonest group has {n['chance']:.0%} of all icons."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
