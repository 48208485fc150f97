"""The one exception of the site kit: a sentence for the author of a page."""


class SiteError(Exception):
    """One clear sentence: what is wrong on the page and, where that can be known, what was probably meant.

    Macros turn it into a line of the build's log, "docs/series/vae.md:42: unknown figure ...".
    """


def did_you_mean(word, known):
    """'; did you mean "a" or "b"?' for words close to a misspelt one, else an empty string."""
    from difflib import get_close_matches

    known = list(known)
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    if not close:  # vae/xx against vae/swap: same section, hopeless spelling; show what there is
        section = word.rpartition("/")[0]
        close = [k for k in known if section and k.rpartition("/")[0] == section][:3]
    if not close:
        return ""
    return "; did you mean " + " or ".join(repr(c) for c in close) + "?"
