"""The simulated PBX beyond the contract: whole lists, faults, inbound traffic, machine detection."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from ami import actions
from ami import events as e
from ami.connection import AsteriskLink, Server, Timing
from ami.errors import LinkLost
from ami.simulator import Amd, Behaviour, Fate, Phone, Population, Settings, SimulatedAsterisk
from storage.virtual_clock import VirtualClock
from tests.contract.bench import AGENTS, CUSTOMERS, story
from tests.helpers import until

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
QUICK = Timing(backoff_first=0.005, backoff_cap=0.02)
MACHINE = Behaviour(fate=Fate.MACHINE, amd=Amd("MACHINE", "LONGGREETING", 1500))


class Rig:
    """A simulated PBX and a link to it, on one virtual clock."""

    def __init__(
        self, clock: VirtualClock, asterisk: SimulatedAsterisk, link: AsteriskLink, keep: bool
    ) -> None:
        self.clock = clock
        self.asterisk = asterisk
        self.link = link
        self.events: list[e.Event] = []
        if keep:
            link.subscribe(self.events.append)

    async def until(self, condition: Callable[[], object], deadline: float = 60) -> None:
        await until(condition, deadline, clock=self.clock, every=0.05)

    async def call(self, attempt: str, number: str, **variables: str) -> None:
        action = actions.Originate(
            actions.customer(number, "trunk"), attempt, "marcador-customer", "answered", variables=variables
        )
        await self.link.send(action)

    async def agent(self, uniqueid: str, endpoint: str = "101") -> None:
        variables = {"MARCADOR_AGENT": endpoint}
        phone = actions.phone(endpoint)
        await self.link.send(
            actions.Originate(phone, uniqueid, "marcador-agent", "line", variables=variables)
        )
        await self.until(lambda: f"in {AGENTS}" in self.story(uniqueid))

    async def waits(self, attempt: str) -> None:
        await self.until(lambda: f"in {CUSTOMERS}" in self.story(attempt))

    async def gone(self, *uniqueids: str, deadline: float = 600) -> None:
        def all_gone() -> bool:
            return set(uniqueids) <= {x.uniqueid for x in self.events if isinstance(x, e.Hangup)}

        await self.until(all_gone, deadline)

    def story(self, uniqueid: str) -> list[str]:
        return story(self.events, uniqueid)


def in_virtual_time(
    test: Callable[[Rig], Awaitable[None]],
    population: Population | None = None,
    settings: Settings | None = None,
    *,
    keep: bool = True,
) -> None:
    """Run `test` on its own clock; without `keep` the rig's list of events stays empty."""
    clock = VirtualClock(START)

    async def run() -> None:
        async with _rig(clock, population, settings, keep) as rig:
            await test(rig)

    clock.run(run())


@asynccontextmanager
async def _rig(
    clock: VirtualClock, population: Population | None, settings: Settings | None, keep: bool
) -> AsyncIterator[Rig]:
    async with SimulatedAsterisk(population, settings, clock=clock, in_flight=clock.in_flight) as asterisk:
        server = Server("sim", "127.0.0.1", asterisk.port, asterisk.username, asterisk.secret)
        link = AsteriskLink(server, timing=QUICK, in_flight=clock.in_flight, sleep=clock.sleep)
        rig = Rig(clock, asterisk, link, keep)
        await link.start()
        await until(lambda: link.connected, clock=clock)
        try:
            yield rig
        finally:
            await link.stop()


# --- whole lists -------------------------------------------------------------------------------------


async def _dial(rig: Rig, contacts: int, lines: int) -> None:
    """Dial that many numbers over that many lines, one try each."""
    gone = 0

    def count(event: e.Event) -> None:
        nonlocal gone
        gone += isinstance(event, e.Hangup)

    rig.link.subscribe(count)
    placed = 0
    while placed < contacts:
        batch = range(placed, min(contacts, gone + lines))
        await asyncio.gather(*(rig.call(f"attempt-{n}", f"+1555{n:07d}") for n in batch))
        placed += len(batch)
        await rig.clock.sleep(1)
    await rig.until(lambda: gone == contacts, 3600)


