"""The model's fixed prompts, drawn with the first seeds and never picked: what the weights can do and what
they cannot. Some prompts are of icons that were kept from the model, some of things that exist in no set.
"""

import numpy as np

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.prompts import SHEET, SHEET_PROMPTS
from denoised.pipeline import generate_batch
from plotting.layout import chunk, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Fixed prompts, not picked"

GUIDANCE, STEPS = 3.0, 25


def origin(what, style, rows):
    """"trained on", "kept from it" or "in no set": what the training data had of a prompt."""
    found = [row.split for row in rows if row.label.lower() == what and STYLE_WORDS[row.style][0] == style
             and row.tone == "none"]  # fmt: skip
    if not found:
        return "in no set"
    return "trained on" if "train" in found else "kept from it"


def make(lab, smoke=False):
    rows = splits.load()
    origins = [origin(what, style, rows) for what, style in SHEET]
    count, steps = (1, 1) if smoke else (len(SHEET), STEPS)
    traces = generate_batch(
        lab.pipeline(), SHEET_PROMPTS[:count], range(count), steps=steps, guidance=GUIDANCE
    )
    pictures = [trace.image for trace in traces]
    n = {
        "pictures": count,
        "guidance": GUIDANCE,
        "steps": steps,
        "trained_on": origins[:count].count("trained on"),
        "kept": origins[:count].count("kept from it"),
        "in_no_set": origins[:count].count("in no set"),
        "white_percent": 100 * float(np.mean([(picture.min(-1) > 240).mean() for picture in pictures])),
    }
    words = [f"{what}\n{style}" for what, style in SHEET[:count]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4
        cell, gap = (84, 8) if narrow else (156, 32)
        labels = [f"{word}\n{where}" for word, where in zip(words, origins, strict=False)]
        y = 0.0
        for some, names in zip(chunk(pictures, columns), chunk(labels, columns), strict=True):
            y = image_grid(fig, [some], y=y, cell=cell, gap=gap, labels=[names], size=11 if narrow else 13) + 14
        return fig

    return Output(
        alt=(
            f"A sheet of {n['pictures']} pictures that the model drew from fixed prompts: "
            f"{'; '.join(SHEET_PROMPTS[:count])}. {n['trained_on']} prompts are of icons it was trained on, "
            f"{n['kept']} of icons kept from it, {n['in_no_set']} of things in no set."
        ),
        caption=(
            f"**{n['pictures']} prompts, the first {n['pictures']} seeds, good and bad alike.** Guidance {GUIDANCE:g}, "
            f"{n['steps']} steps. Under each picture stand the prompt's thing and style, and whether the model was "
            f"trained on that icon ({n['trained_on']}), whether it exists but was kept from it ({n['kept']}), or "
            f"whether no set has it ({n['in_no_set']})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
