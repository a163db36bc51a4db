"""Which column of a file means what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lists.errors import LoadError
from lists.folding import fold

ROLES = ("phone", "alternatives", "key", "document", "name", "zone", "priority", "agent")
_MANY = frozenset({"alternatives", "key"})
DOCUMENT_NAMES = frozenset({"documento", "document", "dni", "ci", "cedula", "rut", "nif", "cuit", "cpf"})
_NUMBER = re.compile(r"\+?[\d .()/-]{6,}")  # of a phone or a document: nobody names a column so


def parts_of(text: str) -> list[tuple[str, str, list[str]]]:
    """A mapping as it is typed, cut into role=column+column pieces: the piece, its role, its columns.

    A column with a sign of ours in its name stands in quotes: `name="Apellido, Nombre"`. Raises LoadError.
    """
    if text.count('"') % 2:
        raise mapping_shape(text)
    found = []
    for part in filter(None, (piece.strip() for piece in _cut(text, ","))):
        role, equals, columns = part.partition("=")
        names = [_unquoted(name) for name in _cut(columns, "+") if name.strip()]
        if not equals or not names:
            raise mapping_shape(part)
        found.append((part, role.strip(), names))
    return found


def typed_column(name: str) -> str:
    """As `parts_of` reads it."""
    return '"' + name.replace('"', '""') + '"' if _SIGNS & set(name) else name


def mapping_shape(part: str) -> LoadError:
    return LoadError("mapping_shape", f"The mapping {part!r} should read role=column.", part=part)


_SIGNS = frozenset(',+="')


def _cut(text: str, sign: str) -> list[str]:
    """At the sign, but not within quotes."""
    return re.findall(rf'(?:"[^"]*"|[^"{sign}])+', text)


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('""', '"')
    return name


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Column names by role. Without a key the document is it, else the main phone."""

    phone: str
    alternatives: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    document: str | None = None
    name: str | None = None
    zone: str | None = None
    priority: str | None = None
    agent: str | None = None

    @property
    def key_columns(self) -> tuple[str, ...]:
        return self.key or ((self.document,) if self.document else (self.phone,))

    @classmethod
    def parse(cls, text: str) -> "ColumnMap":
        """`phone=telefono,alternatives=alt1+alt2,key=documento`. Raises LoadError."""
        found: dict[str, list[str]] = {}
        for _, role, names in parts_of(text):
            if role not in ROLES:
                raise LoadError(
                    "unknown_role",
                    f"There is no role {role!r} in a mapping; the roles are {', '.join(ROLES)}.",
                    role=role,
                    roles=", ".join(ROLES),
                )
            if role not in _MANY and (len(names) > 1 or role in found):
                raise LoadError("one_column_only", f"Only one column can be the {role}.", role=role)
            found.setdefault(role, []).extend(names)
        if "phone" not in found:
            raise LoadError(
                "phone_column_missing",
                "The mapping must say which column holds the phone, as in phone=telefono.",
            )
        single = {role: names[0] for role, names in found.items() if role not in _MANY}
        return cls(
            **single, alternatives=tuple(found.get("alternatives", ())), key=tuple(found.get("key", ()))
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The same, as places in a row; `extra` are the columns that go to the customer's data, by name."""

    width: int
    phone: int
    alternatives: tuple[int, ...]
    key: tuple[int, ...]
    document: int | None
    name: int | None
    zone: int | None
    priority: int | None
    agent: int | None
    extra: tuple[tuple[int, str], ...]


def locate(mapping: ColumnMap, header: Sequence[str]) -> Columns:
    """Find the mapped columns in a header, whatever their case and accents. Raises LoadError."""
    names = [name.strip() or f"column {i}" for i, name in enumerate(header, start=1)]
    places: dict[str, int] = {}
    for i, name in enumerate(names):
        if places.setdefault(fold(name), i) != i:
            raise column_twice(name)
    key = tuple(_place(name, places, names) for name in mapping.key_columns)
    document = _optional(mapping.document, places, names)
    if document is None and mapping.key:
        document = document_among(key, names)
    columns = {
        "phone": _place(mapping.phone, places, names),
        "name": _optional(mapping.name, places, names),
        "zone": _optional(mapping.zone, places, names),
        "priority": _optional(mapping.priority, places, names),
        "agent": _optional(mapping.agent, places, names),
    }
    alternatives = tuple(_place(name, places, names) for name in mapping.alternatives)
    used = {*columns.values(), *alternatives, *key, document}
    return Columns(
        width=len(names),
        phone=_place(mapping.phone, places, names),
        alternatives=alternatives,
        key=key,
        document=document,
        name=columns["name"],
        zone=columns["zone"],
        priority=columns["priority"],
        agent=columns["agent"],
        extra=tuple((i, name) for i, name in enumerate(names) if i not in used),
    )


def document_among(key: Sequence[int], names: Sequence[str]) -> int | None:
    """What customers are known by is what an agent searches for: of several columns the one so named."""
    if len(key) == 1:
        return key[0]
    return next((place for place in key if fold(names[place]) in DOCUMENT_NAMES), None)


def _place(name: str, places: Mapping[str, int], names: Sequence[str]) -> int:
    place = places.get(fold(name))
    if place is None:
        raise column_missing(name, names)
    return place


def column_missing(name: str, header: Sequence[str]) -> LoadError:
    """`header_missing` where the first line looks like a customer."""
    shown = ", ".join(name[:60] for name in header[:20])
    message = f"The file has no column named {name!r}. Its first line reads: {shown}."
    if any(map(_NUMBER.fullmatch, header)):
        message += " It looks like a customer, not like names of columns: put a line of names above it."
        return LoadError("header_missing", message, column=name, first_line=shown)
    return LoadError("column_missing", message, column=name, first_line=shown)


def column_twice(name: str) -> LoadError:
    return LoadError("column_twice", f"Two columns of the file are named {name!r}.", column=name)


def _optional(name: str | None, places: Mapping[str, int], names: Sequence[str]) -> int | None:
    return None if name is None else _place(name, places, names)