@pytest.mark.timeout(300)  # seconds; a loaded machine with two cores takes long
def test_a_list_of_45_000_contacts_is_dialled_to_its_end_and_the_pbx_saw_every_attempt_once() -> None:
    contacts = 45_000
    hangups: Counter[str] = Counter()
    answered = 0

    def count(event: e.Event) -> None:
        nonlocal answered
        answered += isinstance(event, e.MarcadorAnswered)
        if isinstance(event, e.Hangup):
            hangups[event.uniqueid] += 1

    async def test(rig: Rig) -> None:
        rig.link.subscribe(count)
        await _dial(rig, contacts, lines=2000)
        assert Counter(call.attempt for call in rig.asterisk.calls) == Counter(
            f"attempt-{contact}" for contact in range(contacts)
        )
        assert not await rig.link.list_channels()
        assert rig.clock.now() - START > timedelta(minutes=5)

    in_virtual_time(test, Population(seed=11), keep=False)
    assert len(hangups) == contacts
    assert set(hangups.values()) == {1}
    assert answered / contacts == pytest.approx(0.47, abs=0.02)


def test_the_same_seed_gives_the_same_events_at_the_same_times() -> None:
    def run() -> list[tuple[datetime, str]]:
        told: list[tuple[datetime, str]] = []

        async def test(rig: Rig) -> None:
            rig.link.subscribe(
                lambda event: (
                    told.append((rig.clock.now(), str(event)))
                    if not isinstance(event, e.OriginateResponse)  # carries an action's random id
                    else None
                )
            )
            await _dial(rig, 300, lines=40)

        in_virtual_time(test, Population(seed=5))
        return told

    first = run()
    assert len(first) > 1000
    assert first == run()


# --- faults ------------------------------------------------------------------------------------------


def test_calls_and_conversations_survive_a_cut_of_the_ami_connection() -> None:
    async def test(rig: Rig) -> None:
        await rig.agent("line-1")
        await rig.call("c-1", "1")
        await rig.waits("c-1")
        await rig.link.send(actions.Bridge("line-1", "c-1"))
        rig.asterisk.cut()
        await rig.until(lambda: rig.link.generation == 2 and rig.link.connected)
        bridges = await rig.link.list_bridges()
        assert {m.uniqueid for b in bridges if b.kind == "basic" for m in b.members} == {"line-1", "c-1"}
        await rig.gone("c-1")
        assert not rig.clock.in_flight

    in_virtual_time(test, Population(numbers={"1": Behaviour(talk_s=300)}))


def test_an_asterisk_that_dies_takes_its_calls_along_and_comes_back_empty_on_its_port() -> None:
    async def test(rig: Rig) -> None:
        await rig.call("c-1", "1")
        await rig.asterisk.stop()
        await rig.until(lambda: not rig.link.connected)
        with pytest.raises(LinkLost):
            await rig.call("c-2", "1")
        await rig.asterisk.start()
        await rig.until(lambda: rig.link.connected)
        assert not await rig.link.list_channels()
        await rig.call("c-3", "1")
        await rig.gone("c-3")
        assert [call.attempt for call in rig.asterisk.calls] == ["c-1", "c-3"]

    in_virtual_time(test, Population(numbers={"1": Behaviour(talk_s=300)}))


def test_an_agents_line_lost_in_talk_leaves_the_customer_for_a_rescue_where_the_campaign_says_so() -> None:
    async def test(rig: Rig) -> None:
        await rig.agent("line-1", "101")
        await rig.agent("line-2", "102")
        await rig.call("c-1", "1", MARCADOR_RESCUE_MS="15000")
        await rig.waits("c-1")
        await rig.link.send(actions.Bridge("line-1", "c-1"))
        rig.asterisk.pbx.far_end_hangs_up("line-1")
        await rig.until(lambda: rig.story("c-1")[-2:] == ["MarcadorLeft", f"in {CUSTOMERS}"])
        await rig.link.send(actions.Bridge("line-2", "c-1"))
        await rig.gone("c-1")
        assert rig.story("c-1").count("in talk") == 2
        await rig.until(lambda: rig.story("line-2")[-1] == f"in {AGENTS}")

    in_virtual_time(test, Population(numbers={"1": Behaviour(talk_s=300)}))


# --- phones, machines, inbound -----------------------------------------------------------------------


