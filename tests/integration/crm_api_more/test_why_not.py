"""Why is this contact not being called? Asked as a supervisor's screen asks it, in one case after another."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dialer import campaigns, trunks
from dialer.campaigns import Desired
from dialer.settings import Mode
from dialer.trunks import TrunkFields
from dialer.week import week
from lists import attempts
from lists.model import AttemptKind, Begin
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted
from tests.integration.crm_api_more.people import People

PHONE = "+34600000001"


@dataclass
class Asked:
    people: People
    list_id: str
    contact_id: str

    async def answer(self) -> dict[str, Any]:
        address = f"/api/contacts/{self.contact_id}/why-not"
        found: dict[str, Any] = accepted(await self.people.supervisor.get(address))
        return found

    async def words(self) -> list[str]:
        return [one["reason"] for one in (await self.answer())["reasons"]]

    async def does(self, sql: str, *values: Any) -> None:
        async with self.people.api.db.transaction() as conn:
            await conn.execute(sql, *values)


async def _asked(api: Api, **settings: Any) -> Asked:
    """One contact of a campaign that runs, with a trunk: nothing is in its way."""
    people = await People.given(api, **settings)
    await people.customer()
    sent = {"filter": {}, "campaign_id": str(people.campaign.id), "name": "Marzo"}
    made = accepted(await people.supervisor.post("/api/assignments/send", json=sent), 201)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        await trunks.create(conn, TrunkFields(name="t", dial="PJSIP/{number}@t"), now=NOW)
        await campaigns.set_desired(conn, people.campaign.id, Desired.RUNNING)
        await attempts.fence(conn, people.campaign.id, 1, True)
    listed = await people.supervisor.get(f"/api/dial-lists/{made['dial_list_id']}/contacts")
    (contact,) = accepted(listed)["items"]
    return Asked(people, made["dial_list_id"], contact["id"])


@pytest.fixture
async def asked(api: Api) -> Asked:
    return await _asked(api)


async def test_nothing_keeps_a_contact_that_is_due(asked: Asked) -> None:
    found = await asked.answer()
    assert (found["reasons"], found["until"], found["state"]) == ([], None, "pending")
    assert (found["e164"], found["zones"]) == (PHONE, ["Atlantic/Canary", "Europe/Madrid"])


async def test_each_thing_a_supervisor_can_do_to_it_is_named_and_passes_when_it_is_undone(
    asked: Asked,
) -> None:
    supervisor, address = asked.people.supervisor, f"/api/campaigns/{asked.people.campaign.id}"
    for act in ("stop", "pause", "drain"):
        accepted(await supervisor.post(f"{address}/{act}"))
        await asked.does("UPDATE dial_fence SET open = false")  # as the worker does
        word = {"stop": "stopped", "pause": "paused", "drain": "draining"}[act]
        assert await asked.words() == [f"campaign_{word}"], "told once"
    accepted(await supervisor.post(f"{address}/start"))
    assert await asked.words() == ["campaign_closed"], "its worker has not opened it yet"
    await asked.does("UPDATE dial_fence SET open = true")
    for change, word in (
        ({"paused": True}, "list_paused"),
        ({"paused": False, "expires_at": NOW.isoformat()}, "list_expired"),
    ):
        accepted(await supervisor.patch(f"/api/dial-lists/{asked.list_id}", json=change))
        assert await asked.words() == [word]
    accepted(await supervisor.patch(f"/api/dial-lists/{asked.list_id}", json={"expires_at": None}))
    assert await asked.words() == []


async def test_several_reasons_come_together_list_before_number_before_wait_before_campaign(
    asked: Asked,
) -> None:
    wait = NOW + timedelta(hours=1)
    await asked.does("UPDATE contact SET next_at = $1, agent_id = $2", wait, asked.people.agents[0].id)
    await asked.does("UPDATE phone SET state = 'bad'")
    await asked.does("UPDATE trunk SET enabled = false")
    supervisor = asked.people.supervisor
    accepted(await supervisor.patch(f"/api/dial-lists/{asked.list_id}", json={"paused": True}))
    accepted(await supervisor.post(f"/api/campaigns/{asked.people.campaign.id}/pause"))
    assert await asked.words() == [
        *("list_paused", "bad_phone", "waits", "agent_only", "campaign_paused", "no_trunk")
    ]
    assert (await asked.answer())["until"] is None, "it does not end by itself"


async def test_a_wait_says_when_it_ends_and_so_do_all_of_them_together(asked: Asked) -> None:
    first, last = NOW + timedelta(minutes=5), NOW + timedelta(minutes=20)
    await asked.does("UPDATE contact SET next_at = $1", first)
    await asked.does("UPDATE trunk SET suspended_until = $1", last)
    found = await asked.answer()
    assert [(one["reason"], one["until"]) for one in found["reasons"]] == [
        ("waits", "2026-03-02T15:05:00Z"),
        ("trunk_suspended", "2026-03-02T15:20:00Z"),
    ]
    assert found["until"] == "2026-03-02T15:20:00Z"


async def _begun(asked: Asked, *, e164: str = PHONE, customer_id: UUID | None = None) -> None:
    """A call by hand of another campaign."""
    begin = Begin(
        attempt_id=uuid7(NOW),
        begun_at=NOW,
        kind=AttemptKind.MANUAL,
        campaign_id=UUID(int=1),
        contact=None,
        customer_id=customer_id,
        phone_id=None,
        e164=e164,
        trunk="t",
        server="main",
        caller_id="",
        epoch=0,
        worker="w",
    )
    async with asked.people.api.db.transaction() as conn:
        assert await attempts.begin(conn, [begin], {}, NOW) == [None]


async def test_another_call_to_the_number_or_the_customer_is_told_from_a_conversation(asked: Asked) -> None:
    await _begun(asked, e164=PHONE)
    assert [word for word in await asked.words() if "gap" not in word] == ["live_elsewhere"]
    await asked.does("DELETE FROM live_attempt")
    await _begun(asked, e164="+34699999999", customer_id=UUID(asked.people.customers[0]))
    assert [word for word in await asked.words() if "gap" not in word] == ["live_elsewhere"]
    await asked.does("UPDATE live_attempt SET state = 'connected'")
    assert [word for word in await asked.words() if "gap" not in word] == ["customer_talking"]


async def test_the_gap_since_the_last_call_to_the_number_ends_by_itself(asked: Asked) -> None:
    await _begun(asked)
    await asked.does("DELETE FROM live_attempt")
    found = await asked.answer()
    assert [(one["reason"], one["until"]) for one in found["reasons"]] == [
        ("number_gap", "2026-03-02T15:30:00Z")
    ]
    asked.people.api.clock.at = NOW + timedelta(minutes=30)
    assert await asked.words() == []


async def test_its_own_call_and_what_comes_after_it_are_told_apart(asked: Asked) -> None:
    await asked.does("UPDATE contact SET reserved_by = 'w', reserved_until = now() + interval '1 minute'")
    assert await asked.words() == ["reserved"]
    await asked.does("UPDATE contact SET state = 'live'")
    assert (await asked.words())[0] == "live"
    await asked.does("UPDATE contact SET state = 'awaiting_typification', reserved_until = NULL")
    assert await asked.words() == ["awaiting_typification"]


async def test_a_call_back_says_at_what_time_it_was_agreed_on(asked: Asked) -> None:
    body = {
        "campaign_id": str(asked.people.campaign.id),
        "customer_id": asked.people.customers[0],
        "phone": PHONE,
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
    }
    made = accepted(await asked.people.agent.post("/api/agenda", json=body), 201)["event"]
    assert made["contact_id"] == asked.contact_id
    found = await asked.answer()
    assert [(one["reason"], one["until"]) for one in found["reasons"]] == [
        ("scheduled", "2026-03-03T09:00:00Z")
    ]
    assert found["until"] == "2026-03-03T09:00:00Z"
    accepted(await asked.people.agent.delete(f"/api/agenda/{made['id']}"), 204)
    assert await asked.words() == []


async def test_a_number_that_is_forbidden_says_since_when_and_another_one_is_called_instead(
    asked: Asked,
) -> None:
    supervisor = asked.people.supervisor
    more = {"number": "+34600000099"}
    accepted(
        await asked.people.operator.post(f"/api/customers/{asked.people.customers[0]}/phones", json=more), 201
    )
    asked.people.api.clock.at = NOW + timedelta(minutes=1)
    accepted(await supervisor.post("/api/do-not-call", json={"numbers": [PHONE]}), 201)
    found = await asked.answer()
    assert (found["e164"], found["reasons"]) == ("+34600000099", [])
    (listed,) = accepted(await supervisor.get(f"/api/dial-lists/{asked.list_id}/contacts"))["items"]
    assert listed["e164"] == "+34600000099"
    accepted(await supervisor.post("/api/do-not-call", json={"numbers": ["+34600000099"]}), 201)
    found = await asked.answer()
    assert (found["state"], found["final_reason"]) == ("do_not_call", "do_not_call")
    assert [(one["reason"], one["since"]) for one in found["reasons"]] == [
        ("ended", "2026-03-02T15:01:00Z"),
        ("do_not_call", "2026-03-02T15:01:00Z"),
    ]


async def test_hours_say_when_they_open(api: Api) -> None:
    asked = await _asked(api, hours=week("09:00-12:00"))
    found = await asked.answer()
    assert [(one["reason"], one["until"]) for one in found["reasons"]] == [
        ("outside_hours", "2026-03-03T08:00:00Z")
    ]


async def test_a_campaign_that_calls_by_hand_says_so(api: Api) -> None:
    asked = await _asked(api, mode=Mode.MANUAL)
    assert await asked.words() == ["by_hand"]
    await asked.does("UPDATE contact SET agent_id = $1", asked.people.agents[0].id)
    assert await asked.words() == ["agent_only"], "its agent is called all the same"


async def test_whose_agent_does_not_work_in_the_campaign_waits_for_nothing(asked: Asked) -> None:
    stranger = await asked.people.api.agent()
    await asked.does("UPDATE contact SET agent_id = $1", stranger.id)
    assert await asked.words() == ["agent_only", "agent_not_in_campaign"]


async def test_what_is_left_of_the_attempts_is_told_while_it_waits(api: Api) -> None:
    asked = await _asked(api)
    await asked.does("UPDATE contact SET attempts = 6")
    await asked.does("INSERT INTO contact_phone VALUES ($1, $2, 3)", asked.contact_id, PHONE)
    found = await asked.answer()
    assert [one["reason"] for one in found["reasons"]] == ["attempts_used", "number_attempts_used"]
    assert (found["attempts"], found["number_attempts"]) == (6, 3)
