"""One-sided diets for decoders: which training icons each may see. Chosen from an icon's own fields, never its pixels."""

import numpy as np

from denoised.errors import DenoisedError

BEARDED = {"beard", "bearded"}
# Drawn with a beard in some styles though the name does not say so, so that "no beards" can be trusted.
OFTEN_BEARDED = BEARDED | {"mage", "turban", "genie", "old", "santa", "claus"}
PLANTS = {"plant", "tree", "flower", "leaf", "herb", "seedling"}
DARK, LIGHT = ("medium-dark", "dark"), ("light", "medium-light")
MIXED = "mixed"  # several people, whose tones the fields do not tell


def words(row) -> set[str]:
    """The words of an icon's concept."""
    return set(row.concept.split("-"))


def bearded(row) -> bool:
    """Whether the name says that there is a beard."""
    return bool(words(row) & BEARDED)


def one_gender(row, gender: str) -> bool:
    """Of this gender by name ("woman" or "man"), alone or among its like, and surely without a beard."""
    both = {"woman", "man"} <= words(row)
    return row.gender == gender and not both and not words(row) & OFTEN_BEARDED


def is_plant(row) -> bool:
    """A plant by its keywords, among the animals, plants and food."""
    return row.group in ("animals-nature", "food-drink") and bool(PLANTS & set(row.keywords.split("|")))


def woman(row) -> bool:
    """A woman or several, by name."""
    return one_gender(row, "woman")


def man(row) -> bool:
    """A man or several without beards, by name."""
    return one_gender(row, "man")


def dark_skin(row) -> bool:
    """In one of the two dark skin tones."""
    return row.tone in DARK


def light_skin(row) -> bool:
    """In one of the two light skin tones."""
    return row.tone in LIGHT


def _undark(keep):
    """The same, without dark skin."""
    return lambda row: keep(row) and row.tone not in DARK and row.tone != MIXED


def not_people(row) -> bool:
    """Things, animals, food, symbols; faces too, but neither bodies nor persons."""
    return row.group != "people-body"


# A diet is a list of piles, and takes as many icons of each.
DIETS = {
    "women": (woman,),
    "men": (man,),
    "plants": (is_plant,),
    "balanced": (bearded, woman, man, dark_skin, is_plant, not_people),
    "light": (*map(_undark, (bearded, woman, man)), light_skin, is_plant, not_people),
}


def draw(rows, name: str, icons: int, seed: int = 0) -> list[int]:
    """Positions in `rows` of about `icons` training icons: the same number of each pile of the diet, fewer where a
    pile has not so many. Raises DenoisedError for an unknown name."""
    if name not in DIETS:
        raise DenoisedError(f"There is no diet '{name}': choose one of {', '.join(DIETS)}.")
    rng, piles, chosen = np.random.default_rng(seed), DIETS[name], set()
    for keep in piles:
        pool = [i for i, row in enumerate(rows) if row.split == "train" and keep(row) and i not in chosen]
        chosen.update(int(i) for i in rng.permutation(pool)[: icons // len(piles)])
    return sorted(chosen)
