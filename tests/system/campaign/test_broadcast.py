"""Broadcasts on the real Asterisk: heard to the end, 1 to an agent, 9 never again, a message on a machine."""

from typing import Any
from uuid import UUID

import pytest

from dialer.broadcast import Broadcast
from dialer.campaigns import Campaign
from dialer.settings import Mode, Settings
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Customer
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from typifications.model import Action

pytestmark = pytest.mark.asterisk

AUDIO = "marcador/closed"  # two seconds of tones
AUDIO_S = 2.0


def broadcasts(*, amd: bool = False, **said: Any) -> Settings:
    broadcast = Broadcast(**{"audio": AUDIO, "key_wait_s": 3, **said})
    return settings(mode=Mode.BROADCAST, amd=amd, language="es", broadcast=broadcast)


async def call_one(centre: Centre, using: Settings, customer: Customer) -> tuple[Campaign, UUID, UUID]:
    """Such a campaign, one contact of it, and the attempt that calls it."""
    campaign = await centre.campaign(using)
    contact = await centre.contact(await centre.list_(campaign.id), number(1, customer))
    return campaign, contact, await attempt_of(centre)


async def attempt_of(centre: Centre) -> UUID:
    attempts = await until(centre.attempts, message="somebody is called", every=0.02)
    assert attempts is not None
    (attempt,) = attempts
    attempt_id: UUID = attempt["id"]
    return attempt_id


async def test_the_audio_is_played_to_its_end_without_an_agent(centre: Centre, pbx: Asterisk) -> None:
    _, contact, attempt = await call_one(centre, broadcasts(key_wait_s=0), Customer.ANSWERS)

    row = await centre.ended(attempt)

    assert (row["kind"], row["outcome"], row["hung_up_by"]) == ("broadcast", "played", "dialer")
    assert pbx.records()[str(attempt)].seconds >= AUDIO_S
    assert (await centre.contact_row(contact))["state"] == "done"


async def test_1_brings_the_customer_to_an_agent_with_a_pop(centre: Centre) -> None:
    campaign = await centre.campaign(broadcasts(agents=True))
    desk = await centre.desk("201", campaign)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    contact = await centre.contact(await centre.list_(campaign.id), number(1, Customer.PRESSES_1))

    attempt = await desk.talks()
    (offer,) = desk.offers
    assert (offer.attempt_id, offer.contact_id, offer.direction) == (attempt, contact, "out")
    await desk.hang_up()
    await desk.becomes("wrapup")
    await desk.typify(done)

    row = await centre.ended(attempt)
    assert (row["outcome"], row["pressed"], row["agent_id"]) == ("connected", "1", desk.agent.id)
    await centre.finished(10)
    assert (await centre.contact_row(contact))["state"] == "done"


async def test_9_is_stored_before_the_hang_up_and_confirmed(centre: Centre, far_end: Ami) -> None:
    _, contact, attempt = await call_one(centre, broadcasts(), Customer.PRESSES_9)

    await far_end.event("MarcadorOptOut", Attempt=str(attempt), deadline=10)
    row = await centre.ended(attempt)

    stored = await centre.row("SELECT e164, source, attempt_id, created_at FROM do_not_call")
    assert (stored["e164"], stored["source"], stored["attempt_id"]) == (row["e164"], "opt_out", attempt)
    assert (row["ended_at"] - stored["created_at"]).total_seconds() > 0.5, "the confirmation was heard"
    assert (row["outcome"], row["pressed"]) == ("opted_out", "9")
    assert (await centre.contact_row(contact))["state"] == "do_not_call"


async def test_a_question_is_answered_by_its_key(centre: Centre) -> None:
    _, _, attempt = await call_one(centre, broadcasts(answers={"5": "yes"}), Customer.PRESSES_5)

    row = await centre.ended(attempt)

    assert (row["outcome"], row["reason"], row["pressed"]) == ("pressed", "key_5", "5")


async def test_a_machine_gets_its_message_after_its_greeting(centre: Centre, pbx: Asterisk) -> None:
    using = broadcasts(amd=True, machine_audio="marcador/optout")
    _, contact, attempt = await call_one(centre, using, Customer.MACHINE)

    row = await centre.ended(attempt, 30)

    assert (row["amd"], row["outcome"]) == ("MACHINE", "message_left")
    assert pbx.records()[str(attempt)].seconds > 4, "the greeting's end was waited for"
    assert (await centre.contact_row(contact))["state"] == "done"
