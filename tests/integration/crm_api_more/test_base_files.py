"""Files of a base: preview, template, update with its dry run, export."""

import csv
import io
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from tests.helpers.books import ods, ods_row
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People

MAPPING = "name=nombre,phone=telefono,alternatives=otros"


@pytest.fixture
async def people(api: Api) -> People:
    """A base known by its documents, with three customers."""
    people = await People.given(api)
    body = {"name": "padrón", "region": "ES", "key_columns": ["documento"]}
    people.base_id = accepted(await people.operator.post("/api/bases", json=body), 201)["id"]
    for index, name in enumerate(("Ana", "Luis", "Eva"), start=1):
        await people.customer(name, document=str(index), data={"saldo": "10"})
    return people


async def _update(
    people: People, content: str | bytes, *columns: str, mapping: str = MAPPING, **asked: Any
) -> httpx.Response:
    params = {"mapping": mapping, "column": list(columns), **asked}
    address = f"/api/bases/{people.base_id}/update"
    return await people.supervisor.post(address, params=params, content=content)


async def _customer(people: People, index: int) -> dict[str, Any]:
    found: dict[str, Any] = accepted(await people.operator.get(f"/api/customers/{people.customers[index]}"))
    return found


async def _bases(people: People) -> int:
    found = accepted(await people.operator.get(f"/api/bases/{people.base_id}"))
    return int(found["customers"])


async def test_the_first_rows_are_seen_before_anything_is_stored(people: People) -> None:
    text = "documento,nombre,telefono,saldo\n" + "".join(f"{n},Ana,6000000{n},1.5\n" for n in range(10, 60))
    seen = accepted(await people.supervisor.post("/api/bases/preview", content=text.encode("utf-8-sig")))
    assert (seen["encoding"], seen["delimiter"], len(seen["rows"])) == ("utf-8-sig", ",", 20)
    assert seen["mapping"] == "name=nombre,phone=telefono,key=documento"
    assert [(one["name"], one["type"]) for one in seen["fields"]] == [("saldo", "number")]
    assert await _bases(people) == 3
    refused(await people.supervisor.post("/api/bases/preview", content=b""), 422, "empty_file")
    refused(await people.supervisor.post("/api/bases/preview", content=b"PK\x03\x04"), 422, "unreadable_file")


async def test_how_a_bases_files_are_read_is_kept_with_it(people: People) -> None:
    address = f"/api/bases/{people.base_id}/template"
    refused(await people.supervisor.get(address), 404, "template_not_found")
    body = {"mapping": "phone=telefono,key=documento", "delimiter": ";"}
    kept = accepted(await people.operator.put(address, json=body))
    assert accepted(await people.supervisor.get(address)) == kept
    refused(await people.operator.put(address, json={"mapping": "shoe=x"}), 422, "unreadable_file")
    refused(await people.operator.put(f"/api/bases/{NOBODY}/template", json=body), 404, "not_found")
    accepted(await people.operator.delete(address), 204)
    refused(await people.supervisor.get(address), 404, "template_not_found")


async def test_an_update_is_shown_first_and_touches_ticked_columns_only(people: People) -> None:
    text = "documento;nombre;saldo;ciudad\n1;Ana María;99;Lugo\n2;Luis;10;\n9;Nadie;5;\n;x;;\n"
    named = {"mapping": "name=nombre"}
    seen = accepted(await _update(people, text, "saldo", "nombre", **named))
    counts = {name: seen[name] for name in ("rows", "created", "unknown", "changed", "same", "refused")}
    assert counts == {"rows": 4, "created": 0, "unknown": 1, "changed": 1, "same": 1, "refused": 1}
    assert seen["refused_rows"] == [{"line": 5, "reason": "missing_key"}]
    assert seen["examples"] == [
        {
            "line": 2,
            "key": "1",
            "before": {"name": "Ana", "saldo": "10"},
            "after": {"name": "Ana María", "saldo": "99"},
        }
    ]
    assert (seen["load_id"], (await _customer(people, 0))["name"]) == (None, "Ana")
    done = accepted(await _update(people, text, "saldo", "nombre", confirm=seen["token"], **named))
    assert done["load_id"]
    ana = await _customer(people, 0)
    assert (ana["name"], ana["data"]) == ("Ana María", {"saldo": "99"})  # the city was not ticked
    assert await _bases(people) == 3
    update = f"updates/{done['load_id']}/rejects"
    rejects = await people.supervisor.get(f"/api/bases/{people.base_id}/{update}")
    assert "missing_key" in rejects.text
    refused(await people.supervisor.get(f"/api/bases/{NOBODY}/{update}"), 404, "update_not_found")
    search = accepted(await people.operator.get("/api/customers?name=maria"))["items"]
    assert [one["id"] for one in search] == [people.customers[0]]


