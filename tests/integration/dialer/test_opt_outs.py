"""9 is pressed while nobody listens: Asterisk keeps it, and the next who dials stores it first."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import msgspec
import pytest

from ami.kept import OPT_OUTS
from ami.simulator import Behaviour, Fate, manager
from ami.simulator.pbx import Refused
from ami.simulator.wire import Answer
from dialer.broadcast import Broadcast
from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule
from storage.ids import uuid7
from tests.integration.dialer.house import ANSWERS, NOON, SETTINGS, House, in_virtual_time, number

TALKS, PRESSES = number(1), number(2)
AT_ONCE = {**SETTINGS.retry, **dict.fromkeys(Outcome, RetryRule(wait_s=0, max=9))}
POWER = msgspec.structs.replace(SETTINGS, mode=Mode.POWER, ratio=2, retry=AT_ONCE)
BROADCAST = msgspec.structs.replace(
    SETTINGS, mode=Mode.BROADCAST, retry=AT_ONCE, broadcast=Broadcast(audio="campaigns/notice")
)


@asynccontextmanager
async def unreachable(house: House) -> AsyncIterator[None]:
    """Nobody gets through to Asterisk's manager meanwhile; calls go on."""
    assert house.pbx._server is not None
    house.pbx._server.close()
    house.pbx.cut()
    await house.until(lambda: not house.link.connected, 5)
    yield
    await house.pbx.start()
    await house.until(lambda: house.link.connected, 60)


async def one_agent_for_two(house: House) -> Campaign:
    """Two are called at once and one agent is there: the second hears the message, and presses 9 in it."""
    await house.trunk()
    campaign = await house.campaign(settings=POWER)
    await house.agent("ana", campaign.id)
    house.calls_to(TALKS, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=1, talk_s=3000))
    house.calls_to(PRESSES, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, opts_out=True))
    people = await house.list_(campaign.id)
    await house.contact(people, TALKS)
    await house.contact(people, PRESSES)
    await house.until(lambda: len(house.dialled()) == 2)
    await house.clock.sleep(4)
    return campaign


async def one_broadcast(house: House) -> Campaign:
    """One is called who presses 9 while the audio plays, three seconds after the answer."""
    await house.trunk()
    campaign = await house.campaign(settings=BROADCAST)
    house.calls_to(PRESSES, Behaviour(fate=Fate.ANSWER, ring_s=3, presses="9", presses_after_s=3))
    await house.contact(await house.list_(campaign.id), PRESSES)
    await house.until(lambda: house.dialled())
    await house.clock.sleep(4)
    return campaign


async def forbidden(house: House) -> list[tuple[object, ...]]:
    rows = await house.rows("SELECT e164, campaign_id, source FROM do_not_call ORDER BY e164")
    return [tuple(row.values()) for row in rows]


async def stored_and_never_dialled_again(house: House, campaign: Campaign) -> None:
    await house.until(lambda: not house.pbx.pbx.database, 10, "Asterisk may forget it")
    assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]
    contact = await house.row(
        "SELECT c.state FROM contact c JOIN phone USING (customer_id) WHERE e164 = $1", PRESSES
    )
    assert contact["state"] == "do_not_call"
    await house.clock.sleep(3600)
    assert house.dialled().count(PRESSES) == 1, "though it may be tried again at once"


