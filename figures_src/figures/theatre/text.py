"""Act one, second scene: what the text encoder hands over. One vector a token, and what is lost when the U-Net gets a
single vector in their place.

Tests claims: r11-05.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import encode, encode_prompts
from denoised.probes import play
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import MONO, SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "What the text encoder hands over"

CAST = ("cat-face", "red-apple", "pizza", "rose", "house", "rocket", "octopus", "red-heart")
STYLES = ("noto", "twemoji", "openmoji", "fluent-emoji")
TIMES = (650, 850)  # noisy enough that the words are needed


# --8<-- [start:pooled]
def pooled(states, last, kind):
    """Text states [N, L, D] with one vector in every place: that of the end token, or the mean of all up to it.
    last [N]: where the end token stands."""
    if kind == "end":
        one = states[torch.arange(len(states)), last]
    else:
        before = (torch.arange(states.shape[1]) <= last[:, None]).float()[..., None]
        one = (states * before).sum(1) / before.sum(1)
    return one[:, None].expand_as(states)
    # --8<-- [end:pooled]


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    text = encode_prompts(pipe, [play.PROMPT])
    states, tokens = text.states[0], text.tokens[0]
    end = tokens.index(pipe.tokenizer.eos_token)

    picks = [i for c in CAST for s in STYLES for i in specimens.where(concept=c, style=s, tone="none")[:1]]
    picks = picks[::12] if smoke else picks
    prompts = [prompt(SimpleNamespace(**specimens.records[i])) for i in picks]
    read = encode_prompts(pipe, prompts)
    last = (read.input_ids == pipe.tokenizer.eos_token_id).int().argmax(1)
    kinds = {
        "sequence": read.states,
        "mean": pooled(read.states, last, "mean"),
        "end": pooled(read.states, last, "end"),
        "wrong": read.states.roll(len(picks) // 2, 0),  # those of another icon
        "empty": encode_prompts(pipe, [""]).states.expand_as(read.states),
    }
    x0 = encode(pipe.vae, specimens.images[picks])
    noise = torch.randn(len(TIMES), *x0.shape, generator=lab.generator("noise"))
    errors = {kind: np.zeros(len(x0)) for kind in kinds}
    for k, t in enumerate(TIMES):
        t = torch.full((len(x0),), t)
        xt = mix(x0, noise[k], network.alpha_bar[t])
        for kind, given in kinds.items():
            missed = (network(xt, t, given)[0] - x0).square().mean((1, 2, 3)) / x0.var()
            errors[kind] += missed.double().numpy() / len(TIMES)
    error = {kind: float(values.mean()) for kind, values in errors.items()}
    gained = error["empty"] - error["sequence"]
    kept = {kind: (error["empty"] - error[kind]) / gained for kind in kinds}
    drawn = np.random.default_rng(6).integers(0, len(x0), (2000, len(x0)))  # icons drawn again, as a bootstrap does
    again = {kind: values[drawn].mean(1) for kind, values in errors.items()}
    share = (again["empty"] - again["end"]) / (again["empty"] - again["sequence"])
    low, high = (float(q) for q in np.quantile(share, (0.025, 0.975)))

    real = states[: end + 1]
    alike = torch.nn.functional.normalize(real - real.mean(0), dim=1)
    n = {
        "vectors": len(states),
        "width": states.shape[1],
        "values": states.numel(),
        "words": end + 1,
        "zeros": float((states == 0).float().mean()),
        "spread": float(states.std()),
        "largest": float(states.abs().max()),
        "different": float((alike @ alike.T).fill_diagonal_(-1).max()),
        "icons": len(picks),
        **{f"error_{kind}": value for kind, value in error.items()},
        **{f"kept_{kind}": value for kind, value in kept.items()},
        "end_low": low,
        "end_high": high,
        "pooled_kept": max(kept["mean"], kept["end"]),
    }
    rows = (("sequence", "one vector a token", "text"), ("mean", "their mean, everywhere", "attention"),
            ("end", "the end token's, everywhere", "attention"), ("empty", "the empty prompt's", "noise"),
            ("wrong", "those of other words", "prediction"))  # fmt: skip
    limit = float(states.abs().quantile(0.98))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"{len(states)} tokens, {states.shape[1]} numbers each", size=14, weight=600)
        left, y, row = 104, 28, 17
        lines = [*range(end + 1), end + 1, len(states) - 1]
        for i in lines:
            word = tokens[i].replace("</w>", "").strip("<|>")
            word = word if i <= end else f"padding {i - end}"
            fig.note(left - 10, y + row / 2, word, "text" if i <= end else "muted", 11, ha="right", va="center",
                     family=MONO)  # fmt: skip
            strip = colour_map(states[i : i + 1].numpy(), theme, limit)
            picture(fig, strip, left, y, fig.width - left, row - 3, smooth=False, frame=False, radius=1)
            y += row
            if i == end + 1:
                fig.note(left - 10, y + 3, "⋮", "muted", 12, ha="right")
                y += 17
        y += 18
        fig.note(0, y, "Error, if the U-Net is given …", size=14, weight=600)
        y += 28
        top = max(error.values()) * (1.3 if narrow else 1.12)
        for kind, words, colour in rows:
            if narrow:
                fig.note(0, y, words, "ink", SMALL)
                y += 18
            else:
                fig.note(208, y + 11, words, "ink", SMALL, ha="right", va="center")
            x = 0 if narrow else 220
            ax = fig.area(x, y, fig.width - x, 22, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, top), ylim=(-0.5, 0.5))
            ax.barh([0], [error[kind]], height=0.8, color=theme.colour(colour))
            ax.annotate(f"{error[kind]:.3f}", (error[kind], 0), xytext=(6, 0), textcoords="offset points", va="center",
                        fontsize=12, weight=600, color=theme.ink, annotation_clip=False)  # fmt: skip
            y += 28
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"Above, strips of coloured numbers: one row of {n['width']} for each of {n['words']} tokens, and padding. "
            f"Below, bars of error: {error['sequence']:.3f} with one vector a token, {error['mean']:.3f} with their "
            f"mean in every place, {error['end']:.3f} with the end token's, {error['empty']:.3f} with the empty "
            f"prompt's, {error['wrong']:.3f} with other words'."
        ),
        caption=(
            f"**Not one vector but {n['vectors']}.** For “{play.PROMPT}” the text encoder hands over {n['vectors']} × "
            f"{n['width']} numbers, every one of them in use ({n['zeros']:.0%} zeros), padding included. Below, how far "
            f"the U-Net's guess is from the clean latent (share of its variance; {n['icons']} icons, two noise levels). "
            f"Of what the words gain over an empty prompt, a single vector repeated in all places keeps "
            f"{kept['mean']:.0%} (mean) or {kept['end']:.0%} (end token; {low:.0%} to {high:.0%}). The network was not "
            "trained on such input, so this is what it loses, not what one vector could carry."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
