"""How a tokenizer cuts words: pieces, whether the cuts fall between morphemes, and CLIP's published merges by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .clip_merges import MERGES

END = "</w>"  # marks the last piece of a word, in CLIP's vocabulary and in ours


# --8<-- [start:bpe]
def bpe(word: str, merges: Sequence[tuple[str, str]]) -> list[str]:
    """Byte-pair encoding of one word of plain ASCII (Sennrich et al. 2016): start from letters, and always join
    the neighbours whose pair comes first in the list of merges, until no neighbours are in it."""
    rank = {pair: i for i, pair in enumerate(merges)}
    pieces = [*word[:-1], word[-1] + END]
    while len(pieces) > 1:
        best = min(zip(pieces, pieces[1:], strict=False), key=lambda pair: rank.get(pair, len(rank)))
        if best not in rank:
            break
        joined, i = [], 0
        while i < len(pieces):
            pair = tuple(pieces[i : i + 2])
            joined.append("".join(pair) if pair == best else pieces[i])
            i += 2 if pair == best else 1
        pieces = joined
    return pieces
    # --8<-- [end:bpe]


def clip_pieces(word: str) -> list[str]:
    """Pieces of a word by CLIP's own vocabulary. ValueError for a word that the extract does not cover."""
    from .clip_merges import WORDS

    if word not in WORDS:
        raise ValueError(f"The extract of CLIP's merges covers {', '.join(WORDS)}, not {word!r}.")
    return bpe(word, MERGES)


def pieces(tokenizer, word: str) -> list[str]:
    """Tokens of a word or phrase, without start, end and padding."""
    special = set(tokenizer.all_special_ids)
    ids = tokenizer(word, verbose=False).input_ids
    return [token for i, token in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True) if i not in special]


def plain(token: str) -> str:
    """A token without its end mark; exact for ASCII (other letters are spelt in bytes)."""
    return token.removesuffix(END)


def words_of(texts: Iterable[str]) -> list[str]:
    """Different words of plain letters in texts, sorted."""
    found = {word for text in texts for word in text.lower().replace("’", "'").split()}
    return sorted(word for word in found if word.isascii() and word.isalpha())


def whole_share(cut: Iterable[Sequence[str]]) -> float:
    """Share of words that stayed in one piece."""
    cut = list(cut)
    return sum(len(parts) == 1 for parts in cut) / len(cut)


def border_hits(parts: Sequence[str], morphemes: Sequence[str]) -> tuple[int, int, float]:
    """(cuts between morphemes, cuts, how many of them would be if they fell anywhere) for one word.

    parts: its tokens; morphemes: the same word as a person would take it apart. Both must spell it.
    """
    word = "".join(morphemes)
    if "".join(plain(part) for part in parts) != word:
        raise ValueError(f"{parts} and {morphemes} are not the same word.")
    cuts, borders = _positions([plain(part) for part in parts]), _positions(morphemes)
    return len(cuts & borders), len(cuts), len(cuts) * len(borders) / (len(word) - 1)


def _positions(parts: Sequence[str]) -> set[int]:
    """Where inside the word one part ends and the next begins."""
    found, at = set(), 0
    for part in parts[:-1]:
        at += len(part)
        found.add(at)
    return found
