"""What each architecture keeps while it reads the same sentence: one film, five memories, token by token.

The networks are those of the study of recall, trained to answer questions about facts, at sixteen bits a weight.
"""

import numpy as np
import torch

from denoised.models import sequences
from denoised.studies import recall
from plotting.layout import colour_map, picture, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Five ways to remember one sentence"

SEED = 12
PAIRS = 4
SHOWN = ("gru", "rwkv", "mamba", "transformer", "cnn")
WORDS = {"gru": "GRU\nits hidden\nstate", "rwkv": "RWKV\nits running\naverages", "mamba": "Mamba\nhow far its\ngates open",
         "transformer": "Transformer\nwhere it\nlooks back", "cnn": "1-D CNN\nwhat is in\nits view"}  # fmt: skip
COLOURS = {"transformer": "attention", "cnn": "image", "mamba": "latent"}
SCALE = 2


def trained(arrays, kind):
    """A model of the study with the weights that were kept of it."""
    model = sequences.build(kind, recall.VOCABULARY, 0)
    start = f"w_{kind}/"
    model.load_state_dict(
        {k[len(start) :]: torch.as_tensor(w).float() for k, w in arrays.items() if k.startswith(start)}
    )
    return model.eval().requires_grad_(False)


def gru(model, x):
    return model.body.inner(x)[0][0].T.numpy()  # [channels, T]


def rwkv(model, x):
    """The weighted averages of values that layer two has after each token, [channels, T]."""
    rows = []
    for t in range(1, x.shape[1] + 1):
        state = model.body.inner(inputs_embeds=x[:, :t], use_cache=True).state
        rows.append((state[2][0, :, -1] / state[3][0, :, -1]).numpy())
    return np.array(rows).T


def mamba(model, x):
    """Step length of each channel of layer two at each token: near zero lets the state be, large overwrites it."""
    mixer, seen = model.body.inner.layers[-1].mixer, []
    hook = mixer.x_proj.register_forward_hook(lambda module, inputs, out: seen.append(out))
    model.body(x)
    hook.remove()
    return torch.nn.functional.softplus(mixer.dt_proj(seen[0][..., : mixer.time_step_rank]))[0].T.numpy()


def transformer(model, x):
    """Attention of layer two, the strongest of its heads at each pair: [T, T], rows look at columns."""
    model.body.inner.set_attn_implementation("eager")
    return model.body.inner(inputs_embeds=x, output_attentions=True).attentions[-1][0].amax(0).numpy()


def cnn(model, x):
    """How strongly each output depends on each input, [T, T]."""
    x = x.clone().requires_grad_(True)
    with torch.enable_grad():
        out = model.body(x)[0]
        rows = [torch.autograd.grad(o.square().sum(), x, retain_graph=True)[0][0].norm(dim=1) for o in out]
    return torch.stack(rows).numpy()


KEPT = {"gru": gru, "rwkv": rwkv, "mamba": mamba, "transformer": transformer, "cnn": cnn}


def spoken(token):
    """Tokens as readers see them: keys are letters, values numbers."""
    return chr(64 + token) if token in recall.KEYS else str(token - recall.VALUES[0] + 1)