def test_9_pressed_while_no_dialer_lives_is_stored_by_the_next(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await one_agent_for_two(house)
        await house.kill_worker()
        await house.until(lambda: house.pbx.pbx.database, 20, "pressed, and kept")
        await house.clock.sleep(10)
        await house.start_worker()
        await stored_and_never_dialled_again(house, campaign)
        row = await house.row("SELECT outcome, reason FROM attempt WHERE e164 = $1", PRESSES)
        assert row == {"outcome": "abandoned", "reason": "patience_over"}, "as if it had been heard"

    in_virtual_time(database_dsn, story)


def test_9_pressed_in_a_broadcast_while_the_link_is_cut_is_its_verdict(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await one_broadcast(house)
        async with unreachable(house):
            await house.until(lambda: house.pbx.pbx.database, 20, "pressed, and kept")
            await house.clock.sleep(10)
        await stored_and_never_dialled_again(house, campaign)
        row = await house.row("SELECT outcome, pressed FROM attempt")
        assert row == {"outcome": "opted_out", "pressed": "9"}

    in_virtual_time(database_dsn, story)


def test_9_that_was_told_and_not_heard_is_found_within_a_minute(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await one_broadcast(house)
        with house.deaf():
            await house.until(lambda: house.pbx.pbx.database, 20, "pressed, and kept")
            await house.clock.sleep(3)
        await house.until(lambda: not house.pbx.pbx.database, 65)
        assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]

    in_virtual_time(database_dsn, story)


def test_what_is_heard_is_forgotten_by_asterisk_when_postgresql_has_it_and_not_before(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign = await one_broadcast(house)
        async with house.without_postgresql():
            await house.until(lambda: house.pbx.pbx.database, 20, "pressed, heard, and kept")
            await house.clock.sleep(30)
            assert house.pbx.pbx.database, "it is stored nowhere else"
        await stored_and_never_dialled_again(house, campaign)

    in_virtual_time(database_dsn, story)


def test_an_order_to_forget_that_is_lost_is_given_again_within_a_minute(database_dsn: str) -> None:
    lost: list[object] = []

    def lose(*order: object) -> Answer:
        lost.append(order)
        raise Refused("lost")

    async def story(house: House) -> None:
        campaign = await one_broadcast(house)
        with patch.dict(manager._HANDLERS, {"dbdel": lose}):
            await house.until(lambda: lost, 20, "heard, stored, and not forgotten")
        assert house.pbx.pbx.database
        await house.until(lambda: not house.pbx.pbx.database, 65)
        assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]

    in_virtual_time(database_dsn, story)


def test_one_whose_call_is_long_over_is_stored_once_postgresql_is_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        house.calls_to(PRESSES, Behaviour(fate=Fate.BUSY))
        await house.contact(await house.list_(campaign.id), PRESSES)
        await house.agent("ana", campaign.id)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(5)
        attempt = house.pbx.calls[0].attempt
        async with house.without_postgresql():
            await house.until(lambda: not house.engine.tools.writer.healthy, 30)
            house.pbx.pbx.database[OPT_OUTS, attempt] = "1772452800000"
            await house.clock.sleep(120)
            assert house.pbx.pbx.database
        await house.until(lambda: not house.pbx.pbx.database, 10)
        assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]

    in_virtual_time(database_dsn, story)


def test_a_caller_no_dialer_ever_saw_is_forbidden_for_the_campaign_whose_number_was_called(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        async with house.db.transaction() as conn:
            await conn.execute(
                "INSERT INTO did (id, number, campaign_id, created_at) VALUES ($1, '+331990090', $2, $3)",
                uuid7(NOON),
                campaign.id,
                NOON,
            )
        await house.kill_worker()
        house.pbx.pbx.inbound(PRESSES, "+331990090", behaviour=Behaviour(opts_out=True))
        await house.until(lambda: house.pbx.pbx.database, 130, "nobody came")
        await house.clock.sleep(10)
        await house.start_worker()
        await house.until(lambda: not house.pbx.pbx.database, 10)
        assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]

    in_virtual_time(database_dsn, story)


def test_a_caller_who_could_not_be_looked_up_is_forbidden_when_the_call_is_over(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        house.calls_to(PRESSES, Behaviour(fate=Fate.BUSY))
        await house.contact(await house.list_(campaign.id), PRESSES)
        ana = await house.agent("ana", campaign.id)
        await house.until(lambda: house.dialled())
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        await house.until(lambda: house.state(ana.id) == "paused")
        async with house.without_postgresql():
            await house.until(lambda: not house.engine.tools.writer.healthy, 30)
            house.pbx.pbx.inbound(PRESSES, "5550000", behaviour=Behaviour(opts_out=True))
            await house.until(lambda: house.pbx.pbx.database, 150, "nobody came")
        await house.until(lambda: not house.pbx.pbx.database, 130)
        assert await forbidden(house) == [(PRESSES, campaign.id, "opt_out")]

    in_virtual_time(database_dsn, story)


def test_thousands_that_are_nobodys_are_logged_and_dropped_and_keep_no_call_waiting(
    database_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.kill_worker()
        kept = house.pbx.pbx.database
        for _ in range(2000):
            kept[OPT_OUTS, str(uuid7(NOON))] = "1772452800000"
        kept[OPT_OUTS, "no attempt/of ours"] = ""
        kept["another", "family"] = "stays"
        await house.start_worker()
        ana = await house.agent("ana", campaign.id)
        house.calls_to(TALKS, ANSWERS)
        await house.contact(await house.list_(campaign.id), TALKS)
        await house.until(lambda: house.state(ana.id) == "talking", 10)
        await house.until(lambda: list(kept) == [("another", "family")], 600)
        assert await forbidden(house) == []
        assert "no attempt/of ours" in caplog.text
        assert "nobody's we know" in caplog.text

    in_virtual_time(database_dsn, story)


def test_an_asterisk_that_does_not_tell_is_dialled_through_and_named_once_in_the_log(
    database_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> Answer:
        raise Refused("Permission denied")

    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        with patch.dict(manager._HANDLERS, {"dbgettree": refuse}):
            await house.restart_worker()
            await house.contact(await house.list_(campaign.id), TALKS)
            await house.agent("ana", campaign.id)
            await house.until(lambda: house.dialled(), 10)
            await house.clock.sleep(300)
        said = [record for record in caplog.records if "cannot be read" in record.message]
        assert [record.levelno for record in said] == [logging.ERROR]

    in_virtual_time(database_dsn, story)
