"""One prompt and one start, then small changes: nothing at all, a comma, the words' order, one word, the text taken
away, another prompt's text, another start. How far does the result move each time?

Tests claims: c4-05, c7-02.
"""

import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "What a change of words moves"

CASES = (  # prompt, with one word changed
    ("red apple, noto style", "green apple, noto style"),
    ("cat face, noto style", "dog face, noto style"),
    ("red heart, twemoji style", "blue heart, twemoji style"),
)
OTHER = "house, noto style"
STEPS, SEED = 8, 11
WAYS = (
    ("again", "the same"), ("comma", "no comma"), ("order", "style first"), ("word", "one word"),
    ("style", "its style"), ("zeros", "no text\n(zeros)"), ("other", "other\nprompt’s text"), ("seed", "other\nnoise"),
)  # fmt: skip


def variants(text, word):
    """Prompts of one case, in the order of WAYS; None stands for states of zeros."""
    thing, style = text.split(", ")
    swapped = "openmoji style" if "openmoji" not in style else "noto style"
    return [text, f"{thing} {style}", f"{style}, {thing}", word, f"{thing}, {swapped}", None, OTHER, text]


def make(lab, smoke=False):
    pipe = lab.pipeline()
    cases, steps = (CASES[:1], 2) if smoke else (CASES, STEPS)
    wanted, seeds = [], []
    for k, (text, word) in enumerate(cases):
        wanted += [text, *variants(text, word)]
        seeds += [SEED + k] * len(WAYS) + [SEED + k + 100]
    text = encode_prompts(pipe, [w or "" for w in wanted])
    states = torch.where(torch.tensor([w is None for w in wanted])[:, None, None], 0.0, text.states)
    rows = len(WAYS) + 1
    ends = torch.cat([  # batch by batch of one case, so that "again" is computed in another place of the batch
        steering.run(pipe, states[k : k + rows], steering.start_noise(pipe, seeds[k : k + rows]), steps=steps)
        for k in range(0, len(wanted), rows)
    ])  # fmt: skip
    pictures = decode(pipe.vae, ends)
    cut = ends.flatten(1).reshape(len(cases), rows, -1)
    moved = (cut[:, 1:] - cut[:, :1]).norm(dim=2).numpy()
    relative = moved / moved[:, -1:]
    words = encode_prompts(pipe, [c[0] for c in cases])
    n = {
        "cases": len(cases), "steps": steps, "tokens": int(text.states.shape[1]), "width": int(text.states.shape[2]),
        "used_tokens": int((words.input_ids[0] == pipe.tokenizer.eos_token_id).int().argmax() - 1),
        "norm": float(words.states.norm(dim=2).mean()),
    } | {f"moved_{key}": float(relative[:, i].mean()) for i, (key, _) in enumerate(WAYS)}  # fmt: skip
    n["again_exact"] = float(moved[:, 0].max())
    n["ids"] = " ".join(str(i) for i in words.input_ids[0, : n["used_tokens"] + 2].tolist())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        names = ["first", *(name for _, name in WAYS)]
        if narrow:
            y = 0
            for k in range(0, rows, 3):
                part = range(k, min(k + 3, rows))
                heads = [names[i] + ("" if i == 0 else f"\n{n[f'moved_{WAYS[i - 1][0]}']:.2f}") for i in part]
                heads = [h.replace("\n", " ", h.count("\n") - 1) if h.count("\n") > 1 else h for h in heads]
                y = image_grid(fig, [[pictures[i] for i in part]], columns=heads, y=y, gap=8, cell=112, size=SMALL) + 12
            return fig
        cell, gap = 72, 9
        heads = ["first\n "] + [name if "\n" in name else f"{name}\n " for _, name in WAYS]
        grid = [list(pictures[k * rows : (k + 1) * rows]) for k in range(len(cases))]
        labels = [[""] * rows for _ in cases]
        labels[-1] = ["moved by", *(f"{n[f'moved_{key}']:.2f}" for key, _ in WAYS)]
        image_grid(fig, grid, columns=heads, labels=labels, gap=gap, cell=cell, size=11)
        return fig

    told = ", ".join(f"{name.replace(chr(10), ' ')} {n[f'moved_{key}']:.2f}" for key, name in WAYS)
    return Output(
        alt=(
            f"Results for {n['cases']} prompts under changes. Distance moved, as a share of what another start noise "
            f"changes: {told}."
        ),
        caption=(
            "**As repeatable as a program, as touchy as a search.** Distance of the finished latent from the first "
            f"run's, as a share of the distance to a run from other noise; mean of {n['cases']} prompts: {told}. The "
            "text "
            f"reaches the network as {n['tokens']} vectors of {n['width']} numbers; the first prompt is the token "
            "numbers "
            f"{n['ids']}, the rest is padding."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
