"""What the models were to reach, written down before they were trained, and what they reached: each measure as a part of
its aim. Read from the cards beside the weights and from the results of studies.
"""

import json
from dataclasses import dataclass

from denoised import measured
from denoised.measured import vae_reconstructions
from denoised.studies import fewsteps, opinions, shelf, small
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "dit", "small", "student", "judge", "judge2")
DATA = ("specimens",)
TITLE = "What was aimed for, and what was reached"
TINY_ONLY = "These are the aims that the small models were trained towards."


@dataclass(frozen=True)
class Aim:
    """A measure with its aim: at least that much, or, where it is a loss, at most."""

    words: str
    reached: float
    aim: float
    unit: str
    loss: bool = False
    digits: int = 0

    @property
    def part(self) -> float:
        """What was reached as a part of the aim: 1 and more is there."""
        return self.aim / max(self.reached, 1e-9) if self.loss else self.reached / self.aim

    @property
    def met(self) -> bool:
        return self.part >= 1

    def __str__(self) -> str:
        return f"{self.reached:.{self.digits}f}{self.unit}, aim {'at most ' if self.loss else ''}{self.aim:g}"


def lost(arrays, many: str, few: str) -> float:
    """By how many points less often the judge has the thing among its first five in `few` than in `many` steps."""
    return 100 * float(arrays[f"top5_{many}"].mean() - arrays[f"top5_{few}"].mean())


def aims(lab, smoke) -> dict[str, Aim]:
    """By short names; those of the judge's two runs beside each other."""
    def card(name):
        return json.loads((lab.weight(name) / "card.json").read_text(encoding="utf-8"))

    trip, _ = measured.results(lab, vae_reconstructions, smoke)
    (facts, arrays), (_, adapter), (_, little) = opinions.load(), fewsteps.load(), small.load()
    shelf.expect(facts, lab, opinions.NETWORKS, "lab_opinions")
    n, best = opinions.numbers(arrays), opinions.BEST.replace("-", "_")
    found = card("emoji-sd/text_encoder")["retrieval_pair"]
    percent = " %"
    listed = {
        "psnr": Aim("VAE, fidelity", trip["psnr"], 28, " dB", digits=1),
        "ssim": Aim("VAE, likeness (SSIM)", trip["ssim"], 0.93, "", digits=3),
        "text_top1": Aim("text encoder, right picture first", found["top1"], 60, percent),
        "text_top5": Aim("text encoder, among five", found["top5"], 85, percent),
    }
    for judge, folder in opinions.JUDGES.items():
        run = "second run" if judge == "second" else "judge"
        listed |= {
            f"judge_{judge}": Aim(f"{run}: real icons named", card(folder)["held_out"]["top1"], 75, percent),
            f"learned_{judge}": Aim(f"{run}: learned captions, of real", 100 * n[f"part_{judge}_{best}_learned"],
                                    100 * opinions.LEARNED, percent),
            f"kept_{judge}": Aim(f"{run}: kept captions, of real", 100 * n[f"part_{judge}_{best}_kept"],
                                 100 * opinions.KEPT, percent),
            f"style_{judge}": Aim(f"{run}: style named", 100 * n[f"style_{judge}_{best}"], 90, percent),
        }  # fmt: skip
    return listed | {
        "adapter": Aim("four-step adapter, points lost", lost(adapter, fewsteps.FULL, fewsteps.TAUGHT), small.BAR, "",
                       loss=True, digits=1),
        "small": Aim("small transformer, points lost", lost(little, small.TEACHER, small.TAUGHT), small.BAR, "",
                     loss=True, digits=1),
    }  # fmt: skip


def make(lab, smoke=False):
    listed = aims(lab, smoke)
    n = {name: aim.reached for name, aim in listed.items()} | {f"{name}_aim": aim.aim for name, aim in listed.items()}
    n |= {f"{name}_part": aim.part for name, aim in listed.items()}
    n |= {"aims": len(listed), "met": sum(aim.met for aim in listed.values())}
    most = max(aim.part for aim in listed.values())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        row, left, right = (40, 12, 16) if narrow else (28, 250, 150)
        ax = fig.area(left, 22 if narrow else 0, fig.width - left - right, row * len(listed), grid="x", below=44)
        for k, aim in enumerate(listed.values()):
            at, colour = len(listed) - 1 - k, "image" if aim.met else "prediction"
            tint = theme.colour(colour)
            ax.plot([min(aim.part, 1), max(aim.part, 1)], [at, at], color=tint, linewidth=2)
            ax.plot(aim.part, at, "o", color=tint, markersize=8, markerfacecolor=tint if aim.met else theme.paper)
            middle = (22 if narrow else 0) + row * k + row / 2
            if narrow:
                above = {"va": "center", "bbox": {"facecolor": theme.paper, "linewidth": 0, "pad": 1}}  # over the grid
                fig.note(0, middle - 20, aim.words, "ink", 12, **above)
                fig.note(fig.width, middle - 20, str(aim), colour, 12, ha="right", **above)
            else:
                fig.note(left - 14, middle, aim.words, "ink", 12, ha="right", va="center")
                fig.note(fig.width, middle, str(aim), colour, 12, ha="right", va="center")
        ax.axvline(1, color=theme.muted, linewidth=1.4)
        ax.set(xlim=(0, most * 1.04), ylim=(-0.5, len(listed) - 0.5), yticks=[])
        ax.set_xlabel("reached, as a part of the aim")
        return fig

    missed = ", ".join(f"{aim.words} ({aim})" for aim in listed.values() if not aim.met)
    return Output(
        alt=(
            f"A row for each of {n['aims']} measures, with a dot at what was reached as a part of its aim; {n['met']} lie "
            f"at or beyond it. Short of it are: {missed or 'none'}."
        ),
        caption=(
            f"**{n['met']} of {n['aims']} aims were reached** (full dots). The aims were set before anything was trained. "
            "Where a loss is measured, the aim is a most. “Of real” means: as a part of how often the judge names real "
            "icons of the same things, which it never saw. What a judge measures is given for the judge that this site "
            "uses and for its second run."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
