"""Call control for an agent whose phone is rung for each call, on the real Asterisk: as with a held line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.commands import Kind, State
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.calls import heard_the_message, of
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk
from tests.system.campaign.test_call_control import THIRD, ask, consulting, done, in_talk, rooms

pytestmark = pytest.mark.asterisk


class Rung(NamedTuple):
    campaign: Campaign
    desk: Desk
    attempt: UUID
    phone: str
    """The channel."""


@asynccontextmanager
async def rung(centre: Centre, far_end: Ami, pbx: Asterisk) -> AsyncIterator[Rung]:
    """An agent who was rung and talks: desk, attempt, the phone's channel."""
    async with registered(pbx.config, PHONES[0]):
        name = PHONES[0].name
        campaign, desk, attempt = await in_talk(centre, name, dial=f"PJSIP/{name}", line=Line.RINGING)
        joined = await far_end.event("BridgeEnter", Channel=of(PHONES[0]))
        yield Rung(campaign, desk, attempt, joined["Uniqueid"])


async def third_of(far_end: Ami, attempt: UUID) -> str:
    return (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]


async def test_a_rung_agents_keys_reach_the_customer_whose_end_is_the_phones_too(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with rung(centre, far_end, pbx) as (_, desk, attempt, phone):
        await done(desk, Kind.CONTROL_KEYS, attempt, keys="42")
        await far_end.event("DTMFEnd", Uniqueid=str(attempt), Digit="4", Direction="Received")

        await ask(desk, Kind.CALL_HANGUP, attempt)

        await far_end.event("Hangup", Uniqueid=phone)
        assert (await centre.ended(attempt))["outcome"] == "connected"
        await desk.becomes("wrapup")


async def test_a_rung_agents_blind_transfer_leaves_customer_and_number_together_and_frees_the_phone(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with rung(centre, far_end, pbx) as (_, desk, attempt, phone):
        await done(desk, Kind.CONTROL_TRANSFER, attempt, phone=THIRD)

        await far_end.event("Hangup", Uniqueid=phone)
        await desk.becomes("wrapup")
        third = await third_of(far_end, attempt)
        await far_end.event("BridgeEnter", Uniqueid=third, BridgeType="basic")
        seen = await rooms(far_end)
        assert seen[str(attempt)] == seen[third] != ""
        await far_end.action("Hangup", Channel=third)
        assert (await centre.ended(attempt))["outcome"] == "connected"
        assert not heard_the_message(far_end, str(attempt))


async def test_a_rung_agents_customer_goes_to_a_colleague_whose_line_is_open(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with rung(centre, far_end, pbx) as (campaign, ana, attempt, phone):
        bea = await centre.desk("202", campaign)

        await done(ana, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.agent.id))

        assert await bea.talks() == attempt
        assert bea.offers[-1].transferred
        await far_end.event("Hangup", Uniqueid=phone)
        await ana.becomes("wrapup")
        await bea.hang_up()
        row = await centre.ended(attempt)
        assert (row["outcome"], row["agent_id"]) == ("connected", ana.agent.id)


async def test_a_rung_agent_consults_comes_back_consults_again_and_leaves_the_two_together(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with rung(centre, far_end, pbx) as (_, desk, attempt, phone):
        await consulting(centre, desk, attempt, phone=THIRD)
        await done(desk, Kind.CONTROL_CANCEL, attempt)
        await far_end.event("Hangup", Uniqueid=await third_of(far_end, attempt))

        async def together() -> bool:
            seen = await rooms(far_end)
            return seen.get(str(attempt), "") == seen.get(phone, "-") != ""

        await until(together, 10, "agent and customer talk on")
        marks, told = len(far_end.events), len(desk.told)
        await done(desk, Kind.CONTROL_CONSULT, attempt, phone=THIRD)
        third = (await far_end.event("MarcadorThird", after=marks, Attempt=str(attempt)))["Uniqueid"]
        await until(
            lambda: any(getattr(body, "third_answered", False) for body in desk.told[told:]),
            10,
            "the third party has answered again",
        )

        await done(desk, Kind.CONTROL_COMPLETE, attempt)

        await far_end.event("Hangup", Uniqueid=phone)
        await desk.becomes("wrapup")
        seen = await rooms(far_end)
        assert seen[str(attempt)] == seen[third] != ""


async def test_a_rung_agent_talks_in_a_conference_and_leaves_it(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with rung(centre, far_end, pbx) as (_, desk, attempt, phone):
        await consulting(centre, desk, attempt, phone=THIRD)
        await done(desk, Kind.CONTROL_CONFERENCE, attempt)
        third = await third_of(far_end, attempt)
        seen = await rooms(far_end)
        assert seen[str(attempt)] == seen[third] == seen[phone] != ""

        await done(desk, Kind.CONTROL_COMPLETE, attempt)

        await far_end.event("Hangup", Uniqueid=phone)
        await desk.becomes("wrapup")
        seen = await rooms(far_end)
        assert seen[str(attempt)] == seen[third] != ""


async def test_a_supervisor_listens_whispers_and_barges_with_a_rung_agent(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with (
        rung(centre, far_end, pbx) as (campaign, desk, attempt, phone),
        registered(pbx.config, PHONES[3]),
    ):
        boss = await centre.desk(PHONES[3].name, campaign, dial=f"PJSIP/{PHONES[3].name}", log_in=False)
        await centre.knows(boss.agent.id)
        for how in ("listen", "whisper", "barge"):
            marks = len(far_end.events)
            answer = await boss.ask(Kind.CONTROL_LISTEN, attempt, how=how, supervisor=str(boss.agent.id))
            assert answer.state is State.DONE, answer.result
            await far_end.event("MarcadorSpy", 8, after=marks, Attempt=str(attempt), State="on")
        ear = far_end.all("MarcadorSpy", State="on")[-1]["Uniqueid"]

        await far_end.action("Hangup", Channel=phone)

        await far_end.event("Hangup", Uniqueid=ear)
        await desk.becomes("wrapup")