async def test_a_refused_row_of_an_update_says_what_is_wrong_and_where(people: People) -> None:
    fields = f"/api/bases/{people.base_id}/fields"
    definition = {"name": "saldo", "label": "Saldo", "type": "number"}
    accepted(await people.operator.put(fields, json={"fields": [definition]}))
    text = "documento;telefono;saldo\n1;3,46E+10;5\n2;;mucho\n3;;7\n"
    named = {"mapping": "phone=telefono"}
    seen = accepted(await _update(people, text, "telefono", "saldo", **named))
    done = accepted(await _update(people, text, "telefono", "saldo", confirm=seen["token"], **named))
    address = f"/api/bases/{people.base_id}/updates/{done['load_id']}/rejects"
    rejects = (await people.supervisor.get(f"{address}?language=es")).content.decode("utf-8-sig")
    _, phone, number = csv.reader(io.StringIO(rejects), delimiter=";")
    assert phone[:2] == ["2", "bad_phone"]
    assert phone[2].startswith("el teléfono no es válido: una planilla lo recortó")
    assert phone[3] == "3,46E+10: scientific notation"
    assert number[:4] == ["3", "not_a_number", "el valor no es un número", "saldo"]


async def test_an_update_may_be_an_open_document(people: People) -> None:
    book = ods(ods_row("documento", "saldo"), ods_row(1.0, 99.5), ods_row("2", "7"))
    seen = accepted(await _update(people, book, "saldo", mapping=""))
    assert (seen["rows"], seen["changed"]) == (2, 2)
    accepted(await _update(people, book, "saldo", mapping="", confirm=seen["token"]))
    assert [(await _customer(people, n))["data"] for n in (0, 1)] == [{"saldo": "99.5"}, {"saldo": "7"}]


async def test_what_was_not_shown_is_not_done(people: People) -> None:
    text = "documento;saldo\n1;99\n"
    seen = accepted(await _update(people, text, "saldo", mapping=""))
    refused(await _update(people, text, "saldo", mapping="", confirm="x" * 32), 409, "not_as_shown")
    other = text.replace("99", "98")
    refused(await _update(people, other, "saldo", mapping="", confirm=seen["token"]), 409, "not_as_shown")
    edit = {"data": {"saldo": "99"}}
    accepted(await people.operator.patch(f"/api/customers/{people.customers[0]}", json=edit))
    refused(await _update(people, text, "saldo", mapping="", confirm=seen["token"]), 409, "not_as_shown")


async def test_customers_the_base_does_not_know_are_created_when_asked_for(people: People) -> None:
    text = "documento;nombre;telefono;otros;saldo\n9;Óscar;600111222;600111223;5\n"
    seen = accepted(await _update(people, text, "nombre", create="true"))
    assert (seen["created"], seen["unknown"]) == (1, 0)
    accepted(await _update(people, text, "nombre", create="true", confirm=seen["token"]))
    (found,) = accepted(await people.operator.get("/api/customers?name=oscar"))["items"]
    assert (found["key"], found["document"], found["data"]) == ("9", "9", {"saldo": "5"})
    assert [one["e164"] for one in found["phones"]] == ["+34600111222", "+34600111223"]


async def test_a_ticked_phone_replaces_the_main_number_and_ticked_alternatives_are_added(
    people: People,
) -> None:
    before = [one["e164"] for one in (await _customer(people, 0))["phones"]]
    text = f"documento;telefono;otros\n1;600222333;{before[0]}:600222444\n2;600222555;\n"
    numbered = {"mapping": "phone=telefono,alternatives=otros"}
    seen = accepted(await _update(people, text, "telefono", "otros", **numbered))
    assert seen["examples"][0]["before"]["phone"] == before[0]
    accepted(await _update(people, text, "telefono", "otros", confirm=seen["token"], **numbered))
    numbers = [one["e164"] for one in (await _customer(people, 0))["phones"]]
    assert numbers == ["+34600222333", before[0], "+34600222444"]
    swap = "documento;telefono\n1;600222444\n"
    mapping = "phone=telefono"
    token = accepted(await _update(people, swap, "telefono", mapping=mapping))["token"]
    accepted(await _update(people, swap, "telefono", mapping=mapping, confirm=token))
    numbers = [one["e164"] for one in (await _customer(people, 0))["phones"]]
    assert numbers == ["+34600222444", before[0], "+34600222333"]
    assert [one["e164"] for one in (await _customer(people, 1))["phones"]] == ["+34600222555"]


