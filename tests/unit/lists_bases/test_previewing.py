"""What a file seems to be, before anything of it is stored."""

from pathlib import Path

import pytest

from lists.bases.previewing import preview, suggest, typed
from lists.errors import LoadError
from lists.fields import FieldType
from lists.loading.mapping import ColumnMap


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "clients.csv"
    path.write_bytes(data)
    return path


def test_encoding_delimiter_rows_mapping_and_types_are_found(tmp_path: Path) -> None:
    text = "Documento;Nombre;Teléfono;Otro teléfono;Saldo;Alta\n1;Íñigo;612345678;;120,5;02/03/2026\n"
    found = preview(_written(tmp_path, text.encode("cp1252")))
    assert (found.encoding, found.delimiter) == ("cp1252", ";")
    assert found.rows == (("1", "Íñigo", "612345678", "", "120,5", "02/03/2026"),)
    assert found.mapping == "name=Nombre,phone=Teléfono,alternatives=Otro teléfono,key=Documento"
    assert [(one.name, one.type) for one in found.fields] == [
        ("Saldo", FieldType.NUMBER), ("Alta", FieldType.DATE)
    ]  # fmt: skip


def test_the_suggested_mapping_is_one_a_load_takes() -> None:
    roles = suggest(["DNI", "celular", "Teléfono 2", "telefono 3", "nombre", "a,b", "zona_horaria"])
    mapping = ColumnMap.parse(typed(roles))
    assert (mapping.phone, mapping.alternatives) == ("celular", ("Teléfono 2", "telefono 3"))
    assert (mapping.key, mapping.name, mapping.zone) == (("DNI",), "nombre", "zona_horaria")


def test_a_column_with_our_own_signs_in_its_name_is_suggested_in_quotes_and_understood() -> None:
    header = ["Documento", "Celular", "Teléfono 1+2", 'Teléfono "casa", o trabajo = otro']
    mapping = ColumnMap.parse(typed(suggest(header)))
    assert (mapping.phone, mapping.key) == (header[1], ("Documento",))
    assert mapping.alternatives == tuple(header[2:])
    named = ColumnMap.parse('phone=tel, name="Apellido, Nombre", key=doc+"a+b"')
    assert (named.name, named.key) == ("Apellido, Nombre", ("doc", "a+b"))
    with pytest.raises(LoadError) as refused:
        ColumnMap.parse('phone=tel,name="Apellido')
    assert refused.value.reason == "mapping_shape"


def test_an_alternative_is_the_phone_where_there_is_no_other() -> None:
    assert suggest(["Teléfono casa"]) == {"phone": ["Teléfono casa"]}


def test_only_the_first_rows_are_shown_and_torn_ones_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{n};x\n" for n in range(500))
    found = preview(_written(tmp_path, f'a;b\n1;"x"y\n{rows}'.encode()))
    assert len(found.rows) == 20
    assert found.torn == 1


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no zip", b"\xff\xfe\x00"])
def test_what_cannot_be_read_says_so(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(LoadError):
        preview(_written(tmp_path, data))
