"""Figures by every dimension, shares, hours, coverage and the calls behind a number."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from dialer import counters
from dialer.compliance import Counts
from dialer.errors import BadValue
from dialer.metrics import Figures
from dialer.outcome import Outcome
from dialer.reports import coverage, drilling, figures
from dialer.reports.drilling import Drill
from dialer.reports.figures import Key
from dialer.reports.scope import By, Scope
from lists import customers
from lists.model import AttemptKind
from storage.database import Database
from storage.partitions import ensure_partitions
from tests.integration.lists.world import World, number
from tests.integration.reports.history import MORNING, History
from typifications.model import Result, ResultClass

HOUR = timedelta(hours=1)
DAY = Scope(MORNING, MORNING + timedelta(hours=8))


def minute(n: int) -> timedelta:
    return timedelta(minutes=n)


async def test_an_hour_of_a_campaign_in_figures(history: History) -> None:
    agent_id = uuid4()
    interested = await history.result("interested", measure=Decimal(1))
    sold = await history.result("sold", ResultClass.SUCCESS, parent_id=interested.id, measure=Decimal("2.5"))
    later = await history.result("later", ResultClass.RIGHT_PARTY, parent_id=interested.id)
    machine = await history.result("machine", ResultClass.MACHINE)
    for n, path in enumerate([(interested, sold), (interested, later), (machine,), ()]):
        begun_at = MORNING + minute(n)
        attempt_id = await history.call(begun_at, agent_id=agent_id)
        await history.said(attempt_id, begun_at, *path, agent_id=agent_id)
    for outcome in ("abandoned", "gone", "machine", "no_answer", "no_answer"):
        await history.call(MORNING + minute(10), outcome)
    await history.call(MORNING + minute(11), "abandoned", kind=AttemptKind.INBOUND)
    at = await history.stay(agent_id, "ready", MORNING, 120)
    at = await history.stay(agent_id, "talking", at, 240, history.campaign_id)
    await history.stay(agent_id, "wrapup", at, 120, history.campaign_id)
    await history.rolled()

    found = await figures.total(history.conn, DAY)
    assert found.outcomes == {"connected": 4, "abandoned": 2, "gone": 1, "machine": 1, "no_answer": 2}
    assert (found.paced_connected, found.paced_abandoned) == (4, 1)
    assert found.abandonment == 0.2
    assert (found.interactions, found.untypified) == (4, 1)
    assert (found.right_party, found.successes, found.machines_met) == (2, 1, 1)
    # 2.5 of "sold"; "later" has no measure of its own and takes the one above it.
    assert found.measure == Decimal("3.5")
    assert found.talk_ms == 240_000
    assert found.wait_ms == 400
    assert found.occupancy == 0.75
    assert found.conversion == 0.25
    assert found.mean_talk_s == 60


async def test_hold_is_a_part_of_an_agents_talking_time_and_told_by_itself(history: History) -> None:
    holds, never = uuid4(), uuid4()
    for agent_id, held_s in ((holds, 90), (never, 0)):
        start = MORNING + timedelta(minutes=59)
        await history.call(start, agent_id=agent_id, talk_s=240)
        await history.stay(agent_id, "talking", start, 240, history.campaign_id)
        if held_s:  # across the hour
            await history.stay(agent_id, "held", start + timedelta(seconds=30), held_s, history.campaign_id)
    await history.rolled()
    by_agent = {
        row.key.agent_id: row.figures for row in await figures.figures(history.conn, DAY, (By.AGENT,))
    }
    told = by_agent[holds]
    assert (told.talking_ms, told.hold_ms, told.other_ms) == (240_000, 90_000, 0)
    assert (told.mean_hold_s, told.hold_share) == (90, 0.375)
    assert (by_agent[never].hold_ms, by_agent[never].mean_hold_s) == (0, 0)
    assert told.occupancy == by_agent[never].occupancy == 1.0
    whole = await figures.total(history.conn, DAY)
    assert (whole.hold_ms, whole.talking_ms) == (90_000, 480_000)
    hours = await figures.figures(history.conn, DAY, (By.HOUR,))
    assert [row.figures.hold_ms for row in hours] == [30_000, 60_000]
    days = await figures.figures(history.conn, DAY, (By.AGENT, By.DAY))
    assert sum(row.figures.hold_ms for row in days) == 90_000


async def test_every_way_a_call_can_end_is_counted_and_a_broadcasts_stand_outside_the_ratio(
    history: History,
) -> None:
    ways = list(Outcome)
    for n, outcome in enumerate(ways):
        for agent_id in (None, uuid4()):
            await history.call(MORNING + minute(n), outcome, kind=AttemptKind.BROADCAST, agent_id=agent_id)
    await history.rolled()

    whole = await figures.total(history.conn, DAY)
    assert whole.outcomes == dict.fromkeys(ways, 2)
    of_agents = await figures.figures(history.conn, DAY, (By.AGENT,))
    assert sum(row.figures.attempts for row in of_agents) == len(ways)
    assert (whole.paced_connected, whole.paced_abandoned, whole.abandonment) == (0, 0, 0)
    heard = ("played", "pressed", "opted_out", "message_left", "unattended", "out_of_hours")
    assert whole.answered == 2 * (len(heard) + len(("connected", "abandoned", "machine", "gone")))


@pytest.mark.parametrize(
    "zone", ["UTC", "America/Bogota", "Asia/Kolkata", "Pacific/Auckland", "Europe/Madrid"]
)
async def test_agents_days_from_whole_utc_days_are_those_added_up_from_hours(
    history: History, zone: str
) -> None:
    results_ = [
        await history.result("a", ResultClass.SUCCESS, measure=Decimal("1.5")),
        await history.result("b"),
    ]
    await history.shift(seed=11, calls=150, results_=results_)
    await history.rolled()
    scope = Scope(MORNING - timedelta(days=2, hours=3), MORNING + timedelta(days=3), zone=zone)

    added: dict[tuple[UUID | None, date], Figures] = {}
    for row in await figures.figures(history.conn, scope, (By.AGENT, By.HOUR)):
        assert row.key.hour is not None
        place = (row.key.agent_id, row.key.hour.astimezone(ZoneInfo(zone)).date())
        added[place] = added.get(place, Figures()) + row.figures
    days = await figures.figures(history.conn, scope, (By.AGENT, By.DAY))
    assert len(days) >= 8
    assert {(row.key.agent_id, row.key.day): row.figures for row in days} == added


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Asia/Kolkata", MORNING),
        ("Asia/Kathmandu", MORNING),
        ("Europe/Madrid", datetime(2026, 3, 28, tzinfo=UTC)),  # an hour is missing on the 29th
        ("America/St_Johns", datetime(2026, 10, 31, tzinfo=UTC)),  # an hour comes twice on the 1st
        ("Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC)),  # half an hour comes twice on the 5th
    ],
)
async def test_days_and_hours_are_those_of_the_raw_calls_in_half_hour_zones_and_over_a_change_of_clocks(
    history: History, zone: str, begins: datetime
) -> None:
    await ensure_partitions(history.conn, "attempt", begins, 1)
    calls = [(begins + n * minute(11), "connected" if n % 3 else "busy") for n in range(530)]
    for begun_at, outcome in calls:
        await history.call(begun_at, outcome)
    await history.rolled()
    scope = Scope(begins, begins + timedelta(days=4, hours=3), zone=zone)

    def local(begun_at: datetime) -> datetime:  # of the UTC hour the call is counted in
        return begun_at.replace(minute=0, second=0, microsecond=0).astimezone(ZoneInfo(zone))

    raw_weeks = Counter((local(at).isoweekday(), local(at).hour, outcome) for at, outcome in calls)
    raw_days = Counter((local(at).date(), outcome) for at, outcome in calls)
    hours = await figures.figures(history.conn, scope, (By.WEEKDAY, By.HOUR_OF_DAY))
    assert raw_weeks == {
        (row.key.weekday, row.key.hour_of_day, outcome): count
        for row in hours
        for outcome, count in row.figures.outcomes.items()
    }
    days = await figures.figures(history.conn, scope, (By.DAY,))
    assert raw_days == {
        (row.key.day, outcome): count for row in days for outcome, count in row.figures.outcomes.items()
    }
    for score in await figures.best_hours(history.conn, scope):
        assert score.attempts == sum(raw_weeks[score.weekday, score.hour, outcome] for outcome in Outcome)
        assert score.hits == raw_weeks[score.weekday, score.hour, "connected"]


async def test_splits_add_up_to_the_whole_by_every_dimension(history: History) -> None:
    results_ = [await history.result("a", ResultClass.SUCCESS), await history.result("b")]
    await history.shift(seed=5, calls=150, results_=results_)
    await history.rolled()
    scope = Scope(MORNING, MORNING + timedelta(days=4), zone="Europe/Madrid")
    whole = await figures.total(history.conn, scope)
    assert whole.attempts > 100
    for by in By:
        rows = await figures.figures(history.conn, scope, (by,))
        parts = sum((row.figures for row in rows), type(whole)())
        assert parts.interactions == pytest.approx(whole.interactions)
        if by is By.AGENT:
            assert parts.contacts == whole.contacts
            assert parts.successes == whole.successes
        else:
            assert parts.outcomes == whole.outcomes
            assert parts.talk_ms == whole.talk_ms
        if by is not By.DIAL_LIST:
            assert parts.worked_ms == whole.worked_ms
        assert len(rows) > 1
        assert rows == await figures.figures(history.conn, scope, (by,), limit=len(rows))
    crossed = await figures.figures(history.conn, scope, (By.CAMPAIGN, By.DAY))
    assert sum((row.figures for row in crossed), type(whole)()).attempts == whole.attempts


async def test_the_scope_restricts_by_campaign_list_agent_and_kind(history: History) -> None:
    agent_id, other = uuid4(), uuid4()
    await history.call(MORNING, agent_id=agent_id)
    await history.call(MORNING, agent_id=other, campaign_id=other, dial_list_id=other)
    await history.call(MORNING, "busy", kind=AttemptKind.MANUAL)
    await history.rolled()

    async def attempts(**scope: object) -> int:
        wanted = Scope(DAY.start, DAY.end, **scope)  # type: ignore[arg-type]
        return (await figures.total(history.conn, wanted)).attempts

    assert await attempts() == 3
    assert await attempts(campaign_ids=[history.campaign_id]) == 2
    assert await attempts(dial_list_ids=[other]) == 1
    assert await attempts(agent_ids=[agent_id]) == 1
    assert await attempts(kinds=[AttemptKind.MANUAL]) == 1
    assert await attempts(campaign_ids=[]) == 0
    assert (await figures.total(history.conn, DAY.own(other))).attempts == 1


async def test_days_and_hours_are_those_of_the_zone_asked_for(history: History) -> None:
    late = MORNING.replace(hour=23)  # midnight in Madrid, and so on the Tuesday
    await history.call(late)
    await history.rolled()
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    for zone, day, weekday, hour in (("UTC", monday, 1, 23), ("Europe/Madrid", tuesday, 2, 0)):
        (row,) = await figures.figures(
            history.conn, Scope.days(day, day, zone), (By.DAY, By.WEEKDAY, By.HOUR_OF_DAY)
        )
        assert row.key == Key(day=day, weekday=weekday, hour_of_day=hour)
    assert (await figures.total(history.conn, Scope.days(monday, monday, "Europe/Madrid"))).attempts == 0


@pytest.mark.parametrize(("first", "last", "zone"), [(2, 1, "UTC"), (1, 2, "Mars/Olympus")])
def test_a_scope_that_makes_no_sense_is_refused(first: int, last: int, zone: str) -> None:
    with pytest.raises(BadValue):
        Scope.days(date(2026, 3, first), date(2026, 3, last), zone)


async def said(history: History, count: int, *path: Result, agent_id: UUID | None = None) -> None:
    for _ in range(count):
        attempt_id = await history.call(MORNING, agent_id=agent_id)
        await history.said(attempt_id, MORNING, *path, agent_id=agent_id)


async def test_shares_of_typifications_at_each_level_and_of_ones_own(history: History) -> None:
    agent_id = uuid4()
    yes = await history.result("yes", ordinal=2)
    sold = await history.result("sold", parent_id=yes.id)
    no = await history.result("no", ordinal=1)
    await said(history, 3, yes, sold)
    await said(history, 1, yes, agent_id=agent_id)
    await said(history, 4, no)
    await said(history, 2)
    await history.rolled()
    shares = await figures.typification_shares(history.conn, DAY)
    assert (shares.typified, shares.untypified) == (8, 2)
    assert [(one.names, one.interactions, one.share) for one in shares.results] == [
        (("no",), 4, 0.5),
        (("yes",), 4, 0.5),
        (("yes", "sold"), 3, 0.375),
    ]
    assert [one.names for one in shares.level(2)] == [("yes", "sold")]
    own = await figures.typification_shares(history.conn, DAY.own(agent_id))
    assert [(one.names, one.share) for one in own.results] == [(("yes",), 1.0)]
    nobody = await figures.typification_shares(history.conn, DAY.own(uuid4()))
    assert (nobody.typified, nobody.results) == (0, ())


async def test_the_best_hour_is_that_of_the_campaigns_zone(history: History) -> None:
    for n in range(40):
        await history.call(MORNING + n * minute(1), "connected" if n % 2 else "busy")
        await history.call(MORNING + HOUR + n * minute(1), "connected" if n % 4 == 0 else "busy")
    await history.rolled()
    best, second = await figures.best_hours(history.conn, Scope(DAY.start, DAY.end, zone="America/Lima"))
    assert (best.weekday, best.hour, best.rate) == (1, 4, 0.5)
    assert (second.hour, second.rate) == (5, 0.25)
    assert best.score > second.score > 0


async def test_abandonment_of_24_hours_and_30_days_is_read_from_the_live_counters(history: History) -> None:
    campaign_id = history.campaign_id
    now = MORNING + timedelta(days=40)
    ages = {2: (95, 5), 30: (80, 20), 24 * 29: (100, 0), 24 * 31: (0, 1000)}
    for hours, (connected, abandoned) in ages.items():
        await counters.add(
            history.conn,
            {(campaign_id, now - hours * HOUR): Counts(connected=connected, abandoned=abandoned)},
        )
    found = (await figures.abandonment(history.conn, [campaign_id], now))[campaign_id]
    assert found.day_ratio == 0.05
    assert found.month_ratio == 25 / 300
    assert await figures.abandonment(history.conn, [uuid4()], now) == {}


async def test_calls_typified_as_machines_leave_the_ratio_where_they_are_no_live_answers(
    history: History,
) -> None:
    """Only of paced calls, and only where it is asked for."""
    machine = await history.result("machine", ResultClass.MACHINE)
    for n, kind in enumerate(("dialled", "dialled", "manual")):
        at = MORNING + n * minute(1)
        await history.said(await history.call(at, kind=kind), at, machine)
    await history.rolled()
    campaign_id, now = history.campaign_id, MORNING + timedelta(days=2)
    calls = Counts(connected=98, abandoned=2)
    await counters.add(history.conn, {(campaign_id, MORNING): calls})
    plain = (await figures.abandonment(history.conn, None, now))[campaign_id]
    assert plain.month_ratio == 2 / 100
    without = await figures.abandonment(history.conn, None, now, machines_leave=[campaign_id])
    assert without[campaign_id].month_ratio == 2 / 98
    assert (without[campaign_id].day_machines, without[campaign_id].day_ratio) == (0, 0)
    assert await counters.machines_met(history.conn, campaign_id, MORNING) == 2


@pytest.mark.parametrize("zone", ["America/Lima", "Asia/Kolkata"])
async def test_a_number_leads_to_exactly_the_calls_it_counts(history: History, zone: str) -> None:
    results_ = [await history.result("a"), await history.result("b")]
    await history.shift(seed=9, calls=120, results_=results_)
    await history.rolled()
    scope = Scope(MORNING, MORNING + timedelta(days=3), zone=zone)
    for row in await figures.figures(history.conn, scope, (By.WEEKDAY, By.HOUR_OF_DAY)):
        for outcome, count in row.figures.outcomes.items():
            drill = Drill([Outcome(outcome)], weekday=row.key.weekday, hour_of_day=row.key.hour_of_day)
            calls = await drilling.calls(history.conn, scope, drill, limit=200)
            assert len(calls) == count
            assert {call.outcome for call in calls} == {outcome}
    for row in await figures.figures(history.conn, scope, (By.AGENT,)):
        assert row.key.agent_id is not None
        own = await drilling.calls(history.conn, scope.own(row.key.agent_id), limit=200)
        assert len(own) == row.figures.attempts
    for share in (await figures.typification_shares(history.conn, scope)).results:
        calls = await drilling.calls(history.conn, scope, Drill(result_id=share.path[-1]), limit=200)
        assert len(calls) == share.interactions
        assert {call.result_names for call in calls} == {share.names}


async def test_the_calls_behind_a_number_come_in_pages(history: History) -> None:
    await history.shift(seed=2, calls=60, results_=[await history.result("a")])
    scope = Scope(MORNING, MORNING + timedelta(days=3))
    everything = await drilling.calls(history.conn, scope, limit=500)
    seen: list[drilling.Call] = []
    while page := await drilling.calls(
        history.conn, scope, after=(seen[-1].begun_at, seen[-1].id) if seen else None, limit=7
    ):
        seen += page
    assert seen == everything
    assert [call.begun_at for call in seen] == sorted((call.begun_at for call in seen), reverse=True)


async def test_a_drill_through_all_campaigns_is_bounded_in_time(history: History) -> None:
    year = Scope(MORNING, MORNING + timedelta(days=365))
    with pytest.raises(BadValue, match="at most 32 days"):
        await drilling.calls(history.conn, year)
    bounded = Scope(MORNING, MORNING + timedelta(days=365), campaign_ids=[history.campaign_id])
    assert await drilling.calls(history.conn, bounded) == []


async def test_managed_and_unmanaged_customers_of_a_campaign_and_of_an_agent(db: Database) -> None:
    async with db.transaction() as conn:
        world = await World.made(conn)
        history = await History.made(conn)
        history.campaign_id = world.campaign_id
        list_id, agent_id = await world.list_(), uuid4()
        people = [await world.customer(number(n)) for n in range(4)]
        for customer in people:
            await world.queue(list_id, customer.id)
        await customers.assign(conn, [people[0].id, people[1].id, people[3].id], agent_id, world.now)
        result = await history.result("a")
        await history.said(await history.call(MORNING), MORNING, result, customer_id=people[0].id)
        await history.said(await history.call(MORNING), MORNING, result, customer_id=people[0].id)
        await history.said(await history.call(MORNING), MORNING, customer_id=people[1].id)

        found = await coverage.count(conn, world.campaign_id, MORNING)
        assert (found.customers, found.managed, found.unmanaged) == (4, 1, 3)
        assert found.managed_share == 0.25
        assert await coverage.of_campaigns(conn, [world.campaign_id]) == {world.campaign_id: found}
        own = await coverage.of_agent(conn, agent_id, MORNING)
        assert (own.customers, own.managed) == (3, 1)
        assert (await coverage.of_agent(conn, uuid4(), MORNING)).managed_share is None


async def test_the_oldest_counts_are_renewed_first_and_fresh_ones_left_alone(history: History) -> None:
    for n in range(2):
        await history.conn.execute(
            "INSERT INTO campaign (id, name, settings, created_at) VALUES ($1, $2, '{}', $3)",
            UUID(int=n),
            f"campaign {n}",
            MORNING,
        )
    assert await coverage.count_stale(history.conn, MORNING) == 1
    assert await coverage.count_stale(history.conn, MORNING + minute(1)) == 1
    assert await coverage.count_stale(history.conn, MORNING + minute(2)) == 0
    assert await coverage.count_stale(history.conn, MORNING + minute(20), limit=5) == 2
