"""Does a decoder do worse on what its training lacked? Four tiny decoders on one-sided diets against one on a balanced
diet: what they lose on the kinds of icon that they never saw, beyond what they lose on those that they did.

Tests claims: r10-13. Read from the results of `scripts/lab_unseen.py`.
"""

from denoised.studies import unseen
from plotting.forest import forest
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What a one-sided diet costs"
TINY_ONLY = "It compares decoders that this project trained on chosen kinds of emoji."

# diet: (the words for it, the kind that it never saw, the kind that it did)
DIETS = {
    "women": ("women only: what men lose more", "men", "women"),
    "men": ("men only: what women lose more", "women", "men"),
    "light": ("no dark skin: what dark skin loses more", "dark", "pale"),
    "plants": ("plants only: what all else loses more", "others", "plants"),
}


def make(lab, smoke=False):
    facts, arrays = unseen.load()
    n = {"runs": unseen.SETTINGS.runs, "diets": len(DIETS)}
    found = {}
    for diet, (_, outside, inside) in DIETS.items():
        out, own = unseen.cost(arrays, outside, diet), unseen.cost(arrays, inside, diet)
        found[diet] = unseen.gap(out, own)
        n |= {f"gap_{diet}": found[diet][0], f"low_{diet}": found[diet][1], f"high_{diet}": found[diet][2],
              f"outside_{diet}": float(out.mean()), f"inside_{diet}": float(own.mean()), f"n_{diet}": len(out)}  # fmt: skip
    n["found"] = sum(low > 0 for _, low, _ in found.values())
    n["psnr_balanced"] = float(unseen.mean(arrays, "psnr_others_balanced").mean())
    n["psnr_shipped"] = float(unseen.mean(arrays, "psnr_others_shipped").mean())
    largest = max(found, key=lambda diet: found[diet][0])
    n |= {"largest": n[f"gap_{largest}"], "smallest": min(gap for gap, _, _ in found.values())}
    ends = [end for _, low, high in found.values() for end in (low, high)]
    reach = max(ends) - min(0, *ends)
    limits = (min(0, *ends) - 0.08 * reach, max(ends) + 0.05 * reach)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        rows = [(DIETS[diet][0], *found[diet], "latent") for diet in DIETS]
        forest(fig, 0, 0, fig.width, "Extra loss on what was never seen (dB)", rows, limits, "+.2f")
        return fig

    told = "; ".join(
        f"{DIETS[diet][0]} {n[f'gap_{diet}']:+.2f} dB ({n[f'low_{diet}']:+.2f} to {n[f'high_{diet}']:+.2f})"
        for diet in DIETS
    )
    return Output(
        alt=f"Four effects with intervals beside a line at zero. {told[0].upper()}{told[1:]}.",
        caption=(
            f"**Less like the original, where the diet had nothing like it.** {told[0].upper()}{told[1:]}; in brackets "
            "95 % bootstrap intervals over drawings. Each is a difference of differences: the one-sided decoder "
            "against the balanced one, on held-out icons of the kind that was missing, minus the same on the kind that "
            f"was there. For scale: on things, the balanced tiny decoder reaches {n['psnr_balanced']:.1f} dB and the "
            f"shipped one {n['psnr_shipped']:.1f}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
