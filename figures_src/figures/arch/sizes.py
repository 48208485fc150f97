"""How large the published RWKV models are, in parameters and in bytes at three precisions, and which of them are near two
gigabytes.

Tests claims: r08b-10.
"""

import torch

from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "A family of sizes"

# Layers and width of the six published models of the first RWKV paper (Peng et al. 2023, table 2); vocabulary as there.
PUBLISHED = {
    "169M": (12, 768),
    "430M": (24, 1024),
    "1.5B": (24, 2048),
    "3B": (32, 2560),
    "7B": (32, 4096),
    "14B": (40, 5120),
}
VOCABULARY = 50277
FORMATS = (("16 bits", 2.0, "latent"), ("8 bits", 1.0, "image"), ("4 bits", 0.5, "prediction"))
NEAR = (1.5e9, 2.5e9)  # bytes that count as about two gigabytes


def parameters(layers, width):
    """Parameters of RWKV with its embedding and its head, from its configuration; nothing is filled with numbers."""
    import transformers as t

    with torch.device("meta"):
        model = t.RwkvForCausalLM(t.RwkvConfig(vocab_size=VOCABULARY, hidden_size=width, num_hidden_layers=layers))
    return sum(p.numel() for p in model.parameters())


def make(lab, smoke=False):
    counts = {name: parameters(*shape) for name, shape in list(PUBLISHED.items())[: 2 if smoke else None]}
    near = {
        name: [words for words, size, _ in FORMATS if NEAR[0] <= size * count <= NEAR[1]]
        for name, count in counts.items()
    }
    n = {f"millions_{name.replace('.', '_')}": count / 1e6 for name, count in counts.items()}
    n |= {"published": len(counts), "near": sum(map(bool, near.values())),
          "smallest_megabytes": min(counts.values()) * 2 / 1e6, "largest_gigabytes": max(counts.values()) * 2 / 1e9,
          "names_near": " and ".join(f"{name} at {' or '.join(some)}" for name, some in near.items() if some) or "none",
          "low_gigabytes": NEAR[0] / 1e9, "high_gigabytes": NEAR[1] / 1e9}  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Bytes of the weights", size=14, weight=600)
        x = 0
        for words, _, colour in FORMATS:
            fig.note(x, 24, "●", colour, 12)
            fig.note(x + 15, 24, words, "ink", 12)
            x += 80
        ax = fig.area(46, 66, fig.width - 62, 34 * len(counts), grid="x", below=40)
        ax.axvspan(*NEAR, color=theme.grid, alpha=0.8, linewidth=0)
        for i, (_, count) in enumerate(counts.items()):
            ax.plot([0.5 * count, 2 * count], [i, i], color=theme.grid, linewidth=2, zorder=1)
            for _, size, colour in FORMATS:
                ax.plot([size * count], [i], "o", color=theme.colour(colour), markersize=9, zorder=2)
        ax.set(xscale="log", xlim=(5e7, 5e10), ylim=(len(counts) - 0.5, -0.5))
        ax.set_yticks(range(len(counts)), counts)
        ax.set_xticks([1e8, 1e9, 1e10], ["100 MB", "1 GB", "10 GB"])
        ax.minorticks_off()
        ax.text(2e9, -0.62, "about 2 GB", ha="center", va="bottom", fontsize=11, color=theme.label("muted"))
        return fig

    return Output(
        alt=(
            f"Dots for {n['published']} published RWKV models at 16, 8 and 4 bits a parameter, from "
            f"{n['smallest_megabytes']:.0f} MB to {n['largest_gigabytes']:.0f} GB at 16 bits. {n['near']} have a dot "
            "between "
            f"{NEAR[0] / 1e9} and {NEAR[1] / 1e9} GB."
        ),
        caption=(
            f"**Two gigabytes is one point of a family.** The {n['published']} models of the first RWKV paper, "
            "counted from their "
            f"dimensions: {n['smallest_megabytes']:.0f} MB to {n['largest_gigabytes']:.0f} GB at 16 bits. About two "
            "gigabytes "
            f"(shaded): {n['names_near']}."
        ),
        numbers=n,
        draw=draw,
    )
