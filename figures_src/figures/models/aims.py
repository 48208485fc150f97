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


MOST = 2.4  # parts beyond this are drawn here


@dataclass(frozen=True)
class Aim:
    """A measure with its aim: at least that much, or, where it is a loss, at most; `low` and `high` are the ends of its
    95 % interval, where it has one."""

    words: str
    reached: float
    aim: float
    unit: str
    loss: bool = False
    digits: int = 0
    low: float | None = None
    high: float | None = None

    def part(self, reached: float) -> float:
        """A value as a part of the aim, where 1 is there and a loss of nothing is MOST."""
        if self.loss:
            return min(MOST, self.aim / reached) if reached > 0 else MOST
        return min(MOST, reached / self.aim)

    @property
    def met(self) -> bool:
        return self.reached <= self.aim if self.loss else self.reached >= self.aim

    def __str__(self) -> str:
        return f"{self.reached:.{self.digits}f}{self.unit}, aim {'at most ' if self.loss else ''}{self.aim:g}"


def lost(arrays, many: str, few: str) -> float:
    """By how many points less often the judge has the thing among its first five in `few` than in `many` steps."""
    return 100 * float(arrays[f"top5_{many}"].mean() - arrays[f"top5_{few}"].mean())


def aims(lab, smoke) -> dict[str, Aim]:
    """By short names; what a judge measures as the first one does, and as its second run does."""
    trip, _ = measured.results(lab, vae_reconstructions, smoke)
    (facts, arrays), (_, adapter), (_, little) = opinions.load(), fewsteps.load(), small.load()
    shelf.expect(facts, lab, opinions.NETWORKS, "lab_opinions")
    n, best, percent = opinions.numbers(facts, arrays), opinions.BEST.replace("-", "_"), " %"
    card = json.loads((lab.weight("emoji-sd/text_encoder") / "card.json").read_text(encoding="utf-8"))["retrieval_pair"]

    def share(words, key, aim):
        """Of a share in n that has an interval, in per cent."""
        reached, low, high = (100 * n[f"{key}{end}"] for end in ("", "_low", "_high"))
        return Aim(words, reached, 100 * aim, percent, low=low, high=high)

    listed = {
        "psnr": Aim("VAE, fidelity", trip["psnr"], 28, " dB", digits=1, low=trip["psnr_low"], high=trip["psnr_high"]),
        "ssim": Aim("VAE, likeness (SSIM)", trip["ssim"], 0.93, "", digits=3),
        "text_top1": Aim("text encoder, right picture first", card["top1"], 60, percent),
        "text_top5": Aim("text encoder, among five", card["top5"], 85, percent),
    }
    for judge in opinions.JUDGES:
        run = "second run" if judge == "second" else "judge"
        listed |= {
            f"judge_{judge}": share(f"{run}: real icons named", f"top1_{judge}_real", 0.75),
            f"learned_{judge}": share(f"{run}: learned, of real", f"part_{judge}_{best}_learned", opinions.LEARNED),
            f"kept_{judge}": share(f"{run}: kept, of real", f"part_{judge}_{best}_kept", opinions.KEPT),
            f"style_{judge}": share(f"{run}: style named", f"style_{judge}_{best}", 0.9),
        }
    few = {"adapter": ("adapter, points lost", lost(adapter, fewsteps.FULL, fewsteps.TAUGHT)),
           "small": ("small transformer, points lost", lost(little, small.TEACHER, small.TAUGHT))}  # fmt: skip
    return listed | {name: Aim(*told, small.BAR, "", loss=True, digits=1) for name, told in few.items()}


def make(lab, smoke=False):
    listed = aims(lab, smoke)
    n = {name: aim.reached for name, aim in listed.items()} | {f"{name}_aim": aim.aim for name, aim in listed.items()}
    n |= {f"{name}_met": int(aim.met) for name, aim in listed.items()}
    n |= {"aims": len(listed), "met": sum(aim.met for aim in listed.values())}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        row, left, right = (40, 12, 16) if narrow else (28, 250, 150)
        ax = fig.area(left, 22 if narrow else 0, fig.width - left - right, row * len(listed), grid="x", below=44)
        for k, aim in enumerate(listed.values()):
            at, colour = len(listed) - 1 - k, "image" if aim.met else "prediction"
            tint = theme.colour(colour)
            if aim.low is not None:
                ax.plot([aim.part(aim.low), aim.part(aim.high)], [at, at], color=tint, linewidth=2)
            ax.plot(aim.part(aim.reached), at, "o", color=tint, markersize=8,
                    markerfacecolor=tint if aim.met else theme.paper)  # fmt: skip
            middle = (22 if narrow else 0) + row * k + row / 2
            if narrow:
                above = {"va": "center", "bbox": {"facecolor": theme.paper, "linewidth": 0, "pad": 1}}  # over the grid
                fig.note(0, middle - 20, aim.words, "ink", 12, **above)
                fig.note(fig.width, middle - 20, str(aim), colour, 12, ha="right", **above)
            else:
                fig.note(left - 14, middle, aim.words, "ink", 12, ha="right", va="center")
                fig.note(fig.width, middle, str(aim), colour, 12, ha="right", va="center")
        ax.axvline(1, color=theme.muted, linewidth=1.4)
        ax.set(xlim=(0, MOST * 1.03), ylim=(-0.5, len(listed) - 0.5), yticks=[])
        ax.set_xlabel("reached, as a part of the aim")
        return fig

    missed = ", ".join(f"{aim.words} ({aim})" for aim in listed.values() if not aim.met)
    return Output(
        alt=(
            f"A row for each of {n['aims']} measures, with a dot at what was reached as a part of its aim; {n['met']} lie "
            f"at or beyond it. Short of it are: {missed or 'none'}."
        ),
        caption=(
            f"**{n['met']} of {n['aims']} measures come to their aim** (full dots; lines are 95 % intervals, where there "
            "is one). “Of real”: how often the thing of the transformer's drawings is named, as a part of how often real "
            "icons of the same things are, which the judge never saw; for captions that the transformer learned, and for "
            "those kept from it. The last two rows, by the judge's first five names: how many points four steps lose to "
            "the many steps that taught them; there the aim is a most."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
