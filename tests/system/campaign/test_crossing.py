"""The customer hangs up in the moment an act of call control is asked for, on the real Asterisk."""

import asyncio

import pytest

from dialer.commands import Kind, State
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.campaign.centre import Centre, number
from tests.system.campaign.test_call_control import ask, in_talk, line_of, rooms

pytestmark = pytest.mark.asterisk

THIRD = number(50)


@pytest.mark.parametrize(
    ("kind", "whom"),
    [
        (Kind.CONTROL_HOLD, ""),
        (Kind.CONTROL_TRANSFER, "number"),
        (Kind.CONTROL_TRANSFER, "colleague"),
        (Kind.CONTROL_CONSULT, "number"),
        (Kind.CONTROL_CONSULT, "colleague"),
    ],
)
async def test_a_customer_who_hangs_up_as_an_act_is_asked_for_frees_everybody(
    centre: Centre, far_end: Ami, kind: Kind, whom: str
) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)
    whoms = {"": {}, "number": {"phone": THIRD}, "colleague": {"to_agent": str(bea.agent.id)}}

    answer, _ = await asyncio.gather(
        ask(ana, kind, attempt, **whoms[whom]), far_end.action("Hangup", Channel=str(attempt))
    )

    assert answer.state is not State.QUEUED
    assert (await centre.ended(attempt))["outcome"] == "connected"
    await ana.becomes("wrapup")
    await bea.becomes("ready")
    assert "wrapup" not in {told.state for told in bea.states}, "nobody completes a call they never had"
    lines = {await line_of(centre, ana), await line_of(centre, bea)}

    async def they_alone() -> bool:
        return {channel for channel, room in (await rooms(far_end)).items() if room} == lines

    await until(they_alone, 10, "nobody else is left")
    assert not await centre.rows("SELECT * FROM call_handling")
