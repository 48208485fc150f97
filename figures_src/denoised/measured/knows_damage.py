"""What knows/damage measures: the same relative noise on the weights of text encoder, U-Net and VAE decoder in turn; what
does the judge still see, and how far are the pictures from real icons?"""

from contextlib import contextmanager

import numpy as np
import torch

from denoised import pipeline, pixels
from denoised.data import captions, splits
from denoised.data.captions import prompt
from denoised.lab import seed_of
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode_prompts
from denoised.probes import judge, steering

FIGURE = "knows/damage"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, pixels, captions, splits.Row, judge_model, judge, steering)

STEPS, GUIDANCE = 8, 3.0
LEVELS = (0.02, 0.05, 0.1, 0.2)
DRAWS, EACH = 3, 8  # draws of noise, and prompts that each of them is tried on
STYLES = ("noto", "twemoji")
PARTS = ("text", "unet", "decoder")


# --8<-- [start:noisy]
@contextmanager
def noisy(modules, level: float, seed: int):
    """Modules whose tables of weights have noise on them: each number of a table gets a random one, whose size is `level`
    times the table's own (root mean square). Offsets and norms, which are rows and no tables, stay."""
    generator = torch.Generator().manual_seed(seed)
    weights = [w for module in modules for w in module.parameters() if w.ndim > 1]
    before = [w.clone() for w in weights]
    with torch.no_grad():
        for w in weights:
            w += level * w.square().mean().sqrt() * torch.randn(w.shape, generator=generator)
        try:
            yield
        finally:
            for w, old in zip(weights, before, strict=True):
                w.copy_(old)
    # --8<-- [end:noisy]


def wanted(specimens, net) -> list:
    """Rows of icons that the denoiser has learned and the judge has a name for, by lot."""
    fit = [i for i, r in enumerate(specimens.records) if r["split"] == "train" and r["tone"] == "none"
           and r["style"] in STYLES and r["concept"] in set(net.classes["concept"])]  # fmt: skip
    return np.random.default_rng(0).permutation(fit)[: DRAWS * EACH].tolist()


def measure(lab, smoke=False):
    """(numbers, arrays): "right_<part>" bool [levels, N], is the thing among the judge's first five; "right_whole",
    "right_real" [N]; "kid_<part>" [levels], "kid_whole": to the real icons; "shown_whole" latents [1, C, h, w] of the first
    prompt, "shown_text" and "shown_unet" [levels, C, h, w]."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = judge_model.load(lab.weight("judge"))
    chosen = wanted(specimens, net)
    levels, draws, each, steps = (LEVELS[-1:], 1, 2, 1) if smoke else (LEVELS, DRAWS, EACH, STEPS)
    chosen = chosen[: draws * each]
    rows = [splits.Row(**specimens.records[i]) for i in chosen]
    prompts, things = [prompt(row) for row in rows], [row.concept for row in rows]
    start = steering.start_noise(pipe, range(len(rows)))
    modules = {
        "text": [pipe.text_encoder],
        "unet": [pipe.unet],
        "decoder": [pipe.vae.decoder, pipe.vae.post_quant_conv],
    }

    def drawn(some):
        return steering.run(
            pipe, encode_prompts(pipe, prompts[some]).states, start[some], steps=steps, guidance=GUIDANCE
        )

    def right(pictures):
        seen = judge.look(net, pictures)
        best = np.argsort(-seen["concept"], axis=1)[:, :5]
        hit = [net.classes["concept"].index(t) in row for t, row in zip(things, best, strict=True)]
        return np.array(hit), seen["features"]

    blocks = [slice(d * each, (d + 1) * each) for d in range(draws)]
    whole = torch.cat([drawn(b) for b in blocks])
    arrays, n = (
        {"shown_whole": whole[:1].numpy()},
        {"steps": steps, "guidance": GUIDANCE, "prompts": len(rows), "draws": draws},
    )
    arrays["right_real"], real = right(specimens.images[chosen])
    arrays["right_whole"], features = right(decode(pipe.vae, whole))

    def far(features):
        return judge.kid(real, features, size=len(real), subsets=1)[0]

    n["kid_whole"] = far(features)
    for part in PARTS:
        found, kids, shown = [], [], []
        for level in levels:
            ends, pictures = [], []
            for d, block in enumerate(blocks):
                with noisy(modules[part], level, seed_of(part, d)):
                    ends.append(whole[block] if part == "decoder" else drawn(block))
                    pictures.append(decode(pipe.vae, ends[-1]))
            hit, features = right(np.concatenate(pictures))
            found.append(hit)
            kids.append(far(features))
            shown.append(ends[0][0].numpy())
        arrays[f"right_{part}"], arrays[f"kid_{part}"] = np.array(found), np.array(kids)
        if part != "decoder":
            arrays[f"shown_{part}"] = np.array(shown)
    return n, arrays
