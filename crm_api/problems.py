"""What is wrong with a request that does not fit its description, in words for whoever sent it.

The library that checks requests speaks to programmers, in English and regular expressions. Here each of its
kinds becomes one of a small closed set, with the figures it is about and a sentence in the reader's language.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from crm_api.words.schemas import Language
from crm_api.words.service import said

MOST = 50
"""Problems told of one request."""


class Problem(StrEnum):
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_A_TEXT = "not_a_text"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    TOO_MANY_DIGITS = "too_many_digits"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_A_LIST = "not_a_list"
    NOT_AN_OBJECT = "not_an_object"
    NOT_AN_ID = "not_an_id"
    NOT_A_DAY = "not_a_day"
    NOT_A_MOMENT = "not_a_moment"
    ZONE_MISSING = "zone_missing"
    ZONE_NOT_WANTED = "zone_not_wanted"
    NOT_A_TIME_OF_DAY = "not_a_time_of_day"
    OUT_OF_YEARS = "out_of_years"
    UNKNOWN_ZONE = "unknown_zone"
    NOT_ONE_OF = "not_one_of"
    BAD_SHAPE = "bad_shape"
    TOO_DEEP = "too_deep"
    TWICE = "twice"
    ONE_OF_THEM = "one_of_them"
    NO_JSON = "no_json"
    OTHER = "other"


_KINDS: Mapping[str, Problem] = {
    "missing": Problem.MISSING,
    "extra_forbidden": Problem.UNKNOWN_FIELD,
    "string_too_short": Problem.TOO_SHORT,
    "string_too_long": Problem.TOO_LONG,
    "too_short": Problem.TOO_FEW,
    "too_long": Problem.TOO_MANY,
    "greater_than": Problem.TOO_SMALL,
    "greater_than_equal": Problem.TOO_SMALL,
    "less_than": Problem.TOO_LARGE,
    "less_than_equal": Problem.TOO_LARGE,
    "string_type": Problem.NOT_A_TEXT,
    "string_sub_type": Problem.NOT_A_TEXT,
    "string_unicode": Problem.NOT_A_TEXT,
    "float_type": Problem.NOT_A_NUMBER,
    "float_parsing": Problem.NOT_A_NUMBER,
    "decimal_type": Problem.NOT_A_NUMBER,
    "decimal_parsing": Problem.NOT_A_NUMBER,
    "finite_number": Problem.NOT_A_NUMBER,
    "int_type": Problem.NOT_A_WHOLE_NUMBER,
    "int_parsing": Problem.NOT_A_WHOLE_NUMBER,
    "int_parsing_size": Problem.NOT_A_WHOLE_NUMBER,
    "int_from_float": Problem.NOT_A_WHOLE_NUMBER,
    "decimal_max_digits": Problem.TOO_MANY_DIGITS,
    "decimal_max_places": Problem.TOO_MANY_DIGITS,
    "decimal_whole_digits": Problem.TOO_MANY_DIGITS,
    "bool_type": Problem.NOT_YES_OR_NO,
    "bool_parsing": Problem.NOT_YES_OR_NO,
    "list_type": Problem.NOT_A_LIST,
    "tuple_type": Problem.NOT_A_LIST,
    "set_type": Problem.NOT_A_LIST,
    "frozen_set_type": Problem.NOT_A_LIST,
    "dict_type": Problem.NOT_AN_OBJECT,
    "model_type": Problem.NOT_AN_OBJECT,
    "model_attributes_type": Problem.NOT_AN_OBJECT,
    "uuid_type": Problem.NOT_AN_ID,
    "uuid_parsing": Problem.NOT_AN_ID,
    "date_type": Problem.NOT_A_DAY,
    "date_parsing": Problem.NOT_A_DAY,
    "date_from_datetime_parsing": Problem.NOT_A_DAY,
    "date_from_datetime_inexact": Problem.NOT_A_DAY,
    "datetime_type": Problem.NOT_A_MOMENT,
    "datetime_parsing": Problem.NOT_A_MOMENT,
    "datetime_from_date_parsing": Problem.NOT_A_MOMENT,
    "datetime_object_invalid": Problem.NOT_A_MOMENT,
    "timezone_aware": Problem.ZONE_MISSING,
    "timezone_naive": Problem.ZONE_NOT_WANTED,
    "time_type": Problem.NOT_A_TIME_OF_DAY,
    "time_parsing": Problem.NOT_A_TIME_OF_DAY,
    "enum": Problem.NOT_ONE_OF,
    "literal_error": Problem.NOT_ONE_OF,
    "string_pattern_mismatch": Problem.BAD_SHAPE,
    "json_invalid": Problem.NO_JSON,
    "json_type": Problem.NO_JSON,
}
"""By the library's word; our own checks in the schemas raise a problem's word itself."""
_LIMITS = (
    "min_length", "max_length", "ge", "gt", "le", "lt", "max_digits", "decimal_places", "whole_digits",
    "limit",
)  # fmt: skip


def told(errors: Iterable[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Where (the path into the request), which problem, its figures, and a sentence. What was sent is not
    echoed: it may be a password."""
    return [_told(error, language) for error, _ in zip(errors, range(MOST), strict=False)]


def _told(error: Mapping[str, Any], language: Language) -> dict[str, Any]:
    where = [str(part) for part in error["loc"]]
    problem, params = _problem(error["type"]), _params(error)
    if problem is Problem.TOO_SHORT and params.get("limit") == 1:
        problem = Problem.EMPTY
    message = said("problem", problem, language).format_map(_Known(params))
    shape = said("shape", _field(where), language) if problem is Problem.BAD_SHAPE else ""
    if shape and shape != _field(where):
        message = f"{message}: {shape}"
    return {"where": where, "problem": problem, "params": params, "message": message}


def _problem(kind: str) -> Problem:
    """The library's word goes before ours: its too_long may be a list's."""
    return _KINDS.get(kind) or (Problem(kind) if kind in set(Problem) else Problem.OTHER)


def _params(error: Mapping[str, Any]) -> dict[str, Any]:
    said_of = error.get("ctx") or {}
    params: dict[str, Any] = {}
    if limits := [said_of[name] for name in _LIMITS if name in said_of]:
        params["limit"] = _plain(limits[0])
    if "expected" in said_of:
        params["allowed"] = str(said_of["expected"]).replace("'", "").replace(" or ", ", ")
    return params | {name: said_of[name] for name in ("first", "last") if name in said_of}


def _plain(limit: Any) -> Any:
    return limit if isinstance(limit, int | float | str) else str(limit)


def _field(where: list[str]) -> str:
    return next((part for part in reversed(where) if not part.isdigit()), "")


class _Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"
