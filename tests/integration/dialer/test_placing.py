"""Before a call is sent: the law's caps, and originates that certainly never left."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from ami.actions import Action, Originate, Redirect
from ami.errors import ActionTimeout, LinkLost, Unanswered
from ami.link import Response
from dialer import trunks
from dialer.commands import Kind, wake
from dialer.engine.placing import Placed, Placer
from dialer.outcome import Outcome
from dialer.settings import RetryRule
from dialer.trunks import TrunkFields
from lists.model import Caps
from tests.integration.dialer.house import ANSWERS, BUSY, SETTINGS, SILENT, House, in_virtual_time, number

MAIN = number(1)
AGENTS = 20


def test_a_preset_tightens_the_campaigns_own_caps_at_every_begin(database_dsn: str) -> None:
    async def story(house: House) -> None:
        loose = Caps(per_contact=20, per_number=10, number_gap_s=0, customer_gap_s=0)
        often = {Outcome.BUSY: RetryRule(wait_s=60, max=20)}
        law = msgspec.structs.replace(SETTINGS, caps=loose, retry=often, preset="us_florida")
        await house.trunk()
        campaign = await house.campaign(settings=law)
        await house.agent("ana", campaign.id)
        house.calls_to(MAIN, BUSY)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.clock.sleep(3600)
        assert house.dialled() == [MAIN] * 3, "Florida: at most three calls to a number in 24 hours"

    in_virtual_time(database_dsn, story)


def test_a_click_whose_answer_was_lost_counts_as_sent_and_is_heard_of_again(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        send = house.link.send

        async def answer_lost(action: Action, *, deadline: float = 5.0) -> Response:
            response = await send(action, deadline=deadline)
            if isinstance(action, Redirect):
                raise LinkLost("the session ended before the answer", sent=True)
            return response

        with patch.object(house.link, "send", answer_lost):
            await house.ask(Kind.CALL_CLICK, ana.id, campaign_id=str(campaign.id), e164=MAIN)
            await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        assert await house.outcomes() == {"connected": 1}

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("error", [ActionTimeout, LinkLost])
def test_an_originate_that_never_left_costs_nothing_and_is_sent_again(
    database_dsn: str, error: type[Unanswered]
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        send, failures = house.link.send, [error("the socket was full", sent=False)]

        async def once_full(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Originate) and failures:
                raise failures.pop()
            return await send(action, deadline=deadline)

        with patch.object(house.link, "send", once_full):
            contact = await house.contact(await house.list_(campaign.id), MAIN)
            await house.until(lambda: house.state(ana.id) == "talking", 600)
        assert house.dialled() == [MAIN]
        assert await house.outcomes() == {"refused": 1, None: 1}
        assert (await house.contact_row(contact))["attempts"] == 1

    in_virtual_time(database_dsn, story)


def test_a_trunk_renamed_during_a_call_gets_its_channel_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        trunk_id = await house.trunk()
        campaign = await house.campaign()
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        known = house.engine.tools.trunks
        async with house.db.transaction() as conn:
            fields = TrunkFields(name="renamed", dial="PJSIP/{number}@trunk", calls_per_s=100, channels=500)
            await trunks.edit(conn, trunk_id, fields)
        wake(house.bus)
        trunk = await house.until(lambda: known.by_name("renamed"))
        assert trunk.limits.in_use == 1
        await house.until(lambda: house.state(ana.id) == "wrapup")
        assert trunk.limits.in_use == 0

    in_virtual_time(database_dsn, story)


def test_a_trunk_is_used_at_its_rate_though_each_placing_takes_its_time(database_dsn: str) -> None:
    """At a start nothing happens that would make the campaign look again."""

    async def story(house: House) -> None:
        await house.trunk(calls_per_s=10)
        campaign = await house.campaign()
        people = await house.list_(campaign.id)
        for n in range(AGENTS):
            house.calls_to(number(n), SILENT)
            await house.contact(people, number(n))
        place = Placer.place

        async def slow(*given: Any, **more: Any) -> Placed:
            placed = await place(*given, **more)
            await house.clock.sleep(0.2)
            return placed

        with patch.object(Placer, "place", slow):
            await house.many_agents(AGENTS, campaign.id)
            await house.until(lambda: len(house.dialled()) == AGENTS, 60)
        (row,) = await house.rows("SELECT max(begun_at) - min(begun_at) AS took FROM attempt")
        assert row["took"] < timedelta(seconds=1.5 * AGENTS / 10)

    in_virtual_time(database_dsn, story)
