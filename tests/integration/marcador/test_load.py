"""`marcador load` and `export`: a file in, its counts and rejects out."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.integration.marcador.command import Ran, environment, marcador

MAPPING = "phone=telefono,alternatives=otros,key=documento,name=nombre"
ROWS = """documento;telefono;otros;nombre
1;0261910001;0639980001;Ana
2;555;;Bruno
3;0261910003;;Carla
1;0261910004;;Ana otra vez
"""


def load(file: Path, dsn: str, *options: str, mapping: str = MAPPING, campaign: str = "Primavera") -> Ran:
    wanted = ("load", str(file), "--campaign", campaign, "--map", mapping, "--region", "FR", "--json")
    return marcador(*wanted, *options, cwd=file.parent, DATABASE_URL=dsn)


def written(folder: Path, content: str | bytes, name: str = "clientes.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rejects(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text, delimiter=";"))


def test_a_load_counts_every_row_and_its_reject_file_says_line_and_reason(
    tmp_path: Path, database_dsn: str
) -> None:
    ran = load(written(tmp_path, ROWS), database_dsn)

    assert ran.code == 0
    assert ran.json == {
        "rows": 4,
        "loaded": 2,
        "moved": 0,
        "rejected": 1,
        "duplicates": 1,
        "do_not_call": 0,
        "bad_alternatives": 0,
        "numbers_not_in_use": 1,
        "reasons": {"bad_phone": 1, "repeated_key": 1},
        "rejects": "clientes.rejects.csv",
        "already_loaded": False,
    }
    assert "campaign 'Primavera' is new" in ran.err
    header, *rows = rejects(tmp_path / "clientes.rejects.csv")
    assert header[:2] == ["line", "reason"]
    assert [row[:2] for row in rows] == [["3", "bad_phone"], ["5", "repeated_key"]]
    assert rows[0][3:] == ["2", "555", "", "Bruno"]


def test_reasons_are_explained_in_the_language_asked_for(tmp_path: Path, database_dsn: str) -> None:
    ran = load(written(tmp_path, ROWS), database_dsn, "--language", "es")

    assert ran.code == 0
    header, first, _ = rejects(tmp_path / "clientes.rejects.csv")
    assert header[:2] == ["línea", "motivo"]
    assert first[1] == "bad_phone"
    assert first[2] == "el teléfono no es válido: le faltan dígitos"


def test_the_same_file_loaded_again_does_nothing_and_tells_the_same_counts(
    tmp_path: Path, database_dsn: str
) -> None:
    file = written(tmp_path, ROWS)
    first = load(file, database_dsn).json

    again = load(file, database_dsn)

    assert again.code == 0
    assert again.json == {**first, "already_loaded": True}
    exported = marcador(
        *("export", "--campaign", "Primavera", "--list", "clientes"), cwd=tmp_path, DATABASE_URL=database_dsn
    )
    assert exported.code == 0
    lines = exported.out.splitlines()
    assert len(lines) == 3
    assert "+33261910001" in lines[1]


def test_what_cannot_be_read_ends_with_one_sentence_and_leaves_nothing_behind(
    tmp_path: Path, database_dsn: str
) -> None:
    missing = load(tmp_path / "nada.csv", database_dsn)
    assert (missing.code, missing.out) == (2, "")
    assert "there is no file" in missing.sentence()

    empty = load(written(tmp_path, "", "vacio.csv"), database_dsn)
    assert (empty.code, empty.out) == (2, "")
    assert "is empty" in empty.sentence()

    torn = load(written(tmp_path, b"\xff\xfe\x00\x00\x01", "roto.csv"), database_dsn)
    assert (torn.code, torn.out) == (2, "")
    assert torn.sentence()

    unmapped = load(written(tmp_path, ROWS), database_dsn, mapping="phone=movil")
    assert unmapped.code == 2
    assert "movil" in unmapped.sentence()

    nowhere = load(written(tmp_path, ROWS), database_dsn, "--region", "XX")
    assert nowhere.code == 2
    assert "'XX'" in nowhere.sentence()

    nowhere = load(written(tmp_path, ROWS), database_dsn, "--zone", "Mars/Base")
    assert "no time zone 'Mars/Base'" in nowhere.sentence()

    folder = load(tmp_path, database_dsn)
    assert "is a folder, not a file" in folder.sentence()

    unwritable = load(written(tmp_path, ROWS), database_dsn, "--rejects", str(tmp_path / "no" / "r.csv"))
    assert (unwritable.code, unwritable.out) == (2, "")
    assert "--rejects" in unwritable.sentence()

    none = marcador(
        "export", "--campaign", "Primavera", "--list", "x", cwd=tmp_path, DATABASE_URL=database_dsn
    )
    assert "no campaign 'Primavera'" in none.sentence()
    assert not list(tmp_path.glob("*.rejects.csv"))


def test_a_file_of_the_dialers_own_format_names_its_campaigns(tmp_path: Path, database_dsn: str) -> None:
    load(written(tmp_path, ROWS), database_dsn)
    own = written(tmp_path, "Primavera;0261910007;;\nOtra;0261910008;;\n", "propia.csv")

    ran = marcador("load", str(own), "--region", "FR", "--json", cwd=tmp_path, DATABASE_URL=database_dsn)

    assert ran.code == 0, ran.err
    assert (ran.json["rows"], ran.json["loaded"], ran.json["rejected"]) == (2, 1, 1)
    assert ran.json["reasons"] == {"unknown_campaign": 1}
    assert ran.err == ""


def test_a_table_loaded_without_a_mapping_is_told_that_it_needs_one(
    tmp_path: Path, database_dsn: str
) -> None:
    load(written(tmp_path, ROWS), database_dsn)
    table = written(tmp_path, ROWS, "tabla.csv")

    ran = marcador("load", str(table), "--region", "FR", cwd=tmp_path, DATABASE_URL=database_dsn)

    assert ran.code == 0
    assert "reasons: unknown_campaign 5" in ran.out
    assert "--map phone=COLUMN" in ran.err


def test_a_reader_who_has_seen_enough_of_an_export_ends_it_in_silence(
    tmp_path: Path, database_dsn: str
) -> None:
    people = "".join(f"{n};0261911{n:03};;Cliente {n} {'x' * 300}\n" for n in range(900))
    load(written(tmp_path, ROWS.splitlines(keepends=True)[0] + people), database_dsn)
    export = f"{sys.executable} -m marcador export --campaign Primavera --list clientes"

    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{export} | head -1"],
        cwd=tmp_path,
        env=environment(DATABASE_URL=database_dsn),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("\ufeffkey;document;")


def test_an_export_that_cannot_be_written_says_so_in_a_sentence(tmp_path: Path, database_dsn: str) -> None:
    load(written(tmp_path, ROWS), database_dsn)

    for place, said in ((tmp_path, "is a folder"), (tmp_path / "no" / "x.csv", "there is no folder")):
        ran = marcador(
            *("export", "--campaign", "Primavera", "--list", "clientes", "--to", str(place)),
            cwd=tmp_path,
            DATABASE_URL=database_dsn,
        )
        assert ran.code == 2
        assert said in ran.sentence()


def test_the_real_client_list_loads_wholly(
    tmp_path: Path, database_dsn: str, shared: Callable[[str], Path]
) -> None:
    mapping = "phone=telefono,alternatives=telefonos_alternativos,key=documento"

    ran = marcador(
        *("load", str(shared("clientes.csv")), "--campaign", "Banco", "--map", mapping),
        *("--region", "FR", "--json"),
        cwd=tmp_path,
        DATABASE_URL=database_dsn,
    )

    assert ran.code == 0, ran.err
    counts = [ran.json[name] for name in ("rows", "loaded", "rejected", "duplicates", "do_not_call")]
    assert counts == [45_211, 45_211, 0, 0, 0]
    assert len(rejects(tmp_path / "clientes.rejects.csv")) == 1


def test_the_difficult_client_list_loads_with_the_counts_of_its_facts(
    tmp_path: Path, database_dsn: str, shared: Callable[[str], Path]
) -> None:
    path = shared("clientes_dificil.csv")
    facts = json.loads(path.with_suffix(".facts.json").read_text())
    alternatives = "Alternativo 1+Alternativo 2+Alternativo 3"
    mapping = f"phone=Teléfono,alternatives={alternatives},key=Documento,name=Nombre"

    ran = marcador(
        *("load", str(path), "--campaign", "Difícil", "--map", mapping),
        *("--region", "FR", "--json"),
        cwd=tmp_path,
        DATABASE_URL=database_dsn,
    )

    assert ran.code == 0, ran.err
    counts = ran.json
    _, *refused = rejects(tmp_path / "clientes_dificil.rejects.csv")
    bad = {int(row[0]) for row in refused if row[1] == "bad_phone"}
    assert counts["rows"] == facts["rows"]
    assert counts["rejected"] == len(bad) == facts["bad_phone_rows"]
    assert counts["duplicates"] == len(refused) - len(bad)
    assert counts["loaded"] == counts["rows"] - len(refused)
    # A repeated document counts once more than it could be loaded: not where the row before it was rejected.
    with path.open(encoding="cp1252", newline="") as file:
        documents = [row[0] for row in csv.reader(file)][1:]
    good = [document for line, document in enumerate(documents, start=2) if line not in bad]
    assert len(documents) - len(set(documents)) == facts["repeated_documents"]
    assert counts["loaded"] == len(set(good))
