"""Voice campaigns: whose number was dialled, how long its callers wait, and what its hours do to them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from ami.simulator import Behaviour, Fate
from dialer import campaigns, commands, dids
from dialer.answering import Answering
from dialer.campaigns import Campaign, Desired, Kind
from dialer.commands import Kind as CommandKind
from dialer.dids import DidFields
from dialer.week import Week
from lists import history
from tests.integration.dialer.house import ANSWERS, NOON, SETTINGS, House, in_virtual_time, number
from typifications import agenda
from typifications.model import Action

MAIN, STRANGER = number(1), number(99)
OURS = "+33199005500"
PATIENT = Behaviour(talk_s=30)
MORNINGS = Week(*[("08:00-11:00",)] * 7)  # it is noon


async def voice(house: House, name: str = "atencion", *, running: bool = True, **settings: Any) -> Campaign:
    """A voice campaign; keywords of `Answering` and of `Settings`."""
    answering = {key: settings.pop(key) for key in list(settings) if key in Answering.__struct_fields__}
    using = msgspec.structs.replace(SETTINGS, region="FR", inbound=Answering(**answering), **settings)
    async with house.db.transaction() as conn:
        made = await campaigns.create(conn, name, using, kind=Kind.VOICE, now=house.clock.now())
        if running:
            made = await campaigns.set_desired(conn, made.id, Desired.RUNNING)
    commands.wake(house.bus)
    await house.until(lambda: made.id in house.engine.hub.runs)
    return made


async def answers(house: House, typed: str, campaign: Campaign, *, shared: bool = False) -> None:
    """This number of ours is that campaign's."""
    async with house.db.transaction() as conn:
        fields = DidFields(dids.folded(typed, "FR"), campaign.id, shared)
        await dids.create(conn, fields, now=house.clock.now())


def rings(house: House, did: str, caller: str = STRANGER, behaviour: Behaviour = PATIENT) -> None:
    house.pbx.pbx.inbound(caller, did, behaviour=behaviour)


async def attempt(house: House, **known: Any) -> dict[str, Any]:
    """The inbound call, once it is stored (and over, if `outcome` is asked for)."""

    async def there() -> list[dict[str, Any]]:
        over = "AND ended_at IS NOT NULL" if known else ""
        return await house.rows(f"SELECT * FROM attempt WHERE kind = 'inbound' {over}")

    (row,) = await house.until(there, 300)
    assert {name: row[name] for name in known} == known
    return dict(row)