@pytest.mark.parametrize("answers", [True, False])
def test_a_ringing_agent_takes_the_call_or_the_customer_waits_again_up_to_the_same_deadline(
    answers: bool,
) -> None:
    async def test(rig: Rig) -> None:
        await rig.call("c-1", "1", MARCADOR_PATIENCE_MS="10000", MARCADOR_RING_MS="4000")
        await rig.waits("c-1")
        answered_at = rig.clock.now()
        await rig.link.send(actions.Redirect("c-1", "marcador-ring", "101"))
        if answers:
            await rig.until(lambda: "in talk" in rig.story("c-1"))
        await rig.gone("c-1")
        told = rig.story("c-1")
        if answers:
            assert told[-3:] == ["in talk", "out talk", "hangup 16"]
            assert "MarcadorClosed" not in told
        else:
            assert told[5:8] == [f"out {CUSTOMERS}", "MarcadorRingFailed", f"in {CUSTOMERS}"]
            closed = next(x for x in rig.events if isinstance(x, e.MarcadorClosed))
            after = closed.at_ms / 1000 - answered_at.timestamp()
            assert after == pytest.approx(10.1, abs=0.1)
        assert not await rig.link.list_channels()

    settings = Settings(phones={"101": Phone(answers=answers, ring_s=1)})
    in_virtual_time(test, Population(numbers={"1": Behaviour(talk_s=5)}), settings)


def test_a_customer_who_hangs_up_while_the_agents_phone_rings_stops_the_ringing() -> None:
    async def test(rig: Rig) -> None:
        await rig.call("c-1", "1", MARCADOR_PATIENCE_MS="10000")
        await rig.waits("c-1")
        await rig.link.send(actions.Redirect("c-1", "marcador-ring", "101"))
        await rig.link.send(actions.Hangup("c-1"))
        await rig.gone("c-1")
        assert not await rig.link.list_channels()
        assert not [x for x in rig.events if isinstance(x, e.MarcadorRingFailed)]

    in_virtual_time(test, Population(numbers={"1": Behaviour()}))


def test_a_machine_is_hung_up_at_its_verdict_and_a_person_waits_from_theirs() -> None:
    async def test(rig: Rig) -> None:
        await rig.call("machine", "1", MARCADOR_AMD="1")
        await rig.call("person", "2", MARCADOR_AMD="1")
        await rig.gone("machine", "person")
        assert rig.story("machine")[-2:] == ["MarcadorAmd", "hangup 16"]
        assert f"in {CUSTOMERS}" not in rig.story("machine")
        verdict = next(x for x in rig.events if isinstance(x, e.MarcadorAmd) and x.attempt == "person")
        answered = next(x for x in rig.events if isinstance(x, e.MarcadorAnswered) and x.attempt == "person")
        closed = next(x for x in rig.events if isinstance(x, e.MarcadorClosed))
        assert (verdict.status, verdict.took_ms) == ("HUMAN", 900)
        assert closed.at_ms - answered.at_ms == 900 + 2000 + 100

    in_virtual_time(test, Population(numbers={"1": MACHINE, "2": Behaviour()}))


def test_inbound_customers_come_as_a_poisson_stream_and_wait_with_longer_patience() -> None:
    async def test(rig: Rig) -> None:
        rig.asterisk.inbound_traffic(per_hour=600, did="900", seed=3)
        await rig.clock.sleep(3600)
        calls = [event for event in rig.events if isinstance(event, e.MarcadorInbound)]
        assert len(calls) == pytest.approx(600, rel=0.12)
        assert {call.did for call in calls} == {"900"}
        first_closed = next(event for event in rig.events if isinstance(event, e.MarcadorClosed))
        came = next(call for call in calls if call.attempt == first_closed.attempt)
        assert first_closed.at_ms - came.at_ms == 120_100

    in_virtual_time(test, Population(gives_up=0.0))


def test_an_agent_may_open_the_line_from_the_phone() -> None:
    async def test(rig: Rig) -> None:
        line = rig.asterisk.pbx.agent_dials_in("101", "7")
        await rig.until(lambda: f"in {AGENTS}" in rig.story(line))
        assert rig.story(line) == ["Newchannel", "ring", "up", "line up", f"in {AGENTS}"]

    in_virtual_time(test)


def test_a_wrong_secret_is_said_plainly_and_tried_again() -> None:
    clock = VirtualClock(START)

    async def run() -> None:
        async with SimulatedAsterisk(clock=clock, in_flight=clock.in_flight) as asterisk:
            server = Server("sim", "127.0.0.1", asterisk.port, asterisk.username, "wrong")
            link = AsteriskLink(server, timing=QUICK, in_flight=clock.in_flight, sleep=clock.sleep)
            await link.start()
            await until(lambda: "Authentication failed" in link.last_error, clock=clock)
            assert not link.connected
            asterisk.secret = "wrong"
            await until(lambda: link.connected, clock=clock)
            await link.stop()

    clock.run(run())
