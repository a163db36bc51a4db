"""Preview campaigns: the contact is shown first; called, skipped, or its time ends."""

from uuid import UUID, uuid4

import msgspec
import pytest

from ami.simulator import Behaviour, Fate
from ami.simulator import Phone as PbxPhone
from ami.simulator import Settings as PbxSettings
from dialer import campaigns, proposals
from dialer.agents import Agent, Line
from dialer.campaigns import Campaign, Desired
from dialer.commands import Command, Kind, State, wake
from dialer.live import CallIs, Offered
from dialer.settings import Mode, PreviewEnd, SkipTo
from tests.integration.dialer.house import ANSWERS, BUSY, SETTINGS, House, in_virtual_time, number

MAIN, FIRST, SECOND = (number(n) for n in range(1, 4))
TALKS_LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)
LINES = ["held", "ringing", "ringing_auto"]


def run(dsn: str, story: object) -> None:
    in_virtual_time(dsn, story, pbx_settings=PbxSettings(phones={}))  # type: ignore[arg-type]


async def a_campaign(house: House, **changes: object) -> tuple[Campaign, UUID]:
    await house.trunk()
    settings = msgspec.structs.replace(SETTINGS, mode=Mode.PREVIEW, preview_s=30, **changes)
    campaign = await house.campaign(settings=settings)
    return campaign, await house.list_(campaign.id)


async def an_agent(house: House, line: str, *campaigns: UUID, code: str = "ana") -> Agent:
    if line == "held":
        return await house.agent(code, *campaigns)
    return await house.agent(code, *campaigns, line=Line.RINGING, auto_answer=line == "ringing_auto")


async def contact(house: House, people: UUID, phone: str, behaviour: Behaviour = ANSWERS) -> UUID:
    house.calls_to(phone, behaviour)
    return await house.contact(people, phone)


async def shown(house: House, agent: Agent, seconds: float = 20) -> Offered:
    """What the agent is to decide on."""
    await house.until(lambda: house.state(agent.id) == "preview", seconds)
    await house.clock.sleep(0.1)
    offer = await house.offer_of(agent)
    assert offer.stage == "preview"
    return offer


async def accept(house: House, agent: Agent, offer: Offered) -> Command:
    return await house.ask(Kind.PREVIEW_ACCEPT, agent.id, attempt_id=str(offer.attempt_id))


async def skip(house: House, agent: Agent, offer: Offered, reason: str = "later") -> Command:
    return await house.ask(Kind.PREVIEW_SKIP, agent.id, attempt_id=str(offer.attempt_id), reason=reason)


@pytest.mark.parametrize("line", LINES)
def test_a_contact_is_shown_first_and_called_when_the_agent_accepts(database_dsn: str, line: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, line, campaign.id)
        heard = await house.listens(ana)
        contact_id = await contact(house, people, MAIN)
        offer = await shown(house, ana)
        assert (offer.contact_id, offer.e164, offer.attempt_at) == (contact_id, MAIN, None)
        assert offer.until is not None
        assert 28 < (offer.until - house.clock.now()).total_seconds() <= 30
        await house.clock.sleep(10)
        assert not house.dialled()
        assert (await house.contact_row(contact_id))["attempts"] == 0
        assert (await accept(house, ana, offer)).state is State.DONE
        await house.until(lambda: house.state(ana.id) == "talking")
        row = await house.row("SELECT id, kind, agent_id FROM attempt")
        assert row == {"id": offer.attempt_id, "kind": "preview", "agent_id": ana.id}
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(1)
        assert await house.outcomes() == {"connected": 1}
        assert not await house.rows("SELECT * FROM campaign_hour WHERE attempts > 0"), "outside the ratio"
        stages = [body.stage for body in heard if isinstance(body, Offered)]
        ringing = ["ringing"] if line != "held" else []
        assert stages == ["preview", *ringing, "call"]

    run(database_dsn, story)


def test_a_skipped_contact_goes_to_the_end_of_the_list_and_its_reason_is_kept(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, skip_to=SkipTo.END)
        ana = await an_agent(house, "held", campaign.id)
        first = await contact(house, people, MAIN)
        await contact(house, people, FIRST)
        offer = await shown(house, ana)
        assert (offer.contact_id, offer.skips_left) == (first, 3)
        assert (await skip(house, ana, offer, "speaks no Spanish")).state is State.DONE
        assert (await shown(house, ana)).e164 == FIRST, "and the next one is shown"
        row = await house.contact_row(first)
        assert (row["state"], row["attempts"], row["retries"]) == ("pending", 0, {"skipped": 1})
        async with house.db.connection() as conn:
            (kept,) = await proposals.skips(conn, contact_id=first)
        assert (kept.reason, kept.agent_id, kept.by_timer) == ("speaks no Spanish", ana.id, False)
        assert not house.dialled()

    run(database_dsn, story)


