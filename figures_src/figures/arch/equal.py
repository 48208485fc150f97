"""Two ways to compute one thing: by hand and by library, step by step and all at once. The largest difference of each
pair, and one pair that is not the same thing.

Tests claims: r08-01, r08-08, r08-10, r08-17, r08b-01, r08b-04.
"""

import numpy as np
import torch

from denoised.models.scan import Scan
from denoised.models.sequences import stock
from denoised.probes import by_hand, forms
from plotting.output import Output
from plotting.powers import powers
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Twice the same thing"

LENGTH = 64
TOKENS = 24
ROWS = (  # key, what, one way, the other
    ("numpy", "A two-layer net, taught", "gradients by hand, NumPy", "autograd, PyTorch"),
    ("gru", "A GRU", "four lines a step", "the library's"),
    ("one_pass", "A Transformer", "one pass over all tokens", "token by token, with a cache"),
    ("rwkv", "RWKV", "all tokens at once", "token by token, a state only"),
    ("tree", "A linear recurrence", "in pairs, fours, eights", "one step after the other"),
    ("fixed", "A fixed state-space layer", "its table", "one long convolution"),
    ("selective", "Mamba's selective layer", "its table", "the best single convolution"),
)


def causal(kind, seed):
    """A tiny causal language model of transformers with random weights, in evaluation mode."""
    import transformers as t

    config = stock(kind, 16).config
    config.vocab_size = TOKENS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = {"transformer": t.LlamaForCausalLM, "rwkv": t.RwkvForCausalLM}[kind](config)
        for p in model.parameters():  # larger than at the start of training, so that a difference would show
            p.data += 0.2 * torch.randn_like(p)
    return model.eval().requires_grad_(False)


def gates(x):
    """What the first layer of a fresh Mamba makes of x [1, T, 16]: step lengths [channels, T], rates A [channels, N] and
    the gates B and C [T, N], as transformers' MambaMixer computes them."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(4)
        mixer = stock("mamba", 16).layers[0].mixer
        inside = mixer.in_proj(x).transpose(1, 2).chunk(2, 1)[0]
        inside = torch.nn.functional.silu(mixer.conv1d(inside)[..., : x.shape[1]]).transpose(1, 2)
        n = mixer.ssm_state_size
        raw, B, C = mixer.x_proj(inside).split([mixer.time_step_rank, n, n], dim=-1)
        dt = torch.nn.functional.softplus(mixer.dt_proj(raw))
    return (some.double().numpy() for some in (dt[0].T, -mixer.A_log.exp().detach(), B[0], C[0]))


def measure(lab, length):
    """{key: largest difference}; of the last two rows the relative one."""
    g = lab.generator("data")
    found = {}
    x, y = (torch.randn(64, n, generator=g).double().numpy() for n in (3, 1))
    w1, w2 = (
        0.5 * torch.randn(3, 16, generator=g).double().numpy(),
        0.5 * torch.randn(16, 1, generator=g).double().numpy(),
    )
    by, auto = (np.array(f(x, y, w1, w2, 0.1, 200)) for f in (by_hand.teach_numpy, by_hand.teach_torch))
    found["numpy"], found["numpy_first"], found["numpy_last"] = np.abs(by - auto).max(), by[0], by[-1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        gru = torch.nn.GRU(16, 16, batch_first=True)
    tokens = torch.randint(TOKENS, (4, length), generator=g)
    with torch.no_grad():
        some = torch.randn(4, length, 16, generator=g)
        found["gru"] = (forms.gru_by_hand(gru, some) - gru(some)[0]).abs().max()
        model = causal("transformer", 2)
        found["one_pass"] = (model(tokens).logits - forms.transformer_by_steps(model, tokens)).abs().max()
        model = causal("rwkv", 3)
        with forms.parallel_rwkv():
            at_once = model(tokens).logits
        found["rwkv"], found["rwkv_size"] = (at_once - forms.rwkv_by_steps(model, tokens)).abs().max(), at_once.std()
        a, b = torch.rand(length, 32, generator=g), torch.randn(length, 32, generator=g)
        found["tree"] = (forms.tree_scan(a, b) - Scan.apply(a, b)).abs().max()
    dt, A, B, C = gates(torch.randn(1, length, 16, generator=g))
    middle = len(A) // 2  # one channel of the layer
    still = np.full(length, dt[middle].mean()), np.repeat(B[:1], length, 0), np.repeat(C[:1], length, 0)
    found["fixed"] = forms.toeplitz_residual(forms.mixing(A[middle], *still))
    found["selective"] = float(
        np.mean([forms.toeplitz_residual(forms.mixing(*one, B, C)) for one in zip(A, dt, strict=True)])
    )
    return {key: float(value) for key, value in found.items()}


def make(lab, smoke=False):
    n = measure(lab, 8 if smoke else LENGTH)
    n |= {"length": LENGTH, "pairs": len(ROWS) - 1, "largest": max(n[key] for key, *_ in ROWS[:-1])}
    floor = 1e-17

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        title = "Largest difference between two ways" if narrow else "Largest difference between two ways to compute it"
        fig.note(0, 0, title, size=14, weight=600)
        left, high = (0, 66) if narrow else (330, 46)
        width = fig.width - left - 24
        for i, (key, what, one, other) in enumerate(ROWS):
            y = 30 + i * high
            fig.note(0, y, what, "ink", 12, weight=600)
            fig.note(0, y + 17, f"{one} / {other}", "muted", 11 if narrow else 12)
            ax = fig.area(left + 8, y + (34 if narrow else 6), width, 18, grid="x")
            colour = theme.prediction if key == "selective" else theme.latent
            value = max(n[key], floor)
            ax.plot([floor, value], [0, 0], color=colour, linewidth=2)
            ax.plot([value], [0], "o", color=colour, markersize=8, clip_on=False)
            ax.set(xscale="log", xlim=(floor, 10), ylim=(-1, 1), yticks=[], xticks=[1e-15, 1e-10, 1e-5, 1])
            ax.minorticks_off()
            ax.set_xticklabels(["10⁻¹⁵", "10⁻¹⁰", "10⁻⁵", "1"] if i == len(ROWS) - 1 else [""] * 4)
        fig.set_height(30 + len(ROWS) * high + 22)
        return fig

    return Output(
        alt=(
            f"Seven pairs of computations with the largest difference of each on a log scale. Six pairs agree to "
            f"{powers(n['largest'])} or better; the seventh, Mamba’s selective layer against the best single convolution, "
            f"differs by {n['selective']:.2f}."
        ),
        caption=(
            f"**Twice the same thing, six times.** Random weights, {LENGTH} steps. A net taught with gradients worked "
            "out on "
            f"paper follows autograd’s losses to {powers(n['numpy'])}; a GRU of four lines a step is the library’s to "
            f"{powers(n['gru'])}; a Transformer says the same in one pass as token by token (to {powers(n['one_pass'])}), "
            f"RWKV the same without any loop as with nothing but its state (to {powers(n['rwkv'])}, where logits spread by "
            f"{n['rwkv_size']:.1f}); a linear recurrence can be summed in pairs (to {powers(n['tree'])}). A fixed "
            "state-space "
            f"layer is one long convolution (relative error {powers(n['fixed'])}). Mamba’s, whose step length and gates "
            "follow "
            f"the input, is none: the best single convolution misses it by {n['selective']:.0%}."
        ),
        numbers=n,
        draw=draw,
    )
