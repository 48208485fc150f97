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
# # Say no
#
# The companion of the page [Negatives and the mausoleum](../../series/negatives/). Weigh a negative, add it to a picture,
# shuffle a list of them, and make the U-Net deaf for part of the way. Everything runs on the small model that lies in the
# repository, on any processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.pipeline import decode, encode_prompts, generate_batch
from denoised.probes import runs
from denoised.probes.negatives import apart, redness, silenced, weight_of_negative

lab = bench.Lab("notebook/negatives", weights=("emoji-sd",))
pipe = lab.pipeline()


def show(pictures, alt):
    """Pictures side by side, with words for those who do not see them."""
    file = io.BytesIO()
    Image.fromarray(np.concatenate(list(pictures), axis=1)).save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## Weigh it
#
# How much of the negative's answer goes into one guided step? Change the prompt and the negative: does the weight?

# %%
xt = runs.noise(pipe, [0])
for s in (0.0, 0.5, 1.0, 2.0, 3.0, 7.5):
    weight, rest = weight_of_negative(pipe, "red apple, noto style", "red", xt, 500, s)
    print(f"guidance {s:>4}: weight {weight:+.3f}, unexplained {rest:.1e}")

# %% [markdown]
# ## Say it
#
# The same seed without a negative and with one, at three strengths of guidance.

# %%
pictures = []
for s in (0.5, 1.0, 4.0):
    for word in ("", "red"):
        trace = generate_batch(pipe, ["red apple, noto style"], [1], negative_prompt=word, steps=6, guidance=s)[0]
        pictures.append(trace.image)
        print(f"guidance {s}, not '{word}': redness {redness(trace.image[None])[0]:.2f}")
show(pictures, "A red apple without and with the negative red, at guidance one half, one and four")

# %% [markdown]
# ## Shuffle it
#
# The same words in two orders, and then another seed.

# %%
made = []
for seed, line in ((0, "red, house, man"), (0, "man, red, house"), (1, "red, house, man")):
    made += generate_batch(pipe, ["cat face, noto style"], [seed], negative_prompt=line, steps=6, guidance=4.0)
latents = torch.stack([trace.xt[-1] for trace in made])
show([trace.image for trace in made], "A cat with three negatives, with the same in another order, and with another seed")
for name, other in (("another order", latents[1:2]), ("another seed", latents[2:])):
    print(f"{name}: {apart(latents[:1], other)[0]:.2f} away")
print("tokens cut off from a list of forty words:", encode_prompts(pipe, [", ".join(["red"] * 40)]).cut[0])

# %% [markdown]
# ## Do not listen
#
# Nine steps, of which the U-Net does not hear the words in the first, the middle or the last three.

# %%
deaf = {"never": range(0), "first": range(3), "middle": range(3, 6), "last": range(6, 9), "always": range(9)}
settings = {"steps": 9, "guidance": 3.0}
ends = {name: silenced(pipe, ["pizza, noto style"], [0], deaf=some, **settings) for name, some in deaf.items()}
show(decode(pipe.vae, torch.cat(list(ends.values()))), "A pizza heard throughout, deaf in each third, never heard")
whole = apart(ends["never"], ends["always"])[0]
for name in ("first", "middle", "last"):
    print(f"deaf in the {name} third: {apart(ends['never'], ends[name])[0] / whole:.0%} of the words' effect is missing")