def make(lab, smoke=False):
    _, arrays = recall.load("questions")
    models = {kind: trained(arrays, kind) for kind in SHOWN}
    rng = np.random.default_rng(SEED)
    tokens, right = recall.questions(1, PAIRS, PAIRS, rng)
    length = tokens.shape[1]
    with torch.no_grad():
        kept = {kind: KEPT[kind](m, m.embed(torch.as_tensor(tokens))) for kind, m in models.items()}
        said = {kind: recall.answers(m, tokens, right)[0] for kind, m in models.items()}
    wanted = right[0][right[0] >= 0]
    n = {"tokens": length, "pairs": PAIRS} | {f"right_{kind}": int((said[kind] == wanted).sum()) for kind in SHOWN}
    # where does the Transformer look when it is asked? at the value, which stands behind the key that was asked for
    places = [2 * list(tokens[0, : 2 * PAIRS : 2]).index(t) + 1 for t in tokens[0, 2 * PAIRS :]]
    rows = kept["transformer"][2 * PAIRS :]
    n["looks_right"] = int(
        sum(int(row[: 2 * PAIRS].argmax()) == place for row, place in zip(rows, places, strict=True))
    )
    n["state_gru"], n["state_rwkv"], n["gates_mamba"] = (len(kept[kind]) for kind in ("gru", "rwkv", "mamba"))

    def shown(kind, upto, theme):
        """The picture of a memory up to token `upto`, uint8; what is still to come stays empty."""
        whole = kept[kind]
        if kind in ("transformer", "cnn"):
            table = np.sqrt(whole / whole.max())
            table = np.where(np.arange(length)[:, None] <= upto, table, 0)
            return colour_map(table, theme, 1.0, COLOURS[kind])
        if kind == "mamba":
            values = np.log(whole)
            values = (values - values.min()) / np.ptp(values)
            return colour_map(np.where(np.arange(length) <= upto, values, 0), theme, 1.0, "latent")
        centred = whole / np.abs(whole).max(1, keepdims=True)
        return colour_map(np.where(np.arange(length) <= upto, centred, 0), theme, 1.0)

    def sheet(theme, narrow, upto):
        fig = new_figure(theme, narrow)
        edge, left = 8, 104  # words of a film keep off its rounded corners
        cell = (fig.width - left - 68) // length
        for t in range(length):
            colour = "accent" if t == upto else "ink" if t <= upto else "muted"
            mark = "?" if t >= 2 * PAIRS else ""
            fig.note(left + cell * (t + 0.5), 6, spoken(tokens[0, t]) + mark, colour, 11 if narrow else 13, ha="center",
                     weight=600 if t == upto else 400)  # fmt: skip
        fig.note(edge, 6, "it reads", "muted", 12)
        fig.note(fig.width - edge, 6, "right" if narrow else "right so far", "muted", 12, ha="right")
        y = 32
        for kind in SHOWN:
            high = 78
            picture(fig, shown(kind, upto, theme), left, y, cell * length, high, smooth=False)
            fig.note(edge, y + 8, WORDS[kind].split("\n")[0], "ink", 12, weight=600)
            fig.note(edge, y + 25, "\n".join(WORDS[kind].split("\n")[1:]), "muted", 11, linespacing=1.25)
            asked = max(0, upto - 2 * PAIRS + 1)
            good = int((said[kind][:asked] == wanted[:asked]).sum())
            fig.note(fig.width - edge, y + 30, f"{good} of {asked}" if asked else "–", "ink", 13, ha="right")
            y += high + 12
        fig.set_height(y)
        return fig

    def draw(theme, narrow):
        return sheet(theme, narrow, length - 1)

    with context(LIGHT):
        frames = [rasterize(sheet(LIGHT, True, t), SCALE) for t in (range(2) if smoke else range(length))]
    told = ", ".join(f"{sequences.NAMES[kind]} {n[f'right_{kind}']}" for kind in SHOWN)
    return Output(
        alt=(
            f"Five strips, one network each, column by column for the {length} tokens of one sentence: the hidden "
            "state of a GRU, "
            "the averages of RWKV, the gates of Mamba, the attention of a Transformer and the view of a convolution. "
            "Of "
            f"{PAIRS} questions at the end they answer rightly: {told}."
        ),
        caption=(
            "**Five ways to remember one sentence.** Facts (a letter, its number), then questions. The GRU rewrites "
            "all "
            f"{n['state_gru']} numbers of its note at every token; RWKV keeps {n['state_rwkv']} running averages a "
            "layer; Mamba "
            f"opens {n['gates_mamba']} gates more or less wide, depending on the token; the Transformer keeps "
            "everything and looks "
            f"back (at the right number in {n['looks_right']} of {PAIRS} questions); the convolution has what is in "
            "its view. "
            f"Of {PAIRS} questions answered rightly in this sentence: {told}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=1.5, hold_last=2.0),
    )
