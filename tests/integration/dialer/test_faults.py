"""What breaks in mid campaign: nobody is dialled twice, nobody is lost, and it goes on by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from unittest.mock import patch

import asyncpg
import pytest

from ami.simulator import Behaviour, Fate, Population
from dialer.campaigns import Campaign
from storage.clock import VirtualClock
from storage.database import connect
from storage.migrate import migrate
from storage.throw_away import throw_away_postgres
from tests.helpers.postgres import binaries_under_test
from tests.integration.dialer.house import ANSWERS, NOON, SILENT, House, in_virtual_time, number, open_house
from typifications.model import Action

LONG_TALK = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=200)
WAITS_CUT_SHORT = """
    SELECT e164 FROM (
        SELECT e164, begun_at - lag(ended_at) OVER (PARTITION BY e164 ORDER BY begun_at) AS gap
        FROM attempt WHERE outcome <> 'refused') waits
    WHERE gap < interval '60 seconds'
"""
Breaks = Callable[[House], Awaitable[None]]


async def busy_floor(house: House, contacts: int = 60, agents: int = 5) -> Campaign:
    """A campaign under way, with calls in every state."""
    await house.trunk()
    campaign = await house.campaign()
    done = await house.result(campaign.id, Action.NO_ACTION)
    people = await house.list_(campaign.id)
    for n in range(contacts):
        await house.contact(people, number(n))
    for n in range(agents):
        house.typifies_everything(await house.agent(f"agent-{n}", campaign.id), done)
    await house.until(lambda: len(house.pbx.calls) > contacts / 3, 3600)
    return campaign


async def all_is_well(house: House, *, but: str = "") -> None:
    """Every contact got a final state; each attempt was one call and each call one attempt."""
    await house.finished(but=[but])
    attempts = await house.rows("SELECT id, ended_at, outcome FROM attempt")
    placed = [call.attempt for call in house.pbx.calls]
    assert len(placed) == len(set(placed))
    never_sent = {str(row["id"]) for row in attempts if row["outcome"] == "refused"}
    assert {str(row["id"]) for row in attempts} - never_sent == set(placed)
    assert all(row["ended_at"] is not None for row in attempts)
    assert not await house.rows("SELECT * FROM live_attempt")
    gaps = await house.rows(WAITS_CUT_SHORT)
    assert not gaps, "a number was called again before its wait was over"


async def cut(house: House) -> None:
    house.pbx.cut()
    await house.until(lambda: not house.link.connected, 5)
    await house.until(lambda: house.link.connected, 60)


async def asterisk_dies(house: House) -> None:
    await house.pbx.stop()
    await house.clock.sleep(7)
    await house.pbx.start()
    await house.until(lambda: house.link.connected, 60)


async def dialer_dies(house: House) -> None:
    await house.restart_worker()


@pytest.mark.parametrize("breaks", [cut, asterisk_dies, dialer_dies], ids=lambda breaks: breaks.__name__)
def test_mid_campaign_nobody_is_dialled_twice_or_lost(database_dsn: str, breaks: Breaks) -> None:
    async def story(house: House) -> None:
        await busy_floor(house)
        await breaks(house)
        placed = len(house.pbx.calls)
        await house.until(lambda: len(house.pbx.calls) > placed, 300, "dialling resumes by itself")
        await all_is_well(house)

    in_virtual_time(database_dsn, story, population=Population(seed=2, numbers={}))


def test_a_conversation_survives_the_death_of_the_dialer_and_is_adopted(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        contact = await house.in_talk(ana, campaign, number(1), LONG_TALK)
        await house.clock.sleep(1)
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "talking", 30)
        await house.until(lambda: house.state(ana.id) == "wrapup", 300)
        await house.typify(ana.id, done)
        await house.finished()
        row = await house.row("SELECT outcome, agent_id, ended_at - connected_at AS talk FROM attempt")
        assert (row["outcome"], row["agent_id"]) == ("connected", ana.id)
        assert row["talk"].total_seconds() == pytest.approx(200, abs=1)
        assert (await house.contact_row(contact))["state"] == "done"
        assert len(house.pbx.calls) == 1

    in_virtual_time(database_dsn, story)


def test_a_conversation_that_ended_while_the_dialer_was_dead_is_still_typified(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        contact = await house.in_talk(ana, campaign, number(1), ANSWERS)
        await house.clock.sleep(1)
        await house.kill_worker()
        await house.clock.sleep(60)
        await house.start_worker()
        await house.until(lambda: house.state(ana.id) == "wrapup", 30)
        await house.typify(ana.id, done)
        await house.finished()
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_a_call_whose_end_was_missed_with_the_link_is_closed_and_its_agent_freed(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.in_talk(ana, campaign, number(1), ANSWERS)
        (talk,) = house.engine.tools.calls
        with house.deaf():
            house.pbx.pbx.far_end_hangs_up(talk.channel)
            await house.clock.sleep(1)
        assert house.state(ana.id) == "talking", "the event was missed"
        await house.until(lambda: house.state(ana.id) == "wrapup", 120)
        assert (await house.outcomes()) == {"connected": 1}

    in_virtual_time(database_dsn, story)


def test_after_asterisk_died_nobody_is_dialled_for_agents_whose_lines_are_gone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        await house.pbx.stop()
        await house.somebody(campaign, number(1), ANSWERS)
        await house.pbx.start()
        await house.until(lambda: house.pbx.calls, 120)
        await house.clock.sleep(60)
        assert await house.outcomes() == {"connected": 1}

    in_virtual_time(database_dsn, story)


def test_a_call_that_rings_for_ever_is_looked_for_and_hung_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        await house.somebody(campaign, number(1), SILENT)
        await house.until(lambda: house.pbx.calls)
        await house.until(lambda: len(house.engine.tools.calls) == 1)
        (ringing,) = house.engine.tools.calls
        house.pbx.pbx.party(ringing.channel).stop_timers()  # its ring time-out is lost
        await house.until(lambda: not len(house.engine.tools.calls), 120)
        await house.clock.sleep(1)
        assert not await house.rows("SELECT * FROM live_attempt")

    in_virtual_time(database_dsn, story)


def test_an_attempt_that_was_begun_and_never_placed_is_closed_and_costs_nothing(database_dsn: str) -> None:
    """The database committed it, and its answer was lost on the way: it counted for nobody."""

    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        house.calls_to(number(1), ANSWERS)
        with house.begin_answers_lost():
            contact = await house.contact(await house.list_(campaign.id), number(1))
            await house.until(lambda: house.begins_lost, 30)
        (orphan,) = await house.rows("SELECT attempt_id FROM live_attempt")
        await house.until(lambda: house.pbx.calls, 300)
        assert house.pbx.calls[0].attempt != str(orphan["attempt_id"])
        row = await house.row("SELECT outcome FROM attempt WHERE id = $1", orphan["attempt_id"])
        assert row["outcome"] == "refused"
        assert (await house.contact_row(contact))["attempts"] == 1

    in_virtual_time(database_dsn, story)


def test_a_clock_that_is_set_back_by_an_hour_stops_nothing(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk(calls_per_s=2)
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(40):
            house.calls_to(number(n), ANSWERS)
            await house.contact(people, number(n), next_at=NOON - timedelta(days=1))
        for n in range(5):
            house.typifies_everything(await house.agent(f"agent-{n}", campaign.id), done)
        await house.until(lambda: house.joined > 10, 600)
        right = house.clock.now
        with patch.object(house.clock, "now", lambda: right() - timedelta(hours=1)):
            joined = house.joined
            await house.until(lambda: house.joined >= joined + 20, 300, "it goes on")
            await house.finished(600)
        assert await house.outcomes() == {"connected": 40}

    in_virtual_time(database_dsn, story)


def test_postgresql_restarted_mid_campaign_nothing_is_lost_and_answers_are_still_joined() -> None:
    with throw_away_postgres(binaries_under_test()) as server:

        async def make() -> str:
            dsn = server.dsn_of("floor")
            admin = await asyncpg.connect(server.dsn_of("postgres"))
            await admin.execute("CREATE DATABASE floor")
            await admin.close()
            async with connect(dsn) as conn:
                await migrate(conn)
            return dsn

        dsn = asyncio.run(make())
        clock = VirtualClock(NOON)

        async def main() -> None:
            async with open_house(dsn, clock, Population(seed=3, numbers={})) as house:
                await busy_floor(house)
                joined = house.joined
                restarting = asyncio.create_task(asyncio.to_thread(server.restart))
                await house.until(lambda: not house.engine.tools.writer.healthy, 3600)
                await house.until(lambda: house.joined > joined, 60, "a live answer is joined all the same")
                assert not restarting.done()
                await restarting
                placed = len(house.pbx.calls)
                await house.until(lambda: len(house.pbx.calls) > placed, 3600, "dialling resumes by itself")
                # A wrap-up that ran out while nobody could store anything is left to be typified.
                await all_is_well(house, but="awaiting_typification")
                await house.until(lambda: {house.state(agent.id) for agent in house.agents} == {"ready"}, 120)
                await house.clock.sleep(1)
                left = await house.rows(
                    "SELECT i.state FROM contact LEFT JOIN interaction i ON i.contact_id = contact.id"
                    " WHERE contact.state = 'awaiting_typification'"
                )
                assert {row["state"] for row in left} <= {"untypified"}

        clock.run(main())


def test_a_caller_served_from_first_to_last_without_postgresql_is_on_record_afterwards(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        async with house.without_postgresql():
            await house.until(lambda: not house.engine.tools.writer.healthy, 30)
            house.pbx.pbx.inbound(number(1), "5550000", behaviour=ANSWERS)
            await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT kind, outcome, agent_id FROM attempt")
        assert row == {"kind": "inbound", "outcome": "connected", "agent_id": ana.id}
        assert not await house.rows("SELECT * FROM live_attempt")

    in_virtual_time(database_dsn, story)


def test_without_postgresql_the_figures_of_each_second_do_not_pile_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        writer = house.engine.tools.writer
        async with house.without_postgresql():
            await house.until(lambda: not writer.healthy, 30)
            before = len(writer._batch.jobs) + len(writer._batch.news)
            await house.clock.sleep(3600)
            assert len(writer._batch.jobs) + len(writer._batch.news) - before <= 2

    in_virtual_time(database_dsn, story)
