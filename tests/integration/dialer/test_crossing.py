"""The customer hangs up at the moment an act of call control is asked for, is under way, or is done."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from ami.actions import Action
from ami.link import Response
from ami.simulator import Behaviour, Fate
from dialer.agents import Agent, Line
from dialer.commands import Kind, State
from dialer.live import AgentIs
from tests.integration.dialer.house import House, in_virtual_time, number

MAIN, THIRD = number(1), number(50)
PATIENT = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=2, talk_s=600)
OVER_S = 60
"""By then the wrap-up (30 s) has ended, too."""

To = Mapping[str, str]
NUMBER: To = {"phone": THIRD}
COLLEAGUE: To = {"to_agent": "bea"}
CAMPAIGN: To = {"to_campaign": "ventas"}
NOBODY: To = {}
Before = tuple[tuple[Kind, To], ...]
CONSULTS: Mapping[str, Before] = {
    "a number": ((Kind.CONTROL_CONSULT, NUMBER),),
    "a colleague": ((Kind.CONTROL_CONSULT, COLLEAGUE),),
}

CASES: dict[str, tuple[Before, Kind, To]] = {
    "hold": ((), Kind.CONTROL_HOLD, NOBODY),
    "resume": (((Kind.CONTROL_HOLD, NOBODY),), Kind.CONTROL_RESUME, NOBODY),
    "keys": ((), Kind.CONTROL_KEYS, {"keys": "12"}),
    "transfer to a number": ((), Kind.CONTROL_TRANSFER, NUMBER),
    "transfer to a colleague": ((), Kind.CONTROL_TRANSFER, COLLEAGUE),
    "transfer to a campaign": ((), Kind.CONTROL_TRANSFER, CAMPAIGN),
    "consult a number": ((), Kind.CONTROL_CONSULT, NUMBER),
    "consult a colleague": ((), Kind.CONTROL_CONSULT, COLLEAGUE),
}
for whom, before in CONSULTS.items():
    for act in (Kind.CONTROL_COMPLETE, Kind.CONTROL_CANCEL, Kind.CONTROL_CONFERENCE):
        CASES[f"{act.partition('.')[2]} with {whom}"] = (before, act, NOBODY)
    three = (*before, (Kind.CONTROL_CONFERENCE, NOBODY))
    for act in (Kind.CONTROL_COMPLETE, Kind.CONTROL_CANCEL):
        CASES[f"{act.partition('.')[2]} of three with {whom}"] = (three, act, NOBODY)


@pytest.mark.parametrize("when", ["before", "meanwhile", "after"])
@pytest.mark.parametrize("case", CASES)
def test_a_customer_who_hangs_up_at_an_act_leaves_nobody_and_nothing_behind(
    database_dsn: str, case: str, when: str
) -> None:
    in_virtual_time(database_dsn, lambda house: crossed(house, *CASES[case], when))


@pytest.mark.parametrize("when", ["before", "meanwhile", "after"])
@pytest.mark.parametrize("case", [case for case in CASES if "colleague" not in case])
def test_so_it_is_with_a_phone_that_was_rung(database_dsn: str, case: str, when: str) -> None:
    in_virtual_time(database_dsn, lambda house: crossed(house, *CASES[case], when, line=Line.RINGING))


async def crossed(
    house: House, before: Before, kind: Kind, to: To, when: str, *, line: Line = Line.HELD
) -> None:
    await house.trunk()
    campaign = await house.campaign()
    house.calls_to(THIRD, PATIENT)
    ana = await house.agent("ana", campaign.id, line=line)
    await house.in_talk(ana, campaign, MAIN, PATIENT)
    attempt: UUID = house.live_agent(ana.id).state.attempt_id
    bea = await house.agent("bea", campaign.id)
    ids = {"bea": str(bea.id), "ventas": str(campaign.id)}
    heard = await house.listens(bea)

    async def ask(kind: Kind, to: To) -> State:
        payload = {name: ids.get(value, value) for name, value in to.items()}
        return (await house.ask(kind, attempt, agent_id=str(ana.id), **payload)).state

    for earlier in before:
        assert await ask(*earlier) is State.DONE
        await house.clock.sleep(5)
    heard.clear()

    if when == "before":
        customer_hangs_up(house, attempt)
    with patch.object(
        house.link, "send", hanging_up(house, attempt) if when == "meanwhile" else house.link.send
    ):
        answered = await ask(kind, to)
    customer_hangs_up(house, attempt)

    assert answered is not State.QUEUED
    await house.clock.sleep(OVER_S)
    await nothing_is_left(house, ana, bea)
    states = {body.state for body in heard if isinstance(body, AgentIs)}
    assert "wrapup" not in states or "talking" in states, "nobody completes a call they never had"


def customer_hangs_up(house: House, attempt: UUID) -> None:
    if house.pbx.pbx.exchange.find(str(attempt)) is not None:
        house.pbx.pbx.far_end_hangs_up(str(attempt))


def hanging_up(house: House, attempt: UUID) -> Any:
    """The customer is gone when the first action of the act arrives."""
    send = house.link.send

    async def late(action: Action, *, deadline: float = 5.0) -> Response:
        customer_hangs_up(house, attempt)
        return await send(action, deadline=deadline)

    return late


async def nothing_is_left(house: House, ana: Agent, bea: Agent) -> None:
    assert (house.state(ana.id), house.state(bea.id)) == ("ready", "ready")
    assert house.live_agent(bea.id).held
    assert not list(house.engine.tools.calls)
    trunk = house.engine.tools.trunks.by_name("trunk")
    assert trunk is not None
    assert trunk.limits.in_use == 0
    assert await house.outcomes() == {"connected": 1}
    for table in ("live_attempt", "call_handling"):
        assert await house.rows(f"SELECT * FROM {table}") == []
    [said] = await house.rows("SELECT agent_id, state FROM interaction")
    assert (said["agent_id"], said["state"]) == (ana.id, "untypified")
    lines = {"bea"} | ({"ana"} if house.live_agent(ana.id).row.line is Line.HELD else set())
    channels = [channel.name for channel in house.pbx.pbx.exchange.channels()]
    assert {name.partition("/")[2].partition("-")[0] for name in channels} == lines
