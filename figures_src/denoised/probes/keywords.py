"""Emoji as a graph: two concepts are linked if Unicode's keywords for them have a word in common."""

from dataclasses import dataclass

import numpy as np

from denoised.data import splits

LEFT_OUT = ("extras", "component", "flags")  # unknown to Unicode, no pictures of their own, or all alike


@dataclass(frozen=True)
class Graph:
    """labels[i] is concept i's name, group[i] its Unicode group as a number, edges a symmetric 0/1 table [N, N], letters
    [N, F] what its name is spelt with."""

    labels: list[str]
    groups: list[str]
    group: np.ndarray
    edges: np.ndarray
    letters: np.ndarray


def spelling(label: str, size: int = 256) -> np.ndarray:
    """Counts of a name's three-letter pieces, folded into `size` numbers of length one."""
    import zlib

    padded, vector = f"^{label}$", np.zeros(size)
    for i in range(len(padded) - 2):
        vector[zlib.crc32(padded[i : i + 3].encode()) % size] += 1
    return vector / max(np.linalg.norm(vector), 1e-9)


def load(common: int = 40) -> Graph:
    """All concepts with keywords and a group. Words that more than `common` concepts have link nothing: "person" would
    tie half of the graph together. The words of a concept's own name link nothing either, since spelling has them."""
    seen: dict[str, splits.Row] = {}
    for row in splits.load():
        if row.tone == "none" and row.gender == "none" and row.keywords and row.group not in LEFT_OUT:
            seen.setdefault(row.concept, row)
    rows = [seen[name] for name in sorted(seen)]
    words = [set(row.keywords.split("|")) - set(row.label.split()) for row in rows]
    names = sorted({word for some in words for word in some})
    has = np.zeros((len(rows), len(names)), bool)
    place = {word: i for i, word in enumerate(names)}
    for i, some in enumerate(words):
        has[i, [place[word] for word in some]] = True
    has = has[:, has.sum(0) <= common].astype(np.float64)
    edges = (has @ has.T > 0).astype(np.float64)
    np.fill_diagonal(edges, 0)
    groups = sorted({row.group for row in rows})
    return Graph([row.label for row in rows], groups, np.array([groups.index(row.group) for row in rows]), edges,
                 np.stack([spelling(row.label) for row in rows]))  # fmt: skip


def shuffled(edges: np.ndarray, seed: int) -> np.ndarray:
    """The same graph with its concepts' names exchanged: as many edges, as many neighbours, none of the meaning."""
    order = np.random.default_rng(seed).permutation(len(edges))
    return edges[np.ix_(order, order)]


# --8<-- [start:messages]
def messages(edges: np.ndarray, features: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Features after each round of message passing, side by side: [N, F] -> [N, (rounds + 1) F].

    In a round every node takes the mean of itself and its neighbours, weighed by how many they have (Kipf & Welling 2016,
    eq. 2, without the layers between: Wu et al. 2019).
    """
    linked = edges + np.eye(len(edges))
    scale = 1 / np.sqrt(linked.sum(1))
    passed = [features]
    for _ in range(rounds):
        passed.append(scale[:, None] * (linked @ (scale[:, None] * passed[-1])))
    return np.concatenate(passed, axis=1)
    # --8<-- [end:messages]


def readable(features: np.ndarray, group: np.ndarray, known: np.ndarray, penalty: float = 0.3) -> float:
    """Share of the nodes not in `known` (bool [N]) whose group a linear reader names, fitted on those in `known`."""
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    wanted = np.eye(group.max() + 1)[group[known]]
    weights = np.linalg.solve(x[known].T @ x[known] + penalty * np.eye(x.shape[1]), x[known].T @ wanted)
    said = (x[~known] @ weights).argmax(1)
    return float((said == group[~known]).mean())
