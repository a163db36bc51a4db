"""Text folded for search: without accents and case, blanks single."""

import unicodedata


def fold(*parts: str) -> str:
    """'Óscar  IBÁÑEZ' becomes 'oscar ibanez'."""
    text = " ".join(parts)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.casefold().split())
