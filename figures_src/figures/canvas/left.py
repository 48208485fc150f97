"""How much of a picture is left at each t, by a judge who names what it sees: icons mixed with noise as pixels, icons mixed
with noise as latents and decoded, and what the model bets on when it is shown that latent without any words.
"""

import numpy as np
import torch

from denoised.diffusion.objectives import add_noise
from denoised.models import judge as observer
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import judge, play
from denoised.probes.judge import Share
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "How much of the picture is left"

ICONS = 32
TIMES = (99, 249, 399, 599, 799, 949)
ROWS = {"pixels": ("noise on the pixels", "noise"), "latent": ("noise on the latent", "latent"),
        "bet": ("the model's bet", "prediction")}  # fmt: skip


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = observer.load(lab.weight("judge"))
    known = set(net.classes["concept"])
    some = [i for i, r in enumerate(specimens.records) if r["concept"] in known and r["tone"] == "none"]
    some = some[:: max(1, len(some) // ICONS)][: 2 if smoke else ICONS]
    wanted = {"concept": [specimens.records[i]["concept"] for i in some]}
    times = TIMES[:2] if smoke else TIMES
    images = specimens.images[some]
    x0 = encode(pipe.vae, images)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    look_at = play.Denoiser(pipe, alpha_bar, "v")
    empty = encode_prompts(pipe, [""]).states.expand(len(some), -1, -1)
    static = torch.randn(pixels.shape, generator=lab.generator("static"))
    eps = torch.randn(x0.shape, generator=lab.generator("eps"))
    made = {row: {} for row in ROWS}
    for t in times:
        when = torch.full((len(some),), t)
        mixed = add_noise(pixels, static, when, alpha_bar)
        made["pixels"][t] = ((mixed.permute(0, 2, 3, 1).numpy() + 1) * 127.5).clip(0, 255).round().astype(np.uint8)
        xt = add_noise(x0, eps, when, alpha_bar)
        made["latent"][t] = decode(pipe.vae, xt)
        made["bet"][t] = decode(pipe.vae, look_at(xt, when, empty)[0].float())

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
    shown = int(np.argmax([r == "cat-face" for r in wanted["concept"]]))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 6, 0 if narrow else 150
        columns = len(times)
        cell = min(88, (fig.width - left - gap * (columns - 1)) // columns)
        y = 0
        for j, t in enumerate(times):
            fig.note(
                left + j * (cell + gap) + cell / 2, y, f"t = {t}" if j == 0 else f"{t}", "muted", SMALL, ha="center"
            )
        y += 22
        for row, (name, colour) in ROWS.items():
            if narrow:
                fig.note(0, y, name, colour, 12, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, name, colour, 12, va="center", weight=600)
            for j, t in enumerate(times):
                picture(fig, made[row][t][shown], left + j * (cell + gap), y, cell, cell, True)
            y += cell + gap
        y += 14
        fig.note(0, y, "What the judge can still name", size=14, weight=600)
        fig.note(0, y + 20, "dashed: the same icons without noise", "muted", SMALL)
        ax = fig.area(38, y + 48, fig.width - 38 - 150, 170, below=42)
        for k, (row, (_, colour)) in enumerate(ROWS.items()):
            places = np.array(times) + 8 * (k - 1)
            edges = np.array([seen[row][t].interval for t in times]).T
            ax.vlines(places, *edges, color=theme.colour(colour), linewidth=1.4, alpha=0.5)
            ax.plot(
                places, [seen[row][t].share for t in times], "o-", color=theme.colour(colour), markersize=5, label=row
            )
        ax.axhline(clean.share, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        ax.set(xlim=(0, 1000), ylim=(0, 1), xlabel="t")
        ax.set_xticks(times if not narrow else times[::2], [str(t) for t in (times if not narrow else times[::2])])
        label_ends(ax, {row: name for row, (name, _) in ROWS.items()}, size=11, gap=15)
        fig.set_height(y + 264)
        return fig

    first, last = times[0], times[-1]
    lines = "; ".join(
        f"{name} {seen[row][first].share:.0%} at t = {first}, {seen[row][last].share:.0%} at {last}"
        for row, (name, _) in ROWS.items()
    )
    return Output(
        alt=(
            f"A sheet of one icon at {len(times)} noise levels, as noisy pixels, as a noisy latent decoded, and "
            f"as the model's bet "
            f"from that latent. Below, what share of {n['icons']} icons the judge still names: {lines}; without noise "
            f"{clean.share:.0%}."
        ),
        caption=(
            f"**What an eye can find, and what the model can.** {n['icons']} real icons; the judge has the "
            f"right thing among its "
            f"first five of {n['concepts']:,} for {clean.share:.0%} of them without noise. With noise: {lines}. "
            f"The bets are "
            "one call without any words, so whatever is named was left in the latent. The judge has practised on clean "
            "pictures, so the two other rows are about eyes that are not used to noise. Lines: 95 % intervals."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
