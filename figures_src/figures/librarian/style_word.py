"""Is another decoder a free style transfer? The prompt is kept and the decoder changed, as the tip says; as a yardstick,
the decoder is kept and the prompt's word for the style is changed.

Tests claims: r13-09.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode, generate_batch
from denoised.probes.metrics import bootstrap_ci, psnr
from denoised.probes.stylejudge import fit_judge
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "Another decoder or another word"

STYLES = ("noto", "openmoji")
THINGS = ("cat face", "red apple", "pizza", "rocket", "skull", "octopus")
STEPS, GUIDANCE = 10, 3.0
SHOWN = (0, 2)


def make(lab, smoke=False):
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
    some = [i for i in SHOWN if i < half]
    rows = [[made["base"][i], made["openmoji"][i], made["base"][half + i]] for i in some]
    rows += [[made["base"][half + i], made["noto"][half + i], made["base"][i]] for i in some]
    names = [f"{things[i]}" for i in some] * 2
    heads = ["as made", "another\ndecoder", "another\nword"]
    dots = [("another decoder", by_decoder, "latent"), ("another word", by_word[:half], "text")]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (90, 8) if narrow else (66, 8)
        y = 0
        for k, (start, goal) in enumerate((("Noto", "OpenMoji"), ("OpenMoji", "Noto"))):
            x, top = (0, y) if narrow else (k * (3 * cell + 2 * gap + 24), 0)
            fig.note(x, top, f"{start} to {goal}", size=14, weight=600)
            group = rows[k * len(some) : (k + 1) * len(some)]
            left = 68 if narrow else 0
            words = [name.replace(" ", "\n") for name in names[: len(some)]] if narrow else None
            y = image_grid(fig, group, x=x, y=top + 24, left=left, rows=words, columns=heads, cell=cell, gap=gap) + 24
        x, top = (0, y) if narrow else (2 * (3 * cell + 2 * gap + 24), 0)
        width = fig.width - x
        fig.note(x, top, "Moved along the style", size=14, weight=600)
        ax = fig.area(x + 50, top + 30, width - 54, 178, below=40)
        for i, (_, values, colour) in enumerate(dots):
            spot = i + np.linspace(-0.18, 0.18, len(values))
            ax.plot(spot, values, "o", color=theme.colour(colour), markersize=6, alpha=0.75)
            ax.plot([i - 0.3, i + 0.3], [values.mean()] * 2, color=theme.ink, linewidth=1.8)
        ax.axhline(0, color=theme.muted, linewidth=1.2)
        reach = max(1.0, *(float(np.abs(values).max()) for _, values, _ in dots))
        ax.set(xlim=(-0.5, 1.5), ylim=(-1.08 * reach, 1.08 * reach))
        ax.set_xticks([0, 1], [word.replace(" ", "\n") for word, _, _ in dots])
        ticks = [t for t in (-4, -2, -1, 0, 1, 2, 4) if abs(t) <= 1.08 * reach]
        ax.set_yticks(ticks, [f"{t:.0%}".replace("-", "−") for t in ticks])
        return fig

    return Output(
        alt=(
            "Generated icons in three versions: as made, with the same latent through the other style's decoder, which "
            "hardly differs, and made with the other style's word in the prompt. A plot of how far a judge of style "
            "was "
            f"moved: {n['moved_by_decoder']:+.0%} by the decoder, {n['moved_by_word']:+.0%} by the word."
        ),
        caption=(
            f"**One word against one decoder.** {n['pictures']} pictures of {half} things, made with the word for "
            "Noto and "
            f"with the word for OpenMoji. A linear judge of style (right on {sure:.0%} of {n['judge_tested']} "
            "unseen drawings) places each on a line from real Noto, 0 %, to real OpenMoji, 100 %. Exchanging the "
            "decoder for "
            f"the one that was tuned on the other style moves a picture by {n['moved_by_decoder']:+.0%} on average "
            "(95 % "
            f"interval {n['moved_low']:+.0%} to {n['moved_high']:+.0%}), changing the word by "
            f"{n['moved_by_word']:+.0%}; "
            f"the verdict flips in "
            f"{n['decoder_flips']:.0%} and in {n['word_flips']:.0%} of cases. In pixels the decoder changes little "
            f"({n['pixels_decoder_db']:.1f} dB to the first picture), the word nearly everything "
            f"({n['pixels_word_db']:.1f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip
