"""Starting, pausing, draining, stopping, and changing a campaign while it dials; what it says of itself."""

from datetime import timedelta

import msgspec
import pytest

from ami.simulator import Behaviour, Fate, Population
from dialer import counters
from dialer.campaigns import Campaign, Desired
from dialer.commands import Kind
from dialer.settings import Mode
from dialer.week import Week
from tests.integration.dialer.house import ANSWERS, NOON, SETTINGS, SILENT, House, in_virtual_time, number
from typifications.model import Action

RINGS_LONG = Behaviour(fate=Fate.NO_ANSWER)
TALKS_LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=2, talk_s=120)
POWER = msgspec.structs.replace(SETTINGS, mode=Mode.POWER, ratio=5.0)


async def ringing_floor(house: House, calls: int = 5) -> Campaign:
    """One agent, and so many calls that ring."""
    await house.trunk()
    campaign = await house.campaign(settings=msgspec.structs.replace(POWER, ratio=float(calls)))
    people = await house.list_(campaign.id)
    for n in range(calls * 3):
        house.calls_to(number(n), RINGS_LONG)
        await house.contact(people, number(n))
    await house.agent("ana", campaign.id)
    await house.until(lambda: len(house.dialled()) == calls)
    return campaign


async def status(house: House) -> tuple[str, str]:
    said = (await house.row("SELECT status FROM campaign"))["status"]
    return said["doing"], said["why"]


