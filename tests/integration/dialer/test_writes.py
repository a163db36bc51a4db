"""The records behind the calls, where somebody else's lock makes PostgreSQL too slow for one of them."""

from unittest.mock import patch
from uuid import UUID

from dialer.engine import writes
from dialer.live import FLOOR, Body, CampaignIs
from storage.database import connect
from tests.helpers import until
from tests.integration.dialer.house import ANSWERS, House, in_virtual_time, number
from typifications.model import Action

IMPATIENT = "lock_timeout=300"


def with_(dsn: str, setting: str) -> str:
    return f"{dsn}{'&' if '?' in dsn else '?'}{setting}"


async def only_lives(house: House, contact_id: UUID) -> bool:
    left = await house.rows("SELECT contact_id FROM live_attempt")
    return [row["contact_id"] for row in left] == [contact_id]


def late(floor: list[Body]) -> int:
    """As the last message of a campaign has it."""
    return next((said.late for said in reversed(floor) if isinstance(said, CampaignIs)), 0)


def test_a_closing_that_waits_for_somebodys_lock_comes_late_and_keeps_no_other_waiting(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for name in ("ana", "eva", "leo"):
            house.typifies_everything(await house.agent(name, campaign.id), done)
        for n in range(3):
            house.calls_to(number(n), ANSWERS)
        floor = await house.hears(FLOOR)
        locked, *_ = [await house.contact(people, number(n)) for n in range(3)]
        await house.until(lambda: house.joined == 3)
        async with connect(database_dsn) as somebody, somebody.transaction():
            await somebody.execute("SELECT FROM contact WHERE id = $1 FOR NO KEY UPDATE", locked)
            await house.until(lambda: not len(house.engine.tools.calls))
            await house.clock.sleep(1)  # the closings are being written: the writer's gap is business time
            with house.clock.in_flight.working():  # the writer's deadlines are real ones
                await until(lambda: house.engine.tools.writer.late, 20)
            await house.until(lambda: late(floor) == 1, 10, "who watches the floor is told")
            await house.until(lambda: only_lives(house, locked), 10, "the others are closed")
            house.calls_to(number(9), ANSWERS)
            await house.contact(people, number(9))
            await house.until(lambda: house.joined == 4, 60, "it goes on dialling")
        await house.until(lambda: house.engine.tools.writer.idle, 86_400)
        await house.until(lambda: late(floor) == 0, 10, "and that it is over")
        await house.finished()
        assert await house.outcomes() == {"connected": 4}

    with patch.object(writes, "LATE_S", 0.3):
        in_virtual_time(with_(database_dsn, IMPATIENT), story)
