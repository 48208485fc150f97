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
# # Three latent spaces in your hands
#
# The companion of the page [Latent space](../../series/latent-space/). One picture's latent, one prompt's text, one start
# of noise: take distances in each, go half-way in each, and see that these are three different things. Everything runs on
# the small model that lies in the repository, on any processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import maps, steering
from denoised.probes.paths import drawn, exposure, lerp, side_by_side, slerp

lab = bench.Lab("notebook/latent_space", weights=("emoji-sd",), data=("specimens",))
pipe, specimens = lab.pipeline(), lab.specimens()
CAT, APPLE, STEPS = "cat face, noto style", "red apple, noto style", 6


def show(pictures, alt):
    """Pictures side by side, with words for those who do not see them."""
    file = io.BytesIO()
    Image.fromarray(np.concatenate(list(pictures), axis=1)).save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## How many numbers?
#
# Before you run the cell: which of the three has the most?

# %%
cat, tiger, house = (specimens.one(style="noto", concept=c, tone="none") for c in ("cat-face", "tiger-face", "house"))
latents = encode(pipe.vae, np.stack([cat, tiger, house]))
texts = encode_prompts(pipe, [CAT, APPLE]).states
noise = steering.start_noise(pipe, [1, 2])
for name, one in (("a picture's latent", latents[0]), ("a prompt's text", texts[0]), ("a start of noise", noise[0])):
    print(f"{name}: {tuple(one.shape)}, {one.numel():,} numbers, length {one.norm():.1f}")

# %% [markdown]
# ## Is a tiger nearer to the cat than a house?
#
# It depends on whom you ask. Change the words, or take an orange thing instead of the house.

# %%
words = steering.sentence_vectors(pipe, [CAT, "tiger face, noto style", "house, noto style"])
for name, points in (("pixels", torch.from_numpy(np.stack([cat, tiger, house])).float() / 255), ("latents", latents),
                     ("texts", words)):  # fmt: skip
    to_tiger, to_house = (float((points[0] - points[k]).norm()) for k in (1, 2))
    print(f"{name}: the tiger is {to_tiger / to_house:.2f} times as far from the cat as the house is")

# %% [markdown]
# ## Half-way, in three spaces
#
# Both ends, then the middle of their latents, of their texts token by token, of both texts side by side.

# %%
a, b = texts
ends = steering.run(pipe, torch.stack([a, b, lerp(a, b, 0.5)]), noise[:1].expand(3, -1, -1, -1), steps=STEPS)
beside = steering.run(pipe, side_by_side(a, b, 0.5)[None], noise[:1], steps=STEPS)
pictures = decode(pipe.vae, torch.cat([ends[:2], lerp(ends[0], ends[1], 0.5)[None], ends[2:], beside]))
show(pictures, "A cat, an apple, the middle of their latents, of their texts, and of both texts side by side")
for name, picture in zip(("latents", "texts", "side by side"), pictures[2:], strict=True):
    share = exposure(picture, *pictures[:2], drawn(picture, *pictures[:2]))
    print(f"{name}: {share:.0%} of what is drawn is a double exposure of both ends")

# %% [markdown]
# ## Noise lives on a shell
#
# Half-way between two draws on a straight line, noise is too short. What does the model make of it?

# %%
starts = torch.stack([noise[0], slerp(*noise, 0.5), lerp(*noise, 0.5)])
print("lengths:", ", ".join(f"{one.norm():.1f}" for one in starts))
made = decode(pipe.vae, steering.run(pipe, a.expand(3, -1, -1), starts, steps=STEPS))
show(made, "The cat from a proper start, from half-way on the circle, from half-way on the straight line")

# %% [markdown]
# ## A flat map, and how far to trust it
#
# Names of things as the text encoder reads them, flattened. One is a map without a wrong neighbour.

# %%
names = sorted({r["label"].lower() for r in specimens.records if r["tone"] == "none"})
points = steering.sentence_vectors(pipe, [f"{name}, noto style" for name in names]).numpy()
for name, places in (("principal components", maps.pca(points)), ("spectral", maps.spectral(points)),
                     ("t-SNE", maps.tsne(points, rounds=200))):  # fmt: skip
    print(f"{name}: trust {maps.trustworthiness(points, places).mean():.3f}")

# %% [markdown]
# ## Now you
#
# Take your own two prompts. Find a pair whose half-way picture you would hang on a wall, and one that falls back to one of
# both ends. Is there a third kind?
