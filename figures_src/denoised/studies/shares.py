"""How often the judge was right about the drawings of a study, as a figure's numbers."""

import numpy as np

from denoised.probes.judge import Share

FIELDS = ("top1", "top5", "style")


def with_interval(word: str, right: np.ndarray) -> dict[str, float]:
    """{word, "<word>_low", "<word>_high"}: the share of bool [N], with Wilson's interval."""
    share = Share(int(right.sum()), len(right))
    return {word: share.share, f"{word}_low": share.interval[0], f"{word}_high": share.interval[1]}


def numbers(arrays: dict[str, np.ndarray], name: str, fields=FIELDS) -> dict[str, float]:
    """Of "<field>_<name>" (bool [N]: was the judge right?) the share, with Wilson's interval, and the shares among icons
    "kept" from all training and among the others: {"<field>_<name>", "..._low", "..._high", "..._kept", "..._learned"},
    with underscores in the place of a name's dashes."""
    found, kept = {}, arrays["kept"]
    for field in fields:
        right, word = arrays[f"{field}_{name}"], f"{field}_{name.replace('-', '_')}"
        found |= with_interval(word, right)
        found |= {f"{word}_kept": float(right[kept].mean()), f"{word}_learned": float(right[~kept].mean())}
    return found
