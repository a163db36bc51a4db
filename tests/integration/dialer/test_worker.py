"""Who owns the floor, what is written behind the calls, and what the outside sees."""

from datetime import datetime
from unittest.mock import patch
from uuid import uuid4

import msgspec

from ami.simulator import Behaviour, Fate, Population
from dialer import commands, leases, live
from dialer.commands import Kind, State
from dialer.engine.batch import Batch
from dialer.engine.writes import Writer
from dialer.settings import Mode
from lists import attempts
from lists.model import RefusalReason
from storage.database import Connection, Database
from storage.errors import DatabaseDown
from tests.helpers import until
from tests.integration.dialer.house import ANSWERS, SETTINGS, House, in_virtual_time, number, worker_of
from typifications.model import Action

MAIN = number(1)
TALKS_LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=2, talk_s=120)


async def test_a_lease_is_one_owners_until_it_runs_out_and_each_owner_raises_the_epoch(db: Database) -> None:
    async with db.connection() as conn:
        assert await leases.take(conn, "floor", "one", 60) == 1
        assert await leases.take(conn, "floor", "other", 60) is None
        assert await leases.renew(conn, "floor", "one", 1, 60)
        await leases.give_back(conn, "floor", "one", 1)
        assert await leases.take(conn, "floor", "other", 60) == 2
        assert not await leases.renew(conn, "floor", "one", 1, 60)


