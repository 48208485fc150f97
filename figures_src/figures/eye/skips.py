"""The U-Net with its bottleneck or its skip connections silenced, one level at a time: the denoising loss by noise level.

Tests claims: r09-11.
"""

from contextlib import ExitStack
from types import SimpleNamespace

import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import decode, encode
from denoised.probes import play
from denoised.probes.features import count_skips, cut_skips
from plotting.layout import image_row, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "What passes the bottleneck"

TIMES = (100, 400, 700)
ICONS = 12


def levels(unet) -> dict[int, list[int]]:
    """{cells across: numbers of the skips that hand over maps of that side}, finest first."""
    found, sides = {}, []
    handles = []

    def note(module, args, kwargs):
        sides.append([s.shape[-1] for s in kwargs["res_hidden_states_tuple"]])

    for block in unet.up_blocks:
        handles.append(block.register_forward_pre_hook(note, with_kwargs=True))
    side = unet.config.sample_size
    with torch.no_grad():
        unet(torch.zeros(1, 4, side, side), torch.tensor(0), encoder_hidden_states=torch.zeros(
            1, 20, unet.config.cross_attention_dim))
    for handle in handles:
        handle.remove()
    last = count_skips(unet)
    for block in sides:  # the deepest skips are taken first
        for number, cells in zip(range(last - len(block), last), block, strict=True):
            found.setdefault(cells, []).append(number)
        last -= len(block)
    return dict(sorted(found.items(), reverse=True))


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    picks = specimens.where(split="pair", tone="none")[: 2 if smoke else ICONS]
    times = TIMES[1:2] if smoke else TIMES
    states = play.states_of(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks])
    x0 = encode(pipe.vae, specimens.images[picks])
    noise = torch.randn(x0.shape, generator=lab.generator("noise"))
    by_side = levels(pipe.unet)
    class Zero:
        """The bottleneck's whole answer silenced, what it got included."""

        def __enter__(self):
            self.handle = pipe.unet.mid_block.register_forward_hook(lambda m, a, out: torch.zeros_like(out))

        def __exit__(self, *error):
            self.handle.remove()

    class Floor(ExitStack):
        """The whole coarsest level: the bottleneck and the skips beside it."""

        def __enter__(self):
            self.enter_context(Zero())
            self.enter_context(cut_skips(pipe.unet, by_side[min(by_side)]))

    cases = {"whole": lambda: cut_skips(pipe.unet, ()), "middle": Zero, "floor": Floor}
    cases |= {f"skips_{side}": (lambda numbers=numbers: cut_skips(pipe.unet, numbers)) for side, numbers in by_side.items()}
    cases["skips"] = lambda: cut_skips(pipe.unet, range(count_skips(pipe.unet)))
    loss, guesses = {}, {}
    for name, case in cases.items():
        rows = []
        with case():
            for t in times:
                clock = torch.full((len(x0),), t)
                xt = mix(x0, noise, network.alpha_bar[clock])
                guess = network(xt, clock, states)[0]
                rows.append((guess - x0).square().mean((1, 2, 3)))
                if t == times[len(times) // 2]:
                    guesses[name] = guess[:1]
        loss[name] = torch.stack(rows)  # [times, icons]
    whole = loss["whole"].mean(1)
    ratio = {name: rows.mean(1) / whole for name, rows in loss.items()}
    n = {"icons": len(picks), "levels": len(times), "skips_count": count_skips(pipe.unet)}
    for name, rows in ratio.items():
        n[f"{name}_ratio"] = float(loss[name].mean() / loss["whole"].mean())
        n |= {f"{name}_{t}": float(v) for t, v in zip(times, rows, strict=True)}
    draws = torch.randint(len(picks), (400, len(picks)), generator=lab.generator("bootstrap"))
    for name in ("middle", "skips"):
        drawn = torch.stack([loss[name][:, d].mean() / loss["whole"][:, d].mean() for d in draws])
        n |= {f"{name}_low": float(drawn.quantile(0.025)), f"{name}_high": float(drawn.quantile(0.975))}
    sides = list(by_side)
    coarse, fine = sides[-1], sides[0]
    shown = decode(pipe.vae, torch.cat([x0[:1], guesses["whole"], guesses["middle"], guesses["skips"]]))
    lines = {
        "middle": ("bottleneck", "attention", "-"), "floor": (f"bottleneck and {coarse} × {coarse}", "text", "-"),
        "skips": ("all skips", "prediction", "-"),
    }  # fmt: skip
    dashes = ((0, (5, 2)), (0, (2, 2)), (0, (1, 1)), (0, (6, 1, 1, 1)))
    lines |= {f"skips_{s}": (f"skips at {s} × {s}", "latent", dashes[i]) for i, s in enumerate(sides)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        words = ["the icon", "guess", "bottleneck\nsilent", "skips\nsilent"]
        y = image_row(fig, list(shown), words, cell=80 if narrow else 128, gap=12, x=0 if narrow else 86, size=11)
        y += 18
        fig.note(0, y, "Error of the guess, in multiples of the whole net's", size=13, weight=600)
        ax = fig.area(44, y + 34, 170 if narrow else 480, 250, below=44)
        for name, (_, colour, dash) in lines.items():
            ax.plot(times, ratio[name].tolist(), color=theme.colour(colour), linestyle=dash, label=name)
        ax.axhline(1, color=theme.muted, linewidth=1)
        ax.set_yscale("log")
        most = max(float(r.max()) for r in ratio.values())
        ticks = [v for v in (1, 2, 5, 10, 20, 50, 100) if v <= 1.3 * most]
        ax.set_ylim(0.85, 1.3 * most)
        ax.set_yticks(ticks, [f"{v}×" for v in ticks])
        ax.set_xlim(times[0] - 10, times[-1] + 10)
        ax.set_xticks(times)
        ax.minorticks_off()
        ax.set_xlabel("t, the noise level" if narrow else "noise level t (more noise to the right)")
        label_ends(ax, {name: words for name, (words, *_) in lines.items()}, size=11, gap=16)
        return fig

    return Output(
        alt=(
            "An icon, the U-Net's guess at it from a noisy latent, and the guesses with the bottleneck and "
            "with all skips "
            "silenced; below, the error by noise level. Over all levels the error is "
            f"{n['middle_ratio']:.2f} times the whole net's without the bottleneck, {n['skips_ratio']:.2f} "
            "times without skips."
        ),
        caption=(
            f"**Most of it goes round the bottleneck.** {n['icons']} icons in styles the U-Net did not meet "
            "them in, noised "
            f"to {n['levels']} levels. With the bottleneck's answer set to zero the error of the guess grows to "
            f"{n['middle_ratio']:.2f} times (95 % interval {n['middle_low']:.2f} to {n['middle_high']:.2f}), with all "
            f"{n['skips_count']} skip connections set to zero to {n['skips_ratio']:.1f} times ({n['skips_low']:.1f} to "
            f"{n['skips_high']:.1f}). Cut one level at a time: {n[f'skips_{fine}_ratio']:.1f} times at {fine} "
            f"× {fine} cells, "
            f"{n[f'skips_{coarse}_ratio']:.2f} at {coarse} × {coarse}; bottleneck and the skips beside it together: "
            f"{n['floor_ratio']:.2f}. The net was not trained to do without any of them."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
