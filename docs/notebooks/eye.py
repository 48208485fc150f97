# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Kernels by hand
#
# The companion of the page [The AI eye](../../series/eye/). Slide a kernel over a picture, compare with libraries, move the
# picture, and open a small trained net. Everything runs on any processor in less than a minute.

# %%
import io

import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import display
from PIL import Image
from scipy.signal import correlate2d

from denoised import lab as bench
from denoised.models import pyramid
from denoised.probes import kernels
from denoised.probes.metrics import LUMA
from denoised.studies import eye

lab = bench.Lab("notebook/eye", weights=("pyramidnet",), data=("specimens",))
specimens = lab.specimens()


def show(pictures, alt, side=128):
    """Pictures side by side, with words for those who do not see them."""
    tiles = [Image.fromarray(p).convert("RGB").resize((side, side), Image.Resampling.NEAREST) for p in pictures]
    sheet = Image.new("RGB", (side * len(tiles), side))
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i * side, 0))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


def grey(values):
    """Numbers to a picture: zero is middle grey."""
    return np.uint8(np.clip(127.5 + 127.5 * values / np.abs(values).max(), 0, 255))


# %% [markdown]
# ## Nine products and a sum
#
# Change the kernel and run the cell again.

# %%
icon = specimens.one(style="openmoji", concept="cat-face", tone="none")
picture = np.round(icon @ LUMA).astype(int)[::2, ::2]
kernel = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
by_hand = np.array(kernels.by_hand(picture.tolist(), kernel))
show([icon, grey(by_hand)], "A cat, and what the kernel for vertical edges makes of it")
print("largest difference from SciPy:", np.abs(by_hand - correlate2d(picture, kernel, mode="valid")).max())

# %% [markdown]
# ## Every kernel of the page

# %%
show(
    [grey(kernels.convolve(picture, k) + 1e-9) for k in kernels.KERNELS.values()],
    "The maps of " + ", ".join(kernels.KERNELS), 96,
)  # fmt: skip
for stride, padding, dilation in ((1, 0, 1), (2, 1, 1), (1, 2, 3)):
    made = kernels.convolve(picture, kernel, stride, padding, dilation)
    print(f"stride {stride}, padding {padding}, dilation {dilation}: {picture.shape[0]} -> {made.shape[0]}")

# %% [markdown]
# ## Move the picture

# %%
moved = kernels.convolve(np.roll(picture, 4, axis=1), kernel)
still = np.roll(kernels.convolve(picture, kernel), 4, axis=1)
print("away from the border, moved map and map of the moved picture differ by", np.abs(moved - still)[:, 6:-6].max())

# %% [markdown]
# ## Open a trained net
#
# A PyramidNet that names the group and the concept of an icon. Its layers' sizes, and what it says.

# %%
net = pyramid.load(lab.weight("pyramidnet"))
small = F.avg_pool2d(torch.from_numpy(icon).permute(2, 0, 1)[None].float(), 4)
with torch.no_grad():
    maps, said = net.maps(small / 127.5 - 1), net(small / 127.5 - 1)
for depth, (m, (field, _)) in enumerate(zip(maps, pyramid.field(net), strict=True)):
    told = f"{m.shape[1]:3} channels of {m.shape[2]:2} x {m.shape[3]:2}"
    print(f"depth {depth}: {told}, each sees {min(field, 32)} pixels a side")
for head, logits in said.items():
    best = logits[0].softmax(0).topk(3)
    print(head + ":", ", ".join(f"{net.classes[head][i]} {p:.0%}" for p, i in zip(*best, strict=True)))

# %%
liveliest = [m[0][m[0].std((1, 2)).argmax()].numpy() for m in maps]
show([grey(m) for m in liveliest], "The liveliest map of each layer, from fine outlines to a few coarse squares", 96)

# %% [markdown]
# ## Cut it to pieces
#
# Does the net mind?

# %%
pictures = small.round().byte()
scrambled = {k: eye.shuffled(pictures, k, 1) for k in (2, 4, 8)}
show([p[0].permute(1, 2, 0).numpy() for p in (pictures, *scrambled.values())], "The cat whole and in more and more pieces")
for k, some in {1: pictures, **scrambled}.items():
    group = eye.answers(net, some)["group"][0]
    print(f"{k} x {k} pieces: {net.classes['group'][int(group.argmax())]}, {float(group.max()):.0%} sure")