def test_a_number_of_ours_leads_to_its_campaign_in_whatever_form_the_trunk_tells_it(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await voice(house, "a first in the alphabet")
        sales, support = await voice(house, "ventas"), await voice(house, "soporte")
        await answers(house, OURS, sales)
        await answers(house, "5501", support)
        ana, bea = await house.agent("ana", sales.id), await house.agent("bea", support.id)
        for did in (OURS, OURS[1:], "0" + OURS[3:], OURS[3:]):
            rings(house, did, behaviour=Behaviour(talk_s=1))
            await house.until(lambda: house.state(ana.id) == "talking", 10, did)
            await house.until(lambda: house.state(ana.id) == "ready", 120)
        rings(house, "5501")
        await house.until(lambda: house.state(bea.id) == "talking", 10)
        campaigns_of = await house.rows("SELECT campaign_id FROM attempt ORDER BY begun_at")
        assert [row["campaign_id"] for row in campaigns_of] == [sales.id] * 4 + [support.id]

    in_virtual_time(database_dsn, story)


async def _dialled_before(house: House) -> Campaign:
    """A dialer campaign that has called MAIN, in vain."""
    await house.trunk()
    campaign = await house.campaign()
    house.calls_to(MAIN, Behaviour(fate=Fate.BUSY))
    await house.agent("ana", campaign.id)
    await house.contact(await house.list_(campaign.id), MAIN)

    async def over() -> bool:
        return bool(await house.rows("SELECT FROM attempt WHERE ended_at IS NOT NULL"))

    await house.until(over)
    await house.want(campaign.id, Desired.PAUSED)
    return campaign


def test_a_campaigns_own_number_wins_over_who_dialled_the_caller_last(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await _dialled_before(house)
        support = await voice(house)
        await answers(house, OURS, support)
        rings(house, OURS, MAIN)
        assert (await attempt(house))["campaign_id"] == support.id

    in_virtual_time(database_dsn, story)


def test_a_shared_number_leads_back_to_who_dialled_the_caller_and_else_to_its_campaign(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        dialler = await _dialled_before(house)
        await voice(house, "a first in the alphabet")
        support = await voice(house)
        await answers(house, OURS, support, shared=True)
        rings(house, OURS, MAIN)
        assert (await attempt(house))["campaign_id"] == dialler.id
        rings(house, OURS, STRANGER)

        async def second() -> list[dict[str, Any]]:
            return await house.rows("SELECT campaign_id FROM attempt WHERE e164 = $1", STRANGER)

        (row,) = await house.until(second)
        assert row["campaign_id"] == support.id

    in_virtual_time(database_dsn, story)


def test_a_number_nobody_has_leads_back_to_who_dialled_the_caller(database_dsn: str) -> None:
    async def story(house: House) -> None:
        dialler = await _dialled_before(house)
        await voice(house)
        rings(house, "+33199009999", MAIN)
        assert (await attempt(house))["campaign_id"] == dialler.id

    in_virtual_time(database_dsn, story)


def _waited(row: dict[str, Any]) -> float:
    return float((row["ended_at"] - row["begun_at"]).total_seconds())


def test_a_caller_waits_as_long_as_the_campaign_says_shorter_or_longer_than_the_installation(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        brief, long = await voice(house, "brief", patience_s=20), await voice(house, "long", patience_s=400)
        await answers(house, "1", brief)
        await answers(house, "2", long)
        rings(house, "1")
        row = await attempt(house, outcome="abandoned", campaign_id=brief.id)
        assert 20 <= _waited(row) < 20 + 10
        rings(house, "2")

        async def second() -> list[dict[str, Any]]:
            return await house.rows("SELECT * FROM attempt WHERE ended_at > $1", row["ended_at"])

        (later,) = await house.until(second, 600)
        assert 400 <= _waited(later) < 400 + 10

    in_virtual_time(database_dsn, story)


def test_an_agent_may_be_joined_after_the_wait_began_anew(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await voice(house, patience_s=30)
        ana = await house.agent("ana", campaign.id)
        await house.ask(CommandKind.AGENT_PAUSE, ana.id, reason="lunch")
        rings(house, "5550000")
        await house.clock.sleep(25)
        await house.ask(CommandKind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 1)

    in_virtual_time(database_dsn, story)


def test_who_calls_out_of_hours_is_told_so_and_recorded(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await voice(house, hours=MORNINGS)
        ana = await house.agent("ana", campaign.id)
        rings(house, "5550000")
        row = await attempt(house, outcome="out_of_hours", reason="out_of_hours", campaign_id=campaign.id)
        assert row["agent_id"] is None
        assert _waited(row) < 10
        assert house.state(ana.id) == "ready"

    in_virtual_time(database_dsn, story)


def test_a_voice_campaign_that_is_stopped_answers_nobody_on_its_own_number(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await voice(house, running=False)
        await answers(house, OURS, campaign)
        await house.agent("ana", campaign.id)
        rings(house, OURS)
        await attempt(house, outcome="out_of_hours")

    in_virtual_time(database_dsn, story)


def test_an_unanswered_call_stands_in_the_customers_history_and_is_called_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await voice(house, patience_s=20, call_back=True)
        await house.agent("ana", campaign.id)
        await house.ask(CommandKind.AGENT_PAUSE, house.agents[0].id, reason="lunch")
        dialler = await house.campaign()
        contact = await house.contact(await house.list_(dialler.id), MAIN, state="done")
        customer_id: UUID = (await house.contact_row(contact))["customer_id"]
        for _ in range(2):
            rings(house, "5550000", MAIN)
            await house.clock.sleep(60)
        async with house.db.connection() as conn:
            wanted = history.Filter(NOON, NOON + timedelta(days=1), customer_id=customer_id)
            past = await history.page(conn, wanted, limit=10)
            events = await agenda.for_customer(conn, customer_id)
        assert [(one.kind, one.outcome) for one in past] == [("inbound", "abandoned")] * 2
        (event,) = events  # tried twice, called back once
        assert (event.campaign_id, event.agent_id, event.e164) == (campaign.id, None, MAIN)
        assert event.due_at <= house.clock.now()

    in_virtual_time(database_dsn, story)


def test_a_call_out_of_hours_is_called_back_when_the_campaign_opens(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await voice(house, hours=MORNINGS, call_back=True)
        rings(house, "5550000", STRANGER)
        await attempt(house, outcome="out_of_hours")

        async def noted() -> list[dict[str, Any]]:
            return await house.rows("SELECT due_at, e164, customer_id FROM agenda_event")

        (event,) = await house.until(noted)
        tomorrow = (NOON + timedelta(days=1)).replace(hour=8)
        assert event == {"due_at": tomorrow, "e164": STRANGER, "customer_id": None}

    in_virtual_time(database_dsn, story)


# --- return calls ---------------------------------------------------------------------------------


async def _talked_with_ana(house: House) -> Campaign:
    """Ana has talked with MAIN and is in wrap-up; Bea has been free all the time."""
    await house.trunk()
    campaign = await house.campaign(
        settings=msgspec.structs.replace(SETTINGS, inbound=Answering(last_agent_s=15), wrapup_s=600)
    )
    ana = await house.agent("ana", campaign.id)
    house.calls_to(MAIN, ANSWERS)
    await house.contact(await house.list_(campaign.id), MAIN)
    await house.until(lambda: house.state(ana.id) == "wrapup")
    await house.agent("bea", campaign.id)
    return campaign


def test_who_calls_back_waits_a_while_for_the_agent_of_the_last_conversation(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await _talked_with_ana(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana, bea = house.agents
        rings(house, "5550000", MAIN)
        await house.clock.sleep(8)
        assert house.state(bea.id) == "ready"
        await house.typify(ana.id, done)
        await house.until(lambda: house.state(ana.id) == "talking", 1)
        assert house.state(bea.id) == "ready"

    in_virtual_time(database_dsn, story)


def test_then_anybody_takes_the_call(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await _talked_with_ana(house)
        ana, bea = house.agents
        rings(house, "5550000", MAIN)
        await house.clock.sleep(14)
        assert house.state(bea.id) == "ready"
        await house.until(lambda: house.state(bea.id) == "talking", 2)
        assert house.state(ana.id) == "wrapup"

    in_virtual_time(database_dsn, story)


def test_nobody_waits_for_an_agent_who_is_away(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await _talked_with_ana(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana, bea = house.agents
        await house.ask(CommandKind.AGENT_PAUSE, ana.id, reason="lunch")
        await house.typify(ana.id, done)
        await house.until(lambda: house.state(ana.id) == "paused")
        rings(house, "5550000", MAIN)
        await house.until(lambda: house.state(bea.id) == "talking", 1)

    in_virtual_time(database_dsn, story)
