"""Past the edge, in each of the spaces: guidance far too high, text states stretched, start noise too short or too
long, latents prolonged beyond an icon, and latents drawn at random. Does an observer still recognise anything, how
much colour is burnt, and how odd does the denoiser find it?

Tests claims: c6-07.
"""

import numpy as np
import torch

from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import judge, steering
from denoised.probes.paths import burnt, lerp
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Past the edge"
TINY_ONLY = "The judge knows the small model's emoji only."

THINGS = ("red-apple", "cat-face", "pizza", "skull", "robot", "red-heart", "octopus", "house")
SEED, STEPS, USUAL, REAL = 7, 8, 3.0, 120
GUIDANCE = (1.0, 3.0, 7.5, 15.0, 30.0)
STRETCH = (1.0, 2.0, 3.0, 4.0)
LENGTH = (0.4, 0.7, 1.0, 1.3, 1.6)
AWAY = (1.0, 1.5, 2.0, 3.0, 4.0)  # 1 is the second icon, 0 would be the first
DOUBT = 0.1  # share of real icons that the judge is least sure of; a picture below that is "not recognised"


def sure(net, pictures):
    """The judge's confidence in its first answer, 0..1, for pictures [N, H, W, 3]: [N]."""
    logits = torch.from_numpy(judge.look(net, pictures)["concept"])
    return logits.softmax(1).max(1).values.double().numpy()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = judge_model.load(lab.weight("judge"))
    things, steps = (THINGS[:2], 2) if smoke else (THINGS, STEPS)
    count = len(things)
    states = encode_prompts(pipe, [f"{t.replace('-', ' ')}, noto style" for t in things]).states
    start = steering.start_noise(pipe, [SEED]).expand(count, -1, -1, -1)
    empty = encode_prompts(pipe, [""]).states
    ends = {}

    def drawn(texts, noise, guidance=USUAL):
        return steering.run(pipe, texts, noise, steps=steps, guidance=guidance)

    ends["guidance"] = [drawn(states, start, s) for s in GUIDANCE]
    usual = ends["guidance"][GUIDANCE.index(USUAL)]
    ends["stretch"] = [usual if f == 1 else drawn(empty + f * (states - empty), start) for f in STRETCH]
    ends["length"] = [usual if f == 1 else drawn(states, f * start) for f in LENGTH]
    plain = [i for i, r in enumerate(specimens.records) if r["tone"] == "none" and r["concept"] in
             set(net.classes["concept"])]  # fmt: skip
    order = torch.randperm(len(plain), generator=lab.generator("icons"))[: 12 if smoke else REAL].tolist()
    real = encode(pipe.vae, specimens.images[[plain[k] for k in order]])
    own = encode(pipe.vae, np.stack([specimens.one(concept=c, style="noto", tone="none") for c in things]))
    ends["away"] = [lerp(own.roll(1, 0), own, f) for f in AWAY]
    noise = torch.randn(count, *real.shape[1:], generator=lab.generator("random"))
    wide = real.mean(0) + noise * real.std(0)  # as wide as icons at each place, and still no icon
    ends["random"] = [noise, wide]
    flat = real[:count].flatten(2)
    cells = flat[:, :, torch.randperm(flat.shape[2], generator=lab.generator("cells"))].reshape(real[:count].shape)

    def odd(z):
        """The denoiser's error on latents, as a share of their variance."""
        spread = ((z - z.mean((2, 3), keepdim=True)) ** 2).flatten(1).mean(1)
        return float((steering.residual(pipe, z, lab.generator("odd")) / spread).mean())

    icons = decode(pipe.vae, real)
    limit = float(np.quantile(sure(net, icons), DOUBT))
    n = {
        "prompts": count, "steps": steps, "real": len(real), "doubt": DOUBT, "limit": limit,
        "burnt_real": float(burnt(pipe.vae, real[:16]).mean()), "odd_real": odd(real[:32]),
        "lost_shuffled": float((sure(net, decode(pipe.vae, cells)) < limit).mean()),
    }  # fmt: skip
    pixels = {name: [decode(pipe.vae, z) for z in each] for name, each in ends.items()}
    keys = {"guidance": GUIDANCE, "stretch": STRETCH, "length": LENGTH, "away": AWAY, "random": ("noise", "wide")}
    for name, values in keys.items():
        for value, z, seen in zip(values, ends[name], pixels[name], strict=True):
            key = f"{name}_{value if isinstance(value, str) else f'{value:g}'}".replace(".", "_")
            share = judge.Share(int((sure(net, seen) < limit).sum()), count)
            low, high = share.interval
            n |= {f"lost_{key}": share.share, f"low_{key}": low, f"high_{key}": high}
            n |= {f"burnt_{key}": float(burnt(pipe.vae, z).mean()), f"odd_{key}": odd(z) / n["odd_real"]}
    n["lost_usual"] = n["lost_guidance_3"]
    n["lost_random"] = (n["lost_random_noise"] + n["lost_random_wide"]) / 2
    shown = [[p[k] for k in range(min(5, count))] for p in pixels["random"]]
    rows = (
        ("guidance", "guidance", "prediction", [f"{g:g}" for g in GUIDANCE], [p[0] for p in pixels["guidance"]]),
        ("stretch", "text, stretched", "text", [f"× {f:g}" for f in STRETCH], [p[0] for p in pixels["stretch"]]),
        ("length", "noise, length", "noise", [f"× {f:g}" for f in LENGTH], [p[0] for p in pixels["length"]]),
        ("away", "latents, beyond", "latent", [f"{f:g}" for f in AWAY], [p[1 % count] for p in pixels["away"]]),
        ("random", "latents, random", "latent", ["noise"] * 3 + ["as wide"] * 2, shown[0][:3] + shown[1][:2]),
    )  # fmt: skip

    def lost(name, k):
        key = [*keys[name]][min(k, len(keys[name]) - 1)] if name != "random" else ("noise", "wide")[int(k > 2)]
        return n[f"lost_{name}_{key if isinstance(key, str) else f'{key:g}'}".replace(".", "_")]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 0 if narrow else 128
        cell, gap = (67, 6) if narrow else (108, 13)
        y = 0
        for name, title, colour, words, images in rows:
            if narrow:
                fig.note(0, y, title, colour, SMALL, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, title.replace(", ", ",\n"), colour, 13, va="center", weight=600)
            under = [f"{w}\n{lost(name, k):.0%} lost" for k, w in enumerate(words)]
            y = image_grid(fig, [images], x=left, y=y, cell=cell, gap=gap, labels=[under[: len(images)]]) + 8
        return fig

    return Output(
        alt=(
            "Five rows of pictures past the edge: guidance 1 to 30, text states stretched up to four times, start noise "
            "too short and too long, latents prolonged beyond an icon, and random latents. Not recognised by the judge: "
            f"{n['lost_guidance_3']:.0%} at guidance 3, {n['lost_guidance_30']:.0%} at 30, {n['lost_stretch_4']:.0%} of "
            f"results of stretched text, {n['lost_random']:.0%} of random latents."
        ),
        caption=(
            f"**What lies outside.** *Lost*: share of {count} results of which the judge is less sure than of nine in ten "
            f"real icons; with an icon's latent cells shuffled, {n['lost_shuffled']:.0%} are. Guidance from 3 to 30: "
            f"{n['lost_guidance_3']:.0%} to {n['lost_guidance_30']:.0%} lost (95 % interval {n['low_guidance_30']:.0%} to "
            f"{n['high_guidance_30']:.0%}), and the share of burnt colour values goes from {n['burnt_guidance_3']:.1%} to "
            f"{n['burnt_guidance_30']:.1%}. Text stretched four times: {n['lost_stretch_4']:.0%} "
            f"({n['low_stretch_4']:.0%} to {n['high_stretch_4']:.0%}). Beyond the second icon, at three times the "
            f"distance: {n['lost_away_3']:.0%}. The denoiser's error, against that on real icons: "
            f"{n['odd_guidance_3']:.1f} times at guidance 3, {n['odd_guidance_30']:.1f} at 30, "
            f"{n['odd_random_wide']:.1f} on random latents as wide as icons."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
