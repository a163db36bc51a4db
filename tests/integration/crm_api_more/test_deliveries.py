"""Reports delivered by themselves: kept, made in time, sent once, and what became of them is seen."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from crm_api import upkeep
from crm_api.access import Role
from crm_api.deliveries import running
from crm_api.settings import ApiSettings, MailServer, Tls
from storage.database import Database
from storage.partitions import ensure_partitions
from tests.helpers.smtp import MailBox, mail_server
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.witness import check
from tests.integration.crm_api_more.people import NOBODY, People
from tests.integration.reports.history import History
from typifications.model import ResultClass

DAILY = {"at": "08:00", "zone": "Europe/Madrid"}  # NOW is 16:00 there
NEXT = datetime.fromisoformat("2026-03-03T07:00:00Z")


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def api(
    db: Database, box: MailBox, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Api]:
    mail = MailServer("127.0.0.1", box.port, "reports@example.com", tls=Tls.NONE)
    api = Api(db, settings=ApiSettings(mail=mail, report_dir=tmp_path))
    yield api
    await api.close()
    check(request.node, api.seen, api.conflicts)


@pytest.fixture
async def people(api: Api) -> People:
    """Three calls of a campaign yesterday, as seen from the next morning."""
    people = await People.given(api)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        past = History(conn, campaign_id=people.campaign.id)
        sale = await past.result("=Venta", ResultClass.SUCCESS)
        for index in range(3):
            at = NOW - timedelta(minutes=index)
            call = await past.call(at, agent_id=people.agents[0].id)
            await past.said(call, at, sale, agent_id=people.agents[0].id)
    await upkeep.once(api.app.state.hub)
    return people


async def made(client: httpx.AsyncClient, **about: Any) -> dict[str, Any]:
    body = {"name": "Diario", "times": DAILY, "recipients": ["jefa@example.com"]} | about
    found: dict[str, Any] = accepted(await client.post("/api/deliveries", json=body), 201)
    return found


async def passed(api: Api, at: datetime = NEXT) -> None:
    """Time has come, and the process looks what is due; then it is NOW again, as sessions end."""
    api.clock.at = at
    await running.once(api.app.state.hub)
    api.clock.at = NOW


async def runs(people: People, delivery: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = accepted(
        await people.operator.get(f"/api/deliveries/{delivery['id']}/runs")
    )["items"]
    return found


async def test_yesterdays_figures_come_by_e_mail_at_the_local_time_once(people: People, box: MailBox) -> None:
    delivery = await made(people.supervisor, format="csv", question={"by": ["campaign"]})
    assert datetime.fromisoformat(delivery["next_at"]) == NEXT
    await passed(people.api, NEXT - timedelta(minutes=1))
    assert box.kept == []
    await passed(people.api)
    await passed(people.api)

    ((recipients, _),) = box.kept
    assert recipients == ["jefa@example.com"]
    (message,) = box.messages
    assert message["Subject"] == "Marcador: Diario, del 2026-03-02 al 2026-03-02"
    (attached,) = message.iter_attachments()
    text = attached.get_content()
    header, row = (line.split(";") for line in text.strip().splitlines())
    assert dict(zip(header, row, strict=True))["llamadas"] == "3"
    (run,) = await runs(people, delivery)
    assert (run["state"], run["tries"], run["rows"], run["error_id"]) == ("delivered", 1, 1, None)
    again = accepted(await people.supervisor.get(f"/api/deliveries/{delivery['id']}"))
    assert (again["last_state"], again["next_at"]) == ("delivered", "2026-03-04T07:00:00Z")


async def test_a_report_has_the_calls_that_ended_a_moment_before_it_is_made(
    people: People, box: MailBox
) -> None:
    await made(people.supervisor, format="csv", question={"by": ["campaign"]}, period="yesterday")
    async with people.api.db.transaction() as conn:
        past = History(conn, campaign_id=people.campaign.id)
        await past.call(NOW + timedelta(hours=7))  # of the same evening, and not rolled up yet
    await passed(people.api)
    (message,) = box.messages
    (attached,) = message.iter_attachments()
    header, row = (line.split(";") for line in attached.get_content().strip().splitlines())
    assert dict(zip(header, row, strict=True))["llamadas"] == "4"


async def test_a_workbook_is_put_into_the_folder_and_holds_no_formula(people: People, tmp_path: Path) -> None:
    await made(
        people.supervisor, report="typifications", recipients=[], folder="ventas/diario", format="xlsx"
    )
    await passed(people.api)
    (path,) = (tmp_path / "ventas/diario").iterdir()
    assert path.name.startswith("Diario_2026-03-02_2026-03-02_20260303T0800_")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())).get_sheet_by_index(0)
    assert sheet.to_python()[1][0] == "=Venta"  # a text
    assert b"<f>" not in path.read_bytes()


async def test_several_processes_deliver_a_report_once(people: People, box: MailBox) -> None:
    await made(people.supervisor)
    people.api.clock.at = NEXT
    others = [Api(people.api.db, clock=people.api.clock, settings=people.api.settings) for _ in range(3)]
    await asyncio.gather(*(running.once(one.app.state.hub) for one in [people.api, *others]))
    for one in others:
        await one.close()
    assert len(box.kept) == 1


async def test_times_missed_while_nothing_ran_are_one_report(people: People, box: MailBox) -> None:
    delivery = await made(people.supervisor)
    await passed(people.api, NEXT + timedelta(days=10))
    assert len(box.kept) == 1
    assert len(await runs(people, delivery)) == 1


async def test_a_mail_server_that_is_away_is_tried_again_and_then_given_up(
    people: People, box: MailBox
) -> None:
    delivery = await made(people.supervisor)
    box.at_data = "451 busy"
    at = NEXT
    for tries in range(1, running.MOST_TRIES):
        await passed(people.api, at)
        (run,) = await runs(people, delivery)
        assert (run["state"], run["tries"], run["error_id"]) == ("waiting", tries, "mail_refused")
        await passed(people.api, at)  # not before its wait is over
        assert (await runs(people, delivery))[0]["tries"] == tries
        at += running.WAITS[tries - 1]
    await passed(people.api, at)
    (run,) = await runs(people, delivery)
    assert (run["state"], run["tries"]) == ("failed", running.MOST_TRIES)


async def test_a_connection_lost_in_mid_message_is_not_sent_again(people: People, box: MailBox) -> None:
    delivery = await made(people.supervisor)
    box.at_data = None
    await passed(people.api)
    await passed(people.api, NEXT + timedelta(hours=2))
    (run,) = await runs(people, delivery)
    assert (run["state"], run["error_id"]) == ("unknown", "mail_unsure")
    assert len(box.kept) == 1


async def left(people: People, delivery: dict[str, Any], state: str, tries: int) -> None:
    """A run whose process ended in this state, a while ago."""
    accepted(await people.supervisor.post(f"/api/deliveries/{delivery['id']}/runs"), 201)
    async with people.api.db.transaction() as conn:
        await conn.execute(
            "UPDATE report_delivery_run SET state = $2, tries = $3, lease_until = now() - interval '1 s'"
            " WHERE delivery_id = $1",
            delivery["id"],
            state,
            tries,
        )


async def test_who_dies_while_sending_leaves_it_unknown_and_who_dies_before_leaves_it_to_others(
    people: People, box: MailBox
) -> None:
    first, second = await made(people.supervisor), await made(people.supervisor, name="Otro")
    await left(people, first, "sending", 1)
    await left(people, second, "making", 1)
    await passed(people.api, NOW)
    assert [run["state"] for run in await runs(people, first)] == ["unknown"]
    assert [(run["state"], run["tries"]) for run in await runs(people, second)] == [("delivered", 2)]
    assert [message["Subject"][:15] for message in box.messages] == ["Marcador: Otro,"]


async def test_a_report_that_ends_every_process_that_makes_it_is_given_up(
    people: People, box: MailBox
) -> None:
    delivery = await made(people.supervisor)
    await left(people, delivery, "making", running.MOST_TRIES)
    await passed(people.api, NOW)
    (run,) = await runs(people, delivery)
    assert (run["state"], run["error_id"]) == ("failed", "too_many_tries")
    assert box.kept == []


async def test_a_recipient_refused_is_told_and_the_others_have_it(people: People, box: MailBox) -> None:
    delivery = await made(people.supervisor, recipients=["jefa@example.com", "ido@example.com"])
    box.refuses = {"ido@example.com": "550 nobody of that name"}
    await passed(people.api)
    (run,) = await runs(people, delivery)
    assert (run["state"], run["error_id"]) == ("delivered", "some_refused")
    assert "ido@example.com: 550" in run["error"]
    assert box.kept[0][0] == ["jefa@example.com"]


async def test_a_report_tells_what_its_user_may_see_when_it_is_due(people: People, box: MailBox) -> None:
    asked = {"campaign_id": [str(people.campaign.id)]}
    delivery = await made(people.supervisor, question=asked)
    user_id = people.supervisor.headers["X-Test-User"]
    async with people.api.db.transaction() as conn:
        await conn.execute("DELETE FROM user_campaign WHERE user_id = $1", user_id)
    await passed(people.api)
    async with people.api.db.transaction() as conn:
        await conn.execute("UPDATE user_account SET enabled = false WHERE id = $1", user_id)
    await passed(people.api, NEXT + timedelta(days=1))
    found = [(run["state"], run["error_id"]) for run in await runs(people, delivery)]
    assert found == [("failed", "owner_without_right"), ("failed", "campaign_not_yours")]
    assert box.kept == []


async def test_a_delivery_is_edited_stopped_and_removed(people: People, box: MailBox) -> None:
    delivery = await made(people.supervisor)
    assert accepted(await people.supervisor.get("/api/deliveries/ways")) == {"mail": True, "folder": True}
    address = f"/api/deliveries/{delivery['id']}"
    body = {"name": "Semanal", "times": DAILY | {"weekdays": [1]}, "folder": "semana", "enabled": False}
    edited = accepted(await people.supervisor.put(address, json=body))
    assert (edited["name"], edited["enabled"], edited["next_at"]) == ("Semanal", False, None)
    await passed(people.api, NEXT + timedelta(days=14))
    assert await runs(people, delivery) == []
    assert (await people.supervisor.delete(address)).status_code == 204
    refused(await people.supervisor.get(address), 404, "delivery_not_found")


async def test_a_supervisor_sees_the_own_deliveries_and_an_operator_all(people: People) -> None:
    delivery = await made(people.supervisor)
    other = await people.api.as_role(Role.SUPERVISOR)
    assert accepted(await other.get("/api/deliveries"))["items"] == []
    for answer in (
        await other.get(f"/api/deliveries/{delivery['id']}"),
        await other.put(
            f"/api/deliveries/{delivery['id']}", json={"name": "x", "times": DAILY, "folder": "x"}
        ),
        await other.delete(f"/api/deliveries/{delivery['id']}"),
        await other.post(f"/api/deliveries/{delivery['id']}/runs"),
        await other.get(f"/api/deliveries/{delivery['id']}/runs"),
    ):
        refused(answer, 404, "delivery_not_found")
    seen = accepted(await people.operator.get("/api/deliveries?sort=-next_at"))["items"]
    assert [one["id"] for one in seen] == [delivery["id"]]


@pytest.mark.parametrize(
    ("about", "status", "error_id"),
    [
        ({"recipients": []}, 422, "one_way"),
        ({"folder": "a"}, 422, "one_way"),
        ({"recipients": [], "folder": "../etc"}, 422, "invalid_request"),
        ({"recipients": [], "folder": "/etc"}, 422, "invalid_request"),
        ({"recipients": ["a@b.c\r\nBcc: d@e.f"]}, 422, "invalid_request"),
        ({"times": {"at": "08:00", "zone": "Europe/Nowhere"}}, 422, "bad_schedule"),
        ({"times": {"at": "08:00Z", "zone": "Europe/Madrid"}}, 422, "invalid_request"),
        ({"question": {"campaign_id": [NOBODY]}}, 403, "campaign_not_yours"),
        ({"name": ""}, 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_delivered_is_refused_when_it_is_asked_for(
    people: People, about: dict[str, Any], status: int, error_id: str
) -> None:
    body = {"name": "Diario", "times": DAILY, "recipients": ["jefa@example.com"]} | about
    refused(await people.supervisor.post("/api/deliveries", json=body), status, error_id)


async def test_without_a_mail_server_or_folder_it_says_so(people: People) -> None:
    bare = Api(people.api.db)
    client = await bare.as_role(Role.OPERATOR)
    assert accepted(await client.get("/api/deliveries/ways")) == {"mail": False, "folder": False}
    body = {"name": "Diario", "times": DAILY}
    to = {"recipients": ["jefa@example.com"]}
    refused(await client.post("/api/deliveries", json=body | to), 409, "no_mail_server")
    refused(await client.post("/api/deliveries", json=body | {"folder": "a"}), 409, "no_report_folder")
    await bare.close()
