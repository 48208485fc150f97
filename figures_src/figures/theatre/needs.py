"""What the U-Net needs to be told, and whether the loop is all there is: our loop against the stock pipeline, the error
with text, time or both withheld, and how much noise the finished latent still holds.

Tests claims: r11-07.
"""

from types import SimpleNamespace

import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import encode, generate_batch
from denoised.probes import play
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Three things to know"

MIDDLE = 500  # what the network is told where the time is withheld
CAST = ("grinning-face", "cat-face", "red-apple", "pizza", "rose", "house", "rocket", "octopus", "red-heart", "skull")
YARDSTICK = 0.1  # noise that is added to encoded icons for comparison


def diagonal(latents):
    """Spread of the finest diagonal detail of [N, C, h, w] (Haar): white noise of spread s gives s."""
    a, b, c, d = (latents[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
    return float(((a - b - c + d) / 2).square().mean().sqrt())


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    one = play.perform(pipe, smoke)
    stock = pipe(
        one.prompt, num_inference_steps=one.steps, guidance_scale=one.guidance, latents=one.xt[:1].clone(),
        output_type="latent",
    ).images[0]  # fmt: skip

    picks = [i for c in CAST for i in specimens.where(concept=c, tone="none")[:4]]
    picks = picks[::15] if smoke else picks
    prompts = [prompt(SimpleNamespace(**specimens.records[i])) for i in picks]
    x0 = encode(pipe.vae, specimens.images[picks])
    t = torch.linspace(20, 980, len(x0)).long()[torch.randperm(len(x0), generator=lab.generator("times"))]
    xt = mix(x0, torch.randn(x0.shape, generator=lab.generator("noise")), network.alpha_bar[t])
    read, empty = play.states_of(pipe, prompts), play.states_of(pipe, [""] * len(x0))
    fixed = torch.full_like(t, MIDDLE)
    given = {"both": (read, None), "without_text": (empty, None), "without_time": (read, fixed),
             "neither": (empty, fixed)}  # fmt: skip
    error = {
        name: float((network(xt, t, states, told)[0] - x0).square().mean() / x0.var())
        for name, (states, told) in given.items()
    }

    count = 1 if smoke else 3
    ends = generate_batch(pipe, prompts[:: max(1, len(prompts) // count)][:count], range(count), steps=one.steps,
                          guidance=one.guidance)  # fmt: skip
    made = torch.stack([*(end.xt[-1] for end in ends), one.xt[-1]])
    shaken = x0 + YARDSTICK * torch.randn(x0.shape, generator=lab.generator("yardstick"))
    fine = {"icons": diagonal(x0), "made": diagonal(made), "shaken": diagonal(shaken), "start": diagonal(one.xt[:1])}
    n = {
        "steps": one.steps,
        "by_hand": float((stock - one.xt[-1]).abs().max()),
        "icons": len(picks),
        **error,
        "time_ratio": error["without_time"] / error["both"],
        "text_ratio": error["without_text"] / error["both"],
        "told": MIDDLE,
        **{f"fine_{name}": value for name, value in fine.items()},
        "residual_ratio": fine["made"] / fine["icons"],
        "yardstick": YARDSTICK,
        "made": len(made),
    }
    bars = (
        ("Error of the guess, if the U-Net is told …",
         (("words and time", error["both"], "latent"), ("no words", error["without_text"], "text"),
          ("no time", error["without_time"], "prediction"), ("neither", error["neither"], "noise"))),
        ("Finest detail in the latents of …",
         (("encoded icons", fine["icons"], "image"), ("finished runs", fine["made"], "latent"),
          (f"icons + {YARDSTICK:g} noise", fine["shaken"], "noise"), ("the start", fine["start"], "noise"))),
    )  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = 0
        for part, (title, rows) in enumerate(bars):
            width = fig.width if narrow else 340
            left, top = (0, y) if narrow else (part * 380, 0)
            fig.note(left, top, title, size=14, weight=600)
            top += 30
            for words, value, colour in rows:
                fig.note(left + 108, top + 12, words, "ink", SMALL, ha="right", va="center")
                ax = fig.area(left + 118, top, width - 118 - 48, 24, grid="")
                ax.set_axis_off()
                ax.set(xlim=(0, max(v for _, v, _ in rows)), ylim=(-0.5, 0.5))
                ax.barh([0], [value], height=0.8, color=theme.colour(colour))
                ax.annotate(f"{value:.2f}" if value >= 0.1 else f"{value:.3f}", (value, 0), xytext=(6, 0),
                            textcoords="offset points", va="center", fontsize=12, weight=600, color=theme.ink,
                            annotation_clip=False)  # fmt: skip
                top += 31
            y = top + 18
        fig.set_height(y - 18)
        return fig

    return Output(
        alt=(
            f"Bars of error: {error['both']:.3f} with words and time, {error['without_text']:.3f} without words, "
            f"{error['without_time']:.3f} without time, {error['neither']:.3f} without both. Bars of the finest detail: "
            f"{fine['icons']:.3f} in encoded icons, {fine['made']:.3f} in finished latents, {fine['start']:.2f} at the "
            "start."
        ),
        caption=(
            f"**Latent, words, and the time.** Left: error of the guess at the clean latent, as a share of its "
            f"variance, over {len(picks)} icons at all noise levels. Withholding the words costs a factor of "
            f"{n['text_ratio']:.2f}, telling it t = {MIDDLE} whatever the truth {n['time_ratio']:.2f}. Right: a "
            f"finished latent holds {n['residual_ratio']:.2f} times the finest detail of an encoded icon, so it is "
            f"{'as clean' if n['residual_ratio'] < 1.5 else 'not yet as clean'}. Our loop, written out, and the stock "
            f"pipeline of diffusers end in latents that differ by {n['by_hand']:.1g} at most."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
