"""What latent/beyond measures: past the edge of each space, how odd the denoiser finds the results, whether the judge
still recognises anything, and how much colour is burnt."""

import numpy as np
import torch

from denoised import pipeline, pixels
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode, encode_prompts
from denoised.pixels import as_bytes
from denoised.probes import judge, metrics, paths, steering
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.paths import burnt, lerp, paint_all

FIGURE = "latent/beyond"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, pixels, judge_model, judge, metrics, paths, steering)

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


def rows(smoke):
    """{row: what is varied along it}; in a smoke run, what the caption names."""
    keys = {"guidance": GUIDANCE, "stretch": STRETCH, "length": LENGTH, "away": AWAY, "random": ("noise", "wide")}
    if smoke:
        keys |= {"guidance": GUIDANCE[1::3], "stretch": STRETCH[::3], "length": LENGTH[2:3], "away": AWAY[::3]}
    return keys


def measure(lab, smoke=False):
    """(numbers, arrays): for each of `rows`, the latents [columns, C, h, w] of the first prompt's results; for the last,
    of five random ones."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = judge_model.load(lab.weight("judge"))
    things, steps = (THINGS[:2], 1) if smoke else (THINGS, STEPS)
    keys = rows(smoke)
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
    drawings = {name: [as_bytes(some) for some in each] for name, each in painted.items()}
    for name, values in keys.items():
        for value, z, floats, seen in zip(values, ends[name], painted[name], drawings[name], strict=True):
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
    shown = {name: torch.stack([z[0] for z in each]) for name, each in ends.items()}
    shown["away"] = torch.stack([z[1 % count] for z in ends["away"]])
    shown["random"] = torch.cat([noise[[0, 1 % count, 2 % count]], wide[[3 % count, 4 % count]]])
    return n, {name: z.numpy() for name, z in shown.items()}
