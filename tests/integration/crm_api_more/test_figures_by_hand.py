"""A small morning whose every figure can be worked out by head, as the API tells it in all its forms."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from crm_api import upkeep
from crm_api.access import Role
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import Api, accepted
from tests.integration.crm_api_more.people import People
from tests.integration.reports.history import History
from typifications.model import Result, ResultClass

BOGOTA = "America/Bogota"
MIDNIGHT = datetime.fromisoformat("2026-03-02T00:00:00-05:00")
NINE = MIDNIGHT + timedelta(hours=9)
DAY = "first=2026-03-02&last=2026-03-02"
BY_HEAD: Mapping[str, float] = {
    "attempts": 9,
    "contacts": 4,
    "answered": 7,
    "answer_rate": 7 / 9,
    "contact_rate": 4 / 9,
    "machine_rate": 1 / 7,
    "paced_connected": 4,
    "paced_abandoned": 1,
    "abandonment": 1 / 5,
    "interactions": 4,
    "untypified": 1,
    "right_party": 2,
    "successes": 1,
    "right_party_rate": 2 / 4,
    "conversion": 1 / 4,
    "closing_rate": 1 / 2,
    "typified_rate": 3 / 4,
    "ready_ms": 900_000,
    "talking_ms": 300_000,
    "wrapup_ms": 90_000,
    "paused_ms": 300_000,
    "hold_ms": 0,
    "worked_ms": 1_290_000,
    "occupancy": 390 / 1290,
    "contacts_per_hour": 4 * 3600 / 1290,
    "successes_per_hour": 3600 / 1290,
    "measure_per_hour": 12.5 * 3600 / 1290,
    "mean_talk_s": 75,
    "mean_wait_s": 0.1,
    "mean_wrapup_s": 22.5,
    "mean_hold_s": 0,
    "hold_share": 0,
}
ADDED_UP = (
    *("attempts", "answered", "contacts", "right_party", "successes", "interactions", "untypified"),
    *("paced_connected", "paced_abandoned", "ready_ms", "talking_ms", "hold_ms", "wrapup_ms", "paused_ms"),
)


@pytest.fixture
async def people(api: Api) -> People:
    people = await People.given(api, agents=2, zone=BOGOTA)
    ana, eva = (agent.id for agent in people.agents)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NINE, 1)
        past = History(conn, campaign_id=people.campaign.id)
        sale = await past.result("Venta", ResultClass.SUCCESS, measure=Decimal("12.5"))
        later = await past.result("Luego", ResultClass.RIGHT_PARTY)
        other = await past.result("Otro", ResultClass.HUMAN)
        for minute, agent_id, talk_s, path in (
            (0, ana, 120, (sale,)),
            (50, ana, 60, (later,)),
            (61, eva, 30, (other,)),
            (62, eva, 90, ()),
        ):
            await _talk(past, NINE + timedelta(minutes=minute), agent_id, talk_s, *path)
        for minute, outcome in enumerate(("abandoned", "gone", "machine", "no_answer", "busy")):
            await past.call(NINE + timedelta(minutes=15 * minute), outcome)
        for hours in (-0.5, 24):  # the first in UTC's day, too
            await past.call(MIDNIGHT + timedelta(hours=hours), agent_id=ana)
        for agent_id, ready_s, wrapup_s, paused_s in ((ana, 600, 60, 300), (eva, 300, 30, 0)):
            for state, seconds in (("ready", ready_s), ("wrapup", wrapup_s), ("paused", paused_s)):
                its = people.campaign.id if state == "wrapup" else None
                await past.stay(agent_id, state, NINE, seconds, its)
    await upkeep.once(api.app.state.hub)
    return people


async def _talk(past: History, at: datetime, agent_id: UUID, talk_s: float, *path: Result) -> None:
    call = await past.call(at, agent_id=agent_id, talk_s=talk_s)
    await past.said(call, at, *path, agent_id=agent_id)
    await past.stay(agent_id, "talking", at, talk_s, past.campaign_id)


async def _rows(people: People, query: str = "") -> list[dict[str, Any]]:
    answer = await people.supervisor.get(f"/api/statistics/figures?{DAY}&limit=200{query}")
    found: list[dict[str, Any]] = accepted(answer)["items"]
    return found


async def test_each_figure_of_the_campaigns_own_day_is_the_one_worked_out_by_head(people: People) -> None:
    (total,) = await _rows(people)
    assert {name: total[name] for name in BY_HEAD} == pytest.approx(dict(BY_HEAD))
    assert Decimal(total["measure"]) == Decimal("12.5")
    assert total["outcomes"] == {
        "connected": 4, "abandoned": 1, "gone": 1, "machine": 1, "no_answer": 1, "busy": 1
    }  # fmt: skip


@pytest.mark.parametrize("by", ["campaign", "hour", "day", "weekday", "hour_of_day", "campaign&by=hour"])
async def test_the_rows_of_every_split_add_up_to_the_total(people: People, by: str) -> None:
    (total,) = await _rows(people)
    rows = await _rows(people, f"&by={by}")
    assert len(rows) == (2 if "hour" in by else 1)
    for name in ADDED_UP:
        assert sum(row[name] for row in rows) == total[name], name
    assert sum(Decimal(row["measure"]) for row in rows) == Decimal(total["measure"])


async def test_agents_have_the_calls_they_talked_on_and_lists_have_all(people: People) -> None:
    (total,) = await _rows(people)
    agents = await _rows(people, "&by=agent")
    assert {row["agent"]: row["contacts"] for row in agents} == {one.name: 2 for one in people.agents}
    for name in ("contacts", "interactions", "successes", "ready_ms", "talking_ms", "wrapup_ms"):
        assert sum(row[name] for row in agents) == total[name], name
    lists = await _rows(people, "&by=dial_list")
    assert sum(row["attempts"] for row in lists) == total["attempts"]
    mine = accepted(await people.agent.get(f"/api/statistics/mine?{DAY}"))["figures"]
    (ana,) = [row for row in agents if row["agent_id"] == str(people.agents[0].id)]
    assert mine == {name: ana[name] for name in mine}, "an agent's day is the campaign's, too"


async def test_a_report_says_up_to_when_it_is_complete(people: People) -> None:
    for report in ("figures", "best-hours", "typifications"):
        told = accepted(await people.supervisor.get(f"/api/statistics/{report}?{DAY}"))
        assert told["complete_to"] == "2026-03-02T15:00:00Z", report


@pytest.mark.parametrize("by", ["", "&by=agent", "&by=hour_of_day&by=dial_list"])
async def test_csv_and_workbook_hold_the_figures_of_the_screen(people: People, by: str) -> None:
    shown = await _rows(people, by)
    address = f"/api/statistics/figures/export?{DAY}{by}"
    text = (await people.supervisor.get(address)).content.decode("utf-8-sig")
    plain = list(csv.reader(io.StringIO(text), delimiter=";"))
    content = (await people.supervisor.get(f"{address}&format=xlsx")).content
    book = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(plain) == len(book) == len(shown) + 1
    assert plain[0] == book[0]
    for screen, line, cells in zip(shown, plain[1:], book[1:], strict=True):
        flat = {**screen, **dict.fromkeys(plain[0][-20:], 0), **screen["outcomes"]}
        for name, text_, cell in zip(plain[0], line, cells, strict=True):
            value = flat[name]
            if value is None:
                assert (text_, cell) == ("", ""), name
            elif isinstance(value, str) and name != "measure":
                assert text_ == cell == value, name
            else:
                assert float(text_) == pytest.approx(float(value)), name
                assert float(str(cell)) == pytest.approx(float(value)), name


async def test_every_number_leads_to_exactly_as_many_calls(people: People) -> None:
    (total,) = await _rows(people)

    async def calls(query: str) -> int:
        answer = await people.supervisor.get(f"/api/statistics/calls?{DAY}&limit=200&{query}")
        return len(accepted(answer)["items"])

    assert await calls("") == total["attempts"]
    for outcome, number in total["outcomes"].items():
        assert await calls(f"outcome={outcome}") == number, outcome
    assert await calls("said=right_party") == total["right_party"]
    assert await calls("said=success") == total["successes"]
    assert await calls("typified=false") == total["untypified"]
    for row in await _rows(people, "&by=hour_of_day"):
        assert await calls(f"hour_of_day={row['hour_of_day']}") == row["attempts"]
    for row in await _rows(people, "&by=agent"):
        assert await calls(f"agent_id={row['agent_id']}") == row["attempts"]
        assert await calls(f"agent_id={row['agent_id']}&said=success") == row["successes"]


async def test_a_row_that_stands_for_no_list_leads_to_the_calls_of_none(people: People) -> None:
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        at = NINE + timedelta(hours=1)
        call = await past.call(at, agent_id=people.agents[0].id, kind="manual", dial_list_id=None)
        await past.said(call, at, agent_id=people.agents[0].id)
    await upkeep.once(people.api.app.state.hub)
    rows = {row["dial_list_id"]: row for row in await _rows(people, "&by=dial_list")}
    assert (len(rows), rows[None]["attempts"]) == (2, 1)
    for list_id, row in rows.items():
        only = f"dial_list_id={list_id}" if list_id else "without=dial_list"
        for what, number in (("calls", row["attempts"]), ("interactions", row["interactions"])):
            address = f"/api/statistics/{what}?{DAY}&limit=200&{only}"
            assert len(accepted(await people.supervisor.get(address))["items"]) == number


async def test_what_an_agent_said_of_a_call_another_took_over_is_found_under_who_said_it(
    people: People,
) -> None:
    ana, eva = (agent.id for agent in people.agents)
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        won = await past.result("Ganada", ResultClass.SUCCESS)
        at = NINE + timedelta(hours=2)
        call = await past.call(at, agent_id=eva)  # to whom it was transferred
        await past.said(call, at, won, agent_id=ana)
    await upkeep.once(people.api.app.state.hub)
    for agent_id, successes in ((ana, 2), (eva, 0)):
        (row,) = await _rows(people, f"&by=agent&agent_id={agent_id}")
        address = f"/api/statistics/calls?{DAY}&agent_id={agent_id}&said=success"
        assert row["successes"] == successes
        assert len(accepted(await people.supervisor.get(address))["items"]) == successes


async def test_every_number_of_what_was_said_leads_to_as_many_interactions_without_a_call_too(
    people: People,
) -> None:
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        won = await past.result("Por correo", ResultClass.SUCCESS)
        at = NINE + timedelta(hours=2)
        await past.said(None, at, won, agent_id=people.agents[1].id, at=at)
    await upkeep.once(people.api.app.state.hub)
    (total,) = await _rows(people)

    async def found(query: str = "") -> list[dict[str, Any]]:
        answer = await people.supervisor.get(f"/api/statistics/interactions?{DAY}&{query}")
        items: list[dict[str, Any]] = accepted(answer)["items"]
        return items

    assert len(await found()) == total["interactions"] == 5
    assert len(await found("said=success")) == total["successes"] == 2
    assert len(await found("said=right_party")) == total["right_party"] == 3
    assert len(await found("typified=false")) == total["untypified"] == 1
    newest = (await found())[0]
    assert (newest["attempt_id"], newest["result_names"]) == (None, ["Por correo"])
    assert (newest["campaign"], newest["agent"]) == (people.campaign.name, people.agents[1].name)
    for row in await _rows(people, "&by=agent&by=hour_of_day"):
        asked = f"agent_id={row['agent_id']}&hour_of_day={row['hour_of_day']}"
        assert len(await found(asked)) == row["interactions"]
    shares = accepted(await people.supervisor.get(f"/api/statistics/typifications?{DAY}"))["results"]
    for share in shares:
        assert len(await found(f"result_id={share['path'][-1]}")) == share["interactions"]


async def test_what_is_said_late_mends_the_day_of_the_call(people: People) -> None:
    async with people.api.db.transaction() as conn:
        sale = await conn.fetchval("SELECT id FROM result WHERE name = 'Venta'")
        await conn.execute(
            "UPDATE interaction SET state = 'typified', result_ids = $1, result_names = '{Venta}'"
            " WHERE state = 'untypified'",
            [sale],
        )
    people.api.clock.at = people.api.clock.at + timedelta(days=3)
    await upkeep.once(people.api.app.state.hub)
    people.api.clock.at -= timedelta(days=3)
    (total,) = await _rows(people)
    assert (total["successes"], total["right_party"], total["untypified"]) == (2, 3, 0)
    assert Decimal(total["measure"]) == 25


async def test_the_days_of_several_campaigns_in_one_zone_are_that_zones(people: People) -> None:
    await people.api.campaign("otra", zone=BOGOTA)
    operator = await people.api.as_role(Role.OPERATOR)
    (row,) = accepted(await operator.get(f"/api/statistics/figures?{DAY}&by=day"))["items"]
    assert row["attempts"] == 9
    await people.api.campaign("tercera", zone="Europe/Madrid")
    (row,) = accepted(await operator.get(f"/api/statistics/figures?{DAY}&by=day"))["items"]
    assert row["attempts"] == 10, "several zones: UTC's day has the call of the evening before"


async def test_the_past_of_a_deleted_campaign_is_told_in_its_zone(people: People) -> None:
    operator = await people.api.as_role(Role.OPERATOR)
    accepted(await operator.delete(f"/api/campaigns/{people.campaign.id}"), 204)
    address = f"/api/statistics/figures?{DAY}&campaign_id={people.campaign.id}"
    (row,) = accepted(await operator.get(address))["items"]
    assert row["attempts"] == 9
