"""The catalogues: one file a language beside this one, both with the same words."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from crm_api.words.schemas import Language


@cache
def catalogue(language: Language) -> Mapping[str, Mapping[str, str]]:
    text = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def said(kind: str, word: str, language: Language) -> str:
    """The word itself where nobody has said it better."""
    return catalogue(language).get(kind, {}).get(word, word)
