"""One-sided diets for decoders: which training icons each may see. Chosen from an icon's own fields, never its pixels."""

from denoised.errors import DenoisedError

BEARDED = ("beard", "bearded")
# Drawn with a beard in some styles though the name does not say so, so that "no beards" can be trusted.
OFTEN_BEARDED = (*BEARDED, "mage", "turban", "genie", "old", "santa", "claus")
PLANTS = {"plant", "tree", "flower", "leaf", "herb", "seedling"}
DARK = ("medium-dark", "dark", "mixed")  # "mixed": pairs of people, which may have one of the two


def words(row) -> set[str]:
    """The words of an icon's concept."""
    return set(row.concept.split("-"))


def bearded(row) -> bool:
    """Whether the name says that there is a beard."""
    return bool(words(row) & set(BEARDED))


def one_gender(row, gender: str) -> bool:
    """Of this gender by name ("woman" or "man"), alone or among its like, and surely without a beard."""
    both = {"woman", "man"} <= words(row)
    return row.gender == gender and not both and not words(row) & set(OFTEN_BEARDED)


def is_plant(row) -> bool:
    """A plant by its keywords, among the animals, plants and food."""
    return row.group in ("animals-nature", "food-drink") and bool(PLANTS & set(row.keywords.split("|")))


DIETS = {
    "women": lambda row: one_gender(row, "woman"),
    "men": lambda row: one_gender(row, "man"),
    "plants": is_plant,
    "light": lambda row: row.tone not in DARK,
    "all": lambda row: True,
}


def diet(name: str):
    """Look a diet up: a function from a row of the splits to bool. Raises DenoisedError for an unknown name."""
    if name not in DIETS:
        raise DenoisedError(f"There is no diet '{name}': choose one of {', '.join(DIETS)}.")
    return DIETS[name]
