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
# # The VAE in your hands
#
# The companion of the page [The VAE](../../series/vae/). Encode a picture, look at its latent, damage it, mix it, and
# hand it to another decoder. Everything runs on the small model that lies in the repository, on any processor, in less
# than a minute.

# %%
import io
import zlib

import numpy as np
import torch
from IPython.display import display
from PIL import Image

from denoised import lab as bench
from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes.latents import channel_images, fit_preview
from denoised.probes.metrics import outline, psnr, saturation

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto", "decoders/twemoji")
lab = bench.Lab("notebook/vae", weights=WEIGHTS, data=("specimens",))
vae, specimens = lab.vae(), lab.specimens()


def show(pictures, alt, scale=1):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.fromarray(np.concatenate(list(pictures), axis=1))
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## There and back
#
# An icon, and a photograph, which this VAE has never met.

# %%
icon = specimens.one(style="noto", concept="cat-face", tone="none")
pictures = np.stack([icon, photos.load()])
z = encode(vae, pictures)
back = decode(vae, z)
show([pictures[0], back[0], pictures[1], back[1]], "An icon and its round trip, a photograph and its round trip")
print(f"{pictures[0].size:,} values became {z[0].numel():,}")
print("likeness:", ", ".join(f"{value:.1f} dB" for value in psnr(back, pictures)))

# %% [markdown]
# For comparison: a ZIP archive gives every byte back, and the VAE gives back similar ones.

# %%
archive = zlib.compress(icon.tobytes(), 9)
print(f"zipped: {len(archive):,} bytes, exact: {zlib.decompress(archive) == icon.tobytes()}")
print(f"latent: {z[0].numel():,} numbers, exact: {bool((back[0] == icon).all())}")

# %% [markdown]
# ## The latent is a picture
#
# Four channels, and the colours that a linear map fitted on other icons finds in them.

# %%
training = specimens.where(split="train")[:48]
preview = fit_preview(encode(vae, specimens.images[training]), specimens.images[training])
values, _ = channel_images(z)
channels = [np.repeat(np.uint8(127.5 + 127.5 * c)[..., None], 3, -1) for c in values[0]]
show([*channels, preview(z)[0]], "The four channels of the icon's latent in grey, and its colour preview", scale=8)
print(f"the linear map explains {preview.r2:.0%} of the colours of the icons that it was fitted to")

# %% [markdown]
# ## Codes that nobody encoded
#
# Shake the latent; draw one at random; go half-way to another icon. Change the numbers and run the cell again.

# %%
noise = torch.randn(z[:1].shape, generator=torch.Generator().manual_seed(1))
other = encode(vae, specimens.one(style="noto", concept="octopus", tone="none")[None])
codes = torch.cat([z[:1] + 0.25 * noise, z[:1] + noise, noise, (z[:1] + other) / 2])
show(decode(vae, codes), "A code shaken a little, shaken much, a random code, and one half-way to an octopus")

# %% [markdown]
# ## Swap the decoder
#
# Four decoders read the same latent. Shape and place stay; the hand changes.

# %%
names = ("base", "openmoji", "noto", "twemoji")
painted = {name: decode(lab.vae(name), z[:1]) for name in names}
show([painted[name][0] for name in names], "The same latent by the base, the OpenMoji, the Noto and the Twemoji decoder")
for name in names:
    edges, colour = outline(painted[name])[0], saturation(painted[name])[0]
    print(f"{name:9} edges that touch black {edges:.2f}, saturation {colour:.2f}")

# %% [markdown]
# ## Break the scale
#
# The U-Net works on latents of unit spread; the decoder wants the old one. Forget that, and the picture goes pale.

# %%
factor = vae.config.scaling_factor
wrong = torch.cat([z[:1], z[:1] * factor, z[:1] / factor])
show(decode(vae, wrong), f"Decoded with the right scale, with the factor {factor:.2f} left out, and applied twice")
print("saturation:", ", ".join(f"{value:.2f}" for value in saturation(decode(vae, wrong))))
