"""Past the edge, in each of the spaces: guidance far too high, text states stretched, start noise too short or too
long, latents prolonged beyond an icon, and latents drawn at random. How odd does the denoiser find them, does an
observer still recognise anything, and how much colour is burnt?

Tests claims: c6-07.
"""

import numpy as np
import torch

from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode, encode_prompts
from denoised.pixels import as_bytes
from denoised.probes import judge, steering
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.paths import burnt, lerp, paint_all
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
    things, steps = (THINGS[:2], 1) if smoke else (THINGS, STEPS)
    keys = {"guidance": GUIDANCE, "stretch": STRETCH, "length": LENGTH, "away": AWAY, "random": ("noise", "wide")}
    if smoke:  # of each row what the caption names
        keys |= {"guidance": GUIDANCE[1::3], "stretch": STRETCH[::3], "length": LENGTH[2:3], "away": AWAY[::3]}
    count = len(things)
    states = encode_prompts(pipe, [f"{t.replace('-', ' ')}, noto style" for t in things]).states
    start = steering.start_noise(pipe, [SEED]).expand(count, -1, -1, -1)
    empty = encode_prompts(pipe, [""]).states
    ends = {}

    def drawn(texts, noise, guidance=USUAL):
        return steering.run(pipe, texts, noise, steps=steps, guidance=guidance)

    ends["guidance"] = [drawn(states, start, s) for s in keys["guidance"]]
    usual = ends["guidance"][keys["guidance"].index(USUAL)]
    ends["stretch"] = [usual if f == 1 else drawn(empty + f * (states - empty), start) for f in keys["stretch"]]
    ends["length"] = [usual if f == 1 else drawn(states, f * start) for f in keys["length"]]
    plain = [i for i, r in enumerate(specimens.records) if r["tone"] == "none" and r["concept"] in
             set(net.classes["concept"])]  # fmt: skip
    order = torch.randperm(len(plain), generator=lab.generator("icons"))[: 6 if smoke else REAL].tolist()
    real = encode(pipe.vae, specimens.images[[plain[k] for k in order]])
    own = encode(pipe.vae, np.stack([specimens.one(concept=c, style="noto", tone="none") for c in things]))
    ends["away"] = [lerp(own.roll(1, 0), own, f) for f in keys["away"]]
    noise = torch.randn(count, *real.shape[1:], generator=lab.generator("random"))
    wide = real.mean(0) + noise * real.std(0)  # as wide as icons at each place, and still no icon
    ends["random"] = [noise, wide]
    flat = real[:count].flatten(2)
    cells = flat[:, :, torch.randperm(flat.shape[2], generator=lab.generator("cells"))].reshape(real[:count].shape)

    def odd(z):
        """The denoiser's error on each of some latents, as a share of its variance, [N]."""
        spread = ((z - z.mean((2, 3), keepdim=True)) ** 2).flatten(1).mean(1)
        return (steering.residual(pipe, z, lab.generator("odd")) / spread).double().numpy()

    icons = decode(pipe.vae, real)
    limit = float(np.quantile(sure(net, icons), DOUBT))
    n = {
        "prompts": count, "steps": steps, "real": len(real), "doubt": DOUBT, "limit": limit,
        "burnt_real": float(burnt(paint_all(pipe.vae, real[:16])).mean()), "odd_real": float(odd(real[:48]).mean()),
        "lost_shuffled": float((sure(net, decode(pipe.vae, cells)) < limit).mean()),
    }  # fmt: skip
    n["odd_shuffled"] = float(odd(cells).mean()) / n["odd_real"]
    home = odd(usual)
    painted = {name: [paint_all(pipe.vae, z) for z in each] for name, each in ends.items()}
    pixels = {name: [as_bytes(some) for some in each] for name, each in painted.items()}
    for name, values in keys.items():
        for value, z, floats, seen in zip(values, ends[name], painted[name], pixels[name], strict=True):
            key = f"{name}_{value if isinstance(value, str) else f'{value:g}'}".replace(".", "_")
            share = judge.Share(int((sure(net, seen) < limit).sum()), count)
            low, high = share.interval
            strange = odd(z)
            n |= {f"lost_{key}": share.share, f"low_{key}": low, f"high_{key}": high}
            n |= {f"burnt_{key}": float(burnt(floats).mean()), f"odd_{key}": float(strange.mean()) / n["odd_real"]}
            more = strange / home  # against the usual result for the same prompt
            n[f"more_{key}"] = float(np.exp(np.log(more).mean()))
            n[f"more_low_{key}"], n[f"more_high_{key}"] = np.exp(bootstrap_ci(np.log(more))).tolist()
    n["lost_usual"] = n["lost_guidance_3"]
    n["lost_random"] = (n["lost_random_noise"] + n["lost_random_wide"]) / 2
    shown = [[p[k] for k in range(min(5, count))] for p in pixels["random"]]
    rows = (
        ("guidance", "guidance", "prediction", [f"{g:g}" for g in keys["guidance"]], [p[0] for p in pixels["guidance"]]),
        ("stretch", "text, stretched", "text", [f"× {f:g}" for f in keys["stretch"]], [p[0] for p in pixels["stretch"]]),
        ("length", "noise, length", "noise", [f"× {f:g}" for f in keys["length"]], [p[0] for p in pixels["length"]]),
        ("away", "latents, beyond", "latent", [f"{f:g}" for f in keys["away"]], [p[1 % count] for p in pixels["away"]]),
        ("random", "latents, random", "latent", ["noise"] * 3 + ["as wide"] * 2, (shown[0] * 3)[:3] + shown[1][:2]),
    )  # fmt: skip

    def error(name, k):
        key = ("noise", "wide")[int(k > 2)] if name == "random" else f"{keys[name][k]:g}"
        return n[f"odd_{name}_{key}".replace(".", "_")]

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
            under = [f"{w}\nerror × {error(name, k):.1f}" for k, w in enumerate(words[: len(images)])]
            y = image_grid(fig, [images], x=left, y=y, cell=cell, gap=gap, labels=[under]) + 8
        return fig

    def interval(key):
        return f"{n[f'more_{key}']:.1f} (95 % interval {n[f'more_low_{key}']:.1f} to {n[f'more_high_{key}']:.1f})"

    return Output(
        alt=(
            "Five rows of pictures past the edge: guidance 1 to 30, text states stretched up to four times, start noise "
            "too short and too long, latents prolonged beyond an icon, and random latents. The denoiser's error, against "
            f"that on real icons: {n['odd_guidance_3']:.1f} times at guidance 3, {n['odd_guidance_30']:.1f} at 30, "
            f"{n['odd_stretch_4']:.1f} for stretched text, {n['odd_random_wide']:.1f} for random latents."
        ),
        caption=(
            "**What lies outside.** Under each: how badly the denoiser restores such a result after a little "
            f"noise, against "
            f"real icons; with an icon's latent cells shuffled it is {n['odd_shuffled']:.1f} times as bad. Mean of {count} "
            f"prompts, the first shown. Against the usual result for the same prompt, guidance 30 makes it times "
            f"{interval('guidance_30')}, text stretched four times {interval('stretch_4')}. The judge is less sure than of "
            f"nine in ten real icons in {n['lost_guidance_3']:.0%} of usual results, {n['lost_guidance_30']:.0%} "
            f"at guidance "
            f"30 ({n['low_guidance_30']:.0%} to {n['high_guidance_30']:.0%}) and {n['lost_stretch_4']:.0%} with stretched "
            f"text; yet it is sure of shuffled icons and of noise ({n['lost_shuffled']:.0%} and "
            f"{n['lost_random_noise']:.0%} "
            f"not recognised), so that it alone proves little. Burnt colour values: {n['burnt_guidance_3']:.1%} "
            f"at guidance "
            f"3, {n['burnt_guidance_30']:.1%} at 30."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
