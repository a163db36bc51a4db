"""Statistics through the API: what supervisors and agents see of the calls and what was said of them."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from crm_api import upkeep
from crm_api.access import Role
from crm_api.statistics import calling
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People
from tests.integration.reports.history import History
from typifications.model import ResultClass

DAY = "first=2026-03-02&last=2026-03-02"


@pytest.fixture
async def people(api: Api) -> People:
    """Three calls of the first agent, one nobody answered; two of them a sale, one a refusal."""
    people = await People.given(api, agents=2)
    customers = [await people.customer() for _ in range(3)]
    sent = {"filter": {}, "campaign_id": str(people.campaign.id), "name": "Marzo"}
    accepted(await people.supervisor.post("/api/assignments/send", json=sent), 201)
    deal = {"filter": {"maximum": 2}, "agent_ids": [str(people.agents[0].id)]}
    accepted(await people.supervisor.post("/api/assignments", json=deal))
    agent_id = people.agents[0].id
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        past = History(conn, campaign_id=people.campaign.id)
        sale = await past.result("Venta", ResultClass.SUCCESS)
        gold = await past.result("Oro", parent_id=sale.id)
        no = await past.result("No", ResultClass.HUMAN)
        for index, path in enumerate(((sale, gold), (sale,), (no,))):
            at = NOW - timedelta(hours=2, minutes=index)
            call = await past.call(at, agent_id=agent_id)
            await past.said(call, at, *path, agent_id=agent_id, customer_id=customers[min(index, 1)])
        await past.call(NOW - timedelta(hours=1), "no_answer")
    await upkeep.once(api.app.state.hub)
    return people


async def test_the_share_of_each_typification_at_every_level(people: People) -> None:
    found = accepted(await people.supervisor.get(f"/api/statistics/typifications?{DAY}"))
    shares = {tuple(one["names"]): one["share"] for one in found["results"]}
    assert shares[("Venta",)] == pytest.approx(2 / 3)
    assert shares[("Venta", "Oro")] == pytest.approx(1 / 3)
    assert shares[("No",)] == pytest.approx(1 / 3)
    assert (found["typified"], found["complete_to"]) == (3, "2026-03-02T15:00:00Z")


async def test_customers_managed_and_unmanaged_are_counted_and_counted_anew_on_demand(people: People) -> None:
    found = accepted(await people.supervisor.get("/api/statistics/coverage"))["items"]
    assert [(one["customers"], one["managed"], one["unmanaged"]) for one in found] == [(3, 2, 1)]
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        result = await past.result("Tercero")
        await past.said(None, NOW, result, customer_id=people.customers[2], at=NOW)
    again = accepted(await people.supervisor.get("/api/statistics/coverage"))["items"]
    assert again == found  # not live
    renewed = await people.supervisor.post(f"/api/statistics/coverage/{people.campaign.id}")
    assert accepted(renewed)["unmanaged"] == 0
    refused(await people.operator.post(f"/api/statistics/coverage/{NOBODY}"), 404, "campaign_not_found")


async def test_figures_are_split_by_the_dimensions_asked_for(people: People) -> None:
    address = f"/api/statistics/figures?{DAY}&by=campaign&by=hour_of_day"
    found = accepted(await people.supervisor.get(address))["items"]
    seen = [(one["hour_of_day"], one["attempts"], one["contacts"], one["outcomes"]) for one in found]
    assert sorted(seen) == [
        (13, 2, 2, {"connected": 2}),
        (14, 1, 1, {"connected": 1}),
        (15, 1, 0, {"no_answer": 1}),
    ]  # the campaign's hours: Madrid
    total = accepted(await people.supervisor.get(f"/api/statistics/figures?{DAY}"))["items"]
    assert [(one["attempts"], one["conversion"], one["answer_rate"]) for one in total] == [
        (4, pytest.approx(2 / 3), 0.75)
    ]
    by_agent = accepted(await people.supervisor.get(f"/api/statistics/figures?{DAY}&by=agent&sort=attempts"))
    assert [one["agent_id"] for one in by_agent["items"]] == [str(people.agents[0].id)]


async def test_a_figure_leads_to_its_calls(people: People) -> None:
    address = f"/api/statistics/calls?{DAY}&outcome=connected&limit=2"
    first = accepted(await people.supervisor.get(address))
    assert [one["result_names"] for one in first["items"]] == [["Venta", "Oro"], ["Venta"]]
    rest = accepted(await people.supervisor.get(address, params={"after": first["next"]} | _asked(address)))
    assert [one["result_names"] for one in rest["items"]] == [["No"]]
    assert rest["next"] is None
    of_result = first["items"][0]
    assert of_result["agent_id"] == str(people.agents[0].id)
    refused(await people.supervisor.get(f"{address}&after=yesterday"), 422, "bad_place")


async def test_what_was_said_leads_to_its_calls(people: People) -> None:
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        at = NOW - timedelta(minutes=30)
        await past.said(await past.call(at), at)  # left untypified
    await upkeep.once(people.api.app.state.hub)
    (total,) = accepted(await people.supervisor.get(f"/api/statistics/figures?{DAY}"))["items"]

    async def calls(query: str) -> int:
        address = f"/api/statistics/calls?{DAY}&{query}"
        return len(accepted(await people.supervisor.get(address))["items"])

    assert await calls("said=right_party") == total["right_party"] == 2
    assert await calls("said=success") == total["successes"] == 2
    assert await calls("said=machine") == 0
    assert await calls("typified=false") == total["untypified"] == 1
    assert await calls("typified=true") == total["interactions"] - total["untypified"] == 3
    refused(await people.supervisor.get(f"/api/statistics/calls?{DAY}&said=shoe"), 422, "invalid_request")


async def test_campaigns_lists_and_agents_are_named_after_they_were_deleted_too(people: People) -> None:
    accepted(await people.operator.delete(f"/api/campaigns/{people.campaign.id}"), 204)
    address = f"/api/statistics/figures?{DAY}&by=campaign&by=agent"
    (row,) = accepted(await people.operator.get(address))["items"]
    assert (row["campaign"], row["agent"]) == (people.campaign.name, people.agents[0].name)
    (call, *_) = accepted(await people.operator.get(f"/api/statistics/calls?{DAY}"))["items"]
    assert (call["campaign"], call["dial_list"]) == (people.campaign.name, None)
    plain = await people.operator.get(f"/api/statistics/figures/export?{DAY}&by=campaign")
    lines = plain.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("campaign;campaign_id;attempts;")
    assert lines[1].startswith(f"{people.campaign.name};{people.campaign.id};4;")


async def test_calls_typifications_and_best_hours_are_exported_for_spreadsheets(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "_PIECE", 2)  # in several pages, as a large one is

    async def files(report: str, query: str = "") -> tuple[list[list[str]], list[list[Any]]]:
        address = f"/api/statistics/{report}/export?{DAY}{query}"
        plain = await people.supervisor.get(address)
        book = await people.supervisor.get(f"{address}&format=xlsx")
        assert (plain.status_code, book.status_code) == (200, 200)
        return list(csv.reader(io.StringIO(plain.content.decode("utf-8-sig")), delimiter=";")), _rows(
            book.content
        )

    plain, book = await files("calls", "&outcome=connected")
    assert [row[:4] for row in plain] == [row[:4] for row in book]
    assert [dict(zip(plain[0], row, strict=True))["level_2"] for row in plain[1:]] == ["Oro", "", ""]
    assert {row[4] for row in plain[1:]} == {people.agents[0].name}
    assert plain[1][0] == "2026-03-02 14:00:00+01:00"  # the campaign's zone
    plain, book = await files("typifications")
    assert plain[0] == book[0] == ["level_1", "level_2", "level_3", "interactions", "share"]
    assert [row[:2] for row in plain[1:]] == [["No", ""], ["Venta", ""], ["Venta", "Oro"], ["", ""]]
    plain, book = await files("best-hours")
    assert len(plain) == len(book) == 4
    titled = await people.supervisor.get(f"/api/statistics/best-hours/export?{DAY}&language=es")
    assert titled.content.decode("utf-8-sig").startswith("día de la semana (1 = lunes);hora;llamadas;")
    titled = await people.supervisor.get(f"/api/statistics/calls/export?{DAY}&language=es")
    assert titled.content.decode("utf-8-sig").startswith("comienzo;tipo;campaña;lista;agente;teléfono;")
    await _cannot_be_had(people)


async def _cannot_be_had(people: People) -> None:
    for report in ("calls", "typifications", "best-hours"):
        address = f"/api/statistics/{report}/export?{DAY}"
        refused(await people.agent.get(address), 403, "role_too_low")
        stranger = await people.api.as_role(Role.SUPERVISOR, watches=())
        named = f"{address}&campaign_id={people.campaign.id}"
        refused(await stranger.get(named), 403, "campaign_not_yours")
    year = "/api/statistics/calls/export?first=2025-03-02&last=2026-03-02"
    refused(await people.operator.get(year), 422, "bad_value")


def _rows(data: bytes) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return list(book.get_sheet_by_index(0).to_python())


def _asked(address: str) -> dict[str, str]:
    return dict(part.split("=") for part in address.partition("?")[2].split("&"))


async def test_the_best_hours_to_call_come_first(people: People) -> None:
    found = accepted(await people.supervisor.get(f"/api/statistics/best-hours?{DAY}"))["items"]
    assert {(one["weekday"], one["hour"], one["hits"]) for one in found} == {
        (1, 13, 1),
        (1, 14, 1),
        (1, 15, 0),
    }


async def test_abandonment_is_told_in_the_laws_two_windows(people: People) -> None:
    async with people.api.db.transaction() as conn:
        for at, abandoned in ((NOW - timedelta(hours=1), 1), (NOW - timedelta(days=10), 3)):
            await conn.execute(
                "INSERT INTO campaign_hour (campaign_id, hour, connected, abandoned) VALUES ($1, $2, $3, $4)",
                people.campaign.id,
                at.replace(minute=0),
                9,
                abandoned,
            )
    (found,) = accepted(await people.supervisor.get("/api/statistics/abandonment"))["items"]
    assert (found["day_ratio"], found["month_abandoned"]) == (0.1, 4)


async def test_a_report_is_exported_for_spreadsheets(people: People, tmp_path: Path) -> None:
    address = f"/api/statistics/figures/export?{DAY}&by=day"
    plain = await people.supervisor.get(address)
    lines = plain.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("day;attempts;")
    assert lines[1].startswith("2026-03-02;4;")
    book = await people.supervisor.get(f"{address}&format=xlsx")
    rows: list[list[Any]] = _rows(book.content)
    assert rows[0][:2] == ["day", "attempts"]
    assert rows[1][:2] == ["2026-03-02", 4]


async def test_an_agent_sees_the_own_statistics_only(people: People) -> None:
    mine = accepted(await people.agent.get(f"/api/statistics/mine?{DAY}"))
    assert mine["shares"]["typified"] == 3
    assert (mine["coverage"]["customers"], mine["coverage"]["managed"]) == (2, 2)
    assert mine["figures"]["contacts"] == 3
    other = await people.api.as_role(Role.AGENT, agent_id=people.agents[1].id)
    theirs = accepted(await other.get(f"/api/statistics/mine?{DAY}"))
    assert (theirs["shares"]["typified"], theirs["coverage"]["customers"]) == (0, 0)
    refused(await people.supervisor.get("/api/statistics/mine"), 403, "not_an_agent")


async def test_a_supervisor_sees_the_campaigns_watched(people: People) -> None:
    other = await people.api.campaign("otra")
    stranger = await people.api.as_role(Role.SUPERVISOR, watches=(other.id,))
    assert accepted(await stranger.get(f"/api/statistics/figures?{DAY}"))["items"] == []
    assert accepted(await stranger.get("/api/statistics/coverage"))["items"] == []
    asked = f"/api/statistics/figures?{DAY}&campaign_id={people.campaign.id}"
    refused(await stranger.get(asked), 403, "campaign_not_yours")


@pytest.mark.parametrize(
    ("asked", "error_id"),
    [
        ("first=2026-03-02&last=2026-03-01", "bad_value"),
        ("first=2016-03-02&last=2026-03-01", "bad_days"),
        ("first=0001-01-01", "bad_days"),
        ("zone=Mars/Olympus", "bad_value"),
        ("by=shoe", "invalid_request"),
        ("kind=telepathy", "invalid_request"),
        ("sort=shoe", "bad_sort"),
    ],
)
async def test_a_report_that_makes_no_sense_is_refused(api: Api, asked: str, error_id: str) -> None:
    people = await People.given(api)
    refused(await people.supervisor.get(f"/api/statistics/figures?{asked}"), 422, error_id)


async def test_lists_are_refreshed_when_their_time_comes(api: Api) -> None:
    people = await People.given(api)
    await people.customer()
    body = {
        "filter": {"base_id": people.base_id},
        "campaign_id": str(people.campaign.id),
        "name": "Viva",
        "schedule": {"minutes": 30},
    }
    sent = accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)
    await people.customer()
    await upkeep.once(api.app.state.hub)
    address = f"/api/assignments/refresh/{sent['dial_list_id']}"
    assert accepted(await people.supervisor.get(address))["last_sent"] is None
    api.clock.at = NOW + timedelta(minutes=31)
    await upkeep.once(api.app.state.hub)
    assert accepted(await people.supervisor.get(address))["last_sent"]["queued"] == 1
