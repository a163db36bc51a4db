"""A customer and an agent who could not be joined: whose fault it was decides who waits."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from ami.actions import Action, Bridge
from ami.errors import ActionRefused, ActionTimeout, AmiError
from ami.events import BridgeEnter, Event, LinkDown
from ami.link import Response
from ami.simulator import Behaviour, Fate, Phone
from ami.simulator import Settings as PbxSettings
from dialer.agents import Agent
from dialer.engine.agents import BENCH_S
from dialer.engine.hub import RESCUE_S
from dialer.engine.router import AGENTS
from tests.integration.dialer.house import ANSWERS, House, in_virtual_time, number
from typifications.model import Action as ResultAction

MAIN = number(1)
LONG_TALK = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)
MOMENT = timedelta(seconds=BENCH_S / 2)


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ActionRefused("Bridge: Channel2 does not exist: x"), False),
        (ActionRefused("Bridge: Channel1 does not exist: x"), True),
        (ActionTimeout("no answer", sent=True), True),
    ],
    ids=["customer_gone", "line_gone", "no_answer"],
)
def test_an_agent_whose_customer_had_gone_takes_the_next_at_once(
    database_dsn: str, error: AmiError, waits: bool
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, ANSWERS)
        send, failures = house.link.send, [error]

        async def once_refused(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Bridge) and failures:
                raise failures.pop()
            return await send(action, deadline=deadline)

        with patch.object(house.link, "send", once_refused):
            await house.contact(await house.list_(campaign.id), MAIN)
            await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(1)
        (attempt,) = await house.rows("SELECT answered_at, connected_at FROM attempt")
        assert (attempt["connected_at"] - attempt["answered_at"] > MOMENT) is waits

    in_virtual_time(database_dsn, story)


def test_a_line_on_its_way_back_from_a_customer_who_was_closed_is_left_alone_until_it_is_there(
    database_dsn: str,
) -> None:
    """Asterisk's answer overtakes its events: the line seems to be in its room, and cannot be moved."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, ANSWERS)
        send = house.link.send
        sent_at: list[datetime] = []
        back_at: list[datetime] = []

        async def closed_at_first(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Bridge):
                sent_at.append(house.clock.now())
                if not back_at:
                    back_at.append(house.clock.now() + MOMENT)
                    house.clock.call_later(MOMENT.total_seconds(), lambda: comes_back(house, action.agent))
                    raise ActionRefused("Bridge: Unable to add Channel2 to bridge: x")
            return await send(action, deadline=deadline)

        with patch.object(house.link, "send", closed_at_first):
            await house.contact(await house.list_(campaign.id), MAIN)
            await house.until(lambda: house.state(ana.id) == "talking")
        assert sent_at[1:] == back_at

    in_virtual_time(database_dsn, story)


def comes_back(house: House, line: str) -> None:
    """The line, into its waiting room."""
    house.engine._router.handle("main", BridgeEnter(line, "", line, "room", "base", "BridgeWait", AGENTS, 1))


def test_a_customer_who_hears_the_message_already_is_offered_to_nobody(database_dsn: str) -> None:
    """It can no longer be moved, though `MarcadorClosed` is yet to come."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, ANSWERS)
        house.live_agent(ana.id).benched = True
        bridges: list[Bridge] = []
        send = house.link.send

        async def watched(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Bridge):
                bridges.append(action)
            return await send(action, deadline=deadline)

        def at_each_room(event: Event) -> None:
            if isinstance(event, BridgeEnter) and event.creator == "ConfBridge":
                house.engine.tools.agents._unbench(house.live_agent(ana.id))

        house.link.subscribe(at_each_room)
        with patch.object(house.link, "send", watched):
            await house.contact(await house.list_(campaign.id), MAIN)
            await house.until(lambda: house.live_agent(ana.id).free, 30)
            await house.clock.sleep(5)
        (attempt,) = await house.rows("SELECT outcome FROM attempt")
        assert attempt["outcome"] == "abandoned"
        assert not bridges

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("benched", [False, True], ids=["while_joined", "while_the_agent_is_benched"])
def test_a_customer_who_hangs_up_on_the_way_back_to_the_agent_is_typified_or_left_to_be(
    database_dsn: str, benched: bool
) -> None:
    """The line broke in the conversation and came back."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        contact = await house.in_talk(ana, campaign, MAIN, LONG_TALK)
        (call,) = house.engine.tools.calls
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        send = house.link.send

        async def too_late(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Bridge) and benched:
                raise ActionRefused("Bridge: Channel1 does not exist: x")
            if isinstance(action, Bridge):
                house.pbx.pbx.far_end_hangs_up(call.channel)
            return await send(action, deadline=deadline)

        with patch.object(house.link, "send", too_late):
            if benched:
                await house.until(lambda: house.live_agent(ana.id).benched, 30)
                house.pbx.pbx.far_end_hangs_up(call.channel)
            await house.until(lambda: call.over, 30)
        assert house.state(ana.id) == ("ready" if benched else "wrapup")
        await house.clock.sleep(60)
        assert await house.rows("SELECT contact_id, state FROM interaction") == [
            {"contact_id": contact, "state": "untypified"}
        ]

    in_virtual_time(database_dsn, story)


def test_a_line_that_breaks_twice_has_its_whole_time_to_come_back_each_time(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.in_talk(ana, campaign, MAIN, LONG_TALK)
        bea = await house.agent("bea", campaign.id)
        began = house.clock.now()
        await breaks_and_comes_back(house, ana)
        await breaks_and_comes_back(house, ana)
        assert house.clock.now() - began > timedelta(seconds=RESCUE_S)
        assert house.state(bea.id) == "ready"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_caller_whose_last_agents_line_breaks_is_kept_for_it_though_the_time_to_prefer_it_is_over(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.somebody(campaign, MAIN, ANSWERS)
        done = await house.result(campaign.id, ResultAction.NO_ACTION)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, done)
        bea = await house.agent("bea", campaign.id)
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.clock.sleep(campaign.settings.inbound.last_agent_s - 2)
        await breaks_and_comes_back(house, ana)
        assert house.state(bea.id) == "ready"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


async def breaks_and_comes_back(house: House, agent: Agent) -> None:
    """In the conversation, for some seconds."""
    house.phones[agent.code] = Phone(ring_s=5)
    house.pbx.pbx.far_end_hangs_up(house.live_agent(agent.id).line)
    await house.until(lambda: house.state(agent.id) == "line_lost", 5)
    await house.until(lambda: house.live_agent(agent.id).at_work and house.state(agent.id) != "line_lost", 20)
    await house.until(lambda: house.state(agent.id) == "talking", 5)


def test_another_servers_link_that_goes_down_in_the_middle_of_a_join_hides_no_conversation(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, LONG_TALK)

        def at_each_leg(event: Event) -> None:
            if isinstance(event, BridgeEnter) and event.kind == "basic":
                house.engine._router.handle("other", LinkDown("other", 1, "cut"))

        house.link.subscribe(at_each_leg)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.joined)
        assert house.state(ana.id) == "talking"

    in_virtual_time(database_dsn, story)
