"""The same prompt and seed before and after other pictures were made in between, and the weights before and after: does
anything stay of what a model has drawn?

Tests claims: r07-04.
"""

import hashlib

import numpy as np

from denoised.pipeline import generate
from plotting.layout import image_row
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "No memory of what it drew"

ASKED, SEED = "octopus, noto style", 11
BETWEEN = ("pizza, twemoji style", "rocket, noto style", "red apple, noto style")


def fingerprints(pipe) -> dict[str, str]:
    """{part.tensor: sha256 of its values} of everything that the three networks hold, buffers included."""
    found = {}
    for part in ("text_encoder", "unet", "vae"):
        for name, tensor in getattr(pipe, part).state_dict().items():
            found[f"{part}.{name}"] = hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()
    return found


def apart(a, b) -> int:
    """The largest difference of two pictures, in steps of 255."""
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def make(lab, smoke=False):
    pipe, steps = lab.pipeline(), 2 if smoke else 8

    def drawn(prompt, seed):
        return generate(pipe, prompt, seed=seed, steps=steps, guidance=3.0).image

    before = fingerprints(pipe)
    first = drawn(ASKED, SEED)
    between = [drawn(prompt, SEED + 1 + i) for i, prompt in enumerate(BETWEEN)]
    again, other = drawn(ASKED, SEED), drawn(ASKED, SEED + 100)
    after = fingerprints(pipe)
    n = {"changed_weights": sum(before[name] != after[name] for name in before), "tensors": len(before),
         "again": apart(first, again), "other_seed": apart(first, other), "between": len(between),
         "steps": steps}  # fmt: skip
    pictures = [first, *between, again, other]
    words = ["first", *("between",) * len(between), "the first\nonce more", "another\nseed"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            y = image_row(fig, pictures[:3], words[:3], x=0, y=0, cell=110, gap=15)
            image_row(fig, pictures[3:], words[3:], x=0, y=y + 14, cell=110, gap=15)
        else:
            image_row(fig, pictures, words, x=0, y=0, cell=108, gap=14)
        return fig

    return Output(
        alt=(
            f"An octopus, {n['between']} other pictures made after it, the octopus once more, and with another seed. The "
            f"largest difference between first and again is {n['again']} of 255 steps, with another seed {n['other_seed']}."
        ),
        caption=(
            f"**Nothing stays.** “{ASKED}”, {n['between']} other pictures, then the same prompt and seed: the largest "
            f"difference of any pixel is {n['again']} of 255. The control, another seed, differs by up to "
            f"{n['other_seed']}. Of {n['tensors']} tensors in the three networks {n['changed_weights']} changed."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
