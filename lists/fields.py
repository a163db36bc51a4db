"""Typed custom fields: the definitions a base keeps of its extra columns, and what their values may be.

Values are stored as JSON: text and choice as strings, numbers as numbers, dates as ISO strings (2026-03-02).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from lists.errors import Refused
from lists.folding import fold

FieldValue: TypeAlias = str | int | float

MAX_FIELDS = 200
MAX_NAME = 63
MAX_TEXT = 10_000
MAX_DIGITS = 15
"""What a JSON number carries exactly everywhere. Longer digits are an identifier: a text."""

# A day may come as its first moment: systems and spreadsheets export it so.
_MIDNIGHT = r"(?:[ T]0?0:00(?::00)?)?"
_DATE_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + _MIDNIGHT, re.ASCII)
_DATE_LOCAL = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})" + _MIDNIGHT, re.ASCII)
_NUMBER = {
    ".": re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?", re.ASCII),
}


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    name: str
    """The key in `customer.data`."""
    type: FieldType = FieldType.TEXT
    label: str = ""
    """What people read; empty: the name."""
    choices: tuple[str, ...] = ()
    required: bool = False
    decimal: Literal[".", ","] = "."
    """What separates decimals in typed numbers; the other one may group thousands."""
    day_first: bool = True
    """How 02/03/2026 is read. ISO dates are always understood."""


class BadValue(Refused):
    """A value is not of its field's type. `error_id` is one of not_a_number, too_many_digits, not_a_date,
    not_a_choice, too_long, required."""

    def __init__(self, error_id: str, definition: FieldDefinition, typed: object, message: str) -> None:
        super().__init__(error_id, message)
        self.field = definition.name
        self.typed = typed


@dataclass(frozen=True, slots=True)
class Validated:
    """`data` holds what is sound; each problem is a field that was left out."""

    data: Mapping[str, Any]
    problems: tuple[BadValue, ...] = field(default=())


def read(definition: FieldDefinition, typed: object) -> FieldValue | None:
    """A typed value in its stored form; None when there is nothing. Raises BadValue."""
    text = "" if typed is None else str(typed).strip()
    if not text:
        if definition.required:
            raise BadValue("required", definition, typed, f"{_label(definition)} must be given.")
        return None
    match definition.type:
        case FieldType.NUMBER:
            return _number(definition, typed, text)
        case FieldType.DATE:
            return _date(definition, typed, text)
        case FieldType.CHOICE:
            return _choice(definition, text)
        case FieldType.TEXT:
            if len(text) > MAX_TEXT:
                message = f"{_label(definition)} has more than {MAX_TEXT} characters."
                raise BadValue("too_long", definition, typed, message)
            return text


def validate(definitions: Sequence[FieldDefinition], data: Mapping[str, Any]) -> Validated:
    """All values in their stored form. Columns nobody has defined stay as they are; empty values go."""
    known = {definition.name for definition in definitions}
    clean = {name: value for name, value in data.items() if name not in known and value not in (None, "")}
    problems = []
    for definition in definitions:
        try:
            value = read(definition, data.get(definition.name))
        except BadValue as problem:
            problems.append(problem)
        else:
            if value is not None:
                clean[definition.name] = value
    return Validated(clean, tuple(problems))


def suggest(name: str, samples: Sequence[str]) -> FieldDefinition:
    """The narrowest type all samples are of. Digits with a leading zero, or too many, are an identifier."""
    filled = [text for sample in samples if (text := sample.strip())]
    if filled:
        for guess in _guesses(name):
            if all(_fits(guess, text) for text in filled):
                return guess
    return FieldDefinition(name)


def check(definitions: Sequence[FieldDefinition]) -> None:
    """Raises Refused: bad_field, field_twice, too_many_fields."""
    if len(definitions) > MAX_FIELDS:
        raise Refused("too_many_fields", f"A base has at most {MAX_FIELDS} fields.")
    seen: set[str] = set()
    for definition in definitions:
        name = definition.name
        if not name or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise Refused("bad_field", f"{name!r} is no field name: 1 to {MAX_NAME} printable characters.")
        if fold(name) in seen:
            raise Refused("field_twice", f"Two fields are named {name}.")
        seen.add(fold(name))
        if (definition.type is FieldType.CHOICE) != bool(definition.choices):
            raise Refused("bad_field", f"{name}: a choice, and only a choice, lists its choices.")
        if len({fold(choice) for choice in definition.choices} - {""}) != len(definition.choices):
            raise Refused("bad_field", f"{name}: the choices must be different from each other.")


def from_json(raw: Sequence[Mapping[str, Any]]) -> tuple[FieldDefinition, ...]:
    """Definitions as `base.fields` holds them, or as somebody sends them. Raises Refused (bad_field, …)."""
    definitions = tuple(_definition(item) for item in raw)
    check(definitions)
    return definitions


def to_json(definitions: Sequence[FieldDefinition]) -> list[dict[str, Any]]:
    return [
        {
            "name": d.name,
            "type": d.type.value,
            "label": d.label,
            "choices": list(d.choices),
            "required": d.required,
            "decimal": d.decimal,
            "day_first": d.day_first,
        }
        for d in definitions
    ]


def _definition(raw: Mapping[str, Any]) -> FieldDefinition:
    name = str(raw.get("name", ""))
    kind, decimal = str(raw.get("type", "text")), raw.get("decimal", ".")
    if kind not in set(FieldType):
        raise Refused("bad_field", f"{name}: {kind!r} is no type; there are {', '.join(FieldType)}.")
    if decimal not in _NUMBER:
        raise Refused("bad_field", f"{name}: decimals are separated by '.' or ','.")
    return FieldDefinition(
        name=name,
        type=FieldType(kind),
        label=str(raw.get("label", "")),
        choices=tuple(str(choice).strip() for choice in raw.get("choices", ())),
        required=bool(raw.get("required", False)),
        decimal=decimal,
        day_first=bool(raw.get("day_first", True)),
    )


def _number(definition: FieldDefinition, typed: object, text: str) -> int | float:
    if isinstance(typed, int | float) and not isinstance(typed, bool):
        digits = text  # as JSON has it, whatever people type
    else:
        text = text.replace(" ", "").replace("\u00a0", "")
        if not _NUMBER[definition.decimal].fullmatch(text):
            raise _not_a_number(definition, typed)
        digits = text.replace("." if definition.decimal == "," else ",", "").replace(",", ".")
    value = Decimal(digits)
    if not value.is_finite():
        raise _not_a_number(definition, typed)
    significant = str(abs(value.normalize())).split("E")[0].replace(".", "").lstrip("0")
    if len(significant) > MAX_DIGITS or value.adjusted() >= MAX_DIGITS:
        message = f"{_label(definition)}: more than {MAX_DIGITS} digits are a text, not a number."
        raise BadValue("too_many_digits", definition, typed, message)
    return int(value) if value == value.to_integral_value() else float(value)


def _not_a_number(definition: FieldDefinition, typed: object) -> BadValue:
    return BadValue("not_a_number", definition, typed, f"{_label(definition)}: {typed!r} is not a number.")


def _date(definition: FieldDefinition, typed: object, text: str) -> str:
    if match := _DATE_ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DATE_LOCAL.fullmatch(text):
        first, second, year = map(int, match.groups())
        day, month = (first, second) if definition.day_first else (second, first)
    else:
        raise _not_a_date(definition, typed)
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise _not_a_date(definition, typed) from error


def _not_a_date(definition: FieldDefinition, typed: object) -> BadValue:
    return BadValue("not_a_date", definition, typed, f"{_label(definition)}: {typed!r} is not a date.")


def _choice(definition: FieldDefinition, text: str) -> str:
    for choice in definition.choices:
        if fold(choice) == fold(text):
            return choice
    offered = ", ".join(definition.choices)
    raise BadValue("not_a_choice", definition, text, f"{_label(definition)}: {text!r} is none of {offered}.")


def _label(definition: FieldDefinition) -> str:
    return definition.label or definition.name


def _guesses(name: str) -> tuple[FieldDefinition, ...]:
    return (
        FieldDefinition(name, FieldType.DATE),
        FieldDefinition(name, FieldType.DATE, day_first=False),
        FieldDefinition(name, FieldType.NUMBER),
        FieldDefinition(name, FieldType.NUMBER, decimal=","),
    )


def _fits(guess: FieldDefinition, text: str) -> bool:
    if guess.type is FieldType.NUMBER and re.match(r"[+-]?0\d", text):
        return False
    try:
        read(guess, text)
    except BadValue:
        return False
    return True
