"""Who refines texture, convolution or attention? Each block of the U-Net is bypassed in turn, and the guess at the clean
latent compared band by band, from coarse to fine.

Tests claims: r11-09.
"""

from contextlib import contextmanager
from types import SimpleNamespace

import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import decode, encode
from denoised.probes import bands, play
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Convolution or attention?"

CAST = ("cat-face", "pizza", "rose", "tiger-face", "house", "octopus")
TIMES = (150, 400, 650)
KINDS = {"ResnetBlock2D": "convolution", "Transformer2DModel": "attention"}


# --8<-- [start:bypassed]
@contextmanager
def bypassed(modules):
    """While entered, these blocks hand on what they got: only their shortcuts are left."""

    def skip(module, args, output):
        x = args[0]
        shortcut = getattr(module, "conv_shortcut", None)
        x = shortcut(x) if shortcut is not None else x
        return (x,) if isinstance(output, tuple) else x

    handles = [module.register_forward_hook(skip) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    # --8<-- [end:bypassed]


def blocks(unet, x, context):
    """Every residual and attention block: (kind, cells across, module), in the order they run."""
    found, handles = [], []

    def note(kind):
        def hook(module, args, output):
            found.append((kind, args[0].shape[-1], module))

        return hook

    for module in unet.modules():
        if kind := KINDS.get(type(module).__name__):
            handles.append(module.register_forward_hook(note(kind)))
    with torch.no_grad():
        unet(x, torch.tensor(500), encoder_hidden_states=context)
    for handle in handles:
        handle.remove()
    return found


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    styles = ("openmoji", "fluent-emoji")  # every concept is drawn in these
    picks = [specimens.where(concept=c, style=styles[k % 2], tone="none")[0] for k, c in enumerate(CAST)]
    picks, times = (picks[:1], TIMES[1:2]) if smoke else (picks, TIMES)
    states = play.states_of(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks])
    x0 = encode(pipe.vae, specimens.images[picks])
    t = torch.tensor(times).repeat_interleave(len(x0))
    x0, states = x0.repeat(len(times), 1, 1, 1), states.repeat(len(times), 1, 1)
    xt = mix(x0, torch.randn(x0.shape, generator=lab.generator("noise")), network.alpha_bar[t])

    whole = network(xt, t, states)[0]
    size = bands.power(whole).sum(0)
    found = blocks(pipe.unet, xt[:1], states[:1])
    change = {}
    for kind, side, module in found:
        with bypassed([module]):
            moved = bands.power(network(xt, t, states)[0] - whole).sum(0) / size
        change.setdefault((kind, side), []).append(moved)
    total = {key: torch.stack(rows).sum(0) for key, rows in change.items()}
    each = {key: torch.stack(rows).mean(0) for key, rows in change.items()}
    fine = {kind: sum(float(v[2]) for (k, _), v in total.items() if k == kind) for kind in KINDS.values()}
    coarse = {kind: sum(float(v[0]) for (k, _), v in total.items() if k == kind) for kind in KINDS.values()}
    at = len(picks) if len(times) > 1 else 0  # the middle noise level of the first icon
    pictures = {"whole": whole[at]}
    for kind in KINDS.values():
        with bypassed([m for k, side, m in found if k == kind and side < x0.shape[-1]]):
            pictures[kind] = network(xt[at : at + 1], t[at : at + 1], states[at : at + 1])[0][0]
    shown = decode(pipe.vae, torch.stack(list(pictures.values())))
    n = {
        "icons": len(picks),
        "levels": len(times),
        "convolutions": sum(k == "convolution" for k, *_ in found),
        "attentions": sum(k == "attention" for k, *_ in found),
        "attention_share": fine["attention"] / (fine["attention"] + fine["convolution"]),
        "attention_share_coarse": coarse["attention"] / (coarse["attention"] + coarse["convolution"]),
        **{f"fine_{k}_{side}": float(v[2]) for (k, side), v in each.items()},
        **{f"coarse_{k}_{side}": float(v[0]) for (k, side), v in each.items()},
    }
    order = sorted(each, key=lambda key: (-key[1], key[0] == "attention"))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Change of the guess when one block is bypassed", size=14, weight=600)
        fig.note(0, 22, "share of a band's power, mean over blocks of a kind", "muted", SMALL)
        left, top, w = 46, 54, fig.width - 46 - (16 if narrow else 190)
        ax = fig.area(left, top, w, 200, below=42)
        for kind, side in order:
            values = each[kind, side].clamp(min=1e-6).tolist()
            style = {16: "-", 8: "-", 4: (0, (4, 2))}.get(side, "-")
            ax.plot(range(3), values, "o", linestyle=style, markersize=5, linewidth=3.4 if side == 16 else 2,
                    color=theme.colour("attention" if kind == "attention" else "latent"))  # fmt: skip
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        ax.set_xlim(-0.15, 2.15)
        ax.set_xticks(range(3), ["coarse", "middle", "fine"])
        ax.minorticks_off()
        x, y = (0, top + 246) if narrow else (left + w + 24, top)
        for kind, side in order:
            colour = "attention" if kind == "attention" else "latent"
            mark = "━━" if side == 16 else "──" if side == 8 else "╌╌"
            fig.note(x, y, mark, colour, 12, weight=600)
            fig.note(x + 32, y, f"{kind}, {side} × {side}", "ink", SMALL)
            y += 21
        y = max(y, top + 246) + 10
        titles = ("all blocks", "no convolution\nat 8 and 4", "no attention")
        size, gap = (112, 12) if narrow else (128, 20)
        for k, (image, title) in enumerate(zip(shown, titles, strict=True)):
            picture(fig, image, k * (size + gap), y, size, size)
            fig.note(k * (size + gap) + size / 2, y + size + 5, title, "muted", SMALL, ha="center")
        fig.set_height(y + size + 42)
        return fig

    return Output(
        alt=(
            f"Curves over three bands, coarse to fine: how much the guess changes when a block of a kind is bypassed. In "
            f"the fine band attention's blocks account for {n['attention_share']:.0%} of all change, in the coarse band "
            f"for {n['attention_share_coarse']:.0%}. Below, a guess with all blocks, without convolutions at the two "
            "coarser grids, and without attention."
        ),
        caption=(
            f"**Both carry texture.** Each of {n['convolutions']} convolution blocks and {n['attentions']} attention "
            f"blocks was bypassed alone, on {n['icons']} icons at {n['levels']} noise levels. Of all change in the "
            f"finest band {n['attention_share']:.0%} belongs to attention; in the coarsest "
            f"{n['attention_share_coarse']:.0%}. At the full grid of 16 × 16 there is no attention in this network, so "
            "there convolution is alone by design. Below, guesses from a noisy latent with whole families of blocks "
            "bypassed."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
