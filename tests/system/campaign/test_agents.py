"""Agents on the real Asterisk: held lines, lines that break, phones that ring, and who hangs up first."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.settings import Mode
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.calls import closed, heard_the_message, of
from tests.system.asterisk.phone import answers, registered, rings_on
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk
from typifications.model import Action

pytestmark = pytest.mark.asterisk

MAIN, FIRST = number(1), number(2)


async def a_campaign(centre: Centre) -> tuple[Campaign, UUID]:
    campaign = await centre.campaign()
    return campaign, await centre.list_(campaign.id)


async def line_breaks(centre: Centre, far_end: Ami, desk: Desk) -> None:
    """The agent's phone hangs up its line: for a Local phone, its other half does."""
    presence = await centre.row("SELECT channel FROM agent_presence WHERE agent_id = $1", desk.agent.id)
    await far_end.action("Hangup", Channel=f"half-{presence['channel']}")


# --- held lines -----------------------------------------------------------------------------------


async def test_a_sip_phone_holds_one_line_for_one_call_after_another(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(centre)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    async with registered(pbx.config, PHONES[0]) as phone:
        desk = await centre.desk(PHONES[0].name, campaign, dial=f"PJSIP/{PHONES[0].name}")
        lines = set()
        for main in (MAIN, FIRST):
            await centre.contact(people, main)
            attempt = await desk.talks()
            lines |= await _lines_of(far_end, attempt)
            await desk.hang_up()
            await desk.becomes("wrapup")
            await desk.typify(done)

        assert len(phone.calls) == 1, "the phone rang once, at log-in"
    assert len(lines) == 1


async def _lines_of(far_end: Ami, attempt: UUID) -> set[str]:
    """The channels that met this customer in a conversation."""
    talk = await far_end.event("BridgeEnter", Uniqueid=str(attempt), BridgeType="basic")
    met = far_end.all("BridgeEnter", BridgeUniqueid=talk["BridgeUniqueid"])
    return {event["Uniqueid"] for event in met} - {str(attempt)}


async def test_an_agent_who_dials_in_from_the_phone_is_logged_in_and_gets_calls(
    centre: Centre, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(centre)
    desk = await centre.desk(PHONES[1].name, campaign, dial=f"PJSIP/{PHONES[1].name}", log_in=False)
    async with registered(pbx.config, PHONES[1]) as phone:
        await centre.knows(desk.agent.id)
        phone.dial("*55")
        await desk.becomes("ready")
        await centre.contact(people, MAIN)
        await desk.talks()


async def test_when_the_agent_ends_the_call_the_customer_hears_no_message(
    centre: Centre, far_end: Ami
) -> None:
    campaign, people = await a_campaign(centre)
    desk = await centre.desk("201", campaign)
    await centre.contact(people, MAIN)
    attempt = await desk.talks()

    await desk.hang_up()

    row = await centre.ended(attempt)
    assert (row["outcome"], row["hung_up_by"]) == ("connected", "agent")
    await far_end.event("Hangup", Uniqueid=str(attempt))
    assert not closed(far_end, str(attempt))
    assert not heard_the_message(far_end, str(attempt))
    await desk.becomes("wrapup")


async def test_a_line_lost_while_idle_is_called_back_and_offered_nothing_meanwhile(
    centre: Centre, far_end: Ami
) -> None:
    campaign, people = await a_campaign(centre)
    desk = await centre.desk("201", campaign)
    told = len(desk.told)

    await line_breaks(centre, far_end, desk)
    lost = await desk.was("line_lost", told)
    await centre.contact(people, MAIN)
    await desk.becomes("talking", 15)

    back = await desk.was("ready", told)
    (placed,) = await centre.attempts()
    assert placed["begun_at"] >= back.since > lost.since


async def test_a_line_lost_in_talk_keeps_the_customer_for_the_same_agent(
    centre: Centre, far_end: Ami
) -> None:
    campaign, people = await a_campaign(centre)
    ana = await centre.desk("201", campaign)
    await centre.contact(people, MAIN)
    attempt = await ana.talks()
    bea = await centre.desk("202", campaign)
    told = len(ana.told)

    await line_breaks(centre, far_end, ana)
    await ana.was("line_lost", told)
    assert await ana.talks(15) == attempt

    assert not bea.offers, "the own agent came back in time"
    assert len(await centre.dialled()) == 1
    assert not closed(far_end, str(attempt))
    assert ana.offers[-1].rescued


async def test_a_customer_whose_agent_does_not_come_back_is_rescued_by_another_and_never_redialled(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(centre)
    leaves_it_alone = asyncio.Event()

    def picks_up(call: Any) -> None:
        if not leaves_it_alone.is_set():
            answers(call)

    async with registered(pbx.config, PHONES[2], picks_up) as phone:
        ana = await centre.desk(PHONES[2].name, campaign, dial=f"PJSIP/{PHONES[2].name}")
        contact = await centre.contact(people, MAIN)
        attempt = await ana.talks()
        leaves_it_alone.set()
        phone.hang_up()
        await ana.was("line_lost")
        bea = await centre.desk("202", campaign)

        assert await bea.talks(20) == attempt

        assert bea.offers[-1].rescued
        await bea.hang_up()
        row = await centre.ended(attempt)
        assert (row["outcome"], row["agent_id"]) == ("connected", ana.agent.id)
    assert len(await centre.dialled()) == 1
    assert (await centre.contact_row(contact))["state"] == "awaiting_typification"


# --- ringing agents -------------------------------------------------------------------------------


async def test_a_ringing_agent_with_auto_answer_is_rung_for_each_call(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign = await centre.campaign(settings(mode=Mode.PROGRESSIVE, patience_ms=6000))
    people = await centre.list_(campaign.id)
    async with registered(pbx.config, PHONES[0]) as phone:
        desk = await centre.desk(PHONES[0].name, campaign, dial=f"PJSIP/{PHONES[0].name}", line=Line.RINGING)
        await centre.contact(people, MAIN)
        attempt = await desk.talks()
        assert "answer-after=0" in phone.header("Call-Info")

        phone.hang_up()

        row = await centre.ended(attempt)
        assert row["outcome"] == "connected"
        assert not heard_the_message(far_end, str(attempt))
        await desk.becomes("wrapup")


async def test_one_unanswered_ring_pauses_the_agent_and_the_customer_goes_to_the_next(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign = await centre.campaign(settings(patience_ms=10_000))
    people = await centre.list_(campaign.id)
    async with registered(pbx.config, PHONES[1], rings_on):
        deaf = await centre.desk(PHONES[1].name, campaign, dial=f"PJSIP/{PHONES[1].name}", line=Line.RINGING)
        await centre.contact(people, MAIN)
        await deaf.was("offered")
        await far_end.event("Newchannel", Channel=of(PHONES[1]))
        next_one = await centre.desk("202", campaign)
        ringing = far_end.all("Newchannel", Channel=of(PHONES[1]))[-1]
        await far_end.action("Hangup", Channel=ringing["Channel"], Cause="19")

        attempt = await next_one.talks()

    paused = await deaf.becomes("paused")
    assert paused.reason == "not_answering"
    assert next_one.offers[-1].attempt_id == deaf.offers[-1].attempt_id == attempt
