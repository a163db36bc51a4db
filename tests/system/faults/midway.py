"""A campaign that something breaks in the middle of, and what must hold when it is over."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialer.outcome import Outcome
from dialer.settings import RetryRule
from storage.errors import StorageError
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.campaign.centre import NEVER_AGAIN, Centre, number, settings
from tests.system.campaign.desk import Desk
from typifications.model import Action

MIX = {Customer.ANSWERS: 24, Customer.BUSY: 8, Customer.UNKNOWN: 4, Customer.GONE_RINGING: 4}
AGENTS, TALKERS = 5, 2
MEANWHILE = 2
"""So many calls end, at least, while it is broken: whoever is away does not see it."""
# Whoever was called is never called again, so that every second INVITE is a fault; who certainly was not, is.
RETRY = {**NEVER_AGAIN, Outcome.REFUSED: RetryRule(wait_s=1, max=20)}


@dataclass
class Midway:
    """A floor with calls in every state, two long conversations among them."""

    centre: Centre
    brief: Carrier
    patient: Carrier
    begun_at: datetime
    talkers: list[Desk]
    talks: list[UUID]
    """The long conversations."""
    broken_at: datetime
    mended_at: datetime

    def broken(self) -> None:
        self.broken_at = self.mended_at = self.centre.clock.now()

    def mended(self) -> None:
        self.mended_at = self.centre.clock.now()

    async def dialled_on(self, seconds: float = 30) -> None:
        """Wait until calls are placed again, and to the campaign's end."""

        async def placed() -> bool:
            try:
                return bool(
                    await self.centre.rows("SELECT 1 FROM attempt WHERE begun_at > $1", self.mended_at)
                )
            except StorageError:
                return False

        await until(placed, seconds, "dialling resumes by itself", every=0.1)
        await self.centre.finished(60, but=("live",))

    async def end_talks(self) -> None:
        """The agents hang up on those who still talk, and say so."""
        for desk in self.talkers:
            if await desk.state() == "talking":
                await desk.hang_up()
        await self.centre.finished(20)

    def invites(self) -> Counter[tuple[str, str]]:
        """Attempt and number of every INVITE since the beginning, over both trunks."""
        return Counter(
            (invite.attempt, f"+{invite.number}")
            for carrier in (self.brief, self.patient)
            for invite in carrier.invites()
            if invite.at >= self.begun_at.timestamp() - 0.1
        )


async def midway(centre: Centre, brief: Carrier, patient: Carrier) -> Midway:
    """Dial until a third of the contacts have been called and the long conversations are under way."""
    begun_at = centre.clock.now()
    trunks = {carrier.trunk.name: carrier for carrier in (brief, patient)}
    ids = {name: await centre.trunk(name=f"to {name}", dial=f"PJSIP/{{number}}@{name}") for name in trunks}
    shortly = await centre.campaign(settings(retry=RETRY, trunks=(ids[brief.trunk.name],)), "shortly")
    lengthy = await centre.campaign(settings(retry=RETRY, trunks=(ids[patient.trunk.name],)), "lengthy")
    people = {one.id: await centre.list_(one.id) for one in (shortly, lengthy)}
    done = {one.id: await centre.result(one.id, Action.NO_ACTION) for one in (shortly, lengthy)}

    talkers = [await centre.desk(f"30{n}", lengthy) for n in range(TALKERS)]
    for n, desk in enumerate(talkers):
        desk.typifies_everything(done[lengthy.id])
        await centre.contact(people[lengthy.id], number(90 + n))
    talks = [await desk.talks() for desk in talkers]

    placed = sorted((n / count, n, customer) for customer, count in MIX.items() for n in range(count))
    for _, n, customer in placed:
        await centre.contact(people[shortly.id], number(n, customer))
    for n in range(AGENTS):
        (await centre.desk(f"20{n}", shortly)).typifies_everything(done[shortly.id])
    made = Midway(centre, brief, patient, begun_at, talkers, talks, begun_at, begun_at)

    async def in_full_swing() -> bool:
        live = await centre.rows("SELECT 1 FROM live_attempt WHERE campaign_id = $1", shortly.id)
        return len(made.invites()) > len(placed) / 3 and len(live) > MEANWHILE

    await until(in_full_swing, 30, "a third has been called, and several are in flight", every=0.02)
    return made


async def calls_end_meanwhile(witness: Ami) -> None:
    """Stay broken until some calls have ended."""
    before = len(witness.events)
    await until(lambda: len(witness.all("Hangup", after=before)) >= MEANWHILE, 20, "calls end meanwhile")


def still_the_same_talk(witness: Ami, attempt: UUID) -> bool:
    """Whether this customer entered one conversation and never left it."""
    entered = witness.all("BridgeEnter", Uniqueid=str(attempt), BridgeType="basic")
    left = witness.all("BridgeLeave", Uniqueid=str(attempt), BridgeType="basic")
    return len(entered) == 1 and not left


async def nobody_was_called_twice_or_lost(floor: Midway) -> None:
    """INVITEs and attempts agree up to what was in flight while it was broken."""
    invites = floor.invites()
    attempts = await floor.centre.attempts()
    assert all(row["ended_at"] is not None for row in attempts)
    assert not await floor.centre.rows("SELECT * FROM live_attempt")
    assert set(invites.values()) == {1}, "no attempt was sent twice"
    numbers = Counter(called for _, called in invites)
    assert set(numbers.values()) == {1}, "no number was called twice"

    sent = {attempt for attempt, _ in invites}
    kept = {str(row["id"]) for row in attempts}
    assert sent <= kept, "nothing was sent that was not stored before"
    in_flight = {
        str(row["id"])
        for row in attempts
        if row["begun_at"] <= floor.mended_at and row["ended_at"] >= floor.broken_at
    }
    refused = {str(row["id"]) for row in attempts if row["outcome"] == Outcome.REFUSED}
    unknown = {str(row["id"]) for row in attempts if row["outcome"] == Outcome.UNKNOWN}
    assert not refused & sent, "what we call never sent was never sent"
    assert kept - refused - sent <= in_flight
    assert unknown <= in_flight

    # No contact was lost: each was called, or nobody knows whether it was.
    called = {row["e164"] for row in attempts if str(row["id"]) not in refused}
    everybody = await floor.centre.rows("SELECT e164 FROM phone")
    assert called == {row["e164"] for row in everybody}
