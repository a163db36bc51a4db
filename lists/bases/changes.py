"""One row of an update file: whom it is about and what it says of them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lists.base_fields import BaseFields
from lists.bases.previewing import suggest
from lists.errors import LoadError
from lists.fields import BadValue
from lists.folding import fold
from lists.loading.mapping import column_missing, column_twice, document_among, parts_of
from lists.loading.reading import Row
from lists.loading.rows import MAX_CELL, bad_detail, read_cell
from lists.numbers import BadNumber, Number, parse
from lists.zones import known_zone

ROLES = ("key", "phone", "alternatives", "document", "name", "zone")
_MANY = frozenset({"key", "alternatives"})
_DETAIL = 200  # characters


class Match(StrEnum):
    """What customers are found by."""

    KEY = "key"
    """The columns the base knows its customers by."""
    DOCUMENT = "document"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Roles:
    """Column names by role, and which columns are to be updated; every other column is an extra one."""

    by_role: Mapping[str, tuple[str, ...]]
    ticked: frozenset[str]
    """Folded."""

    @classmethod
    def parse(cls, mapping: str, ticked: Sequence[str]) -> "Roles":
        """`key=documento,name=nombre`, as a load's mapping; here no role must be there. Raises LoadError."""
        found: dict[str, tuple[str, ...]] = {}
        for part, role, names in parts_of(mapping):
            if role not in ROLES or role in found:
                raise LoadError(
                    "mapping_shape",
                    f"{part!r} should read role=column; the roles are {', '.join(ROLES)}.",
                    part=part,
                )
            if len(names) > 1 and role not in _MANY:
                raise LoadError("one_column_only", f"Only one column can be the {role}.", role=role)
            found[role] = tuple(names)
        return cls(found, frozenset(fold(name) for name in ticked))

    @classmethod
    def kept(cls, mapping: str, ticked: Sequence[str], header: Sequence[str]) -> "Roles":
        """As the base's files are read, of the columns that this one has. What customers are known by is the
        base's to say."""
        return cls._of_header({role: names for _, role, names in parts_of(mapping)}, ticked, header)

    @classmethod
    def guessed(cls, ticked: Sequence[str], header: Sequence[str], base: BaseFields) -> "Roles":
        """By the names of the columns, as a preview suggests them; a column the base keeps as an extra one
        stays one."""
        extra = {fold(name) for name in (*base.columns, *(one.name for one in base.definitions))}
        found = suggest([name.strip() for name in header if fold(name) not in extra])
        return cls._of_header({"document": found.get("key", []), **found}, ticked, header)

    @classmethod
    def _of_header(
        cls, roles: Mapping[str, Sequence[str]], ticked: Sequence[str], header: Sequence[str]
    ) -> "Roles":
        there = {fold(name) for name in header}
        found = {role: tuple(name for name in names if fold(name) in there) for role, names in roles.items()}
        used = {role: names for role, names in found.items() if names and role in ROLES and role != "key"}
        return cls(used, frozenset(fold(name) for name in ticked))

    def has(self, role: str) -> bool:
        """Is this role to be updated?"""
        return any(fold(name) in self.ticked for name in self.by_role.get(role, ()))