def test_a_skipped_contact_waits_where_the_campaign_says_so(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, skip_to=SkipTo.WAIT, skip_wait_s=600)
        ana = await an_agent(house, "held", campaign.id)
        await contact(house, people, MAIN)
        await skip(house, ana, await shown(house, ana))
        await house.clock.sleep(500)
        assert house.state(ana.id) == "ready"
        assert (await shown(house, ana, 200)).skips_left == 2

    run(database_dsn, story)


def test_a_contact_is_skipped_a_few_times_only(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, skips=2)
        ana = await an_agent(house, "held", campaign.id)
        contact_id = await contact(house, people, MAIN)
        for left in (2, 1, 0):
            offer = await shown(house, ana, 60)
            assert offer.skips_left == left
            await skip(house, ana, offer)
        await house.clock.sleep(1)
        row = await house.contact_row(contact_id)
        assert (row["state"], row["final_reason"]) == ("exhausted", "skipped")

    run(database_dsn, story)


def test_when_the_time_ends_the_contact_is_called(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, preview_end=PreviewEnd.DIAL)
        ana = await an_agent(house, "held", campaign.id)
        await contact(house, people, MAIN)
        offer = await shown(house, ana)
        assert offer.at_end == "dial"
        await house.clock.sleep(28)
        assert not house.dialled()
        await house.until(lambda: house.state(ana.id) == "talking", 10)

    run(database_dsn, story)


def test_when_the_time_ends_the_contact_is_skipped_and_who_decides_nothing_is_paused(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, preview_end=PreviewEnd.SKIP)
        ana = await an_agent(house, "held", campaign.id)
        for phone in (MAIN, FIRST, SECOND):
            await contact(house, people, phone)
        await shown(house, ana)
        await house.until(lambda: house.state(ana.id) == "paused", 90)
        assert house.live_agent(ana.id).state.reason == "not_answering"
        skips = await house.rows("SELECT e164, by_timer FROM preview_skip ORDER BY at")
        assert [(row["e164"], row["by_timer"]) for row in skips] == [(MAIN, True), (FIRST, True)]
        assert not house.dialled()

    run(database_dsn, story)


@pytest.mark.parametrize("how", ["pause", "log_out", "line_lost", "campaign_paused", "killed"])
def test_the_contact_is_given_back_when_the_agent_leaves(database_dsn: str, how: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, "held", campaign.id)
        contact_id = await contact(house, people, MAIN)
        offer = await shown(house, ana)
        match how:
            case "pause":
                await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
                assert house.state(ana.id) == "paused"
            case "log_out":
                await house.ask(Kind.AGENT_LOGOUT, ana.id)
                assert house.state(ana.id) == "logged_out"
            case "line_lost":
                house.phones["ana"] = PbxPhone(answers=False)
                house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
                await house.until(lambda: house.state(ana.id) == "line_lost", 5)
            case "campaign_paused":
                await house.want(campaign.id, Desired.PAUSED)
                await house.until(lambda: house.state(ana.id) == "ready", 10)
            case "killed":
                await house.restart_worker()
                await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        await house.clock.sleep(1)
        row = await house.contact_row(contact_id)
        if how != "killed":  # the new dialer may be showing it again already
            assert (row["state"], row["reserved_by"], row["retries"]) == ("pending", None, {})
        assert not house.dialled()
        late = await accept(house, ana, offer)
        assert late.state is State.REFUSED
        assert (late.result or {})["error_id"] == "preview_over"
        if how == "campaign_paused":
            await house.want(campaign.id, Desired.RUNNING)
        bea = await an_agent(house, "held", campaign.id, code="bea")
        if how in ("pause", "log_out", "line_lost"):
            assert (await shown(house, bea)).contact_id == contact_id

    run(database_dsn, story)


