"""The API's stable words as its users read them."""

from collections.abc import Mapping
from enum import StrEnum

from crm_api.schemas import Out


class Language(StrEnum):
    ES = "es"
    EN = "en"


class WordsOut(Out):
    """By kind (`reason`, `outcome`, `error`, …) and word. A word that is not here is shown as it is."""

    language: Language
    words: Mapping[str, Mapping[str, str]]
