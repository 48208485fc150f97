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
# # Break into the library
#
# The companion of the page [Not a librarian](../../series/not-a-librarian/). Put an ear to every door of the pipeline, be
# the librarian yourself, copy copies, and move an eye. Everything runs on the small model that lies in the repository, on
# any processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.pipeline import decode, encode, generate
from denoised.probes.archive import cells, nearest, uncells, windows
from denoised.probes.eavesdrop import calls, opened_files
from denoised.probes.ghosts import another_limb, haunted, limbs, peaks, without
from denoised.probes.metrics import psnr
from denoised.probes.restore import swap_blocks

lab = bench.Lab("notebook/librarian", weights=("emoji-sd",), data=("specimens",))
pipe, specimens = lab.pipeline(), lab.specimens()
vae = pipe.vae


def show(pictures, alt, scale=1):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.fromarray(np.concatenate(list(pictures), axis=1))
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## Listen
#
# Who is called while a picture is made, and does anybody open a file? Change the prompt, the steps, the guidance.

# %%
doors = {"text": pipe.text_encoder, "encoder": vae.encoder, "unet": pipe.unet, "decoder": vae.decoder}
generate(pipe, "octopus, twemoji style", steps=1)  # what Python imports at a first call is not part of the picture
with calls(doors) as heard, opened_files() as files:
    trace = generate(pipe, "octopus, twemoji style", seed=1, steps=8)
order = [call.part for call in heard]
print({name: order.count(name) for name in doors}, "files opened:", len(files))
print("into the decoder:", [tuple(x.shape) for call in heard if call.part == "decoder" for x in call.tensors])

# %% [markdown]
# ## Be the librarian
#
# Here is an icon that no model has been trained on, what the autoencoder returns, the likest training icon of a few hundred
# that come with the repository, and a mosaic of the likest training patches.

# %%
unseen = specimens.images[specimens.where(split="concept")[4:5]]
shelves = specimens.images[specimens.where(split="train")]
back = decode(vae, encode(vae, unseen))
whole, _ = nearest(unseen.reshape(1, -1), shelves.reshape(len(shelves), -1))
scraps, _ = windows(shelves)
best, _ = nearest(cells(unseen), scraps)
mosaic = uncells(scraps[best], unseen.shape[:3])
offers = {"autoencoder": back, "likest icon": shelves[whole], "likest patches": mosaic}
show([unseen[0], *(offer[0] for offer in offers.values())], "An unseen icon and three ways to get it back")
for name, offer in offers.items():
    print(f"{name:15} {psnr(offer, unseen)[0]:.1f} dB")

# %% [markdown]
# ## Copy the copy
#
# Ten round trips. Does it drift towards something that is on the shelves?

# %%
copy, trail = unseen, [unseen[0]]
for cycle in range(10):
    copy = decode(vae, encode(vae, copy))
    if cycle in (0, 2, 4, 9):
        trail.append(copy[0])
        found, error = nearest(copy.reshape(1, -1), shelves.reshape(len(shelves), -1))
        likest = 10 * np.log10(255**2 / error[0])
        print(f"copy {cycle + 1:2}: {psnr(copy, unseen)[0]:.1f} dB from the start, {likest:.1f} from the likest icon")
show([*trail, shelves[found[0]]], "The icon, its copies, and the training icon that the last copy is most like")

# %% [markdown]
# ## Move an eye
#
# Two blocks of a face's latent change places. Move the corners (row, column, in cells) and run it again.

# %%
face = specimens.one(style="fluent-emoji", concept="grinning-face", tone="none")[None]
z = encode(vae, face)
cut = swap_blocks(z, (4, 4), (11, 9), 3)
show([*decode(vae, z), *decode(vae, cut)], "A face, and the same with two blocks of its latent exchanged")

# %% [markdown]
# ## Two kinds of ghosts
#
# A lattice over a hand, the lattice filtered out, and one more finger: what does the spectrum say, what the counter?

# %%
hand = specimens.one(style="openmoji", concept="victory-hand", tone="none")[None]
ghost = haunted(hand)
kinds = {"as drawn": hand, "spectral ghost": ghost, "filtered out": without(ghost), "ghost finger": another_limb(hand)}
show([some[0] for some in kinds.values()], "A hand, with a lattice, with the lattice filtered out, with one more finger")
for name, some in kinds.items():
    print(f"{name:15} peaks {peaks(some):6.1f} times their neighbours, slender parts {limbs(some)[0]}")

# %% [markdown]
# ## Noise, please
#
# The decoder has no way to say no.

# %%
noise = torch.randn(4, *z.shape[1:], generator=torch.Generator().manual_seed(2))
show(decode(vae, noise), "Four decoded noises: coloured blotches")
