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
# # Forward and reverse diffusion, by hand
#
# The companion of the page [Forward and reverse diffusion](../../series/forward-and-reverse/). Here you hold the parts
# yourself: the schedule, the network, the decoder, and a loop short enough to be typed. Everything runs on the small
# model that lies in the repository, on any processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import paths
from denoised.data import specimens
from denoised.diffusion import guidance, samplers, schedules
from denoised.pipeline import decode, encode, encode_prompts, load

pipe = load(paths.WEIGHTS / "emoji-sd")
alpha_bar = pipe.scheduler.alphas_cumprod.double()
print(f"{len(alpha_bar)} marks on the dial; signal at the first {alpha_bar[0]:.4f}, at the last {alpha_bar[-1]:.4f}")


def show(pictures, alt, scale=1):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.fromarray(np.concatenate(list(pictures), axis=1))
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## Forward: one line
#
# Take an icon, let the VAE turn it into a latent, and mix noise in. There is nothing to train here: the two weights
# come from the schedule.

# %%
icon = specimens.load().one(style="noto", concept="cat-face")
x0 = encode(pipe.vae, icon[None])
eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))

marks = [0, 200, 400, 600, 800, 999]
xt = torch.cat([schedules.mix(x0, eps, alpha_bar[t]) for t in marks])
for t in marks:
    print(f"t = {t:3}   picture {alpha_bar[t].sqrt():.3f}   noise {(1 - alpha_bar[t]).sqrt():.3f}")
show(decode(pipe.vae, xt), "The decoded latent of a cat's face at six noise levels, from clean to pure noise.")

# %% [markdown]
# ## One look
#
# The network gets the noisy latent, the dial's setting and a prompt. Its answer can be read as noise or as a clean
# latent; `schedules.split` does both. Here are its bets from the six latents above, each from a single look.

# %%
prompt = "cat face, noto style"
text, empty = encode_prompts(pipe, [prompt]).states, encode_prompts(pipe, [""]).states


@torch.no_grad()
def network(xt, t, context):
    return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]


bets = []
for t, noisy in zip(marks, xt.split(1), strict=True):
    bet, _ = schedules.split(network(noisy, t, text), noisy, alpha_bar[t], "v")
    bets.append(bet)
    print(f"t = {t:3}   root mean square distance of the bet from the truth: {(bet - x0).square().mean().sqrt():.3f}")
show(decode(pipe.vae, torch.cat(bets)), "What the network bets on after a single look at each of the six latents.")

# %% [markdown]
# ## Reverse: the loop, typed out
#
# Bet, then mix a little less noise into the bet than there was before. This is DDIM; nothing in it is random but the
# start.

# %%
model = guidance.guided(network, 3.0, text, empty)
timesteps = schedules.trailing_timesteps(len(alpha_bar), 20)
start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(4))

xt, film = start, []
for i, t in enumerate(timesteps):
    now = alpha_bar[t]
    then = alpha_bar[timesteps[i + 1]] if i + 1 < len(timesteps) else torch.tensor(1.0, dtype=torch.float64)
    bet, noise = schedules.split(model(xt, t), xt, now, "v")
    film.append(bet)
    xt = schedules.mix(bet, noise, then)

show(decode(pipe.vae, torch.cat([*film[::4], xt])), f"Every fourth bet of a run with the prompt {prompt}, and its end.")

# %% [markdown]
# The library's sampler does the same, with more care for odd arguments. The two latents should agree to the last digits
# of single precision.

# %%
same = samplers.ddim(model, start, timesteps, alpha_bar)
print(f"largest difference from the library's sampler: {(same - xt).abs().max():.1e}")
assert torch.allclose(same, xt, atol=1e-4)

# %% [markdown]
# ## Your turn
#
# Things worth breaking: leave the prompt empty; set the guidance to `1.0` and to `12.0`; use three steps; give
# `schedules.mix` the noise `start` instead of `noise` in the loop's last line, so that the network's opinion about the
# noise is ignored. Predict first what will happen.

# %%
xt = start
for i, t in enumerate(timesteps):
    then = alpha_bar[timesteps[i + 1]] if i + 1 < len(timesteps) else torch.tensor(1.0, dtype=torch.float64)
    bet, noise = schedules.split(model(xt, t), xt, alpha_bar[t], "v")
    xt = schedules.mix(bet, start, then)
print(f"distance from the run above: {(same - xt).square().mean().sqrt():.3f}")
show(decode(pipe.vae, torch.cat([same, xt])), "Left the run above; right one with the starting noise mixed in anew.")
