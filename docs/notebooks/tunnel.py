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
# # Inside the tunnel, by hand
#
# The companion of the page [Inside the tunnel](../../series/tunnel/). Overhear the U-Net while it draws, put lamps out,
# cut bridges, and tell it the wrong time. Everything runs on the small model that lies in the repository, on any
# processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes.attention import Attention, word_tokens
from denoised.probes.features import Features, branches, count_skips, cut_skips, stages, without
from denoised.probes.latents import fit_preview
from denoised.probes.runs import noise, prompted, walk

lab = bench.Lab("notebook/tunnel", weights=("emoji-sd",), data=("specimens",))
pipe, specimens = lab.pipeline(), lab.specimens()
PROMPT, WORD, SEED, STEPS = "pizza, twemoji style", "pizza", 4, 8


def show(pictures, alt, scale=1):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.fromarray(np.concatenate(list(pictures), axis=1))
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


def grey(plane, side=128):
    """A map of numbers as a grey picture, its own smallest number black, its largest white."""
    plane = np.asarray(plane, dtype=float)
    plane = np.uint8(255 * (plane - plane.min()) / max(np.ptp(plane), 1e-9))
    return np.repeat(plane[..., None], 3, -1).repeat(side // len(plane), 0).repeat(side // len(plane), 1)


# %% [markdown]
# ## One run, overheard
#
# Hooks write down what each place of the network answers. Nothing about the run changes.

# %%
model, start = prompted(pipe, [PROMPT], 3.0), noise(pipe, [SEED])
names = dict(stages(pipe.unet))
seen = []
with Features(pipe.unet, names.values()) as heard:
    end = walk(pipe, model, start, STEPS, seen=seen)
assert torch.equal(end, walk(pipe, model, start, STEPS)), "listening must not change what is said"
for words, name in names.items():
    print(f"{words:18} {' x '.join(str(side) for side in heard.maps[name][-1].shape[1:])}")
show([decode(pipe.vae, step.x0)[0] for step in seen], f"The bets of {STEPS} steps with the prompt {PROMPT}")

# %% [markdown]
# The first map at each place, in the middle of the run.

# %%
middle = STEPS // 2
firsts = [grey(heard.maps[name][middle][-1, 0]) for name in names.values()]
show(firsts, "The first feature map at each place of the U-Net, in grey")

# %% [markdown]
# ## Can one watch?
#
# Colours straight from the four numbers of each cell, by a table fitted on other icons.

# %%
training = specimens.where(split="train")[:48]
preview = fit_preview(encode(pipe.vae, specimens.images[training]), specimens.images[training])
print(np.round(preview.matrix, 1))
show([preview(step.x0)[0] for step in seen], "The same bets without the decoder, as small colours", scale=8)
show([preview(step.xt)[0] for step in seen], "The noisy latents that they were made from", scale=8)

# %% [markdown]
# ## Cut a bridge
#
# Predict which one matters most before you run this.

# %%
ends = {}
for k in range(count_skips(pipe.unet)):
    with cut_skips(pipe.unet, [k]):
        ends[k] = walk(pipe, model, start, STEPS)
    print(f"skip {k + 1} cut: latent moved by {float((ends[k] - end).square().mean().sqrt()):.3f}")
show(decode(pipe.vae, torch.cat([end, *ends.values()])), "Nothing cut, then each skip connection cut in turn")

# %% [markdown]
# ## Silence a kind of worker
#
# Every branch that reads the words answers zero, or every one that lets the picture look at itself.

# %%
silenced = {}
for kind in ("words", "self-attention"):
    with without(pipe.unet, [name for k, _, name in branches(pipe.unet) if k == kind]):
        silenced[kind] = walk(pipe, model, start, STEPS)
show(decode(pipe.vae, torch.cat([end, *silenced.values()])), "Nothing silenced, no words, no self-attention")

# %% [markdown]
# ## The lamps
#
# Where the word is looked at, step by step, and how the light is divided.

# %%
tokens = encode_prompts(pipe, [PROMPT]).tokens[0]
chosen = word_tokens(tokens, WORD)
with Attention(pipe.unet) as watched:
    walk(pipe, model, start, STEPS)
lamps = [watched.maps(8, call=i)[1] for i in range(STEPS)]  # the second half of the batch has the prompt
show([grey(m[..., chosen].sum(-1)) for m in lamps], f"Attention to the word {WORD} at each step")
shares = torch.stack(lamps).mean((0, 1, 2))
for token, share in list(zip(tokens, shares.tolist(), strict=True))[:10]:
    print(f"{token:20} {share:6.1%}")
print(f"{'all the others':20} {float(shares[10:].sum()):6.1%}")

# %% [markdown]
# ## Your turn
#
# Take another prompt; cut two bridges at once; silence the words at one level only (`branches` tells the place of each);
# start from `noise(pipe, [SEED]).roll(4, -1)`, the same noise moved aside by a quarter of the frame. Predict first.