def test_a_pause_begins_nothing_new_and_lets_what_rings_go_on(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await ringing_floor(house)
        await house.want(campaign.id, Desired.PAUSED)
        await house.clock.sleep(10)
        assert len(house.engine.tools.calls) == 5
        await house.clock.sleep(60)
        assert len(house.dialled()) == 5
        assert await status(house) == ("paused", "")
        await house.want(campaign.id, Desired.RUNNING)
        await house.until(lambda: len(house.dialled()) > 5)

    in_virtual_time(database_dsn, story)


def test_draining_stops_by_itself_when_the_last_call_is_over(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await ringing_floor(house)
        await house.want(campaign.id, Desired.DRAINING)
        await house.clock.sleep(5)
        assert await status(house) == ("draining", "")
        await house.clock.sleep(60)
        assert await status(house) == ("stopped", "")
        assert (await house.row("SELECT desired FROM campaign"))["desired"] == "stopped"
        assert len(house.dialled()) == 5

    in_virtual_time(database_dsn, story)


def test_an_emergency_stop_hangs_up_what_rings_and_leaves_conversations_alone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await ringing_floor(house)
        house.calls_to(number(50), TALKS_LONG)
        house.pbx.pbx.inbound(number(50), "5550000", behaviour=TALKS_LONG)
        ana = house.agents[0]
        await house.until(lambda: house.state(ana.id) == "talking")
        answer = await house.ask(Kind.EMERGENCY_STOP, campaign.id)
        assert answer.result == {"cancelled": 5}
        await house.clock.sleep(2)
        assert (await house.outcomes())["cancelled"] == 5
        assert house.state(ana.id) == "talking"
        await house.clock.sleep(600)
        assert len(house.dialled()) == 5

    in_virtual_time(database_dsn, story)


def test_ratio_and_channels_are_changed_while_it_dials(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await ringing_floor(house, calls=2)
        await house.change(campaign.id, ratio=4.0)
        await house.until(lambda: len(house.engine.hub.runs[campaign.id].live) == 4, 5)
        await house.change(campaign.id, channels=1)
        await house.clock.sleep(30)
        assert len(house.engine.hub.runs[campaign.id].live) <= 1

    in_virtual_time(database_dsn, story)


def test_the_mode_is_changed_while_it_dials_and_agents_are_not_forgotten(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await ringing_floor(house, calls=3)
        await house.change(campaign.id, mode=Mode.PROGRESSIVE)
        await house.clock.sleep(30)
        assert len(house.engine.hub.runs[campaign.id].live) == 1
        await house.change(campaign.id, mode=Mode.PREDICTIVE)
        await house.clock.sleep(30)
        assert len(house.engine.hub.runs[campaign.id].live) >= 1

    in_virtual_time(database_dsn, story)


def test_a_number_blocked_while_it_rings_is_hung_up_and_never_called_again(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await ringing_floor(house, calls=1)
        (ringing,) = house.dialled()
        await house.block(ringing)
        await house.clock.sleep(2)
        assert (await house.outcomes())["cancelled"] == 1
        await house.clock.sleep(3600)
        assert house.dialled().count(ringing) == 1

    in_virtual_time(database_dsn, story)


def test_a_trunk_that_fails_in_a_row_is_suspended_and_costs_nobody_an_attempt(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        people = await house.list_(campaign.id)
        contacts = []
        for n in range(20):
            house.calls_to(number(n), Behaviour(fate=Fate.CONGESTION), ANSWERS)
            contacts.append(await house.contact(people, number(n)))
        await house.agent("ana", campaign.id)
        await house.until(lambda: len(house.dialled()) >= 5)
        await house.clock.sleep(10)
        dialled = len(house.dialled())
        assert dialled < 20
        assert await status(house) == ("waiting", "trunk_suspended")
        assert {row["attempts"] for row in await house.rows("SELECT attempts FROM contact")} == {0}
        await house.until(lambda: len(house.dialled()) > dialled, 300, "and it is tried again")

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize(
    ("missing", "why"),
    [("agents", "no_agents"), ("trunk", "no_trunk"), ("hours", "outside_hours"), ("asterisk", "no_asterisk")],
)
def test_a_campaign_that_does_not_dial_says_what_it_waits_for(
    database_dsn: str, missing: str, why: str
) -> None:
    async def story(house: House) -> None:
        if missing != "trunk":
            await house.trunk()
        night = Week(*[("02:00-04:00",)] * 7)
        settings = msgspec.structs.replace(SETTINGS, hours=night) if missing == "hours" else SETTINGS
        campaign = await house.campaign(settings=settings)
        people = await house.list_(campaign.id)
        for n in range(3):
            await house.contact(people, number(n))
        if missing != "agents":
            await house.agent("ana", campaign.id)
        if missing == "asterisk":
            await house.pbx.stop()
            await house.clock.sleep(1)
        await house.clock.sleep(60)
        assert await status(house) == ("waiting", why)

    in_virtual_time(database_dsn, story, population=Population(numbers={number(0)[1:]: TALKS_LONG}))


def test_outside_the_campaigns_hours_nothing_rings_and_the_last_ring_ends_inside(database_dsn: str) -> None:
    closes, opens = NOON + timedelta(minutes=10), NOON + timedelta(minutes=30)

    async def story(house: House) -> None:
        await house.trunk()
        hours = Week(*[("09:00-12:10", "12:30-18:00")] * 7)
        campaign = await house.campaign(settings=msgspec.structs.replace(SETTINGS, hours=hours))
        people = await house.list_(campaign.id)
        for n in range(60):
            house.calls_to(number(n), SILENT)
            await house.contact(people, number(n))
        await house.agent("ana", campaign.id)
        await house.clock.sleep(40 * 60)
        ring = timedelta(seconds=SETTINGS.ring_timeout_s)
        assert all(call.at + ring <= closes or call.at >= opens for call in house.pbx.calls)
        assert house.pbx.calls[0].at < closes
        assert house.pbx.calls[-1].at > opens, "it goes on by itself"

    in_virtual_time(database_dsn, story)


def test_the_counters_of_a_campaign_agree_with_a_recount_of_its_attempts(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=msgspec.structs.replace(POWER, ratio=3.0, amd=True))
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(120):
            await house.contact(people, number(n))
        for n in range(3):
            house.typifies_everything(await house.agent(f"agent-{n}", campaign.id), done)
        await house.finished()
        async with house.db.connection() as conn:
            recounted = await counters.recount(conn, campaign.id)
        kept = {
            row.pop("hour"): {name: n for name, n in row.items() if name != "campaign_id"}
            for row in await house.rows("SELECT * FROM campaign_hour")
        }
        assert kept == {
            hour: {name: getattr(found, name) for name in kept[hour]} for hour, found in recounted.items()
        }
        assert sum(row["abandoned"] for row in kept.values()) > 0, "the case must be in it"

    in_virtual_time(database_dsn, story, population=Population(seed=5, numbers={}))
