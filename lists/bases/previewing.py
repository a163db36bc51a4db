"""A file looked at before anything of it is stored: how it reads, and what its columns seem to be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lists import fields
from lists.errors import LoadError
from lists.fields import FieldDefinition
from lists.folding import fold
from lists.loading.mapping import DOCUMENT_NAMES, typed_column
from lists.loading.reading import Format, Row, Torn, detect, header_of, records
from lists.loading.workbook import is_workbook, workbook_records

ROWS = 20
_SAMPLE = 200
_SHOWN = 200  # characters of a cell

# Whole folded names first: "telefono" is the phone, "telefono 2" an alternative.
_NAMES: Mapping[str, frozenset[str]] = {
    "phone": frozenset({"telefono", "phone", "tel", "movil", "celular", "numero", "telephone", "telefono 1"}),
    "document": DOCUMENT_NAMES,
    "name": frozenset({"nombre", "name", "cliente", "nombre completo", "nombre y apellido", "nom", "nome"}),
    "zone": frozenset({"zona horaria", "huso horario", "zone", "timezone", "time zone"}),
    "priority": frozenset({"prioridad", "priority"}),
    "agent": frozenset({"agente", "agent"}),
}
_ALTERNATIVE = ("alternativ", "otro telefono", "telefono", "phone", "celular", "movil", "tel ")


@dataclass(frozen=True, slots=True)
class Preview:
    """`mapping` and `fields` are suggestions, to be looked over by somebody who knows the file."""

    encoding: str | None
    """None: a workbook."""
    delimiter: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    torn: int
    """Of the rows looked at, those that cannot be taken apart."""
    mapping: str
    fields: tuple[FieldDefinition, ...]


def preview(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Preview:
    """Of a table with a header. Raises LoadError."""
    if path.stat().st_size == 0:
        raise LoadError("empty", "The file is empty.", file=path.name)
    format = None if is_workbook(path) else detect(path, encoding=encoding, delimiter=delimiter)
    found = _opened(path, format)
    header = header_of(found)
    names = tuple(cell.strip() for cell in header.cells)
    rows, torn = _some(found)
    roles = suggest(names)
    return Preview(
        encoding=format.encoding if format else None,
        delimiter=format.delimiter if format else None,
        header=names,
        rows=tuple(tuple(cell[:_SHOWN] for cell in row) for row in rows[:ROWS]),
        torn=torn,
        mapping=typed(roles),
        fields=_fields(names, roles, rows),
    )


def suggest(header: Sequence[str]) -> dict[str, list[str]]:
    """Columns by role, by their names."""
    found: dict[str, list[str]] = {}
    for name in filter(None, header):
        folded = fold(name).replace("_", " ")
        role = next((role for role, names in _NAMES.items() if folded in names), None)
        if role is not None and role not in found:
            found[role] = [name]
        elif folded.startswith(_ALTERNATIVE) or "alternativ" in folded:
            found.setdefault("alternatives", []).append(name)
    if "phone" not in found and "alternatives" in found:
        found["phone"] = [found["alternatives"].pop(0)]
        if not found["alternatives"]:
            del found["alternatives"]
    if "document" in found:
        found["key"] = found.pop("document")
    return found


def typed(roles: Mapping[str, Sequence[str]]) -> str:
    """As `ColumnMap.parse` reads it."""
    return ",".join(f"{role}={'+'.join(map(typed_column, names))}" for role, names in roles.items())


def _opened(path: Path, format: Format | None) -> Iterator[Row | Torn]:
    return workbook_records(path) if format is None else records(path, format)


def _some(found: Iterator[Row | Torn]) -> tuple[list[Sequence[str]], int]:
    rows: list[Sequence[str]] = []
    torn = 0
    for _, record in zip(range(_SAMPLE), found, strict=False):
        if isinstance(record, Row):
            rows.append(record.cells)
        else:
            torn += 1
    return rows, torn


def _fields(
    header: Sequence[str], roles: Mapping[str, Sequence[str]], rows: Sequence[Sequence[str]]
) -> tuple[FieldDefinition, ...]:
    mapped = {name for names in roles.values() for name in names}
    return tuple(
        fields.suggest(name, [row[place] for row in rows if place < len(row)])
        for place, name in enumerate(header)
        if name and name not in mapped
    )
