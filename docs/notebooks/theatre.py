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
# # The whole theatre, from the wings
#
# The companion of the page [The whole theatre](../../series/theatre/). Send one prompt through all four acts, look at what
# is handed from one to the next, and interfere. Everything runs on the small model that lies in the repository, on any
# processor, in less than a minute.

# %%
import io

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.pipeline import decode, encode, encode_prompts, generate
from denoised.probes import play
from denoised.probes.calls import watch
from denoised.probes.cross_attention import Maps, token_map
from denoised.probes.latents import fit_preview
from denoised.probes.operators import trace
from denoised.probes.tokens import clip_pieces, pieces

lab = bench.Lab("notebook/theatre", weights=("emoji-sd",), data=("specimens",))
pipe, specimens = lab.pipeline(), lab.specimens()
PROMPT, SEED, STEPS = "red apple, noto style", 3, 12


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
# ## Act one: tokens and states
#
# Type words of your own. What the list does not have comes in pieces.

# %%
for word in ("apple", "sunglasses", "cyberpunk", "zorblax"):
    print(f"{word:12} {pieces(pipe.tokenizer, word)}")
print(f"CLIP's list:  cyberpunk -> {clip_pieces('cyberpunk')}, whiskers -> {clip_pieces('whiskers')}")

text = encode_prompts(pipe, [PROMPT])
print(f"\n{PROMPT!r} becomes {tuple(text.states.shape)}: one row of numbers for each place")

# %% [markdown]
# ## The whole evening, with a log book
#
# `watch` notes every call of every part. Who is never called?

# %%
with watch(pipe) as log:
    run = generate(pipe, PROMPT, seed=SEED, steps=STEPS, guidance=play.GUIDANCE)
for part in log.parts:
    print(f"{part:13} called {log.count(part):2} times")
show([run.image], f"what the model draws for {PROMPT}")

# %% [markdown]
# ## Act two: the stage
#
# The first latent is the random generator's, number for number.

# %%
drawn = torch.randn(run.xt[0].shape, generator=torch.Generator().manual_seed(SEED))
print(f"largest difference to torch.randn with seed {SEED}: {float((run.xt[0] - drawn).abs().max())}")

# %% [markdown]
# ## Act three: latents and bets
#
# Above in the strip the noisy latent, seen through a linear preview; below it what the network bets on at that moment.

# %%
some = specimens.images[::12]
preview = fit_preview(encode(pipe.vae, some), some)
moments = [0, 3, 6, 9, 11]
latents = [frame.repeat(8, 0).repeat(8, 1) for frame in preview(run.xt[moments])]
show(latents, "the noisy latent at five moments, noise slowly giving way to a shape")
show(decode(pipe.vae, run.x0[moments]), "the picture that the network bets on at the same moments")

# %% [markdown]
# ## Who looks at what
#
# Maps of cross-attention for each token, at their true size of eight by eight cells. Try another step, or another prompt.

# %%
middle = STEPS // 2
with Maps(pipe.unet) as seen, torch.no_grad():
    pipe.unet(run.xt[middle : middle + 1], run.timesteps[middle], encoder_hidden_states=text.states)
end = run.tokens.index(pipe.tokenizer.eos_token)
for i in range(end + 1):
    share = float(token_map(seen.maps, [i], 8).mean())
    print(f"{run.tokens[i]:18} {share:6.1%} of all attention")
show([grey(token_map(seen.maps, [i], 8)[0]) for i in range(end + 1)], "a map for each token, from start to end")

# %% [markdown]
# ## Keep something from the sculptor
#
# The same noisy icon, and the network is told everything, no words, or the wrong time.

# %%
network = play.denoiser(pipe)
x0 = encode(pipe.vae, specimens.images[specimens.where(concept="red-apple", style="noto")[:1]])
level = network.alpha_bar[600]
noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(SEED))
xt, t = (level.sqrt() * x0 + (1 - level).sqrt() * noise).float(), torch.tensor([600])
empty = play.states_of(pipe, [""])
ways = {
    "everything": network(xt, t, text.states)[0],
    "no words": network(xt, t, empty)[0],
    "the wrong time": network(xt, t, text.states, told=torch.tensor([100]))[0],
}
for name, bet in ways.items():
    print(f"{name:15} error {float((bet - x0).square().mean() / x0.var()):.3f}")
show(decode(pipe.vae, torch.cat([x0, *ways.values()])), "the icon, and the three bets on it")

# %% [markdown]
# ## Are there Fourier transforms?

# %%
seen = trace(lambda: pipe.unet(xt, t, encoder_hidden_states=text.states))
for kind, count in seen.family().items():
    print(f"{kind:18} {count}")
print(f"shapes that sine and cosine got: {seen.waves}")

# %% [markdown]
# ## Act four: the same latent, twenty times

# %%
twenty = np.concatenate([decode(pipe.vae, run.xt[-1:]) for _ in range(20)])
print(f"largest difference between two of them: {int(np.ptp(twenty.astype(int), axis=0).max())}")