def test_a_click_that_comes_too_late_calls_nobody(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, "held", campaign.id)
        for phone in (MAIN, FIRST):
            await contact(house, people, phone)
        offer = await shown(house, ana)
        await skip(house, ana, offer)
        await shown(house, ana)
        for late in (await accept(house, ana, offer), await skip(house, ana, offer)):
            assert (late.result or {})["error_id"] == "preview_over"
        unknown = await house.ask(Kind.PREVIEW_ACCEPT, ana.id, attempt_id=str(uuid4()))
        assert unknown.state is State.REFUSED
        assert house.state(ana.id) == "preview"
        assert not house.dialled()

    run(database_dsn, story)


def test_a_number_blocked_meanwhile_is_refused_when_the_agent_accepts(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, "held", campaign.id)
        heard = await house.listens(ana)
        await contact(house, people, MAIN)
        offer = await shown(house, ana)
        await house.block(MAIN)
        answer = await accept(house, ana, offer)
        assert answer.state is State.REFUSED
        assert not house.dialled()
        assert house.state(ana.id) == "ready"
        await house.clock.sleep(1)
        assert [body.outcome for body in heard if isinstance(body, CallIs)] == ["not_placed"]

    run(database_dsn, story)


def test_a_customer_who_is_busy_leaves_the_agent_to_the_next_contact(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, "ringing", campaign.id)
        await contact(house, people, MAIN, BUSY)
        await contact(house, people, FIRST, TALKS_LONG)
        await accept(house, ana, await shown(house, ana))
        second = await shown(house, ana, 30)
        assert second.e164 == FIRST
        await accept(house, ana, second)
        await house.until(lambda: house.state(ana.id) == "talking")
        assert await house.outcomes() == {"busy": 1, None: 1}

    run(database_dsn, story)


def test_what_is_shown_of_a_campaign_that_is_deleted_is_taken_back_and_called_by_nobody(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, preview_end=PreviewEnd.DIAL)
        ana = await house.agent("ana", campaign.id)
        await contact(house, people, MAIN)
        offer = await shown(house, ana)
        async with house.db.transaction() as conn:
            await campaigns.remove(conn, campaign.id, now=house.clock.now())
        wake(house.bus)
        await house.until(lambda: house.state(ana.id) == "ready", 10)
        assert (await accept(house, ana, offer)).state is State.REFUSED
        await house.clock.sleep(60)
        assert not house.dialled()

    run(database_dsn, story)


def test_nobody_is_shown_whom_another_agent_is_shown(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, preview_end=PreviewEnd.SKIP)
        ana, bea = [await an_agent(house, "held", campaign.id, code=code) for code in ("ana", "bea")]
        only = await contact(house, people, MAIN)
        await house.until(lambda: "preview" in (house.state(ana.id), house.state(bea.id)))
        await house.clock.sleep(15)
        assert {house.state(ana.id), house.state(bea.id)} == {"preview", "ready"}
        other = await contact(house, people, FIRST)
        seen = [(await shown(house, agent)).contact_id for agent in (ana, bea)]
        assert sorted(map(str, seen)) == sorted(map(str, [only, other]))

    run(database_dsn, story)


@pytest.mark.parametrize("free", [True, False])
def test_whom_one_agent_is_shown_no_other_calls_by_hand(database_dsn: str, free: bool) -> None:
    """Nor takes it from that agent by a click that comes to nothing."""

    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await an_agent(house, "held", campaign.id)
        one = await contact(house, people, MAIN, TALKS_LONG)
        offer = await shown(house, ana)
        bea = await an_agent(house, "ringing", (await house.campaign("other")).id, code="bea")
        eva = await an_agent(house, "held", campaign.id, code="eva")
        if not free:
            house.calls_to(SECOND, TALKS_LONG)
            await house.ask(Kind.CALL_CLICK, bea.id, campaign_id=str(campaign.id), e164=SECOND)
            await house.until(lambda: house.state(bea.id) == "talking")
        click = {"campaign_id": str(campaign.id), "e164": MAIN, "contact_id": str(one)}
        refused = await house.ask(Kind.CALL_CLICK, bea.id, **click)
        assert (refused.result or {})["error_id"] == ("contact_busy" if free else "agent_busy")
        await house.clock.sleep(3)
        assert house.state(eva.id) == "ready", "it is not free for anybody"
        await accept(house, ana, offer)
        await house.until(lambda: house.state(ana.id) == "talking")
        assert house.dialled().count(MAIN) == 1

    run(database_dsn, story)
