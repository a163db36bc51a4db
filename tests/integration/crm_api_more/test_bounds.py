"""Past a bound, or half of what is needed: each refusal that no other test meets."""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm_api import jobs, sessions, workbook_out
from crm_api.access import Role
from crm_api.loads import service as loads
from crm_api.settings import ApiSettings
from dialer.live import FLOOR, campaign_topic
from lists.loading import load as loading
from storage.database import Database
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api.served import live_client, served
from tests.integration.crm_api_more.people import People
from typifications import bulk


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def test_more_uploads_than_can_wait_are_refused(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_ever(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(jobs, "WAITING", 0)
    monkeypatch.setattr(loading, "load_file", for_ever)
    monkeypatch.setattr(loads, "STARTS_WITHIN_S", 0.0)
    api = Api(db, settings=ApiSettings(loads_at_once=1, spool_dir=tmp_path))
    people = await People.given(api)
    asked = {"campaign_id": str(people.campaign.id), "mapping": "phone=telefono"}
    file = b"telefono\n612345678\n"
    accepted(await people.supervisor.post("/api/loads", params=asked, content=file), 202)
    full = await people.supervisor.post("/api/loads", params=asked, content=file)
    refused(full, 503, "too_many_jobs")
    await api.close()
    assert os.listdir(tmp_path) == [], "what was refused was not even written down"


async def test_a_base_larger_than_a_sheet_comes_as_csv_only(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_out, "MOST_ROWS", 1)
    await people.customer()
    address = f"/api/bases/{people.base_id}/export"
    assert refused(await people.supervisor.get(f"{address}?format=xlsx"), 422, "too_many_rows") == {
        "limit": 1
    }
    assert (await people.supervisor.get(address)).status_code == 200


async def test_results_come_in_files_one_can_look_over(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAX_ROWS", 1)
    address = f"/api/results/bulk?campaign_id={people.campaign.id}"
    accepted(await people.supervisor.post(address, content=b"level_1\nVenta\n"))
    more = await people.supervisor.post(address, content=b"level_1\nVenta\nOtra\n")
    assert refused(more, 422, "too_many_rows") == {"limit": 1}


async def test_a_time_and_its_zone_go_together(people: People) -> None:
    when = {"local": "2026-03-03T10:00:00", "zone": "Europe/Madrid"}
    event = when | {"campaign_id": str(people.campaign.id), "phone": "+34612345678"}
    made = accepted(await people.agent.post("/api/agenda", json=event), 201)["event"]["id"]
    for half in when:
        edit = await people.agent.patch(f"/api/agenda/{made}", json={half: when[half]})
        refused(edit, 422, "zone_missing")


async def test_what_is_a_persons_is_no_machines(api: Api, admin: httpx.AsyncClient) -> None:
    """A token has no password to change, and no eyes to see a report with."""
    token = accepted(await admin.post("/api/tokens", json={"name": "machine", "role": "admin"}), 201)
    machine = api.client()
    machine.headers["Authorization"] = f"Bearer {token['token']}"
    change = {"current": "whatever it was", "new": "whatever it is"}
    refused(await machine.post("/api/auth/password", json=change), 403, "not_a_user")
    daily = {"name": "Diario", "times": {"at": "08:00", "zone": "Europe/Madrid"}, "folder": "x"}
    refused(await machine.post("/api/deliveries", json=daily), 403, "needs_a_user")


async def test_one_client_follows_so_many_topics_and_no_more(db: Database) -> None:
    api = Api(db, settings=ApiSettings(live_topics=1))
    campaign, operator = await api.campaign(), await api.as_role(Role.OPERATOR)
    async with served(api.app) as host, live_client(host, operator.cookies[sessions.COOKIE]) as floor:
        assert (await floor.follow(FLOOR))["kind"] == "snapshot"
        told = await floor.follow(campaign_topic(campaign.id))
        assert (told["kind"], told["data"]["error_id"]) == ("refused", "too_many_topics")
        assert (await floor.follow(FLOOR))["kind"] == "snapshot", "what it follows it may ask for anew"
    await api.close()


async def test_a_list_that_is_not_filled_by_itself_has_no_times(people: People) -> None:
    made = {"campaign_id": str(people.campaign.id), "base_id": people.base_id, "name": "marzo"}
    listed = accepted(await people.supervisor.post("/api/dial-lists", json=made), 201)["id"]
    refused(await people.supervisor.get(f"/api/assignments/refresh/{listed}"), 404, "refresh_not_found")


async def test_a_record_goes_into_a_list_of_its_campaign(people: People) -> None:
    other = await people.api.campaign("otra", region="ES")
    made = {"campaign_id": str(other.id), "base_id": people.base_id, "name": "marzo"}
    listed = accepted(await people.operator.post("/api/dial-lists", json=made), 201)["id"]
    record = {"campaign": "ventas", "destination": "+34612345678", "dial_list_id": listed}
    refused(await people.operator.post("/api/records", json=record), 422, "list_of_another_campaign")


async def test_a_filters_name_can_be_read_in_a_list(people: People) -> None:
    body = {"name": "x" * 101, "filter": {}}
    refused(await people.supervisor.post("/api/filters", json=body), 422, "bad_name")
