"""What librarian/style_word measures: how far another decoder, and how far another word, moves pictures from one style to
the other."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import metrics, stylejudge
from denoised.probes.metrics import bootstrap_ci, psnr
from denoised.probes.stylejudge import fit_judge

FIGURE = "librarian/style_word"
WEIGHTS = ("emoji-sd", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
SOURCES = (pipeline, metrics, stylejudge)

STYLES = ("noto", "openmoji")
THINGS = ("cat face", "red apple", "pizza", "rocket", "skull", "octopus")
STEPS, GUIDANCE = 10, 3.0
SHOWN = (0, 2)


def measure(lab, smoke=False):
    """(numbers, arrays): which of THINGS are shown, of each of STYLES their latents, and how far each picture was moved."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    decoders = {"base": pipe.vae, **{style: lab.vae(style) for style in STYLES}}
    records, thin = specimens.records, 3 if smoke else 1

    def drawings(splits):
        picks = [[i for i, r in enumerate(records) if r["style"] == s and r["split"] in splits][::thin] for s in STYLES]
        images = [decode(pipe.vae, encode(pipe.vae, specimens.images[some])) for some in picks]
        return np.concatenate(images), np.repeat([0, 1], [len(some) for some in picks])

    judge = fit_judge(*drawings(("train",)))  # 0 = Noto, 1 = OpenMoji; all seen through the base decoder
    test, truth = drawings(("concept", "pair"))
    sure = float(((judge(test) > 0.5) == truth).mean())

    things = THINGS[:2] if smoke else THINGS
    prompts = [f"{thing}, {style} style" for style in STYLES for thing in things]
    seeds = [*range(len(things))] * 2
    traces = generate_batch(pipe, prompts, seeds, steps=3 if smoke else STEPS, guidance=GUIDANCE)
    z = torch.stack([trace.xt[-1] for trace in traces])
    half = len(things)
    made = {name: decode(vae, z) for name, vae in decoders.items()}
    score = {name: judge(some) for name, some in made.items()}
    # towards OpenMoji from Noto latents, and towards Noto from OpenMoji latents, so that both count as positive
    by_decoder = np.concatenate(
        [score["openmoji"][:half] - score["base"][:half], score["base"][half:] - score["noto"][half:]]
    )
    by_word = np.tile(score["base"][half:] - score["base"][:half], 2)
    verdict = {name: some > 0.5 for name, some in score.items()}
    flips = np.concatenate(
        [verdict["openmoji"][:half] & ~verdict["base"][:half], ~verdict["noto"][half:] & verdict["base"][half:]]
    )
    flips_word = verdict["base"][half:] & ~verdict["base"][:half]
    shift = max(float(by_word.mean()), 1e-3)
    low, high = bootstrap_ci(by_decoder)
    n = {
        "pictures": len(traces), "things": half, "steps": STEPS, "guidance": GUIDANCE,
        "judge_accuracy": sure, "judge_tested": len(test),
        "moved_by_decoder": float(by_decoder.mean()), "moved_low": low, "moved_high": high,
        "moved_by_word": float(by_word.mean()), "decoder_share": float(by_decoder.mean()) / shift,
        "decoder_flips": float(flips.mean()), "word_flips": float(flips_word.mean()),
        "pixels_decoder_db": float(np.mean([
            psnr(made["openmoji"][:half], made["base"][:half]).mean(),
            psnr(made["noto"][half:], made["base"][half:]).mean(),
        ])),
        "pixels_word_db": float(psnr(made["base"][half:], made["base"][:half]).mean()),
    }  # fmt: skip
    shown = [i for i in SHOWN if i < half]
    return n, {
        "things": np.array(shown), "noto": z[shown].numpy(), "openmoji": z[[half + i for i in shown]].numpy(),
        "by_decoder": by_decoder, "by_word": by_word[:half],
    }  # fmt: skip
