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
# # Feed it
#
# The companion of the page [What a decoder never saw](../../series/biased-decoders/). Five tiny decoders, each with a
# diet of its own, get the same latents. Show them what you like. Everything runs on the small model that lies in the
# repository, on any processor, in less than a minute.

# %%
import io

import numpy as np
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.models import tiny
from denoised.pipeline import decode, encode
from denoised.probes import lost
from denoised.probes.metrics import psnr

DIETS = ("balanced", "women", "men", "light", "plants")
lab = bench.Lab("notebook/biased_decoders", weights=("emoji-sd/vae", "decoders"), data=("specimens",))
vae, specimens = lab.vae(), lab.specimens()
decoders = {diet: tiny.load(lab.weight(f"decoders/tiny-{diet}/decoder.safetensors")) for diet in DIETS}


def show(pictures, alt):
    """Pictures side by side, with words for those who do not see them."""
    file = io.BytesIO()
    Image.fromarray(np.concatenate(list(pictures), axis=1)).save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## A face with a beard
#
# As drawn, through the shipped decoder, and through each diet. Two of the diets have never had a beard: which?

# %%
face = specimens.images[specimens.where(concept="person-beard", style="noto", tone="none")]
z = encode(vae, face)
made = {"shipped": decode(vae, z)} | {diet: tiny.decode(decoder, z) for diet, decoder in decoders.items()}
show([face[0], *(y[0] for y in made.values())], "A bearded face as drawn, and through the shipped decoder and five diets")
for name, y in made.items():
    print(f"{name:9} {psnr(y, face)[0]:.1f} dB")

# %% [markdown]
# ## From dark skin to light
#
# The pixels that differ between two versions of a drawing are its skin. How far towards the light one does each decoder go?

# %%
pair = [specimens.images[specimens.where(concept="woman", style="noto", tone=tone)] for tone in ("dark", "light")]
where = lost.region(*pair)
z = encode(vae, pair[0])
for diet, decoder in decoders.items():
    print(f"{diet:9} {lost.position(tiny.decode(decoder, z), *pair, where)[0]:+.1%} of the way")

# %% [markdown]
# ## A blob
#
# Blur something until nobody knows what it was. Does the decoder of plants make a plant of it?

# %%
blob = lost.blobs(specimens.images[specimens.where(concept="octopus", style="noto", tone="none")])
z = encode(vae, blob)
some = [blob[0], *(tiny.decode(decoders[diet], z)[0] for diet in ("balanced", "plants"))]
show(some, "A blurred blob, and what a decoder on a balanced diet and one that knows only plants make of it")
print(f"fine detail: given {lost.detail(some[0][None])[0]:.1f}", end="")
print(f", balanced {lost.detail(some[1][None])[0]:.1f}, plants only {lost.detail(some[2][None])[0]:.1f}")
