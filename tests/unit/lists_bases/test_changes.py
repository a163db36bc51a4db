"""One row of an update file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

from lists.base_fields import BaseFields
from lists.bases.changes import Change, Match, Roles, Wrong, reader
from lists.bases.updating import UpdateSpec, update
from lists.errors import LoadError, Refused
from lists.fields import FieldDefinition, FieldType
from lists.loading.reading import Row
from storage.database import Database

HEADER = ["doc", "name", "tel", "otros", "saldo", "zona"]
MAPPING = "name=name,phone=tel,alternatives=otros,zone=zona"
SALDO = FieldDefinition("saldo", FieldType.NUMBER, decimal=",")
FRANCE = BaseFields("FR", (SALDO,))


def _read(
    *cells: str,
    ticked: tuple[str, ...] = ("saldo",),
    mapping: str = MAPPING,
    match: Match = Match.KEY,
    create: bool = True,
    figures: tuple[int, ...] = (),
) -> Change | Wrong:
    roles = Roles.parse(mapping, ticked)
    read = reader(HEADER, roles, key_columns=("doc",), match=match, base=FRANCE, create=create)
    return read(Row(2, list(cells), figures))


def test_typed_fields_are_read_as_their_type_and_only_ticked_ones_are_to_be_updated() -> None:
    said = _read("7", "Ana", "", "", "1.200,5", "")
    assert isinstance(said, Change)
    assert (said.match, said.document, said.name) == ("7", "7", "Ana")
    assert said.data == said.ticked == {"saldo": 1200.5}
    other = _read("7", "Ana", "", "", "3", "", ticked=("name",))
    assert isinstance(other, Change)
    assert (other.data, other.ticked) == ({"saldo": 3}, {})
    book = _read("7", "", "", "", "1.234", "", figures=(4,))
    assert isinstance(book, Change)
    assert book.ticked == {"saldo": 1.234}


def test_what_is_not_ticked_cannot_be_wrong_unless_customers_are_created() -> None:
    cells = ("7", "Ana", "12", "x", "mucho", "Mars/Olympus")
    said = _read(*cells, ticked=("name",), create=False)
    assert isinstance(said, Change)
    assert (said.name, said.data, said.main, said.zone) == ("Ana", {}, None, None)
    assert isinstance(_read(*cells, ticked=("name",)), Wrong)


def test_a_base_known_by_a_column_of_numbers_is_found_by_their_form_without_being_told() -> None:
    roles = Roles.parse("", ("saldo",))
    read = reader(
        ["Teléfono", "saldo"], roles, key_columns=("telefono",), match=Match.KEY, base=FRANCE, create=False
    )
    said = read(Row(2, ["01 99 00 00 01", "3"]))
    assert isinstance(said, Change)
    assert said.match == "+33199000001"


def test_a_cell_may_hold_several_alternatives() -> None:
    said = _read("7", "", "+33199000001", "+33199000002:+33199000003/x", "", "Europe/Paris")
    assert isinstance(said, Change)
    assert said.main is not None
    assert said.main[0].e164 == "+33199000001"
    assert [number.e164 for number, _ in said.others] == ["+33199000002", "+33199000003"]


def test_customers_may_be_found_by_phone() -> None:
    said = _read("", "Ana", "01 99 00 00 01", "", "", "", match=Match.PHONE)
    assert isinstance(said, Change)
    assert said.match == "+33199000001"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("", "Ana", "", "", "", ""), "missing_key"),
        (("7", "Ana", "12", "", "", ""), "bad_phone"),
        (("7", "Ana", "", "", "mucho", ""), "not_a_number"),
        (("7", "Ana", "", "", "", "Mars/Olympus"), "unknown_zone"),
        (("7", "Ana", "", "", "", "", "too many"), "too_many_columns"),
        (("7", "A" * 10_001, "", "", "", ""), "cell_too_long"),
        (("7", "A\0", "", "", "", ""), "nul_character"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_a_reason(cells: tuple[str, ...], reason: str) -> None:
    said = _read(*cells)
    assert isinstance(said, Wrong)
    assert (said.line, said.reason) == (2, reason)


@pytest.mark.parametrize(
    ("mapping", "ticked", "match"),
    [
        ("name", ("saldo",), Match.KEY),
        ("shoe=doc", ("saldo",), Match.KEY),
        ("name=doc+name", ("saldo",), Match.KEY),
        ("name=apellido", ("saldo",), Match.KEY),
        ("key=tel", ("saldo",), Match.KEY),
        ("name=name", ("saldo",), Match.PHONE),
        (MAPPING, ("doc",), Match.PHONE),
        (MAPPING, ("deuda",), Match.KEY),
    ],
)
def test_a_file_that_lacks_what_is_asked_of_it_is_refused_whole(
    mapping: str, ticked: tuple[str, ...], match: Match
) -> None:
    with pytest.raises(LoadError):
        _read("7", mapping=mapping, ticked=ticked, match=match)


async def test_an_update_of_no_column_is_none() -> None:
    spec = UpdateSpec(Path("clientes.csv"), uuid4(), MAPPING, ticked=())
    with pytest.raises(Refused) as refused:
        await update(cast(Database, None), spec, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert refused.value.error_id == "nothing_ticked"
