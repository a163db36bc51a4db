"""9 is pressed while no dialer listens: Asterisk keeps it, and the next one that does stores it."""

import asyncio
import sqlite3
from uuid import UUID

import pytest

from ami.kept import OPT_OUTS
from dialer.broadcast import Broadcast
from dialer.engine.kept import EVERY_S
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule
from storage.bus import open_bus
from tests.helpers import until
from tests.helpers.proxy import proxied
from tests.helpers.redis_server import RedisServer
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, open_centre, settings
from tests.system.faults.conftest import Start

pytestmark = pytest.mark.asterisk

FORGOTTEN_S = EVERY_S + 15
"""Where the order to forget is lost with a link that breaks again, it is given at the next reading."""
AT_ONCE = dict.fromkeys(Outcome, RetryRule(wait_s=0, max=9))


async def is_answered(centre: Centre) -> UUID:
    """The one call under way without an agent, once it is answered: three seconds later it presses 9."""

    async def answered() -> UUID | None:
        rows = await centre.rows("SELECT attempt_id FROM live_attempt WHERE state = 'answered'")
        return rows[0]["attempt_id"] if len(rows) == 1 else None

    attempt: UUID | None = await until(answered, 20, "it is answered", every=0.02)
    assert attempt is not None
    return attempt


def on_disk(asterisk: Asterisk) -> set[str]:
    """The attempts whose opt-outs would outlive Asterisk."""
    with sqlite3.connect(f"file:{asterisk.folder}/state/astdb.sqlite3?mode=ro", uri=True) as kept:
        keys = kept.execute("SELECT key FROM astdb WHERE key LIKE ?", (f"/{OPT_OUTS}/%",)).fetchall()
    return {key.rpartition("/")[2] for (key,) in keys}


async def stored_and_forgotten(centre: Centre, attempt: UUID) -> None:
    async def stored() -> list[dict[str, object]]:
        return await centre.rows("SELECT e164, source, attempt_id FROM do_not_call")

    found = await until(stored, 30, "the opt-out is stored")
    await until(lambda: str(attempt) not in on_disk(centre.asterisk), FORGOTTEN_S, "Asterisk forgets it")
    row = await centre.ended(attempt)
    assert found == [{"e164": row["e164"], "source": "opt_out", "attempt_id": attempt}]
    assert (await centre.contact_row(row["contact_id"]))["state"] == "do_not_call"


async def test_9_at_the_message_while_the_dialer_is_dead_is_stored_by_the_next(
    start_dialer: Start,
    witness: Ami,
    frail: Asterisk,
    database_dsn: str,
    redis_server: RedisServer,
    patient: Carrier,
) -> None:
    async with (
        open_bus(redis_server.url) as bus,
        open_centre(database_dsn, frail, patient, bus=bus, worker=False) as centre,
    ):
        dialer = start_dialer()
        campaign = await centre.campaign(settings(mode=Mode.POWER, ratio=2, retry=AT_ONCE))
        people = await centre.list_(campaign.id)
        for n in (1, 2):
            await centre.contact(people, number(n, Customer.PRESSES_9))
        served = await (await centre.desk("201", campaign)).talks()
        attempt = await is_answered(centre)

        dialer.kill()
        dialer.wait(10)
        await witness.event("MarcadorOptOut", Attempt=str(attempt), deadline=15)
        await until(lambda: str(attempt) in on_disk(frail), 10, "kept")
        start_dialer()

        await stored_and_forgotten(centre, attempt)
        assert (await centre.ended(attempt))["outcome"] == "abandoned"
        assert {row["id"] for row in await centre.attempts()} == {served, attempt}


async def test_9_in_a_broadcast_outlives_the_link_and_asterisk_itself(
    frail: Asterisk, database_dsn: str, patient: Carrier
) -> None:
    async with (
        proxied("127.0.0.1", frail.config.ami_port) as proxy,
        open_centre(database_dsn, frail, patient, ami_port=proxy.port) as centre,
    ):
        broadcast = Broadcast(audio="marcador/closed", key_wait_s=5)
        campaign = await centre.campaign(settings(mode=Mode.BROADCAST, broadcast=broadcast, retry=AT_ONCE))
        await centre.contact(await centre.list_(campaign.id), number(1, Customer.PRESSES_9))
        attempt = await is_answered(centre)

        proxy.cut()
        await until(lambda: str(attempt) in on_disk(frail), 15, "pressed, and kept")
        await asyncio.to_thread(frail.kill)
        await asyncio.to_thread(frail.start)
        proxy.mend()

        await stored_and_forgotten(centre, attempt)
        row = await centre.ended(attempt)
        assert (row["outcome"], row["pressed"]) == ("opted_out", "9")
        assert len(await centre.attempts()) == 1
