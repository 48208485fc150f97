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
# # The open box, in Python
#
# The companion of the page [The open box](../../lab/). The same networks that a browser loads are made here, run by
# ONNX Runtime, and compared with the ones of torch: first one by one, then as a whole picture.

# %%
import copy
import io

import numpy as np
import onnxruntime
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from IPython.display import display
from PIL import Image

from denoised import export, splice
from denoised import lab as bench
from denoised.diffusion import guidance, samplers, schedules
from denoised.models import adapter
from denoised.pipeline import encode_prompts, generate

torch.set_num_threads(1)
lab = bench.Lab("notebook/lab", weights=("emoji-sd", "student"), data=("specimens",))
pipe = lab.pipeline()


def show(pictures, alt, scale=1):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.fromarray(np.concatenate(list(pictures), axis=1))
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## From torch to a graph
#
# Each network is traced once: it runs on example inputs, and every operation is written down. What comes out is a list
# of operations with their weights, which any runtime can follow.

# %%
parts = export.parts(pipe)
traced = {name: export.graph(part) for name, part in parts.items()}
for name, graph in traced.items():
    print(f"{name:8} {export.operations(graph):5} operations")

# %% [markdown]
# Weights are stored in half precision, which loses nothing, or rounded to whole numbers of eight bits.

# %%
stored = {kind: {name: export.stored(graph, kind) for name, graph in traced.items()} for kind in export.KINDS}
for kind, graphs in stored.items():
    print(kind, {name: f"{len(graph) / 1e6:.1f} MB" for name, graph in graphs.items()})