async def test_a_contact_is_called_by_the_hours_of_its_new_number(people: People) -> None:
    send = {"filter": {}, "campaign_id": str(people.campaign.id), "name": "Marzo"}
    accepted(await people.supervisor.post("/api/assignments/send", json=send), 201)
    text = "documento;telefono\n1;+34928222333\n"  # the Canaries
    token = accepted(await _update(people, text, "telefono", mapping="phone=telefono"))["token"]
    accepted(await _update(people, text, "telefono", mapping="phone=telefono", confirm=token))
    async with people.api.db.connection() as conn:
        zones = await conn.fetchval(
            "SELECT zone_key FROM contact WHERE customer_id = $1", people.customers[0]
        )
    assert zones == "Atlantic/Canary"


async def test_the_key_is_remembered_and_another_one_refused(people: People) -> None:
    text = "nombre;saldo\nAna;1\n"
    refused(await _update(people, text, "saldo", mapping="key=nombre"), 422, "unreadable_file")
    refused(await _update(people, text, "saldo", mapping=""), 422, "unreadable_file")


async def test_customers_may_be_found_by_phone_or_document_instead(people: People) -> None:
    await people.customer("Otra Eva", document="3", key="33")
    text = "doc;saldo\n1;77\n3;77\n"
    asked = {"mapping": "document=doc", "match": "document"}
    seen = accepted(await _update(people, text, "saldo", **asked))
    assert (seen["changed"], seen["refused_rows"]) == (1, [{"line": 3, "reason": "several_customers"}])
    refused(await _update(people, text, "saldo", create="true", **asked), 422, "create_needs_key")
    number = (await _customer(people, 1))["phones"][0]["e164"]
    text = f"tel;saldo\n{number};55\n{number};56\n"
    asked = {"mapping": "phone=tel", "match": "phone"}
    seen = accepted(await _update(people, text, "saldo", **asked))
    assert (seen["changed"], seen["refused_rows"]) == (1, [{"line": 3, "reason": "repeated_key"}])


async def test_an_update_without_a_ticked_column_or_a_base_is_refused(people: People) -> None:
    refused(await _update(people, "documento\n1\n"), 422, "invalid_request")
    refused(await _update(people, "documento\n1\n", "saldo", mapping=""), 422, "unreadable_file")
    people.base_id = NOBODY
    refused(await _update(people, "documento;saldo\n1;1\n", "saldo", mapping=""), 404, "not_found")


async def test_a_base_is_exported_as_csv_and_as_a_workbook_safe_for_spreadsheets(people: People) -> None:
    await people.customer("=cmd|' /C calc'!A0", document="4", data={"ciudad": "Lugo"})
    plain = await people.supervisor.get(f"/api/bases/{people.base_id}/export")
    rows = list(csv.reader(io.StringIO(plain.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["key", "document", "name", "zone", "phone", "alternatives", "ciudad", "saldo"]
    assert rows[1] == ["1", "1", "Ana", "", "+34600000001", "", "", "10"]
    assert rows[4][2].startswith("'=")
    book = await people.supervisor.get(f"/api/bases/{people.base_id}/export?format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    cells = sheet.to_python()
    assert cells[0] == rows[0]
    assert cells[4][2] == "=cmd|' /C calc'!A0"  # a text, no formula
    refused(await people.supervisor.get(f"/api/bases/{NOBODY}/export"), 404, "not_found")


async def test_an_export_can_be_used_for_an_update(people: People) -> None:
    plain = await people.supervisor.get(f"/api/bases/{people.base_id}/export")
    text = plain.content.decode("utf-8-sig").replace("key;document", "documento;document")
    seen = accepted(await _update(people, text, "saldo", "name", mapping="name=name,phone=phone"))
    assert (seen["changed"], seen["same"], seen["refused"]) == (0, 3, 0)
