"""A customer nobody came for, on the real Asterisk: the message in time, and 9 for never again."""

from uuid import UUID

import pytest

from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Customer
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import NEVER_AGAIN, Centre, number, settings

pytestmark = pytest.mark.asterisk

OFTEN = {**NEVER_AGAIN, Outcome.ABANDONED: RetryRule(wait_s=0, max=9)}


async def one_agent_for_two(centre: Centre, customer: Customer) -> tuple[UUID, UUID]:
    """Two such customers are called at once, and one agent is there; the attempts, the abandoned one last."""
    campaign = await centre.campaign(settings(mode=Mode.POWER, ratio=2, retry=OFTEN))
    people = await centre.list_(campaign.id)
    for n in (1, 2):
        await centre.contact(people, number(n, customer))
    desk = await centre.desk("201", campaign)
    served = await desk.talks()

    async def other() -> UUID | None:
        rows = await centre.rows("SELECT attempt_id FROM live_attempt WHERE attempt_id <> $1", served)
        return rows[0]["attempt_id"] if rows else None

    abandoned = await until(other, message="the other was called too")
    assert abandoned is not None
    return served, abandoned


async def test_who_waited_two_seconds_hears_the_message_and_counts_as_abandoned(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    _, abandoned = await one_agent_for_two(centre, Customer.ANSWERS)

    closed = await far_end.event("MarcadorClosed", Attempt=str(abandoned))
    answer = await far_end.event("MarcadorAnswered", Attempt=str(abandoned))
    row = await centre.ended(abandoned, 15)

    assert 1990 <= int(closed["At"]) - int(answer["At"]) < 2500
    assert (row["outcome"], row["reason"], row["connected_at"]) == ("abandoned", "patience_over", None)
    record = pbx.records()[str(abandoned)]
    assert record.seconds > 4, "the message, and the time to answer it"
    assert (await centre.row("SELECT sum(abandoned) AS n FROM campaign_hour"))["n"] == 1


async def test_9_at_the_message_is_stored_before_the_hang_up_and_holds_before_the_next_dial(
    centre: Centre, far_end: Ami
) -> None:
    served, abandoned = await one_agent_for_two(centre, Customer.PRESSES_9)

    await far_end.event("MarcadorOptOut", Attempt=str(abandoned), deadline=10)
    stored = await until(lambda: _blocked(centre), message="the opt-out is stored")
    row = await centre.ended(abandoned, 15)

    assert stored == [{"e164": row["e164"], "source": "opt_out", "attempt_id": abandoned}]
    assert (await centre.row("SELECT created_at FROM do_not_call"))["created_at"] < row["ended_at"]
    contact = await centre.row("SELECT state FROM contact WHERE id = $1", row["contact_id"])
    assert contact["state"] == "do_not_call", "though abandoned calls may be tried again at once"
    assert {attempt["id"] for attempt in await centre.attempts()} == {served, abandoned}


async def _blocked(centre: Centre) -> list[dict[str, object]]:
    return await centre.rows("SELECT e164, source, attempt_id FROM do_not_call")
