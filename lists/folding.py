"""Text folded for search: without accents and case, blanks single; and cut into threes for an index."""

import unicodedata
from functools import lru_cache


def fold(*parts: str) -> str:
    """'Óscar  IBÁÑEZ' becomes 'oscar ibanez'."""
    text = " ".join(parts)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.casefold().split())


def grams(folded: str) -> list[int]:
    """What a folded name is found by: the threes of every word behind a blank, each once.

    'ana' has ' an' and 'ana'. The database's `name_grams` makes the same of a name that is edited.
    """
    found: set[int] = set()
    for word in folded.split():
        found.update(_cached(" " + word) if len(word) <= _NAME else word_grams(" " + word))
    return list(found)


def word_grams(word: str) -> tuple[int, ...]:
    """Each three letters as one number; several may share one beyond ASCII, so names are compared as well."""
    codes = [*map(ord, word)]
    return tuple(
        (first << 20 ^ second << 10 ^ third) & 0x7FFFFFFF
        for first, second, third in zip(codes, codes[1:], codes[2:], strict=False)
    )


_cached = lru_cache(maxsize=1 << 14)(word_grams)  # names repeat
_NAME = 32  # letters; longer ones do not, and would fill the memory
