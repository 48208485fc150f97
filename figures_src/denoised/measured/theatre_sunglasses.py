"""What theatre/sunglasses measures: how much the word “sunglasses” helps under glasses on faces and on cats, and how dark
it makes the lenses' place when pictures are painted from noise."""

import numpy as np
import torch
from PIL import Image, ImageDraw

from denoised import pipeline
from denoised.data import captions, splits
from denoised.data.captions import STYLE_WORDS
from denoised.diffusion import schedules
from denoised.diffusion.schedules import mix
from denoised.pipeline import encode, generate_batch
from denoised.probes import metrics, play, tokens
from denoised.probes.metrics import LUMA, bootstrap_ci
from denoised.probes.tokens import pieces

FIGURE = "theatre/sunglasses"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, splits, schedules, metrics, play, tokens)

CAST = {"face": ("grinning-face", "smiling face"), "cat": ("cat-face", "cat face")}
TIMES = (450, 600, 750)
DRAWS = 2  # of noise, for each icon and time
SEEDS = (7, 8, 9)  # shown
FRESH = tuple(range(20, 28))  # seeds on which painting is measured; none of those shown
STEPS = 12
DARK = 80  # of 255, brightness below which a pixel counts as a lens
LENSES = ((30, 52, 60, 76), (68, 52, 98, 76))  # left, top, right, bottom in pixels of 128


def with_glasses(icon):
    """An icon uint8 [128, 128, 3] with dark glasses drawn over its eyes."""
    image = Image.fromarray(icon)
    pen = ImageDraw.Draw(image)
    pen.line((26, 55, 102, 55), fill=(30, 30, 34), width=5)
    for box in LENSES:
        pen.rounded_rectangle(box, radius=9, fill=(30, 30, 34))
    return np.asarray(image)


def under_glasses(side=16):
    """Latent cells that a lens touches, [side, side] bool."""
    cell = 128 // side
    mask = torch.zeros(side, side, dtype=torch.bool)
    for left, top, right, bottom in LENSES:
        mask[top // cell : -(-bottom // cell), left // cell : -(-right // cell)] = True
    return mask


def painted(images):
    """Share of the lenses' place that is dark, for each picture uint8 [N, 128, 128, 3]."""
    light = images.astype(np.float64) @ LUMA
    return np.mean([(light[:, t:b, a:c] < DARK).mean((1, 2)) for a, t, c, b in LENSES], axis=0)


def measure(lab, smoke=False):
    """(numbers, arrays): latents of what is painted for each of CAST with each of SEEDS, and which specimen of each gets
    glasses in the picture."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    styles = [s for s in STYLE_WORDS if all(specimens.where(concept=c, style=s, tone="none") for c, _ in CAST.values())]
    styles = styles[:2] if smoke else styles
    times, draws = (TIMES[:1], 1) if smoke else (TIMES, DRAWS)
    mask, gain, first = under_glasses(), {}, []
    for who, (concept, name) in CAST.items():
        icons = [specimens.where(concept=concept, style=s, tone="none")[0] for s in styles]
        first.append(icons[0])
        sheet = np.stack([with_glasses(specimens.images[i]) for i in icons])
        x0 = encode(pipe.vae, sheet).repeat(len(times) * draws, 1, 1, 1)
        t = torch.tensor(times).repeat_interleave(len(styles) * draws)
        noise = torch.randn(x0.shape, generator=lab.generator("noise"))  # the same for both: only the icon differs
        xt = mix(x0, noise, network.alpha_bar[t])
        error = {}
        for word in (" with sunglasses", ""):
            said = [f"{name}{word}, {STYLE_WORDS[s][0]} style" for s in styles] * (len(times) * draws)
            guess = network(xt, t, play.states_of(pipe, said))[0]
            error[bool(word)] = (guess - x0).square()[..., mask].mean((1, 2)).reshape(-1, len(styles)).mean(0)
        gain[who] = (1 - error[True] / error[False]).tolist()
    gap = np.array(gain["face"]) - np.array(gain["cat"])
    low, high = bootstrap_ci(gap, seed=3)

    rows = splits.load()
    glasses = [row for row in rows if "sunglasses" in row.label.lower()]
    cats = [row for row in glasses if "cat" in row.label.lower().split()]
    token = pieces(pipe.tokenizer, "sunglasses")
    same = all(pieces(pipe.tokenizer, f"{name} with sunglasses")[-len(token) :] == token for _, name in CAST.values())
    seeds = SEEDS[: 1 if smoke else None]
    said = [f"{name} with sunglasses, noto style" for _, name in CAST.values() for _ in seeds]
    steps = 2 if smoke else STEPS
    runs = generate_batch(pipe, said, [*seeds, *seeds], steps=steps, guidance=play.GUIDANCE)
    fresh, put = FRESH[: 2 if smoke else None], {}
    for who, (_, name) in CAST.items():
        prompts = [f"{name}{word}, noto style" for word in (" with sunglasses", "") for _ in fresh]
        drawn = generate_batch(pipe, prompts, [*fresh, *fresh], steps=steps, guidance=play.GUIDANCE)
        dark = painted(np.stack([run.image for run in drawn])).reshape(2, len(fresh))
        put[who] = dark[0] - dark[1]  # what the word adds, seed by seed
    put_low, put_high = bootstrap_ci(put["face"] - put["cat"], seed=4)
    n = {
        "styles": len(styles),
        "gain_face": float(np.mean(gain["face"])),
        "gain_cat": float(np.mean(gain["cat"])),
        "gap": float(gap.mean()),
        "gap_low": low,
        "gap_high": high,
        "painted_face": float(put["face"].mean()),
        "painted_cat": float(put["cat"].mean()),
        "painted_gap_low": put_low,
        "painted_gap_high": put_high,
        "seeds": len(fresh),
        "drawings_glasses": len(glasses),
        "drawings_cats": len(cats),
        "pieces": len(token),
        "same_tokens": int(same),
        "steps": runs[0].steps,
    }
    return n, {"made": torch.stack([run.xt[-1] for run in runs]).numpy(), "icons": np.array(first)}
