"""What changes while Asterisk lists its channels and bridges: events are newer than a listing."""

import asyncio
from typing import Any
from unittest.mock import patch

from ami.actions import Action, Originate
from ami.events import BridgeListed, ChannelListed
from ami.link import Response
from ami.simulator import Behaviour, Fate
from dialer.engine.reconcile import HANGUP_S
from dialer.outcome import Outcome
from tests.integration.dialer.house import ANSWERS, House, in_virtual_time, number

MAIN, OTHER = number(1), number(2)
LONG_TALK = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)


def test_a_call_placed_while_the_channels_were_listed_is_not_taken_for_gone(database_dsn: str) -> None:
    """Its attempt is older than the listing, its channel is not."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        send, list_channels = house.link.send, house.link.list_channels
        begun, listed = asyncio.Event(), asyncio.Event()

        async def late(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Originate):
                begun.set()
                await listed.wait()
            return await send(action, deadline=deadline)

        async def too_early(**options: Any) -> list[ChannelListed]:
            channels = list(await list_channels(**options))
            listed.set()
            await house.until(
                lambda: house.dialled() and all(c.has_channel for c in house.engine.tools.calls)
            )
            return channels

        with patch.object(house.link, "send", late), patch.object(house.link, "list_channels", too_early):
            await house.somebody(campaign, MAIN, ANSWERS)
            await house.until(begun.is_set)
            await house.engine._reconciler.roll_call("main")
            await house.until(lambda: house.state(ana.id) == "talking", 20)
        assert house.dialled() == [MAIN]

    in_virtual_time(database_dsn, story)


def test_how_a_call_ended_whose_channel_is_just_gone_is_waited_for(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await house.opened()
        await house.somebody(campaign, MAIN, Behaviour(fate=Fate.BUSY, setup_s=HANGUP_S / 2))
        list_channels = house.link.list_channels

        async def without_it(**options: Any) -> list[ChannelListed]:
            return [c for c in await list_channels(**options) if c.uniqueid != call.channel]

        await house.until(lambda: any(c.has_channel for c in house.engine.tools.calls))
        (call,) = house.engine.tools.calls
        with patch.object(house.link, "list_channels", without_it):
            await house.engine._reconciler.roll_call("main")
        await house.until(lambda: call.over)
        await house.until(lambda: house.engine.tools.writer.idle)
        assert await house.outcomes() == {Outcome.BUSY: 1}

    in_virtual_time(database_dsn, story)


def test_a_line_that_comes_back_while_the_bridges_are_listed_is_in_its_room(database_dsn: str) -> None:
    """Otherwise its agent would be ready, and be given nobody."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        done = await house.result(campaign.id, None)
        await house.in_talk(ana, campaign, MAIN, LONG_TALK)
        (call,) = house.engine.tools.calls
        agent = house.live_agent(ana.id)
        list_bridges, seen = house.link.list_bridges, []

        async def too_early(**options: Any) -> list[BridgeListed]:
            bridges = list(await list_bridges(**options))
            seen.append(bridges)
            house.pbx.pbx.far_end_hangs_up(call.channel)
            await house.until(lambda: agent.held)
            return bridges

        with patch.object(house.link, "list_bridges", too_early):
            house.pbx.cut()
            await house.until(lambda: seen, 60)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, done)
        await house.somebody(campaign, OTHER, ANSWERS)
        await house.until(lambda: house.state(ana.id) == "talking", 30)

    in_virtual_time(database_dsn, story)
