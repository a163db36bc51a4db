"""A campaign from the first call to the last contact's final state."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import msgspec

from ami.simulator import Population
from dialer import campaigns, counters, live
from dialer.campaigns import Desired, Doing
from dialer.commands import wake
from dialer.compliance import Counts
from dialer.engine.campaign import BUFFER_S, COUNT_S
from dialer.outcome import Outcome
from dialer.settings import RetryRule
from lists import attempts, queue, recycling, reserving
from lists.recycling import Ended
from storage.database import Database
from storage.errors import DatabaseDown
from tests.integration.dialer.house import ANSWERS, BUSY, SETTINGS, House, in_virtual_time, number
from tests.integration.reports.history import History
from typifications.model import Action, ResultClass

MAIN, URGENT = number(1), number(9)


def test_every_contact_of_a_campaign_ends_and_our_attempts_are_the_pbx_calls(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(500):
            await house.contact(people, number(n))
        for n in range(10):
            agent = await house.agent(f"agent-{n}", campaign.id)
            house.typifies_everything(agent, done)
        await house.finished()

        made = await house.rows("SELECT id, outcome, ended_at FROM attempt")
        assert {str(row["id"]) for row in made} == {call.attempt for call in house.pbx.calls}
        assert len(made) == len(house.pbx.calls)
        assert all(row["ended_at"] is not None for row in made)
        assert not await house.rows("SELECT * FROM live_attempt")
        engine = house.worker.engine
        assert engine is not None
        assert not len(engine.tools.calls)

    in_virtual_time(database_dsn, story, population=Population(seed=1, numbers={}), write_gap_s=0.25)


def test_what_a_half_hour_zones_first_half_hour_abandoned_is_in_its_shifts_budget(database_dsn: str) -> None:
    """00:10 in Kolkata is 18:40 UTC, in an hour of UTC that began the day before."""

    async def story(house: House) -> None:
        settings = msgspec.structs.replace(SETTINGS, zone="Asia/Kolkata", abandon_window="shift")
        campaign = await house.campaign(settings=settings)
        await house.until(lambda: campaign.id in house.engine.hub.runs, 10)
        run, lost = house.engine.hub.runs[campaign.id], Counts(attempts=9, answered=9, abandoned=2)
        async with house.db.transaction() as conn:
            await counters.add(conn, {(campaign.id, house.clock.now()): lost})
            await counters.add(conn, {(campaign.id, house.clock.now() - timedelta(hours=1)): lost})
        await run.recall_budget()
        assert run.found == lost

    in_virtual_time(database_dsn, story, start=datetime(2026, 3, 1, 18, 40, tzinfo=UTC))


def test_calls_typified_as_machines_leave_the_budget_where_the_law_counts_none_of_them(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        lost = Counts(attempts=20, answered=11, connected=9, abandoned=2)
        runs = house.engine.hub.runs
        for preset, live_answers in (("uk", 2 + 9 - 1), ("us", 2 + 9)):
            settings = msgspec.structs.replace(SETTINGS, preset=preset, abandon_window="30d")
            before, campaign = len(runs), await house.campaign(preset, settings, running=False)
            await house.until(partial(lambda count: len(runs) > count, before), 10)
            async with house.db.transaction() as conn:
                await counters.add(conn, {(campaign.id, house.clock.now()): lost})
                past = History(conn, campaign_id=campaign.id)
                machine = await past.result(f"machine {preset}", ResultClass.MACHINE)
                at = house.clock.now()
                await past.said(await past.call(at), at, machine)
                await past.rolled()
            run = runs[campaign.id]
            with patch.object(run.pacer, "budget") as told:
                await run.recall_budget()
            told.assert_called_once_with(2, live_answers)

    in_virtual_time(database_dsn, story)


def test_a_campaign_started_while_postgresql_was_away_for_a_moment_dials_all_the_same(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(running=False)
        await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(await house.list_(campaign.id), MAIN)
        fence, failures = attempts.fence, [DatabaseDown("the connection was lost")]

        async def once_away(*args: Any) -> bool:
            if failures:
                raise failures.pop()
            return await fence(*args)

        with patch.object(attempts, "fence", once_away):
            await house.want(campaign.id, Desired.RUNNING)
            await house.until(lambda: not failures)
        await house.until(lambda: house.dialled() == [MAIN], 60)

    in_virtual_time(database_dsn, story)


def test_contacts_reserved_long_ago_are_given_back_and_who_comes_first_by_now_is_called(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(1, 4):
            house.calls_to(number(n), ANSWERS)
            await house.contact(people, number(n))
        ana = await house.agent("ana", campaign.id)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        house.engine.hub.runs[campaign.id]._buffered_at -= 2 * BUFFER_S  # in real time
        await house.contact(people, URGENT, priority=1)
        await house.typify(ana.id, done)
        await house.until(lambda: len(house.dialled()) == 2)
        assert house.dialled()[1] == URGENT

    in_virtual_time(database_dsn, story)


def test_who_is_shown_as_next_is_dialled_next_and_a_recycled_list_once_more(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        once = {**SETTINGS.retry, Outcome.BUSY: RetryRule(wait_s=60, max=0)}
        settings = msgspec.structs.replace(SETTINGS, retry=once)
        campaign = await house.campaign(settings=settings, running=False)
        lists = [await house.list_(campaign.id, priority=priority) for priority in (2, 1)]
        for n in range(12):
            house.calls_to(number(n), BUSY)
            await house.contact(lists[n % 2], number(n), priority=(5, 1, 3)[n % 3])
        await house.agent("ana", campaign.id)

        async def shown() -> list[str | None]:
            async with house.db.connection() as conn:
                found = await queue.upcoming(conn, campaign.id, at=house.clock.now())
            return [one.e164 for one in found]

        async def desired(wish: Desired) -> None:
            async with house.db.transaction() as conn:
                await campaigns.set_desired(conn, campaign.id, wish)
            wake(house.bus)

        first = await shown()
        await desired(Desired.RUNNING)
        await house.until(lambda: len(house.dialled()) == 12, 120)
        assert house.dialled() == first
        await house.finished()
        await desired(Desired.STOPPED)
        for list_id in lists:
            async with house.db.transaction() as conn:
                ended = Ended(outcomes=(Outcome.BUSY,))
                assert await recycling.recycle(conn, list_id, ended, now=house.clock.now()) == 6
        again = await shown()
        assert sorted(map(str, again)) == sorted(map(str, first))
        await desired(Desired.RUNNING)
        await house.finished()
        assert house.dialled() == [*first, *again]

    in_virtual_time(database_dsn, story)


def test_what_is_left_is_not_counted_anew_at_every_typification(database_dsn: str) -> None:
    """It reads every contact of the campaign."""

    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        run = house.engine.hub.runs[campaign.id]
        with patch.object(reserving, "remaining", wraps=reserving.remaining) as counted:
            for _ in range(100):
                wake(house.bus)
                await house.clock.sleep(0.1)
        assert 1 <= counted.call_count <= 10 / COUNT_S + 1
        assert run.status.doing is Doing.FINISHED

    in_virtual_time(database_dsn, story)


async def test_the_floors_figures_are_of_the_day_in_each_campaigns_zone(db: Database) -> None:
    """At 02:10 UTC it is still yesterday in Bogotá, since 05:00; in Kolkata today, since half past 18."""
    now = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
    began = {
        "America/Bogota": datetime(2026, 3, 1, 5, tzinfo=UTC),
        "Asia/Kolkata": datetime(2026, 3, 1, 18, tzinfo=UTC),
    }
    found: dict[str, int] = {}
    async with db.transaction() as conn:
        for zone, hour in began.items():
            settings = msgspec.structs.replace(SETTINGS, zone=zone)
            campaign = await campaigns.create(conn, zone, settings, now=now)
            for at, placed in ((hour - timedelta(hours=1), 100), (hour, 4), (now, 1)):
                await counters.add(conn, {(campaign.id, at): Counts(attempts=placed)})
            floor = await live.floor_snapshot(conn, campaign_ids=[campaign.id], now=now)
            found[zone] = sum(figures.attempts for figures in floor.figures)
    assert found == dict.fromkeys(began, 5)
