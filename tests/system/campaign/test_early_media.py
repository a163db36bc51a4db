"""Early media on the real Asterisk: the agent on the line hears it, and nobody takes it for an answer."""

from typing import Any
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.settings import Mode
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk

pytestmark = pytest.mark.asterisk

SPEAKER = number(1, Customer.EARLY_SPEAKER)
SILENCE = {0x80, 0x7F, 0x00, 0xFF}


@pytest.fixture(autouse=True, scope="module")
def fresh_voices(patient_carrier: Carrier) -> None:
    """After some dozens of calls a SIPp says nothing any more."""
    patient_carrier.stop()
    patient_carrier.start()


async def a_campaign(centre: Centre, mode: Mode) -> tuple[Campaign, UUID]:
    campaign = await centre.campaign(settings(mode=mode))
    return campaign, await centre.list_(campaign.id)


async def phone_agent(centre: Centre, campaign: Campaign, line: Line) -> Desk:
    dial = f"PJSIP/{PHONES[0].name}"
    return await centre.desk(PHONES[0].name, campaign, dial=dial, line=line, auto_answer=False)


async def click(desk: Desk, campaign: Campaign, e164: str) -> UUID:
    answer = await desk.ask(Kind.CALL_CLICK, campaign_id=str(campaign.id), e164=e164)
    assert answer.result is not None
    return UUID(answer.result["attempt_id"])


def hears_something(call: Any) -> bool:
    heard = call.read_audio(160, blocking=False)
    return len(set(heard) - SILENCE) > 0


@pytest.mark.parametrize("line", [Line.HELD, Line.RINGING])
async def test_the_agent_hears_the_announcement_before_any_answer(
    centre: Centre, far_end: Ami, pbx: Asterisk, line: Line
) -> None:
    campaign, _ = await a_campaign(centre, Mode.MANUAL)
    async with registered(pbx.config, PHONES[0]) as phone:
        desk = await phone_agent(centre, campaign, line)
        attempt = await click(desk, campaign, SPEAKER)
        await far_end.event("MarcadorManual", Attempt=str(attempt))
        await until(lambda: hears_something(phone.calls[-1]), 10, "the agent hears the network's voice")
        assert await desk.state() == "reserved", "and talks to nobody"
        await desk.ask(Kind.CALL_HANGUP, attempt)
        row = await centre.ended(attempt)
    assert (row["outcome"], row["hung_up_by"]) == ("cancelled", "agent")
    assert row["early_media_at"] is not None
    assert row["answered_at"] is None


@pytest.mark.parametrize("line", [Line.HELD, Line.RINGING])
@pytest.mark.parametrize(
    ("customer", "outcome"),
    [
        (Customer.EARLY_BUSY, "busy"),
        (Customer.EARLY_UNKNOWN, "invalid_number"),
        (Customer.SILENT, "no_answer"),
    ],
)
async def test_the_outcome_is_the_networks_whatever_was_heard_before(
    centre: Centre, pbx: Asterisk, customer: Customer, outcome: str, line: Line
) -> None:
    campaign, _ = await a_campaign(centre, Mode.MANUAL)
    async with registered(pbx.config, PHONES[0]):
        desk = await phone_agent(centre, campaign, line)
        attempt = await click(desk, campaign, number(1, customer))

        async def over() -> bool:
            return bool(await centre.rows("SELECT 1 FROM attempt WHERE ended_at IS NOT NULL"))

        await until(over, 25, "the call is over", every=0.1)
        row = await centre.ended(attempt)
        await desk.becomes("ready")
    assert row["outcome"] == outcome
    assert (row["early_media_at"] is not None) is (customer is not Customer.SILENT)


async def test_predictive_never_joins_an_agent_to_early_media(centre: Centre, far_end: Ami) -> None:
    campaign, people = await a_campaign(centre, Mode.PREDICTIVE)
    desk = await centre.desk("201", campaign)
    contact = await centre.contact(people, SPEAKER)
    placed = await until(centre.attempts, 10, "it is dialled", every=0.05)
    attempt = str(placed[0]["id"])
    row = await centre.ended(placed[0]["id"], 25)

    assert row["outcome"] == "no_answer"
    assert row["early_media_at"] is not None
    assert not far_end.all("BridgeEnter", Uniqueid=attempt), "it was in no bridge at all"
    assert not far_end.all("MarcadorAnswered", Attempt=attempt)
    assert not desk.offers
    assert (await centre.contact_row(contact))["attempts"] == 1
