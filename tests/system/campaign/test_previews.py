"""Preview campaigns on the real Asterisk: shown first, then the agent's leg, then the customer."""

from typing import Any
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.commands import Kind, State
from dialer.live import Offered
from dialer.settings import Mode, PreviewEnd
from tests.helpers import until
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk

pytestmark = pytest.mark.asterisk

MAIN, FIRST = number(1), number(2)


async def a_campaign(centre: Centre, **changes: Any) -> tuple[Campaign, UUID]:
    campaign = await centre.campaign(settings(mode=Mode.PREVIEW, **changes))
    return campaign, await centre.list_(campaign.id)


async def shown(desk: Desk) -> Offered:
    """What the agent is to decide on: its screen and the database agree."""
    await desk.becomes("preview")
    offer = (await desk.snapshot()).offer
    assert offer is not None
    assert offer.stage == "preview"
    return offer


async def test_on_a_held_line_the_contact_is_shown_skipped_and_the_next_one_called(centre: Centre) -> None:
    campaign, people = await a_campaign(centre)
    desk = await centre.desk("201", campaign)
    for main in (MAIN, FIRST):
        await centre.contact(people, main)
    first = await shown(desk)
    assert first.e164 == MAIN
    assert not await centre.dialled()

    await desk.ask(Kind.PREVIEW_SKIP, attempt_id=str(first.attempt_id), reason="on holiday")

    async def next_one() -> Offered | None:
        offer = await shown(desk)
        return offer if offer.attempt_id != first.attempt_id else None

    second = await until(next_one, 10, "the next contact is shown")
    assert second is not None
    assert second.e164 == FIRST
    answer = await desk.ask(Kind.PREVIEW_ACCEPT, attempt_id=str(second.attempt_id))
    assert answer.state is State.DONE
    assert await desk.talks() == second.attempt_id
    await desk.hang_up()
    row = await centre.ended(second.attempt_id)
    assert (row["kind"], row["outcome"]) == ("preview", "connected")
    assert await centre.dialled() == [FIRST]
    skip = await centre.row("SELECT e164, reason FROM preview_skip")
    assert skip == {"e164": MAIN, "reason": "on holiday"}


@pytest.mark.parametrize("auto_answer", [False, True], ids=["by_hand", "auto_answer"])
async def test_a_ringing_agents_phone_rings_when_the_contact_was_accepted_and_then_the_customer_is_dialled(
    centre: Centre, pbx: Asterisk, auto_answer: bool
) -> None:
    campaign, people = await a_campaign(centre)
    async with registered(pbx.config, PHONES[0]) as phone:
        dial = f"PJSIP/{PHONES[0].name}"
        desk = await centre.desk(
            PHONES[0].name, campaign, dial=dial, line=Line.RINGING, auto_answer=auto_answer
        )
        await centre.contact(people, MAIN)
        offer = await shown(desk)
        assert not phone.calls

        await desk.ask(Kind.PREVIEW_ACCEPT, attempt_id=str(offer.attempt_id))

        assert await desk.talks() == offer.attempt_id
        assert ("answer-after=0" in phone.header("Call-Info")) is auto_answer
        phone.hang_up()
        row = await centre.ended(offer.attempt_id)
        assert (row["kind"], row["outcome"]) == ("preview", "connected")
        await desk.becomes("wrapup")
    assert await centre.dialled() == [MAIN]


async def test_a_contact_nobody_decides_on_is_called_when_its_time_ends(centre: Centre) -> None:
    campaign, people = await a_campaign(centre, preview_s=5, preview_end=PreviewEnd.DIAL)
    desk = await centre.desk("201", campaign)
    await centre.contact(people, MAIN)
    offer = await shown(desk)
    assert await desk.talks(15) == offer.attempt_id
