"""Uploads: sent as they are, loaded in the background, told of row by row."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm_api.access import Role
from crm_api.loads import service
from crm_api.settings import ApiSettings
from dialer.campaigns import Campaign
from lists.loading import load as loading
from storage.database import Database
from storage.errors import DatabaseDown
from tests.helpers.books import cell, ods, ods_row, xlsx
from tests.helpers.until import until
from tests.integration.crm_api.given import Api, accepted, refused

TABLE = """documento;nombre;telefono;otros;saldo
1;Ana;+34612345678;+34912345678;12
2;Luis;698765432;;80
3;Sin teléfono;;;0
1;Ana otra vez;+34612345678;;1
"""
MAPPING = "phone=telefono,alternatives=otros,key=documento,name=nombre"
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def campaign(api: Api) -> Campaign:
    return await api.campaign("ventas", region="ES")


async def _load(
    client: httpx.AsyncClient, campaign: Campaign, text: str | bytes = TABLE, **about: Any
) -> httpx.Response:
    params = {
        "campaign_id": str(campaign.id),
        "mapping": MAPPING,
        "file_name": "marzo.csv",
        "base": "clientes",
    } | about
    kept = {name: value for name, value in params.items() if value is not None}
    return await client.post(
        "/api/loads", params=kept, content=text if isinstance(text, bytes) else text.encode()
    )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def _finished(client: httpx.AsyncClient, load: dict[str, Any]) -> dict[str, Any]:
    async def done() -> dict[str, Any] | None:
        shown: dict[str, Any] = accepted(await client.get(f"/api/loads/{load['id']}"))
        return shown if shown["state"] in ("done", "failed") else None

    found: dict[str, Any] | None = await until(done, 10)
    assert found
    return found


async def test_a_table_is_loaded_counted_and_its_rejects_can_be_fetched(
    api: Api, operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    started = accepted(await _load(operator, campaign), 202)
    load = await _finished(operator, started)
    counts = [load[name] for name in ("state", "rows", "loaded", "rejected", "duplicates")]
    assert counts == ["done", 4, 2, 1, 1]
    rejects = await operator.get(f"/api/loads/{load['id']}/rejects")
    rows = list(csv.reader(io.StringIO(rejects.content.decode("utf-8-sig")), delimiter=";"))
    assert [(row[0], row[1]) for row in rows[1:]] == [("4", "bad_phone"), ("5", "repeated_key")]
    listed = accepted(await operator.get(f"/api/loads?campaign_id={campaign.id}"))["items"]
    assert [one["id"] for one in listed] == [load["id"]]
    lists = accepted(await operator.get(f"/api/dial-lists?campaign_id={campaign.id}"))["items"]
    assert [(one["name"], one["ready"]) for one in lists] == [("marzo", True)]


async def test_what_was_left_out_of_loaded_rows_is_counted(
    operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    text = "documento;nombre;telefono;otros;saldo\n1;Ana;+34612345678;12:13;0\n2;Eva;+34112345678;;0\n"
    load = await _finished(operator, accepted(await _load(operator, campaign, text), 202))
    counts = [load[name] for name in ("loaded", "rejected", "bad_alternatives", "numbers_not_in_use")]
    assert counts == [2, 0, 2, 1]
    again = accepted(await _load(operator, campaign, text), 202)
    assert (again["already"], again["bad_alternatives"], again["numbers_not_in_use"]) == (True, 2, 1)


async def test_the_same_file_again_does_nothing(operator: httpx.AsyncClient, campaign: Campaign) -> None:
    first = await _finished(operator, accepted(await _load(operator, campaign), 202))
    again = accepted(await _load(operator, campaign), 202)
    assert (again["id"], again["already"], again["loaded"]) == (first["id"], True, 2)


async def test_a_second_file_takes_over_who_waits_from_the_first_when_it_is_asked_to(
    operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    await _finished(operator, accepted(await _load(operator, campaign), 202))
    again = accepted(await _load(operator, campaign, same_customer="move", list_name="abril"), 202)
    load = await _finished(operator, again)
    counts = [load[name] for name in ("rows", "loaded", "moved", "rejected", "duplicates")]
    assert counts == [4, 0, 2, 1, 1]
    there = accepted(await operator.get(f"/api/dial-lists/{load['dial_list_id']}"))
    assert (there["name"], there["progress"]["untouched"]) == ("abril", 2)


async def test_a_file_is_added_to_the_end_of_a_list_that_is_there(
    operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    first = await _finished(operator, accepted(await _load(operator, campaign), 202))
    more = "documento;nombre;telefono;otros;saldo\n2;Luis;698765432;;80\n4;Eva;611111111;;1\n5;Sin;;;0\n"
    about = {"dial_list_id": first["dial_list_id"], "campaign_id": None, "base": None}
    added = await _finished(operator, accepted(await _load(operator, campaign, more, **about), 202))
    counts = [added[name] for name in ("rows", "loaded", "moved", "rejected", "duplicates")]
    assert counts == [3, 1, 0, 1, 1]
    assert added["dial_list_id"] == first["dial_list_id"]
    rejects = await operator.get(f"/api/loads/{added['id']}/rejects")
    rows = list(csv.reader(io.StringIO(rejects.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["already_in_list", "bad_phone"]
    contacts = accepted(await operator.get(f"/api/dial-lists/{first['dial_list_id']}/contacts"))["items"]
    assert sorted(one["name"] for one in contacts) == ["Ana", "Eva", "Luis"]
    assert accepted(await _load(operator, campaign, more, **about), 202)["already"]
    assert len(accepted(await operator.get(f"/api/dial-lists?campaign_id={campaign.id}"))["items"]) == 1


async def test_a_list_that_is_added_to_keeps_campaign_base_and_name(
    api: Api, operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    first = await _finished(operator, accepted(await _load(operator, campaign), 202))
    list_id = first["dial_list_id"]
    other = await api.campaign("otra", region="ES")
    for about in ({"base": "otra"}, {"list_name": "abril"}, {"zone": "Europe/Madrid"}):
        response = await _load(operator, campaign, dial_list_id=list_id, **about)
        refused(response, 422, "list_keeps_its_own")
    refused(await _load(operator, other, dial_list_id=list_id), 422, "list_keeps_its_own")
    refused(await _load(operator, campaign, dial_list_id=NOBODY), 404, "not_found")
    by_phone = {"mapping": "phone=telefono,key=telefono", "dial_list_id": list_id}
    refused(await _load(operator, campaign, **by_phone), 422, "unreadable_file")
    stranger = await api.as_role(Role.SUPERVISOR)
    response = await _load(stranger, campaign, dial_list_id=list_id, campaign_id=None)
    refused(response, 403, "campaign_not_yours")


async def test_a_dialer_list_names_its_campaigns_and_agents(
    api: Api, operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    agent = await api.agent(campaign.id)
    text = f"ventas;698765432;NOMBRE=Rodrigo:Monto=200;699124484:699111111;10;{agent.code}\n"
    started = accepted(
        await _load(operator, campaign, text, campaign_id=None, mapping=None, region="ES"), 202
    )
    load = await _finished(operator, started)
    assert (load["state"], load["loaded"]) == ("done", 1)


@pytest.mark.parametrize(
    ("text", "about", "error_id"),
    [
        ("", {}, "empty_file"),
        ("a;b\n1;2\n", {}, "unreadable_file"),
        (TABLE, {"mapping": "phone=telefono,colour=red"}, "unreadable_file"),
        (TABLE, {"mapping": None}, "mapping_and_campaign"),
        (TABLE, {"encoding": "klingon"}, "unreadable_file"),
        (TABLE, {"region": "XX"}, "unreadable_file"),
        (TABLE, {"campaign_id": None, "mapping": None, "region": None}, "region_missing"),
        (TABLE, {"delimiter": ";;"}, "invalid_request"),
        (TABLE, {"surprise": "1"}, "invalid_request"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_and_nothing_of_it_stays(
    operator: httpx.AsyncClient, campaign: Campaign, text: str, about: dict[str, Any], error_id: str
) -> None:
    refused(await _load(operator, campaign, text, **about), 422, error_id)
    assert accepted(await operator.get(f"/api/dial-lists?campaign_id={campaign.id}"))["items"] == []
    assert accepted(await operator.get("/api/bases"))["items"] == []


@pytest.mark.parametrize(
    ("content", "about", "params"),
    [
        (b"1;Ana;+34612345678\n", {}, {"reason": "header_missing", "column": "documento"}),
        (b"a;b\n1;2\n", {}, {"reason": "column_missing", "first_line": "a, b"}),
        (TABLE.encode("utf-16-le"), {}, {"reason": "encoding_missing"}),
        (TABLE.encode("utf-16")[:-1], {}, {"reason": "wrong_encoding", "encoding": "utf-16"}),
        (TABLE.encode(), {"encoding": "ascii"}, {"reason": "wrong_encoding", "encoding": "ascii"}),
        (TABLE.replace("nombre", "nom\0bre").encode(), {}, {"reason": "nul_in_header"}),
        (xlsx(f"<row>{cell('documento')}</row>")[:-80], {}, {"reason": "workbook_damaged"}),
        (
            xlsx(f'<row r="1">{cell("a", "A1")}</row><row r="1048576">{cell("b", "XFD1048576")}</row>'),
            {},
            {"reason": "workbook_too_much"},
        ),
        (
            ods(ods_row("x", times=1_048_576, columns=16_384)),
            {},
            {"reason": "workbook_unreadable"},
        ),
    ],
)
async def test_why_a_file_is_refused_is_told_in_a_stable_word_and_stands_with_its_load(
    operator: httpx.AsyncClient,
    campaign: Campaign,
    content: bytes,
    about: dict[str, Any],
    params: dict[str, str],
) -> None:
    response = await _load(operator, campaign, content, **about)
    if response.status_code == 202:  # it takes long to be found out, and was begun
        begun = await _finished(operator, response.json())
        told = {"reason": begun["error_reason"], **begun["error_params"]}
    else:
        told = refused(response, 422, "unreadable_file")
    assert told | params == told
    for language in ("es", "en"):
        words = accepted(await operator.get(f"/api/words?language={language}"))["words"]
        text = words["unreadable_file"][told["reason"]].format(**told)
        assert "{" not in text
    (load,) = accepted(await operator.get(f"/api/loads?campaign_id={campaign.id}"))["items"]
    assert (load["state"], load["error_reason"]) == ("failed", told["reason"])
    assert {"reason": load["error_reason"], **load["error_params"]} == told
    assert accepted(await operator.get("/api/bases"))["items"] == []


async def test_a_reject_file_explains_itself_in_its_readers_language(
    operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    text = f"{TABLE}5;Eva;3,46E+10;;0\n6;\0;611111111;;0\n"
    load = await _finished(operator, accepted(await _load(operator, campaign, text), 202))

    async def rows(query: str) -> list[list[str]]:
        got = await operator.get(f"/api/loads/{load['id']}/rejects{query}")
        return list(csv.reader(io.StringIO(got.content.decode("utf-8-sig")), delimiter=";"))

    spanish, english = await rows(""), await rows("?language=en")
    assert spanish[0] == ["línea", "motivo", "explicación", "detalle", "columnas originales"]
    assert english[0] == ["line", "reason", "explanation", "detail", "original columns"]
    assert [row[:2] for row in spanish[1:]] == [row[:2] for row in english[1:]]
    told = {row[0]: row for row in spanish}
    assert told["4"][2] == "el teléfono no es válido: está vacío"
    assert told["6"][2].startswith("el teléfono no es válido: una planilla lo recortó")
    assert told["6"][3:6] == ["3,46E+10: scientific notation", "5", "Eva"]
    assert told["7"][1:3] == ["nul_character", "contiene un carácter nulo"]
    assert {row[0]: row[2] for row in english}["7"] == "it holds a NUL character"


async def test_uploads_are_for_supervisors_of_the_campaign(api: Api, campaign: Campaign) -> None:
    refused(await _load(await api.as_role(Role.AGENT), campaign), 403, "role_too_low")
    stranger = await api.as_role(Role.SUPERVISOR)
    refused(await _load(stranger, campaign), 403, "campaign_not_yours")
    watcher = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    load = await _finished(watcher, accepted(await _load(watcher, campaign), 202))
    refused(await stranger.get(f"/api/loads/{load['id']}"), 403, "campaign_not_yours")
    refused(await stranger.get(f"/api/loads/{load['id']}/rejects"), 403, "campaign_not_yours")
    refused(await stranger.get("/api/loads"), 403, "campaign_not_yours")
    refused(await watcher.get(f"/api/loads/{NOBODY}"), 404, "load_not_found")


async def test_whoever_sends_a_file_of_several_campaigns_sees_what_became_of_it(
    api: Api, campaign: Campaign
) -> None:
    """Such a load is of no one campaign: another supervisor, of the same ones, sees nothing of it."""
    sender = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    other = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    numbers = {"do-not-call/upload": b"698765432;;\nnone;;\n", "loads": b"ventas;612345678\nventas;none\n"}
    for address, content in numbers.items():
        response = await sender.post(f"/api/{address}", params={"region": "ES"}, content=content)
        told = accepted(response, response.status_code)
        load = await _finished(sender, {"id": told.get("load_id") or told["id"]})
        assert (load["state"], load["rows"], load["rejected"]) == ("done", 2, 1)
        rejects = await sender.get(f"/api/loads/{load['id']}/rejects")
        assert "bad_phone" in rejects.text
        refused(await other.get(f"/api/loads/{load['id']}"), 403, "campaign_not_yours")
        refused(await other.get(f"/api/loads/{load['id']}/rejects"), 403, "campaign_not_yours")


async def test_an_upload_ends_at_its_bound_whatever_its_headers_said_and_leaves_no_file(
    db: Database, tmp_path: Path
) -> None:
    api = Api(db, settings=ApiSettings(upload_bytes=4000, spool_dir=tmp_path))
    campaign = await api.campaign("ventas", region="ES")
    operator = await api.as_role(Role.OPERATOR)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1000

    params = {"campaign_id": str(campaign.id), "mapping": MAPPING}
    refused(await operator.post("/api/loads", params=params, content=pieces()), 413, "body_too_large")
    refused(await operator.post("/api/loads", params=params, content=b"x" * 5000), 413, "body_too_large")
    load = accepted(await _load(operator, campaign), 202)
    await _finished(operator, load)
    await api.app.state.hub.jobs.idle()
    assert _names(tmp_path) == []
    await api.close()


async def test_an_upload_that_still_waits_when_the_process_ends_leaves_no_file(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even begun, it cannot tidy up after itself."""
    api = Api(db, settings=ApiSettings(loads_at_once=1, spool_dir=tmp_path))
    campaign, operator = await api.campaign("ventas", region="ES"), await api.as_role(Role.OPERATOR)

    async def for_ever(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(loading, "load_file", for_ever)
    monkeypatch.setattr(service, "STARTS_WITHIN_S", 0.0)
    for _ in range(2):
        assert accepted(await _load(operator, campaign), 202)["state"] == "waiting"
    assert len(_names(tmp_path)) == 2
    await api.app.state.hub.jobs.stop()
    assert _names(tmp_path) == []
    await api.close()


async def test_an_upload_that_fails_before_it_is_noted_down_says_why(
    operator: httpx.AsyncClient, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_database(*_: Any, **__: Any) -> None:
        raise DatabaseDown("gone")

    monkeypatch.setattr(loading, "load_file", no_database)
    refused(await _load(operator, campaign), 503, "database_unavailable")


async def test_an_upload_leaves_its_audit_row(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, campaign: Campaign
) -> None:
    load = accepted(await _load(operator, campaign), 202)
    row = accepted(await admin.get("/api/audit?action=loads.start"))["items"][0]
    assert (row["target"], row["detail"]["file"]) == (load["id"], "marzo.csv")


async def test_a_do_not_call_file_forbids_for_one_campaign_or_for_all(
    api: Api, operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    text = "+34612345678;ventas;\n698765432;;\nx;;\n+34612345679;none;\n"
    params = {"region": "ES", "file_name": "robinson.csv"}
    done = accepted(await operator.post("/api/do-not-call/upload", params=params, content=text.encode()))
    assert [done[name] for name in ("rows", "forbidden", "already", "rejected")] == [4, 2, 0, 2]
    rejects = await operator.get(f"/api/loads/{done['load_id']}/rejects")
    assert "bad_phone" in rejects.text
    assert "unknown_campaign" in rejects.text
    for number, campaign_id, blocked in (
        ("+34612345678", None, False),
        ("+34612345678", str(campaign.id), True),
        ("+34698765432", None, True),
    ):
        asked = {"number": number} | ({"campaign_id": campaign_id} if campaign_id else {})
        check = accepted(await operator.get("/api/do-not-call/check", params=asked))
        assert check["blocked"] is blocked, asked
    again = accepted(await operator.post("/api/do-not-call/upload", params=params, content=text.encode()))
    assert (again["forbidden"], again["already"]) == (0, 2)
    refused(
        await operator.post("/api/do-not-call/upload", params={"region": "XX"}, content=b"1;;"),
        422,
        "unreadable_file",
    )


async def test_the_example_loads_as_it_says(operator: httpx.AsyncClient, campaign: Campaign) -> None:
    example = await operator.get("/api/loads/example")
    mapping = "phone=telefono,alternatives=telefonos_alternativos,key=documento,name=nombre"
    text = example.content.decode("utf-8-sig")
    started = accepted(await _load(operator, campaign, text, mapping=mapping), 202)
    assert (await _finished(operator, started))["loaded"] == 2


async def test_a_file_is_read_as_its_base_keeps_it_when_nothing_else_is_said(
    operator: httpx.AsyncClient, campaign: Campaign
) -> None:
    await _finished(operator, accepted(await _load(operator, campaign), 202))
    base = accepted(await operator.get("/api/bases"))["items"][0]
    more = "documento|nombre|telefono|otros\n9|Eva|+34655555555|\n"
    refused(await _load(operator, campaign, more, mapping=None), 422, "mapping_and_campaign")
    template = {"mapping": MAPPING, "delimiter": "|"}
    accepted(await operator.put(f"/api/bases/{base['id']}/template", json=template))
    started = accepted(await _load(operator, campaign, more, mapping=None, file_name="abril.csv"), 202)
    assert (await _finished(operator, started))["loaded"] == 1
    (found,) = accepted(await operator.get("/api/customers?name=eva"))["items"]
    assert (found["key"], found["base_id"]) == ("9", base["id"])
    elsewhere = await _load(operator, campaign, more, mapping=None, base="otra")
    refused(elsewhere, 422, "mapping_and_campaign")
