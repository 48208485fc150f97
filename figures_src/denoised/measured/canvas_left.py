"""What canvas/left measures: what a judge can still name of icons at each t, with noise on their pixels, with noise on
their latents, and in what the model bets on."""

import numpy as np
import torch

from denoised import pipeline
from denoised.diffusion import objectives
from denoised.diffusion.objectives import add_noise
from denoised.models import judge as observer
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import judge, play
from denoised.probes.judge import Share

FIGURE = "canvas/left"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, objectives, observer, judge, play)

ICONS = 32
TIMES = (99, 249, 399, 599, 799, 949)
ROWS = ("pixels", "latent", "bet")


def on_pixels(lab, images, t):
    """Pictures uint8 [N, H, W, 3] with the noise of t on their pixels, as pictures."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    static = torch.randn(pixels.shape, generator=lab.generator("static"))
    alpha_bar = lab.pipeline().scheduler.alphas_cumprod.double()
    mixed = add_noise(pixels, static, torch.full((len(images),), t), alpha_bar)
    return ((mixed.permute(0, 2, 3, 1).numpy() + 1) * 127.5).clip(0, 255).round().astype(np.uint8)


def measure(lab, smoke=False):
    """(numbers, arrays): which specimens, which times, the first one's noisy latent and the bet on it [times, C, h, w], and
    for each row [times, 3] the share that is named with its interval."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = observer.load(lab.weight("judge"))
    known = set(net.classes["concept"])
    some = [i for i, r in enumerate(specimens.records) if r["concept"] in known and r["tone"] == "none"]
    some = some[:: max(1, len(some) // ICONS)][: 2 if smoke else ICONS]
    wanted = {"concept": [specimens.records[i]["concept"] for i in some]}
    times = TIMES[:2] if smoke else TIMES
    images = specimens.images[some]
    x0 = encode(pipe.vae, images)
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    look_at = play.Denoiser(pipe, alpha_bar, "v")
    empty = encode_prompts(pipe, [""]).states.expand(len(some), -1, -1)
    eps = torch.randn(x0.shape, generator=lab.generator("eps"))
    made = {row: {} for row in ROWS}
    first = {"latent": [], "bet": []}
    for t in times:
        when = torch.full((len(some),), t)
        made["pixels"][t] = on_pixels(lab, images, t)
        xt = add_noise(x0, eps, when, alpha_bar)
        bet = look_at(xt, when, empty)[0].float()
        for row, z in (("latent", xt), ("bet", bet)):
            made[row][t] = decode(pipe.vae, z)
            first[row].append(z[0].float().numpy())

    def named(pictures) -> Share:
        return judge.score(net, judge.look(net, pictures), wanted)["top5"]

    clean = named(decode(pipe.vae, x0))
    seen = {row: {t: named(pictures) for t, pictures in some.items()} for row, some in made.items()}

    def half(row):
        """The last of the times at which the judge still names half of what it names on clean icons; 0 for none."""
        return max((t for t in times if seen[row][t].share >= clean.share / 2), default=0)

    n = {
        "icons": len(some),
        "concepts": len(net.classes["concept"]),
        "clean": clean.share,
        "clean_low": clean.interval[0],
        "clean_high": clean.interval[1],
        **{f"{row}_half": half(row) for row in ROWS},
        **{f"{row}_{t}": seen[row][t].share for row in ROWS for t in times},
        **{f"signal_{t}": float(alpha_bar[t].sqrt()) for t in times},
        "first": times[0],
        "last": times[-1],
    }
    arrays = {"icons": np.array(some), "times": np.array(times)} | {row: np.stack(z) for row, z in first.items()}
    for row in ROWS:
        arrays[f"{row}_named"] = np.array([(seen[row][t].share, *seen[row][t].interval) for t in times])
    return n, arrays
