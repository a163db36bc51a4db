"""Scheduled calls: who gets them, when they are dialled, and that each is managed once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from lists.model import ContactState, Retry
from storage.database import Database
from tests.helpers.until import until
from tests.integration.lists.world import number
from tests.integration.typifications.desk import FIRST, MAIN, Desk, somebody_waits
from typifications import agenda
from typifications.agenda import Range
from typifications.errors import NotFound, Refused
from typifications.model import Action, AgendaEvent, EventFields, EventState


async def scheduled(desk: Desk, **call_back: Any) -> tuple[UUID, AgendaEvent]:
    """A contact that waits for a call in an hour."""
    contact = await desk.contact()
    begun = await desk.talked()
    wanted = desk.call_back(**{"hours": 1, **call_back})
    applied = await desk.say(begun, await desk.result(Action.SCHEDULE), schedule=wanted)
    assert applied.event_id is not None
    return contact, await agenda.get(desk.conn, applied.event_id)


async def event(desk: Desk, **fields: Any) -> AgendaEvent:
    given: dict[str, Any] = {"e164": MAIN, "due_at": desk.now + timedelta(hours=1), "zone": "UTC"}
    return (await agenda.create(desk.conn, EventFields(**given | fields), now=desk.now)).event


async def test_a_due_event_makes_its_contact_dialable_on_the_number_that_was_chosen(desk: Desk) -> None:
    contact, kept = await scheduled(desk, e164=FIRST)
    assert await agenda.release_due(desk.conn, desk.now + timedelta(minutes=59)) == []
    desk.world.later(hours=1)
    assert [released.id for released in await agenda.release_due(desk.conn, desk.now)] == [kept.id]
    (reserved,) = await desk.world.reserve()
    assert (reserved.contact_id, reserved.e164, reserved.agent_id) == (contact, FIRST, None)


async def test_para_mi_binds_the_contact_to_its_agent(desk: Desk) -> None:
    contact, _ = await scheduled(desk, mine=True)
    desk.world.later(hours=1)
    await agenda.release_due(desk.conn, desk.now)
    assert await desk.world.reserve() == []  # nobody else's
    assert (await desk.world.row(contact))["agent_id"] == desk.agent


async def test_a_due_event_is_released_once_by_however_many_workers(desk: Desk, db: Database) -> None:
    await scheduled(desk)
    desk.world.later(hours=1)

    async def release() -> list[AgendaEvent]:
        async with db.transaction() as conn:
            return await agenda.release_due(conn, desk.now)

    released = await asyncio.gather(*(release() for _ in range(3)))
    assert sum(len(events) for events in released) == 1
    assert await agenda.release_due(desk.conn, desk.now) == []


async def test_an_event_to_an_unknown_number_does_not_stand_in_the_others_way(desk: Desk) -> None:
    contact, kept = await scheduled(desk)
    written = await agenda.edit(desk.conn, kept.id, {"e164": number(99)}, now=desk.now)
    assert not written.phone_known
    other = await desk.contact(number(5))
    begun = await desk.talked()
    wanted = desk.call_back(e164=number(5), hours=2)
    await desk.say(begun, await desk.result(Action.SCHEDULE), schedule=wanted)
    desk.world.later(hours=3)
    released = await agenda.release_due(desk.conn, desk.now, limit=1)
    assert [released_.contact_id for released_ in released] == [other]
    assert await desk.world.state(contact) is ContactState.SCHEDULED


async def test_the_conversation_an_event_asked_for_manages_it(desk: Desk) -> None:
    contact, kept = await scheduled(desk, mine=True)
    desk.world.later(hours=1)
    await agenda.release_due(desk.conn, desk.now)
    await desk.world.settle(contact, Retry(desk.now, unbind=True))  # so that the test's own dialer takes it
    begun = await desk.talked()
    said = await desk.say(begun, await desk.result(Action.NO_ACTION))
    managed = await agenda.get(desk.conn, kept.id)
    assert (managed.state, managed.managed_by) == (EventState.MANAGED, said.interaction_id)


async def test_a_recall_after_para_mi_is_anybodys(desk: Desk) -> None:
    contact, _ = await scheduled(desk, mine=True)
    desk.world.later(hours=1)
    await agenda.release_due(desk.conn, desk.now)
    await desk.world.settle(contact, Retry(desk.now, unbind=True))
    begun = await desk.talking()
    await desk.conn.execute("UPDATE contact SET agent_id = $2 WHERE id = $1", contact, desk.agent)
    await desk.hung_up(begun)
    await desk.say(begun, await desk.result(Action.RECALL))
    row = await desk.world.row(contact)
    assert (row["state"], row["agent_id"]) == ("pending", None)


async def test_an_event_is_managed_once(desk: Desk) -> None:
    kept = await event(desk)
    await agenda.manage(desk.conn, kept.id, interaction_id=uuid4(), now=desk.now)
    for again in (agenda.manage, agenda.remove):
        with pytest.raises(Refused) as refused:
            await again(desk.conn, kept.id, now=desk.now)
        assert refused.value.error_id == "event_closed"
        assert refused.value.params == {"state": EventState.MANAGED}


async def test_two_agents_who_manage_an_event_at_once_do_not_both_get_it(desk: Desk, db: Database) -> None:
    kept = await event(desk)

    async def take() -> AgendaEvent:
        async with db.transaction() as conn:
            return await agenda.manage(conn, kept.id, now=desk.now)

    async with db.transaction() as first:
        await agenda.manage(first, kept.id, now=desk.now)
        second = asyncio.create_task(take())
        await until(lambda: somebody_waits(db))
    with pytest.raises(Refused) as refused:
        await second
    assert refused.value.error_id == "event_closed"


@pytest.mark.parametrize("close", [agenda.remove, agenda.manage])
async def test_no_contact_waits_for_an_event_that_is_closed(desk: Desk, close: Any) -> None:
    contact, kept = await scheduled(desk)
    await close(desk.conn, kept.id, now=desk.now)
    row = await desk.world.row(contact)
    assert (row["state"], row["next_at"]) == ("pending", desk.now)


async def test_a_contact_with_a_second_event_goes_on_waiting(desk: Desk) -> None:
    contact, kept = await scheduled(desk)
    await event(desk, contact_id=contact, due_at=desk.now + timedelta(days=1))
    await agenda.remove(desk.conn, kept.id, now=desk.now)
    assert await desk.world.state(contact) is ContactState.SCHEDULED


async def test_a_call_back_nobody_answers_has_its_tries_and_then_goes_back_to_the_list(desk: Desk) -> None:
    contact, kept = await scheduled(desk)
    assert await agenda.tried(desk.conn, contact, desk.now) is None  # not due: that call was the list's
    desk.world.later(hours=1)
    assert [await agenda.tried(desk.conn, contact, desk.now) for _ in range(3)] == [1, 2, 3]
    assert await agenda.give_up(desk.conn, contact, desk.now)
    assert (await agenda.get(desk.conn, kept.id)).state is EventState.REMOVED
    assert not await agenda.give_up(desk.conn, contact, desk.now)


async def test_due_events_are_those_of_these_agents_and_nobodys(desk: Desk) -> None:
    mine = await event(desk, agent_id=desk.agent)
    anybodys = await event(desk, due_at=desk.now + timedelta(minutes=30))
    theirs = await event(desk, agent_id=uuid4())
    later = await event(desk, due_at=desk.now + timedelta(days=1))
    now = desk.now + timedelta(hours=1)
    assert [e.id for e in await agenda.due(desk.conn, now, [desk.agent])] == [anybodys.id, mine.id]
    assert {e.id for e in await agenda.due(desk.conn, now)} == {mine.id, anybodys.id, theirs.id}
    assert await agenda.next_due(desk.conn, now) == later.due_at


async def test_the_calendar_shows_a_range_by_agent_and_state(desk: Desk) -> None:
    mine = await event(desk, agent_id=desk.agent)
    anybodys = await event(desk)
    removed = await event(desk, agent_id=desk.agent, due_at=desk.now + timedelta(hours=2))
    await agenda.remove(desk.conn, removed.id, now=desk.now)
    start, end = desk.now, desk.now + timedelta(hours=2)

    async def shown(**choice: Any) -> set[UUID]:
        return {e.id for e in await agenda.between(desk.conn, Range(start, end, **choice))}

    assert await shown() == {mine.id, anybodys.id}  # the end is not in it
    assert await shown(agent_ids=[desk.agent]) == {mine.id}
    assert await shown(agent_ids=[desk.agent], with_free=True) == {mine.id, anybodys.id}
    assert await shown(states=[EventState.REMOVED]) == set()
    end += timedelta(hours=1)
    assert await shown(states=[EventState.REMOVED]) == {removed.id}


async def test_editing_an_event_leaves_the_customer_as_it_is(desk: Desk) -> None:
    contact, kept = await scheduled(desk)
    written = await agenda.edit(
        desk.conn,
        kept.id,
        {"customer_name": "Somebody else", "note": "mornings", "id": uuid4()},
        now=desk.now,
    )
    assert written.phone_known
    assert (written.event.customer_name, written.event.note) == ("Somebody else", "mornings")
    assert written.event.id == kept.id
    assert (await desk.customer_of(contact)).name == ""


async def test_an_event_is_reassigned_when_its_agent_is_away(desk: Desk) -> None:
    one, other = await event(desk, agent_id=uuid4()), await event(desk, agent_id=uuid4())
    await agenda.remove(desk.conn, other.id, now=desk.now)
    assert await agenda.reassign(desk.conn, [one.id, other.id], desk.agent, now=desk.now) == 1
    assert (await agenda.get(desk.conn, one.id)).agent_id == desk.agent


async def test_a_time_that_is_over_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        await event(desk, due_at=desk.now)
    assert refused.value.error_id == "in_the_past"
    kept = await event(desk)
    with pytest.raises(Refused):
        await agenda.edit(desk.conn, kept.id, {"due_at": desk.now}, now=desk.now)


async def test_an_event_nobody_has_is_not_found(desk: Desk) -> None:
    for act in (agenda.manage, agenda.remove):
        with pytest.raises(NotFound):
            await act(desk.conn, uuid4(), now=desk.now)


async def test_an_event_made_by_hand_keeps_the_customers_waiting_contact_for_it(desk: Desk) -> None:
    contact = await desk.contact()
    customer = await desk.customer_of(contact)
    made = await event(desk, customer_id=customer.id, campaign_id=desk.world.campaign_id, agent_id=desk.agent)
    assert made.contact_id == contact
    assert await desk.world.reserve() == []  # not before it is due
    desk.world.later(hours=1)
    assert [e.id for e in await agenda.release_due(desk.conn, desk.now)] == [made.id]
    assert (await desk.world.row(contact))["agent_id"] == desk.agent


async def test_an_event_made_by_hand_leaves_other_contacts_alone(desk: Desk) -> None:
    contact = await desk.contact()
    customer = await desk.customer_of(contact)
    campaign = desk.world.campaign_id
    for fields in (
        {"campaign_id": uuid4(), "customer_id": customer.id},
        {"campaign_id": campaign, "customer_id": uuid4()},
        {"campaign_id": campaign, "customer_id": customer.id, "e164": number(99)},  # nobody's number
    ):
        assert (await event(desk, **fields)).contact_id is None
    assert await desk.world.state(contact) is ContactState.PENDING
    begun = await desk.talking()
    assert begun.contact is not None
    talked_about = await event(desk, campaign_id=campaign, customer_id=customer.id)
    assert talked_about.contact_id is None
    assert await desk.world.state(contact) is ContactState.LIVE
