"""Extra columns as typed fields, whoever brings their values: a file, a workbook, an update, an agent."""

import csv
import io
from datetime import datetime
from typing import Any

import httpx
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.helpers.until import until
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import People

MAPPING = "phone=telefono,key=documento,name=nombre"
FIELDS: list[dict[str, Any]] = [
    {"name": "saldo", "type": "number", "decimal": ","},
    {"name": "vence", "type": "date"},
    {"name": "plan", "type": "choice", "choices": ["Oro", "Plata"]},
]
FILE = """documento;nombre;telefono;saldo;vence;plan
1;Ana;600000001;1.234,50;02/03/2026;ORO
2;Luis;600000002;mucho;;
3;Eva;600000003;;31/02/2026;
4;Ivo;600000004;;;Bronce
5;Mía;600000005; 99 ;2026-04-01;plata
"""


@pytest.fixture
async def people(api: Api) -> People:
    """A base known by its documents."""
    people = await People.given(api)
    body = {"name": "padrón", "region": "ES", "key_columns": ["documento"]}
    people.base_id = accepted(await people.operator.post("/api/bases", json=body), 201)["id"]
    return people


async def _define(people: People, *fields: dict[str, Any]) -> None:
    address = f"/api/bases/{people.base_id}/fields"
    accepted(await people.operator.put(address, json={"fields": fields or FIELDS}))


async def _load(people: People, content: str | bytes, **about: Any) -> dict[str, Any]:
    params = {"campaign_id": str(people.campaign.id), "mapping": MAPPING, "base": "padrón"} | about
    started = accepted(await people.supervisor.post("/api/loads", params=params, content=content), 202)

    async def done() -> dict[str, Any] | None:
        shown: dict[str, Any] = accepted(await people.supervisor.get(f"/api/loads/{started['id']}"))
        return shown if shown["state"] in ("done", "failed") else None

    found: dict[str, Any] | None = await until(done, 10)
    assert found
    return found


async def _rejects(people: People, load: dict[str, Any]) -> list[list[str]]:
    answer = await people.supervisor.get(f"/api/loads/{load['id']}/rejects")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))[1:]


async def _data(people: People) -> dict[str, Any]:
    body = {"base_id": people.base_id}
    found = accepted(await people.supervisor.post("/api/filters/customers", json=body))["items"]
    return {one["document"]: one["data"] for one in found}


async def _found(people: People, field: str, op: str, value: Any = None) -> list[str]:
    condition = {"field": f"data.{field}", "op": op, "value": value}
    body = {"base_id": people.base_id, "where": {"all": [condition]}}
    found = accepted(await people.supervisor.post("/api/filters/customers", json=body))["items"]
    return sorted(one["document"] for one in found)


async def test_a_file_is_held_to_the_fields_its_base_defines(people: People) -> None:
    await _define(people)
    load = await _load(people, FILE)
    assert (load["loaded"], load["rejected"]) == (2, 3)
    rejects = await _rejects(people, load)
    assert [(row[0], row[1], row[3]) for row in rejects] == [
        ("3", "not_a_number", "saldo"),
        ("4", "not_a_date", "vence"),
        ("5", "not_a_choice", "plan"),
    ]
    assert await _data(people) == {
        "1": {"saldo": 1234.5, "vence": "2026-03-02", "plan": "Oro"},
        "5": {"saldo": 99, "vence": "2026-04-01", "plan": "Plata"},
    }
    assert await _found(people, "saldo", "greater", "1.234,4") == ["1"]
    assert await _found(people, "vence", "less", "01/04/2026") == ["1"]


async def test_fields_that_are_defined_after_the_load_are_found_as_their_type(people: People) -> None:
    """As a supervisor does who loads first, and then looks at what came."""
    await _load(people, FILE)
    assert await _found(people, "saldo", "equals", "1.234,50") == ["1"]  # a text as yet
    await _define(people)
    assert await _found(people, "saldo", "greater", 100) == ["1"]
    assert await _found(people, "saldo", "less", 100) == ["5"]
    assert await _found(people, "saldo", "empty") == ["2", "3", "4"]
    assert await _found(people, "vence", "greater", "2026-03-01") == ["1", "5"]
    assert await _found(people, "vence", "equals", "02/03/2026") == ["1"]
    assert await _found(people, "vence", "empty") == ["2", "3", "4"]
    assert await _found(people, "plan", "equals", "oro") == ["1"]


async def test_a_column_that_the_next_file_spells_otherwise_is_the_same_column(people: People) -> None:
    await _load(people, "documento;nombre;telefono;Dirección\n1;Ana;600000001;Sol 1\n")
    await _load(people, "documento;nombre;telefono;DIRECCION\n1;Ana;600000001;Sol 2\n", same_customer="move")
    assert await _data(people) == {"1": {"Dirección": "Sol 2"}}
    text, params = "documento;direccion\n1;Sol 3\n", {"column": "direccion"}
    address = f"/api/bases/{people.base_id}/update"
    seen = accepted(await people.supervisor.post(address, params=params, content=text))
    assert seen["examples"][0]["after"] == {"Dirección": "Sol 3"}
    params["confirm"] = seen["token"]
    accepted(await people.supervisor.post(address, params=params, content=text))
    assert await _data(people) == {"1": {"Dirección": "Sol 3"}}


