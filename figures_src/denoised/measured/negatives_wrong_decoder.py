"""What negatives/wrong_decoder measures: how often the probe's word for a picture changes with the decoder, with the word
in the prompt, and with negatives."""

import numpy as np
import torch

from denoised import pipeline
from denoised.models import judge as judge_model
from denoised.models import tiny
from denoised.pipeline import decode, generate_batch
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.studies import unseen

FIGURE = "negatives/wrong_decoder"
WEIGHTS = ("emoji-sd", "judge", "decoders/tiny-balanced", "decoders/tiny-women", "decoders/tiny-men",
           "decoders/tiny-plants")  # fmt: skip
DATA = ()
SOURCES = (pipeline, judge_model, tiny, judge, unseen)

DIETS = ("balanced", "women", "men")
WHO = ("farmer", "pilot", "cook", "singer", "firefighter", "office worker")
WORDS = ("woman", "man")
MORE = "house, rocket, guitar, key, ghost, cactus, books"  # seven negatives beside the gender
COUNTS = (0, 1, 8)
STEPS, GUIDANCE = 8, 3.0


def share_of(scores, axis):
    """Share of the variance of scores [decoder, count, word, who] that the means along one axis account for."""
    others = tuple(a for a in range(scores.ndim) if a != axis)
    return float(scores.mean(others).var() / max(scores.var(), 1e-12))


def measure(lab, smoke=False):
    """(numbers, arrays): latents of a woman and a man of the first trade, each without a negative and with the other
    word."""
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    _, arrays = unseen.load()
    probe = unseen.probe(arrays, "woman")
    small = {d: tiny.load(lab.weight(f"decoders/tiny-{d}/decoder.safetensors")) for d in (*DIETS, "plants")}
    who, steps = (WHO[:2], 2) if smoke else (WHO, STEPS)
    prompts = [f"{word} {some}, noto style" for word in WORDS for some in who]
    # the negative that is to help: the other gender's word, alone or with seven others
    against = dict(zip(WORDS, WORDS[::-1], strict=True))
    latents = []
    for count in COUNTS:
        lines = {w: "" if count == 0 else against[w] if count == 1 else f"{against[w]}, {MORE}" for w in WORDS}
        made = [generate_batch(pipe, [p for p in prompts if p.startswith(f"{w} ")], range(len(who)),
                               negative_prompt=lines[w], steps=steps, guidance=GUIDANCE) for w in WORDS]  # fmt: skip
        latents.append(torch.stack([trace.xt[-1] for some in made for trace in some]))
    z = torch.cat(latents)
    shape = (len(COUNTS), len(WORDS), len(who))
    pictures = {"shipped": decode(pipe.vae, z)} | {d: tiny.decode(small[d], z) for d in small}
    scores = {d: probe.score(judge.look(net, some)["features"]).reshape(shape) for d, some in pictures.items()}
    woman = {d: some > 0 for d, some in scores.items()}
    n = {"pictures": len(z), "who": len(who), "steps": steps, "guidance": GUIDANCE}
    turned = np.stack([~woman["balanced"] & woman["women"], woman["balanced"] & ~woman["men"]])
    could = np.stack([~woman["balanced"], woman["balanced"]])
    flips = Share(int(turned.sum()), max(int(could.sum()), 1))
    n["flips_decoder"], (n["flips_low"], n["flips_high"]) = flips.share, flips.interval
    # the control: as one-sided, but with no gender in it
    turned = np.stack([~woman["balanced"] & woman["plants"], woman["balanced"] & ~woman["plants"]])
    plain = Share(int(turned.sum()), max(int(could.sum()), 1))
    n["flips_plain"], (n["flips_plain_low"], n["flips_plain_high"]) = plain.share, plain.interval
    n["flips_word"] = float((woman["balanced"][:, 0] != woman["balanced"][:, 1]).mean())
    n["flips_negative"] = float((woman["balanced"][1] != woman["balanced"][0]).mean())
    n["flips_negatives"] = float((woman["balanced"][2] != woman["balanced"][0]).mean())
    crossed = np.stack([scores[d] for d in DIETS])
    for axis, name in enumerate(("decoder", "negatives", "word")):
        n[f"share_{name}"] = share_of(crossed, axis)
    asked = np.broadcast_to(np.array([True, False])[None, :, None], shape)
    for d in woman:
        right = Share(int((woman[d] == asked).sum()), asked.size)
        n[f"right_{d}"], (n[f"right_{d}_low"], n[f"right_{d}_high"]) = right.share, right.interval
        n[f"women_{d}"] = float(woman[d].mean())
    n["probe"] = float(
        np.mean([(arrays["woman_score_women_real"] > 0).mean(), (arrays["woman_score_men_real"] <= 0).mean()])
    )
    index = np.arange(len(z)).reshape(shape)
    return n, {"shown": z[[index[count, word, 0] for word in (0, 1) for count in (0, 1)]].numpy()}