# %%
def session(graph):
    """A graph, ready to run on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


sessions = {
    "exact": {name: session(graph) for name, graph in stored["exact"].items()},
    "compact": {name: session(stored["compact" if name != "decoder" else "exact"][name]) for name in traced},
}

# %% [markdown]
# ## One word, and where it was read
#
# The graph of the U-Net gives its attention away as well: for each of eight by eight cells, how much of it went to each
# token. The sum over all tokens is one.

# %%
prompt = "tiger face, noto style"
text = encode_prompts(pipe, [prompt])
xt = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
output, fine, coarse = sessions["exact"]["unet"].run(
    None, {"xt": xt.numpy(), "t": np.array([999.0], np.float32), "context": text.states.numpy()}
)
print(fine.shape, coarse.shape, float(fine.sum(-1).mean()))
for token, share in list(zip(text.tokens[0], fine.mean((0, 1, 2)), strict=True))[:7]:
    print(f"{token:16} {share:.1%}")


# %% [markdown]
# ## A whole picture
#
# The sampler is the library's; only the networks are exchanged. This is what the page does in JavaScript.


# %%
def draw(networks, prompt, seed=1, steps=10, strength=3.0, start=None, timesteps=None):
    """A picture by graphs, uint8 [H, W, 3]; from another latent than noise and at other timesteps, if they are given."""
    ids = encode_prompts(pipe, [prompt, ""]).input_ids.to(torch.int32).numpy()
    states = [torch.from_numpy(networks["text"].run(None, {"ids": row[None]})[0]) for row in ids]

    def unet(xt, t, context):
        rows = [
            networks["unet"].run(None, {"xt": x[None], "t": np.array([t], np.float32), "context": c[None]})[0]
            for x, c in zip(xt.numpy(), context.numpy(), strict=True)
        ]
        return torch.from_numpy(np.concatenate(rows))

    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    if start is None:
        start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
        timesteps = schedules.trailing_timesteps(len(alpha_bar), steps)
    latent = samplers.ddim(guidance.guided(unet, strength, *states), start, timesteps, alpha_bar)
    picture = networks["decoder"].run(None, {"latent": latent.numpy()})[0][0]
    return np.round(255 * picture.transpose(1, 2, 0)).astype(np.uint8)


by_torch = generate(pipe, prompt, seed=1, steps=10, guidance=3.0).image
by_graphs = {kind: draw(networks, prompt, 1) for kind, networks in sessions.items()}
show([by_torch, *by_graphs.values()], f"“{prompt}” three times: by torch, by exact graphs, by rounded graphs")
for kind, picture in by_graphs.items():
    apart = np.abs(picture.astype(int) - by_torch.astype(int))
    print(f"{kind:8} mean difference {apart.mean():.2f} of 255 levels, largest {apart.max()}")

# %% [markdown]
# ## A picture comes in
#
# The encoder answers with a mean and a spread for each number of the latent. One seed draws first from them, then the noise
# that goes on top; the stock pipeline for image to image does the same, so both end at the same picture.

# %%
encoder = session(export.stored(export.graph(export.encoder(pipe.vae, 128)), "exact"))
start = Image.fromarray(lab.specimens().one(style="noto", concept="cat-face", tone="none"))
mean, spread = encoder.run(None, {"picture": np.asarray(start, np.float32).transpose(2, 0, 1)[None] / 255})
generator = torch.Generator().manual_seed(1)
first, second = (torch.randn(1, 4, 16, 16, generator=generator) for _ in range(2))
visited = schedules.trailing_timesteps(1000, 10)[4:]  # six of ten steps
level = pipe.scheduler.alphas_cumprod[visited[0]]
noisy = level.sqrt() * (torch.from_numpy(mean) + torch.from_numpy(spread) * first) + (1 - level).sqrt() * second
by_hand = draw(sessions["exact"], "tiger face, noto style", start=noisy, timesteps=visited)

stock = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
stock.set_progress_bar_config(disable=True)
by_diffusers = np.asarray(
    stock("tiger face, noto style", image=start, strength=0.6, num_inference_steps=10, guidance_scale=3.0,
          generator=torch.Generator().manual_seed(1)).images[0]
)  # fmt: skip
show([np.asarray(start), by_hand, by_diffusers], "A cat; a tiger drawn from it by the graphs; the same by diffusers")
print("largest difference:", np.abs(by_hand.astype(int) - by_diffusers.astype(int)).max(), "of 255 levels")

# %% [markdown]
# ## An adapter behind the graph
#
# An adapter (LoRA) adds the product of two thin matrices to many of the U-Net's weights. Two ONNX files of which one is
# put behind the other are read as one, so the adapter's file holds the thin matrices and the sums; in the U-Net's file one
# letter of each adapted weight's name is changed, and the sum takes the name. The pictures are drawn in four steps, without
# guidance.

# %%
factors = adapter.load(lab.weight("student"))
name, A = next(iter(factors.items()))
shapes = [tuple(factors[part].shape) for part in (name, name.replace("_A", "_B"))]
print(f"{len(factors) // 2} pairs, the first: {name}, {shapes[0]} and {shapes[1]}")
file, at = splice.adapter(traced["unet"], stored["exact"]["unet"], pipe.unet, factors, "exact")
print(f"{len(file) / 1e6:.1f} MB, and {len(at)} letters changed")
quick = sessions["exact"] | {"unet": session(splice.splice(stored["exact"]["unet"], file, at))}

merged = copy.copy(pipe)
merged.unet = adapter.merge(copy.deepcopy(pipe.unet), factors)
pictures = [
    draw(sessions["exact"], prompt, steps=4, strength=1.0), draw(quick, prompt, steps=4, strength=1.0),
    generate(merged, prompt, seed=1, steps=4, guidance=1.0).image,
]  # fmt: skip
show(pictures, f"“{prompt}” in four steps: without the adapter, with it behind the graph, with it added in torch")
print("largest difference:", np.abs(pictures[1].astype(int) - pictures[2].astype(int)).max(), "of 255 levels")

# %% [markdown]
# ## To go on
#
# Round a single network and leave the other exact: which of the two does the picture owe its difference to? Then round the
# decoder as well, which the page does not do. And give the adapter half of its strength, as the third argument of
# `adapter.merge`.
