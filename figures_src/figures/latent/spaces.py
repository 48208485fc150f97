"""Three materials: noise taken out of pixels, out of latents, and tokens told, of the same icons, for the same words, after
as many seconds of training. A sheet, and how often a judge names the thing. Read from the results of
`scripts/lab_spaces.py`.

Tests claims: c1-02.
"""

import json

from denoised.data.prompts import SHEET_PROMPTS
from denoised.models import fsq
from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import shares, shelf
from denoised.studies import spaces as study
from denoised.training.spaces import SPACES
from plotting.dots import rows_of, two_panels
from plotting.output import Output
from plotting.sheets import caption_lines, captioned_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "Pixels, latents, tokens"
TINY_ONLY = "All three were trained here, on the icons that the small model learned from."

WORDS = {"pixels": "pixels", "latents": "latents", "told": "tokens"}
COLOURS = {"pixels": "image", "latents": "latent", "told": "attention"}


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_spaces")
    s, trained, kept = study.SETTINGS, facts["trained"], arrays["kept"]
    vae = json.loads((lab.weight("emoji-sd") / "vae" / "card.json").read_text(encoding="utf-8"))
    n = {
        "drawings": len(kept), "kept": int(kept.sum()), "steps": s.steps, "guidance": s.guidance, "shown": s.shown,
        "tokens": fsq.PLACES, "guidance_told": s.guidance_told, "words": fsq.WORDS, "calls": 2 * s.steps,
        "calls_told": 2 * fsq.PLACES, "tokenizer_minutes": trained["tokenizer"]["core_seconds"] / 60,
        "vae_minutes": (vae["seconds"] + vae["start"]["seconds"]) / 60, **study.ALLOWED,
    }  # fmt: skip
    for way, space in SPACES.items():
        n |= {f"side_{way}": space.side, f"numbers_{way}": space.channels * space.side**2}
    for way, preset in study.PRESET_OF.items():
        one = trained[preset]
        n |= {f"lessons_{way}": one["samples"], f"minutes_{way}": one["core_seconds"] / 60}
        n[f"parameters_{way}"] = one["parameters"] / 1e6
    minutes = [n[f"minutes_{way}"] for way in study.WAYS]
    n |= {"minutes_least": min(minutes), "minutes_most": max(minutes)}
    for way in study.WAYS:
        n |= shares.numbers(arrays, way)
    for way in (*study.WAYS, "whole"):  # the judge has seen the other icons when it learned
        right = arrays[f"top5_real_{way}"][kept]
        hits = Share(int(right.sum()), len(right))
        n |= {f"real_{way}": hits.share, f"real_{way}_low": hits.interval[0], f"real_{way}_high": hits.interval[1]}
    for rival in ("pixels", "told"):  # the same captions
        gap = arrays["top5_latents"].astype(float) - arrays[f"top5_{rival}"]
        low, high = bootstrap_ci(gap, seed=3)
        n |= {f"ahead_of_{rival}": float(gap.mean()), f"ahead_of_{rival}_low": low, f"ahead_of_{rival}_high": high}
    n["detour"] = n["real_whole"] - n["real_pixels"]

    shown = 2 if smoke else s.shown
    labels = [caption_lines(words) for words in SHEET_PROMPTS[:shown]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        sheet = {word: (COLOURS[way], arrays[f"shown_{way}"][:shown]) for way, word in WORDS.items()}
        y = captioned_rows(fig, sheet, labels)
        drawn = rows_of(n, "top5", WORDS, COLOURS.get)
        real = rows_of(n, "real", WORDS, lambda way: "muted")
        untouched = {"most": 1, "line": (n["real_whole"], "muted")}
        two_panels(fig, y + 12, (
            ("Drawn: thing among the judge's first five", "95 % intervals", drawn, {"most": 1}),
            ("Real icons, gone the same way", "dashed: untouched", real, untouched),
        ))  # fmt: skip
        return fig

    listed = ", ".join(f"{word} {n[f'top5_{way}']:.0%}" for way, word in WORDS.items())
    real = ", ".join(f"{word} {n[f'real_{way}']:.0%}" for way, word in WORDS.items())
    return Output(
        alt=(
            "Three rows of drawings for the same prompts, by networks that denoise pixels, denoise latents, and tell "
            f"tokens. Below, how often the judge has the thing among its first five: "
            f"{listed}; and for real icons that went the same way: {real}, untouched {n['real_whole']:.0%}."
        ),
        caption=(
            f"**Three materials.** Two U-Nets of {n['parameters_pixels']:.1f} and {n['parameters_latents']:.1f} million "
            f"parameters and a Transformer of {n['parameters_told']:.1f} learned the same icons from the same words, each "
            f"for {n['minutes_least']:.0f} to {n['minutes_most']:.0f} minutes of one core. (Before that, the latents' "
            f"autoencoder had taken {n['vae_minutes']:.0f}, the tokenizer {n['tokenizer_minutes']:.0f}.) One takes the "
            f"noise out of {n['side_pixels']} x {n['side_pixels']} pixels, one out of latents, both in {n['steps']} "
            f"steps; the third tells {n['tokens']} tokens. The judge has the thing among its first five: {listed}; of "
            f"{n['kept']} real icons that nobody learned from and that went the same way: {real}. Shown are the first "
            f"{n['shown']} of the prompts with which every sheet of this site begins. The judge looks at 64 pixels; what "
            "is smaller is enlarged for it."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
