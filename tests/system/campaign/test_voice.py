"""Voice campaigns on the real Asterisk: whose number was dialled, how long callers wait, and the hours."""

from collections.abc import Iterator
from typing import Any

import pytest

from dialer import campaigns, commands, dids
from dialer.answering import Answering
from dialer.campaigns import Campaign, Desired, Kind
from dialer.dids import DidFields
from tests.helpers import until
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings

pytestmark = pytest.mark.asterisk

OURS, CALLER = "+33199005500", number(1)


@pytest.fixture
def caller(incoming: Carrier) -> Iterator[Carrier]:
    """Calls in; the last call of a test does not outlive it."""
    yield incoming
    incoming.stop()


async def voice(centre: Centre, answering: Answering, **changes: Any) -> Campaign:
    """A running voice campaign that answers our number, and another one before it in the alphabet."""
    using = settings(region="FR", inbound=answering, **changes)
    now = centre.clock.now()
    async with centre.db.transaction() as conn:
        other = await campaigns.create(conn, "another", settings(), kind=Kind.VOICE, now=now)
        made = await campaigns.create(conn, "support", using, kind=Kind.VOICE, now=now)
        for one in (other, made):
            await campaigns.set_desired(conn, one.id, Desired.RUNNING)
        await dids.create(conn, DidFields(OURS, made.id), now=now)
    commands.wake(centre.bus)
    assert centre.worker is not None
    engine = centre.worker.engine
    assert engine is not None
    await until(lambda: made.id in engine.hub.runs, message="the dialer knows the campaign")
    return made


async def _ended(centre: Centre, seconds: float) -> dict[str, Any]:
    async def over() -> list[dict[str, Any]]:
        return await centre.rows("SELECT * FROM attempt WHERE ended_at IS NOT NULL")

    rows = await until(over, seconds, "the call is over", every=0.05)
    assert rows is not None
    (row,) = rows
    return dict(row)


async def test_the_number_dialled_decides_the_campaign_and_the_campaign_how_long_its_callers_wait(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    campaign = await voice(centre, Answering(patience_s=2))

    caller.calls_in(pbx.config.sip_port, did=OURS.removeprefix("+33"), caller=CALLER, talk_ms=30_000)
    row = await _ended(centre, 20)

    assert (row["campaign_id"], row["outcome"], row["reason"]) == (campaign.id, "abandoned", "patience_over")
    assert 2 < (row["ended_at"] - row["begun_at"]).total_seconds() < 15, "not the installation's two minutes"


async def test_a_caller_whose_wait_began_anew_is_joined_to_an_agent(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    campaign = await voice(centre, Answering(patience_s=20))
    desk = await centre.desk("201", campaign)

    caller.calls_in(pbx.config.sip_port, did=OURS, caller=CALLER)

    attempt = await desk.talks()
    await desk.hang_up()
    assert (await centre.ended(attempt))["outcome"] == "connected"


async def test_who_calls_out_of_hours_hears_so_and_no_agent_does(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    campaign = await voice(centre, Answering(), closed_dates=(centre.clock.now().date(),), zone="UTC")
    desk = await centre.desk("201", campaign)

    caller.calls_in(pbx.config.sip_port, did=OURS, caller=CALLER, talk_ms=30_000)
    row = await _ended(centre, 20)

    assert (row["outcome"], row["campaign_id"], row["agent_id"]) == ("out_of_hours", campaign.id, None)
    assert not desk.offers