async def test_an_export_comes_in_again_as_it_was(people: People) -> None:
    """Its numbers are written as the base's files write them: 1.234 would come back a thousand times more."""
    await _define(people)
    await _load(people, "documento;nombre;telefono;saldo;vence;plan\n1;Ana;600000001;1,234;2/3/2026;oro\n")
    before = await _data(people)
    assert before == {"1": {"saldo": 1.234, "vence": "2026-03-02", "plan": "Oro"}}
    exported = await people.supervisor.get(f"/api/bases/{people.base_id}/export")
    text = exported.content.decode("utf-8-sig").replace("key;", "documento;")
    seen = accepted(await _update(people, text, "saldo", "vence", "plan"))
    assert (seen["same"], seen["refused"]) == (1, 0)
    book = await people.supervisor.get(f"/api/bases/{people.base_id}/export?format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert dict(zip(*sheet, strict=True))["saldo"] == 1.234
    (made,) = accepted(await people.supervisor.get(f"/api/dial-lists?campaign_id={people.campaign.id}"))[
        "items"
    ]
    listed = await people.supervisor.get(f"/api/dial-lists/{made['id']}/export")
    (row,) = csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig")), delimiter=";")
    assert row["saldo"] == "1,234"


async def test_a_field_is_defined_as_its_column_is_spelled_and_filters_saved_before_go_on(
    people: People,
) -> None:
    await _load(people, "documento;nombre;telefono;Teléfono Móvil;MONTO\n1;Ana;600000001;x;1.000,5\n")
    assert await _found(people, "monto", "equals", "1.000,5") == ["1"]
    await _define(people, {"name": "monto", "type": "number", "decimal": ","})
    (field,) = accepted(await people.supervisor.get(f"/api/bases/{people.base_id}/fields"))["fields"]
    assert (field["name"], field["label"]) == ("MONTO", "monto")
    assert await _found(people, "Monto", "greater", 1000) == ["1"]
    assert await _found(people, "telefono movil", "not_empty") == ["1"]


async def test_a_column_of_a_late_file_can_be_filtered_by_however_many_came_before(people: People) -> None:
    many = "".join(f"{n};Ana;6001{n:05};x\n" for n in range(1_100))
    await _load(people, f"documento;nombre;telefono;ciudad\n{many}")
    await _load(people, "documento;nombre;telefono;mascota\n9999;Eva;600200000;gato\n")
    assert await _found(people, "mascota", "contains", "GAT") == ["9999"]
    names = accepted(await people.supervisor.get(f"/api/filters/fields?base_id={people.base_id}"))["items"]
    assert {"data.ciudad", "data.mascota"} <= {one["name"] for one in names}


async def test_a_workbooks_cells_are_read_as_they_are_shown(people: People) -> None:
    """Dates, fractions, percentages, truths and what formulas came to; no matter that the base's texts write
    1.234,50."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(
            0, 0, ["documento", "nombre", "telefono", "saldo", "vence", "cuota", "activo", "alta"]
        )
        sheet.write_row(1, 0, [7, "Ana", 600000001])
        sheet.write_formula(1, 3, "=19.99*3", None, 19.99 * 3)
        sheet.write_datetime(1, 4, datetime(2026, 3, 2), day)
        sheet.write_number(1, 5, 0.15, book.add_format({"num_format": "0%"}))
        sheet.write_boolean(1, 6, True)
        sheet.write_datetime(
            1, 7, datetime(2026, 3, 2, 9, 30), book.add_format({"num_format": "d/m/yy h:mm"})
        )
        sheet.write_row(2, 0, [8, "Eva", "600 00 00 02", 1.234, "02/04/2026", "1.234,5"])
        sheet.write_row(3, 0, [9, "Ivo", 600000003, "1.234"])
    await _define(people, *FIELDS, {"name": "cuota", "type": "number", "decimal": ","})
    load = await _load(people, held.getvalue())
    assert (load["loaded"], load["rejected"]) == (3, 0), await _rejects(people, load)
    assert await _data(people) == {
        "7": {
            "saldo": 59.97, "vence": "2026-03-02", "cuota": 0.15, "activo": "true",
            "alta": "2026-03-02 09:30:00",
        },
        "8": {"saldo": 1.234, "vence": "2026-04-02", "cuota": 1234.5},
        "9": {"saldo": 1234},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "error_id", "field"),
    [
        ({"saldo": "mucho"}, "not_a_number", "saldo"),
        ({"vence": "mañana"}, "not_a_date", "vence"),
        ({"PLAN": "bronce"}, "not_a_choice", "plan"),
        ({"plan": ""}, "required", "plan"),
    ],
)
async def test_what_an_agent_types_is_of_its_fields_type(
    people: People, data: dict[str, str], error_id: str, field: str
) -> None:
    *others, plan = FIELDS
    await _define(people, *others, plan | {"required": True})
    body = {"base_id": people.base_id, "document": "1", "data": {"plan": "oro", "saldo": "1.200,5"}}
    made = accepted(await people.agent.post("/api/customers", json=body), 201)
    assert made["data"] == {"plan": "Oro", "saldo": 1200.5}
    wrong = body | {"document": "2", "data": {"plan": "oro"} | data}
    if "PLAN" in data:
        wrong["data"] = data
    said = refused(await people.agent.post("/api/customers", json=wrong), 422, error_id)
    assert said["field"] == field
    address = f"/api/customers/{made['id']}"
    refused(await people.agent.patch(address, json={"data": data}), 422, error_id)
    edited = accepted(await people.agent.patch(address, json={"data": {"vence": "2/3/2026", "saldo": None}}))
    assert edited["data"] == {"plan": "Oro", "vence": "2026-03-02"}


async def test_a_new_customer_without_what_is_required_is_refused(people: People) -> None:
    await _define(people, {"name": "correo", "required": True})
    body = {"base_id": people.base_id, "document": "1"}
    assert refused(await people.agent.post("/api/customers", json=body), 422, "required") == {
        "field": "correo"
    }
    accepted(await people.agent.post("/api/customers", json=body | {"data": {"correo": "a@b"}}), 201)


async def _update(people: People, text: str, *columns: str, **about: Any) -> httpx.Response:
    params = {"column": list(columns), **about}
    return await people.supervisor.post(f"/api/bases/{people.base_id}/update", params=params, content=text)


async def test_an_update_looks_at_ticked_columns_only(people: People) -> None:
    """What is wrong in a column that is not to be updated is no reason to refuse the row."""
    await _define(people)
    await _load(people, FILE)
    text = "documento;saldo;vence;telefono;zona\n1;7,5;nunca;12;Marte\n5;nada;;;\n"
    seen = accepted(await _update(people, text, "saldo", mapping="phone=telefono,zone=zona"))
    assert (seen["changed"], seen["refused_rows"]) == (1, [{"line": 3, "reason": "not_a_number"}])


async def test_an_update_cannot_change_what_customers_are_known_by(people: People) -> None:
    await _load(people, FILE)
    text, asked = "telefono;documento\n600000001;77\n", {"match": "phone", "mapping": "phone=telefono"}
    said = refused(await _update(people, text, "documento", **asked), 422, "unreadable_file")
    assert (said["reason"], said["column"]) == ("key_ticked", "documento")


async def test_a_base_known_by_its_numbers_is_updated_without_a_mapping(people: People) -> None:
    await _load(people, "telefono;saldo\n600 000 001;5\n", base="números", mapping="phone=telefono")
    bases = accepted(await people.operator.get("/api/bases"))["items"]
    people.base_id = next(one["id"] for one in bases if one["name"] == "números")
    seen = accepted(await _update(people, "telefono;saldo\n600000001;9\n", "saldo"))
    assert (seen["changed"], seen["unknown"], seen["refused"]) == (1, 0, 0)


async def test_an_update_without_a_mapping_means_what_the_base_or_the_columns_names_say(
    people: People,
) -> None:
    """Otherwise a ticked name would become an extra column beside the name there is."""
    await _load(people, "documento;nombre;telefono;titular\n1;Ana;600000001;T\n2;Eva;600000002;T\n")
    text = "DOCUMENTO;Nombre;Teléfono;titular\n1;Ana María;600000009;U\n"
    ticked = ("Nombre", "Teléfono", "titular")
    seen = accepted(await _update(people, text, *ticked))
    assert seen["examples"][0]["after"] == {"name": "Ana María", "phone": "+34600000009", "titular": "U"}
    template = {"mapping": "phone=telefono,key=documento,name=titular,priority=orden"}
    accepted(await people.supervisor.put(f"/api/bases/{people.base_id}/template", json=template))
    seen = accepted(await _update(people, text, "titular"))
    assert seen["examples"][0]["after"] == {"name": "U"}
    accepted(await _update(people, text, "titular", confirm=seen["token"]))
    text = "documento;nombre;telefono\n3;Leo;600000003\n"
    seen = accepted(await _update(people, text, "nombre", create="true"))
    assert (seen["created"], seen["refused"]) == (1, 0)


async def test_a_slip_in_a_columns_name_is_told_before_the_key_of_the_base(people: People) -> None:
    await _load(people, FILE)
    params = {
        "campaign_id": str(people.campaign.id),
        "base": "padrón",
        "mapping": "phone=telefono,key=documnto",
    }
    answer = await people.supervisor.post("/api/loads", params=params, content=FILE)
    said = refused(answer, 422, "unreadable_file")
    assert (said["reason"], said["column"]) == ("column_missing", "documnto")
    params["mapping"] = "phone=telefono,key=nombre"
    answer = await people.supervisor.post("/api/loads", params=params, content=FILE)
    assert refused(answer, 422, "unreadable_file")["reason"] == "other_key"
