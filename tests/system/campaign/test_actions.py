"""What an agent says of a call on the real Asterisk, and what is then dialled: the carrier's INVITEs tell."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from dialer.campaigns import Campaign
from dialer.commands import Kind
from tests.helpers import until
from tests.system.asterisk.carrier import Customer
from tests.system.campaign.centre import Centre, number
from tests.system.campaign.desk import Desk
from typifications.model import Action, ScheduleRequest

pytestmark = pytest.mark.asterisk

MAIN, FIRST, SECOND, OTHER = (number(n) for n in range(1, 5))


async def one_agent(centre: Centre) -> tuple[Campaign, Desk, UUID]:
    campaign = await centre.campaign()
    return campaign, await centre.desk("201", campaign), await centre.list_(campaign.id)


async def talked(desk: Desk) -> UUID:
    """One conversation from its beginning to its end."""
    attempt_id = await desk.talks()
    await desk.hang_up()
    await desk.becomes("wrapup")
    return attempt_id


def soon(centre: Centre, phone: str, *, mine: bool = False) -> tuple[datetime, ScheduleRequest]:
    """A call-back in two seconds: the instant, and what the agent types."""
    due = centre.clock.now() + timedelta(seconds=2)
    return due, ScheduleRequest(due.replace(tzinfo=None), "UTC", phone, mine=mine)


# --- the five actions -----------------------------------------------------------------------------


async def test_recall_comes_back_to_the_same_phone_behind_the_others(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    recall = await centre.result(campaign.id, Action.RECALL)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    for phone in (MAIN, OTHER):
        await centre.contact(people, phone)

    await talked(desk)
    await desk.typify(recall)
    for _ in range(2):
        await talked(desk)
        await desk.typify(done)
    await centre.finished(10)

    assert await centre.dialled() == [MAIN, OTHER, MAIN]


async def test_recall_alternate_goes_from_phone_to_phone_and_wraps_round(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    alternate = await centre.result(campaign.id, Action.RECALL_ALTERNATE)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    contact = await centre.contact(people, MAIN, FIRST, SECOND)

    for _ in range(3):
        await talked(desk)
        await desk.typify(alternate)
    await talked(desk)
    await desk.typify(done)
    await centre.finished(10)

    assert await centre.dialled() == [MAIN, FIRST, SECOND, MAIN]
    assert (await centre.contact_row(contact))["attempts"] == 4


async def test_no_action_finishes_the_contact(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    contact = await centre.contact(people, MAIN, FIRST)

    await talked(desk)
    await desk.typify(done)
    await centre.finished(10)

    assert (await centre.contact_row(contact))["state"] == "done"
    assert await centre.dialled() == [MAIN]


async def test_do_not_call_ends_every_contact_with_a_number_of_that_customer(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    never = await centre.result(campaign.id, Action.DO_NOT_CALL)
    asked = await centre.contact(people, MAIN, FIRST)
    await desk.talks()
    shared = await centre.contact(people, FIRST)  # the alternative is another customer's main number
    await desk.hang_up()
    await desk.becomes("wrapup")

    await desk.typify(never)
    await centre.finished(10)

    assert {(await centre.contact_row(one))["state"] for one in (asked, shared)} == {"do_not_call"}
    blocked = await centre.rows("SELECT e164, source FROM do_not_call")
    assert {(row["e164"], row["source"]) for row in blocked} == {(MAIN, "agent"), (FIRST, "agent")}
    assert await centre.dialled() == [MAIN]


async def test_do_not_call_hangs_up_what_rings_to_that_number_at_that_moment(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    never = await centre.result(campaign.id, Action.DO_NOT_CALL)
    silent = number(1, Customer.SILENT)
    await centre.contact(people, MAIN, silent)
    await talked(desk)
    other_desk = await centre.desk("202", campaign)
    shared = await centre.contact(people, silent)
    ringing = await until(lambda: _ringing_to(centre, silent), 10, "it rings", every=0.02)
    assert ringing is not None

    applied = await desk.typify(never)
    assert applied is not None
    await desk.ask(Kind.CALL_CANCEL, None, attempt_ids=[str(one) for one in applied.hang_up])

    assert applied.hang_up == (ringing,)
    assert (await centre.ended(ringing, 3))["outcome"] == "cancelled"
    assert (await centre.contact_row(shared))["state"] == "do_not_call"
    assert not other_desk.offers


async def _ringing_to(centre: Centre, phone: str) -> UUID | None:
    found = await centre.rows(
        "SELECT attempt_id FROM live_attempt WHERE e164 = $1 AND state = 'ringing'", phone
    )
    return found[0]["attempt_id"] if found else None


async def test_a_scheduled_call_is_made_when_due_to_the_phone_chosen(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    later = await centre.result(campaign.id, Action.SCHEDULE)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    contact = await centre.contact(people, MAIN, FIRST)

    await talked(desk)
    due, request = soon(centre, FIRST)
    await desk.typify(later, request)
    assert (await centre.contact_row(contact))["state"] == "scheduled"
    again = await talked(desk)
    await desk.typify(done)
    await centre.finished(10)

    assert await centre.dialled() == [MAIN, FIRST]
    assert (await centre.ended(again))["begun_at"] >= due
    assert (await centre.row("SELECT state FROM agenda_event"))["state"] == "managed"


async def test_para_mi_waits_for_its_agent_and_is_placed_for_nobody_else(centre: Centre) -> None:
    campaign, ana, people = await one_agent(centre)
    later = await centre.result(campaign.id, Action.SCHEDULE)
    await centre.contact(people, MAIN)
    await talked(ana)
    due, request = soon(centre, MAIN, mine=True)
    await ana.typify(later, request)
    await ana.ask(Kind.AGENT_PAUSE, reason="coffee")
    bea = await centre.desk("202", campaign)
    await centre.contact(people, OTHER)  # what Bea may have shows that the due one passes her by
    await bea.talks()
    await until(lambda: _is_free_to_dial(centre, due), 10, "the call-back is due", every=0.05)
    assert await centre.dialled() == [MAIN, OTHER]

    await ana.ask(Kind.AGENT_READY)
    attempt = await ana.talks()

    assert await centre.dialled() == [MAIN, OTHER, MAIN]
    placed = await centre.row("SELECT kind, agent_id FROM attempt WHERE id = $1", attempt)
    assert placed == {"kind": "agent_bound", "agent_id": ana.agent.id}
    assert any(body.state == "reserved" for body in ana.states), "the agent comes first, then the call"


async def _is_free_to_dial(centre: Centre, due: datetime) -> bool:
    found = await centre.rows("SELECT 1 FROM contact WHERE agent_id IS NOT NULL AND state = 'pending'")
    return bool(found) and centre.clock.now() > due


# --- the flags ------------------------------------------------------------------------------------


async def test_the_flag_delete_earlier_events_spares_the_event_made_by_the_same_call(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    another = await centre.campaign(name="cobranzas")
    other_desk = await centre.desk("202", another)
    later = await centre.result(campaign.id, Action.SCHEDULE)
    afresh = await centre.result(another.id, Action.SCHEDULE, deletes_events=True)
    customer = await centre.customer(MAIN)
    await centre.contact(people, customer_id=customer)
    await talked(desk)
    tomorrow = (centre.clock.now() + timedelta(days=1)).replace(tzinfo=None)
    await desk.typify(later, ScheduleRequest(tomorrow, "UTC", MAIN))
    await centre.contact(await centre.list_(another.id), customer_id=customer)

    await talked(other_desk)
    await other_desk.typify(afresh, ScheduleRequest(tomorrow + timedelta(days=1), "UTC", MAIN))

    events = await centre.rows("SELECT state FROM agenda_event ORDER BY due_at")
    assert [event["state"] for event in events] == ["removed", "pending"]


async def test_the_flag_remove_from_lists_takes_the_customers_numbers_out_of_every_list(
    centre: Centre,
) -> None:
    campaign, desk, people = await one_agent(centre)
    another = await centre.campaign(name="cobranzas")
    removes = await centre.result(campaign.id, Action.NO_ACTION, removes_from_lists=True)
    talked_about = await centre.contact(people, MAIN, FIRST)
    elsewhere = await centre.contact(await centre.list_(another.id), FIRST)
    untouched = await centre.contact(await centre.list_(another.id), OTHER)

    await talked(desk)
    await desk.typify(removes)

    assert (await centre.contact_row(talked_about))["state"] == "done"
    assert (await centre.contact_row(elsewhere))["state"] == "removed"
    assert (await centre.contact_row(untouched))["state"] == "pending"


# --- when it is said ------------------------------------------------------------------------------


async def test_what_is_typified_during_the_talk_is_applied_at_the_hang_up(centre: Centre) -> None:
    campaign, desk, people = await one_agent(centre)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    contact = await centre.contact(people, MAIN)
    await desk.talks()

    applied = await desk.typify(done)
    assert applied is not None
    assert not applied.applied
    assert (await centre.contact_row(contact))["state"] == "live"
    await desk.hang_up()
    await centre.finished(5)

    assert (await centre.contact_row(contact))["state"] == "done"
    assert await desk.becomes("ready")  # no wrap-up: it was said already