@dataclass(frozen=True, slots=True)
class Change:
    """What a row says. `ticked`: of the extra columns those to be updated; `data`: all of them."""

    line: int
    match: str
    document: str
    name: str
    zone: str | None
    data: Mapping[str, Any]
    ticked: Mapping[str, Any]
    main: tuple[Number, str] | None
    others: tuple[tuple[Number, str], ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    line: int
    reason: str
    cells: Sequence[str]
    detail: str = ""


class _Wrong(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:_DETAIL]


Reader = Callable[[Row], Change | Wrong]


def reader(
    header: Sequence[str],
    roles: Roles,
    *,
    key_columns: Sequence[str],
    match: Match,
    base: BaseFields,
    create: bool,
) -> Reader:
    """What is neither ticked nor needed to `create` customers is not looked at: it cannot be wrong. Raises
    LoadError where the header lacks what is asked for."""
    places = _places(header)
    names_of = [name for name, _ in _names(header)]
    at = {
        role: tuple(_place(places, name, names_of) for name in names) for role, names in roles.by_role.items()
    }
    key = _key_places(places, names_of, at, roles, key_columns, match)
    by_number = match is Match.PHONE or (match is Match.KEY and _are_numbers(key, names_of, at))
    as_document = None if by_number or at.get("document") else document_among(key, names_of)
    taken = {place for group in at.values() for place in group} | set(key)
    extra = [(place, base.spelled(name)) for name, place in _names(header) if place not in taken]
    for name in roles.ticked:
        if name not in places:
            raise column_missing(name, names_of)
    if match is not Match.KEY:
        _refuse_keys(roles, key_columns)
    ticked = frozenset(base.spelled(names_of[places[name]]) for name in roles.ticked)
    looked_at = [(place, name) for place, name in extra if create or name in ticked]

    def one(cells: Sequence[str], role: str) -> str:
        wanted = at.get(role) and (create or roles.has(role))
        return cells[at[role][0]].strip() if wanted else ""

    def value(row: Row, place: int, name: str, text: str) -> Any:
        definition = base.defined(name)
        return text if definition is None else read_cell(definition, row, place, text)

    def read(row: Row) -> Change:
        cells = _fitted(row.cells, len(header))
        found = "|".join(cells[place].strip() for place in key)
        if not found.strip("|"):
            raise _Wrong("missing_key")
        if by_number:
            found = _number(found, base.region).e164
        texts = [(place, name, cells[place].strip()) for place, name in looked_at]
        data = {name: value(row, place, name, text) for place, name, text in texts if text}
        zone = one(cells, "zone") or None
        if zone and not known_zone(zone):
            raise _Wrong("unknown_zone", zone)
        main = one(cells, "phone")
        return Change(
            line=row.line,
            match=found,
            document=one(cells, "document")
            or (cells[as_document].strip() if as_document is not None else ""),
            name=one(cells, "name"),
            zone=zone,
            data=data,
            ticked={name: said for name, said in data.items() if name in ticked},
            main=(_number(main, base.region), main) if main else None,
            others=_others([cells[place] for place in at.get("alternatives", ())], base.region),
        )

    def guarded(row: Row) -> Change | Wrong:
        try:
            if (longest := max(map(len, row.cells), default=0)) > MAX_CELL:
                raise _Wrong("cell_too_long", f"{longest} characters")
            if any("\0" in cell for cell in row.cells):
                raise _Wrong("nul_character")
            return read(row)
        except _Wrong as wrong:
            return Wrong(row.line, wrong.reason, row.cells, wrong.detail)
        except BadValue as bad:
            return Wrong(row.line, bad.error_id, row.cells, bad.field)

    return guarded


def _key_places(
    places: Mapping[str, int],
    header: Sequence[str],
    at: Mapping[str, tuple[int, ...]],
    roles: Roles,
    key_columns: Sequence[str],
    match: Match,
) -> tuple[int, ...]:
    if match is Match.KEY:
        given = roles.by_role.get("key", tuple(key_columns))
        if key_columns and tuple(map(fold, given)) != tuple(map(fold, key_columns)):
            known, theirs = " and ".join(key_columns), " and ".join(given)
            raise LoadError(
                "other_key",
                f"The base knows its customers by {known}, not by {theirs}; match by document or phone.",
                known=known,
                given=theirs,
            )
        if not given:
            raise LoadError(
                "key_column_missing", "Say which column customers are known by, as in key=documento."
            )
        return tuple(_place(places, name, header) for name in given)
    if match.value not in at:
        raise LoadError(
            "match_column_missing", f"Say which column is the {match}, as in {match}=…", role=match
        )
    return at[match.value]


def _are_numbers(key: tuple[int, ...], header: Sequence[str], at: Mapping[str, tuple[int, ...]]) -> bool:
    """Is the key a phone number, kept in its E.164 form as a load keeps it? Where the mapping does not say
    which column is the phone, by the column's name; "numero" may be anything's."""
    if "phone" in at:
        return key == at["phone"]
    name = header[key[0]]
    return len(key) == 1 and fold(name) != "numero" and "phone" in suggest([name])


def _refuse_keys(roles: Roles, key_columns: Sequence[str]) -> None:
    """A customer whose key column changed and whose key did not would come twice with the next file."""
    for name in key_columns:
        if fold(name) in roles.ticked:
            raise LoadError(
                "key_ticked",
                f"Customers are known by {name}: an update cannot change it. Merge them, or change the key.",
                column=name,
            )


def _names(header: Sequence[str]) -> list[tuple[str, int]]:
    return [(name.strip() or f"column {i + 1}", i) for i, name in enumerate(header)]


def _places(header: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for name, place in _names(header):
        if places.setdefault(fold(name), place) != place:
            raise column_twice(name)
    return places


def _place(places: Mapping[str, int], name: str, header: Sequence[str]) -> int:
    place = places.get(fold(name))
    if place is None:
        raise column_missing(name, header)
    return place


def _fitted(cells: Sequence[str], width: int) -> Sequence[str]:
    if any(cells[width:]):
        raise _Wrong("too_many_columns", f"{len(cells)} instead of {width}")
    return [*cells[:width], *[""] * (width - len(cells))]


def _number(text: str, region: str) -> Number:
    number = parse(text, region)
    if isinstance(number, BadNumber):
        raise _Wrong("bad_phone", bad_detail(text, number.reason))
    return number


def _others(cells: Sequence[str], region: str) -> tuple[tuple[Number, str], ...]:
    """Those that can be read; a cell may hold several between ':', ';', ',' or '/'."""
    found: dict[str, tuple[Number, str]] = {}
    for cell in cells:
        for sign in ";,/|":
            cell = cell.replace(sign, ":")
        for piece in filter(None, (part.strip() for part in cell.split(":"))):
            number = parse(piece, region)
            if not isinstance(number, BadNumber):
                found.setdefault(number.e164, (number, piece))
    return tuple(found.values())
