"""A campaign of 200 contacts on the real Asterisk, held against the carrier's and Asterisk's own records."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dialer.campaigns import Campaign
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule
from lists.model import Caps
from tests.helpers import until
from tests.system.asterisk.ami import Ami, Message
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk, Record
from tests.system.campaign.centre import NEVER_AGAIN, Centre, number, open_centre, settings
from tests.system.campaign.conftest import PHONES
from typifications.model import Action

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(180)]

MIX = {
    Customer.ANSWERS: 92,
    Customer.EARLY_ANSWER: 20,
    Customer.BUSY: 20,
    Customer.UNKNOWN: 15,
    Customer.CONGESTED: 10,
    Customer.SILENT: 8,
    Customer.GONE_RINGING: 10,
    Customer.GONE_AT_ONCE: 10,
    Customer.EARLY_UNKNOWN: 10,
    Customer.DECLINED: 5,
}
TALKS = {Outcome.CONNECTED, Outcome.ABANDONED}
OUTCOMES = {
    Customer.ANSWERS: TALKS,
    Customer.EARLY_ANSWER: TALKS,
    Customer.BUSY: {Outcome.BUSY},
    Customer.UNKNOWN: {Outcome.INVALID_NUMBER},
    Customer.CONGESTED: {Outcome.FAILED_TRUNK},
    Customer.SILENT: {Outcome.NO_ANSWER},
    Customer.GONE_RINGING: {Outcome.NO_ANSWER},
    # Who answers and hangs up in the same moment may still meet an agent.
    Customer.GONE_AT_ONCE: {Outcome.GONE, Outcome.CONNECTED},
    Customer.EARLY_UNKNOWN: {Outcome.INVALID_NUMBER},
    Customer.DECLINED: {Outcome.DECLINED},
}
PATIENCE = timedelta(seconds=2)
FREE_IN_VAIN = timedelta(milliseconds=20)
"""An agent may be free for so long while a customer is being abandoned."""
APART_S = 0.25
"""Our clock readings and Asterisk's, of one event: the same machine, perhaps a busy one."""
FREE = """
SELECT agent_id, from_at, to_at FROM agent_log WHERE state = 'ready'
UNION ALL
SELECT agent_id, since, $1 FROM agent_presence WHERE state = 'ready'
"""
CAPS = Caps(per_contact=6, per_number=6, number_gap_s=0, customer_gap_s=0)
LOCAL_PHONES = ("201", "202", "203", "204", "205")


@dataclass
class Finished:
    """The campaign when it was over, as each witness saw it."""

    attempts: list[dict[str, Any]]
    contacts: dict[UUID, dict[str, Any]]
    customers: dict[UUID, Customer]
    """What each contact's customer does."""
    invites: Counter[tuple[str, str]]
    """Attempt and number, by the carrier's log."""
    records: dict[str, Record]
    """Asterisk's own, by attempt."""
    free: list[dict[str, Any]]
    """When agents were free: whose line, from and to."""
    seen: list[Message]
    """What Asterisk told of everything, to the plain client."""


@pytest.fixture
async def finished(
    far_end: Ami, pbx: Asterisk, database_dsn: str, brief_carrier: Carrier
) -> AsyncIterator[Finished]:
    async with open_centre(database_dsn, pbx, brief_carrier) as centre, AsyncExitStack() as phones:
        for account in PHONES[:3]:
            await phones.enter_async_context(registered(pbx.config, account))
        yield await dialled_to_the_end(centre, far_end)


async def dialled_to_the_end(centre: Centre, far_end: Ami) -> Finished:
    retry = {**NEVER_AGAIN, Outcome.ABANDONED: RetryRule(wait_s=0, max=CAPS.per_contact)}
    campaign = await centre.campaign(settings(mode=Mode.POWER, ratio=3, retry=retry, caps=CAPS))
    people = await centre.list_(campaign.id)
    customers = {await centre.contact(people, number(n, customer)): customer for n, customer in shuffled()}
    done = await centre.result(campaign.id, Action.NO_ACTION)
    dials = {phone.name: f"PJSIP/{phone.name}" for phone in PHONES[:3]}
    for code in (*dials, *LOCAL_PHONES):
        desk = await centre.desk(code, campaign, dial=dials.get(code, ""))
        desk.typifies_everything(done)
    await centre.finished(120)
    return await as_it_was(centre, campaign, customers, far_end.events)


def shuffled() -> list[tuple[int, Customer]]:
    """All of them, each kind spread evenly over the list."""
    placed = [(n / count, n, customer) for customer, count in MIX.items() for n in range(count)]
    return [(n, customer) for _, n, customer in sorted(placed)]