def test_of_two_workers_one_dials_and_the_other_takes_over_when_it_goes(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        first, second = house.worker, worker_of(house)
        await second.start()
        await house.in_talk(ana, campaign, MAIN, TALKS_LONG)
        assert second.engine is None
        await first.stop()
        house.worker = second
        with house.clock.in_flight.working():  # it stands by in real time: the talk must not run away
            await until(lambda: second.engine, 20)
        await house.until(lambda: house.state(ana.id) == "talking", 5)
        await house.until(lambda: house.state(ana.id) == "wrapup", 200)
        assert len(house.dialled()) == 1

    in_virtual_time(database_dsn, story)


def test_an_owner_that_slept_through_the_loss_of_the_floor_cannot_begin_a_call(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.until(lambda: campaign.id in house.engine.hub.runs)
        run = house.engine.hub.runs[campaign.id]
        async with house.db.transaction() as conn:  # another worker has taken over meanwhile
            await attempts.fence(conn, campaign.id, house.engine.tools.epoch + 1, True)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.agent("ana", campaign.id)
        await house.clock.sleep(120)
        assert not house.pbx.calls
        assert run.status.why == "owned_by_another"

    in_virtual_time(database_dsn, story)


def test_an_owner_that_slept_through_the_loss_of_the_floor_calls_nobody_by_hand_either(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        async with house.db.transaction() as conn:
            await attempts.fence(conn, campaign.id, house.engine.tools.epoch + 1, True)
        answer = await house.ask(Kind.CALL_CLICK, ana.id, campaign_id=str(campaign.id), e164=MAIN)
        assert answer.state is State.REFUSED
        assert not house.pbx.calls

    in_virtual_time(database_dsn, story)


def test_an_owner_that_lost_the_floor_does_nothing_more_to_its_agents(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.somebody(campaign, MAIN, ANSWERS)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.ask(Kind.AGENT_LOGOUT, ana.id)  # after the wrap-up
        line = house.live_agent(ana.id).line
        async with house.db.transaction() as conn:  # it slept too long
            await conn.execute("UPDATE lease SET owner = 'nobody', expires_at = now() - interval '1 second'")
        first = house.worker
        with house.clock.in_flight.working():
            await until(lambda: first.engine is None, 20)
        await house.start_worker()
        await house.ask(Kind.AGENT_READY, ana.id)  # not now, after all
        await house.ask(Kind.AGENT_WRAPUP_EXTEND, ana.id, seconds=100)
        await house.clock.sleep(60)
        assert (house.state(ana.id), house.live_agent(ana.id).line) == ("wrapup", line)
        await first.stop()

    in_virtual_time(database_dsn, story)


def test_stopping_drains_what_rings_and_leaves_conversations_to_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(
            settings=msgspec.structs.replace(SETTINGS, mode=Mode.POWER, ratio=2.0)
        )
        people = await house.list_(campaign.id)
        house.calls_to(MAIN, TALKS_LONG)
        house.calls_to(number(2), Behaviour(fate=Fate.NO_ANSWER))
        for phone in (MAIN, number(2), number(3)):
            await house.contact(people, phone)
        ana = await house.agent("ana", campaign.id)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.worker.stop(drain_s=60)
        assert len(house.pbx.calls) == 2
        assert (await house.outcomes()) == {"no_answer": 1, None: 1}
        assert len(await house.rows("SELECT * FROM live_attempt")) == 1
        assert not await house.rows("SELECT * FROM contact WHERE reserved_until > now()")

    in_virtual_time(database_dsn, story)


def test_one_record_the_database_refuses_is_dropped_alone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        writer: Writer = house.engine.tools.writer
        written: list[int] = []

        async def fine(conn: Connection, now: datetime) -> None:
            written.append(await conn.fetchval("SELECT 1"))

        async def poison(conn: Connection, now: datetime) -> None:
            await conn.execute("SELECT 1 / 0")

        for job in (fine, poison, fine):
            writer.job(job)
        await house.until(lambda: writer.idle, 5)
        assert len(written) >= 2
        assert writer.healthy

    in_virtual_time(database_dsn, story)


def test_an_agents_time_is_logged_once_though_the_answer_to_the_commit_was_lost(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        written, losses = Batch.write, [DatabaseDown("lost at the commit")]

        async def lost(batch: Batch, conn: Connection, now: datetime) -> None:
            await written(batch, conn, now)
            if batch.stays and losses:
                await conn.execute("COMMIT")
                raise losses.pop()

        with patch.object(Batch, "write", lost):
            await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert not losses
        with house.clock.in_flight.working():  # it tries again in real time
            await until(lambda: house.engine.tools.writer.healthy, 20)
        ready = await house.rows("SELECT state FROM agent_log WHERE state = 'ready'")
        assert len(ready) == 1

    in_virtual_time(database_dsn, story)


def test_the_same_idempotency_key_is_one_command(database_dsn: str) -> None:
    async def story(house: House) -> None:
        key = str(uuid4())
        async with house.db.transaction() as conn:
            one, again = [
                await commands.submit(
                    conn, Kind.AGENT_LOGIN, uuid4(), idempotency_key=key, now=house.clock.now()
                )
                for _ in range(2)
            ]
        assert one == again
        commands.wake(house.bus)
        done = await commands.wait_done(house.db, house.clock, one.id, patience_s=30)
        assert done.state is State.REFUSED
        assert done.result is not None
        assert done.result["error_id"] == "unknown_agent"

    in_virtual_time(database_dsn, story)


def test_after_a_reconnect_the_agents_snapshot_holds_the_pending_offer(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        contact = await house.somebody(campaign, MAIN, ANSWERS)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(1)
        async with house.db.connection() as conn:
            seen = await live.agent_snapshot(conn, ana.id, now=house.clock.now())
            floor = await live.floor_snapshot(conn, now=house.clock.now())
        assert seen.agent.state == "wrapup"
        assert seen.offer is not None
        assert (seen.offer.contact_id, seen.offer.e164) == (contact, MAIN)
        assert [agent.state for agent in floor.agents] == ["wrapup"]
        assert [(f.attempts, f.connected) for f in floor.figures] == [(1, 1)]

    in_virtual_time(database_dsn, story)


def test_a_predictive_campaign_keeps_its_agents_busy_and_its_abandonment_low(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        settings = msgspec.structs.replace(SETTINGS, mode=Mode.PREDICTIVE, amd=True)
        campaign = await house.campaign(settings=settings)
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(400):
            await house.contact(people, number(n))
        for agent in await house.many_agents(10, campaign.id):
            house.typifies_everything(agent, done)
        await house.clock.sleep(1200)
        counted = await house.row(
            "SELECT sum(connected)::int AS c, sum(abandoned)::int AS a FROM campaign_hour"
        )
        assert counted["c"] > 50
        assert counted["a"] <= max(3, 0.06 * counted["c"])

    in_virtual_time(database_dsn, story, population=Population(seed=7, numbers={}))


def test_a_pacer_that_fails_costs_no_call_and_dialling_goes_on_one_to_one(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        settings = msgspec.structs.replace(SETTINGS, mode=Mode.POWER, ratio=2.0)
        campaign = await house.campaign(settings=settings)
        ana = await house.agent("ana", campaign.id)
        pacer = house.engine.hub.runs[campaign.id].pacer

        def broken(*_: object) -> None:
            raise ZeroDivisionError("an estimate went wrong")

        pacer._inner.answered = broken  # type: ignore[assignment, method-assign]
        people = await house.list_(campaign.id)
        for phone in (MAIN, number(2), number(3)):
            house.calls_to(phone, ANSWERS)
            await house.contact(people, phone)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: len(house.dialled()) == 3, 120)

    in_virtual_time(database_dsn, story)


def test_a_refused_begin_is_never_originated(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        await house.block(MAIN)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        await house.clock.sleep(60)
        assert not house.pbx.calls
        assert (await house.contact_row(contact))["final_reason"] == RefusalReason.DO_NOT_CALL

    in_virtual_time(database_dsn, story)