async def as_it_was(
    centre: Centre, campaign: Campaign, customers: dict[UUID, Customer], seen: list[Message]
) -> Finished:
    attempts = await centre.attempts()
    ids = {str(row["id"]) for row in attempts}

    def recorded() -> dict[str, Record] | None:
        records = centre.asterisk.records()
        return {i: records[i] for i in ids} if all(i in records and records[i].ended for i in ids) else None

    records = await until(recorded, 10, "Asterisk's own record is complete", every=0.2)
    assert records is not None
    free = await centre.rows(FREE, centre.clock.now())
    contacts = await centre.rows("SELECT * FROM contact WHERE campaign_id = $1", campaign.id)
    first = min(row["begun_at"] for row in attempts).timestamp()
    return Finished(
        attempts=attempts,
        contacts={row["id"]: row for row in contacts},
        customers=customers,
        invites=Counter(
            (invite.attempt, f"+{invite.number}")
            for invite in centre.carrier.invites()
            if invite.at >= first - 1
        ),
        records=records,
        free=free,
        seen=seen,
    )


async def test_a_campaign_of_200_agrees_with_the_carrier_and_with_asterisk(finished: Finished) -> None:
    assert len(finished.contacts) == sum(MIX.values()) == 200
    every_contact_has_the_right_outcome(finished)
    invites_and_attempts_are_the_same(finished)
    asterisk_tells_the_same_of_every_call(finished)
    nobody_was_abandoned_while_an_agent_was_free(finished)


def every_contact_has_the_right_outcome(finished: Finished) -> None:
    seen: dict[UUID, list[str]] = {}
    for row in finished.attempts:
        seen.setdefault(row["contact_id"], []).append(row["outcome"])
    for contact_id, customer in finished.customers.items():
        contact, outcomes = finished.contacts[contact_id], seen[contact_id]
        assert set(outcomes) <= OUTCOMES[customer], (customer, outcomes)
        talked = outcomes[-1] == Outcome.CONNECTED
        assert contact["state"] == ("done" if talked else "exhausted"), (customer, outcomes, contact)
        assert all(outcome == Outcome.ABANDONED for outcome in outcomes[:-1]), (customer, outcomes)
        if OUTCOMES[customer] == TALKS:
            assert talked or len(outcomes) == CAPS.per_contact, (customer, outcomes)


def invites_and_attempts_are_the_same(finished: Finished) -> None:
    ours = Counter((str(row["id"]), row["e164"]) for row in finished.attempts)
    assert finished.invites == ours
    assert set(ours.values()) == {1}


def asterisk_tells_the_same_of_every_call(finished: Finished) -> None:
    for row in finished.attempts:
        record = finished.records[str(row["id"])]
        said = (row["outcome"], row["cause"], record)
        assert (row["answered_at"] is None) == (record.answered is None), said
        assert row["cause"] == record.cause, said
        assert record.ended is not None
        assert row["ended_at"].timestamp() == pytest.approx(record.ended, abs=APART_S), said
        if record.answered is not None:
            assert row["answered_at"].timestamp() == pytest.approx(record.answered, abs=APART_S), said
            seconds = (row["ended_at"] - row["answered_at"]).total_seconds()
            assert seconds == pytest.approx(record.seconds, abs=APART_S), said


def nobody_was_abandoned_while_an_agent_was_free(finished: Finished) -> None:
    abandoned = [row for row in finished.attempts if row["outcome"] == Outcome.ABANDONED]
    answered = {
        event["Attempt"]: datetime.fromtimestamp(int(event["At"]) / 1000, UTC)
        for event in finished.seen
        if event.get("UserEvent") == "MarcadorAnswered"
    }
    for row in abandoned:
        # From when the dialer heard of it; but Asterisk counts the patience, from when it answered.
        begin, end = row["answered_at"], answered[str(row["id"])] + PATIENCE
        in_vain = [
            free
            for free in finished.free
            if min(free["to_at"], end) - max(free["from_at"], begin) > FREE_IN_VAIN
        ]
        assert not in_vain, f"{row}\n{in_vain}\n" + "\n".join(told(finished, begin, end))
    assert finished.free
    assert abandoned, "three calls for each agent are too many: some must have waited in vain"


def told(finished: Finished, begin: datetime, end: datetime) -> list[str]:
    """What Asterisk told around that time."""
    around = range(int(begin.timestamp()) - 3, int(end.timestamp()) + 3)
    return [str(event) for event in finished.seen if int(float(event["Seen"])) in around]
