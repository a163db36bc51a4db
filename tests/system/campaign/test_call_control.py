"""Call control on the real Asterisk, act by act: asked for as the API does, seen from outside."""

from typing import Any
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.commands import Command, Kind, State
from dialer.live import CallIs
from lists import do_not_call
from lists.do_not_call import Source
from tests.helpers import until
from tests.system.asterisk.ami import Ami, of_agents
from tests.system.asterisk.calls import closed, heard_the_message, of
from tests.system.asterisk.carrier import Customer
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk
from typifications.model import Action

pytestmark = pytest.mark.asterisk

MAIN, THIRD = number(1), number(50)
HELD = "marcador-held"


async def in_talk(centre: Centre, code: str = "201", **agent: Any) -> tuple[Campaign, Desk, UUID]:
    """A running campaign with one agent, who talks with its one customer."""
    campaign = await centre.campaign(settings(patience_ms=6000))
    desk = await centre.desk(code, campaign, **agent)
    await centre.contact(await centre.list_(campaign.id), MAIN)
    return campaign, desk, await desk.talks(15)


async def ask(desk: Desk, kind: Kind, attempt: UUID, **payload: Any) -> Command:
    return await desk.ask(kind, attempt, **({"agent_id": str(desk.agent.id)} | payload))


async def done(desk: Desk, kind: Kind, attempt: UUID, **payload: Any) -> Command:
    answer = await ask(desk, kind, attempt, **payload)
    assert answer.state is State.DONE, answer.result
    return answer


async def refused(desk: Desk, kind: Kind, attempt: UUID, **payload: Any) -> str:
    answer = await ask(desk, kind, attempt, **payload)
    assert answer.state is State.REFUSED
    assert answer.result is not None
    return str(answer.result["error_id"])


async def rooms(far_end: Ami) -> dict[str, str]:
    """Each channel's bridge, as Asterisk lists it now."""
    return {channel["Uniqueid"]: channel["BridgeId"] for channel in await far_end.channels()}


async def line_of(centre: Centre, desk: Desk) -> str:
    row = await centre.row("SELECT channel FROM agent_presence WHERE agent_id = $1", desk.agent.id)
    return str(row["channel"])


async def with_customer(centre: Centre, far_end: Ami, desk: Desk, attempt: UUID) -> bool:
    seen = await rooms(far_end)
    return seen.get(str(attempt), "") == seen.get(await line_of(centre, desk), "-") != ""


def told(desk: Desk, attempt: UUID) -> list[str]:
    """What the agent's desktop was told of this call, without repetitions."""
    states = [body.state for body in desk.told if isinstance(body, CallIs) and body.attempt_id == attempt]
    return [state for before, state in zip(["", *states], states, strict=False) if state != before]


async def hears(desk: Desk, attempt: UUID, state: str) -> None:
    await until(lambda: state in told(desk, attempt), 10, f"{desk.agent.code} is told: {state}")


# --- hold -----------------------------------------------------------------------------------------


async def test_a_held_customer_hears_music_and_is_the_agents_again_at_resume(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)

    await done(desk, Kind.CONTROL_HOLD, attempt)
    await far_end.event("BridgeEnter", Uniqueid=str(attempt), BridgeName=HELD)
    assert (await desk.snapshot()).handling == "held"
    assert await desk.state() == "talking"
    assert await refused(desk, Kind.CONTROL_HOLD, attempt) == "already_held"
    assert await refused(desk, Kind.CONTROL_KEYS, attempt, keys="1") == "customer_held"

    await done(desk, Kind.CONTROL_RESUME, attempt)
    assert await with_customer(centre, far_end, desk, attempt)
    assert (await desk.snapshot()).handling == ""
    assert await refused(desk, Kind.CONTROL_RESUME, attempt) == "not_held"

    await desk.hang_up()
    row = await centre.ended(attempt)
    assert (row["outcome"], row["hung_up_by"]) == ("connected", "agent")
    assert told(desk, attempt) == ["connected", "held", "connected", "ended"]
    assert not far_end.all("MarcadorLeft", Attempt=str(attempt))
    assert not heard_the_message(far_end, str(attempt))
    await desk.becomes("wrapup")
    assert len(await centre.dialled()) == 1


async def test_a_customer_who_hangs_up_on_hold_ends_the_call_like_any_other(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)
    await done(desk, Kind.CONTROL_HOLD, attempt)

    await far_end.action("Hangup", Channel=str(attempt))

    assert (await centre.ended(attempt))["outcome"] == "connected"
    await desk.becomes("wrapup")
    assert not await centre.rows("SELECT * FROM call_handling")


async def test_a_line_that_breaks_while_the_customer_is_held_keeps_that_customer_for_the_agent(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)
    await done(desk, Kind.CONTROL_HOLD, attempt)
    marks = len(desk.told)

    await far_end.action("Hangup", Channel=f"half-{await line_of(centre, desk)}")

    await desk.was("line_lost", marks)
    assert await desk.talks(15) == attempt
    assert len(await centre.dialled()) == 1
    assert not closed(far_end, str(attempt))


async def test_a_rung_phone_holds_and_resumes_and_its_hang_up_is_the_calls_end(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    async with registered(pbx.config, PHONES[0]) as phone:
        _, desk, attempt = await in_talk(
            centre, PHONES[0].name, dial=f"PJSIP/{PHONES[0].name}", line=Line.RINGING
        )
        for _ in range(2):
            await done(desk, Kind.CONTROL_HOLD, attempt)
            await done(desk, Kind.CONTROL_RESUME, attempt)
        channel = (await far_end.event("BridgeEnter", Channel=of(PHONES[0])))["Uniqueid"]
        seen = await rooms(far_end)
        assert seen[str(attempt)] == seen[channel] != ""

        phone.hang_up()

        assert (await centre.ended(attempt))["outcome"] == "connected"
        await desk.becomes("wrapup")
        assert len(phone.calls) == 1
        assert not far_end.all("MarcadorLeft", Attempt=str(attempt))


# --- end, keys ------------------------------------------------------------------------------------


async def test_the_customer_alone_is_hung_up_and_the_line_stays(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)
    line = await line_of(centre, desk)

    await ask(desk, Kind.CALL_HANGUP, attempt)

    await far_end.event("Hangup", Uniqueid=str(attempt))
    await desk.becomes("wrapup")
    assert line in await rooms(far_end)


async def test_keys_reach_the_customer(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)

    answer = await done(desk, Kind.CONTROL_KEYS, attempt, keys="42*0")

    assert answer.result == {"keys": 4}
    # The carrier's echo, which leaves the last one's end open.
    await far_end.event("DTMFEnd", Uniqueid=str(attempt), Digit="*", Direction="Received")
    heard = far_end.all("DTMFEnd", Uniqueid=str(attempt), Direction="Received")
    assert [event["Digit"] for event in heard] == ["4", "2", "*"]


# --- blind transfers ------------------------------------------------------------------------------


async def test_a_customer_transferred_to_a_number_talks_there_and_is_nobodys_work_any_more(
    centre: Centre, far_end: Ami
) -> None:
    campaign, desk, attempt = await in_talk(centre)
    result = await centre.result(campaign.id, Action.NO_ACTION)

    await done(desk, Kind.CONTROL_TRANSFER, attempt, phone=THIRD)

    await desk.becomes("wrapup")
    await desk.typify(result)
    await desk.becomes("ready")
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    await far_end.event("BridgeEnter", Uniqueid=third, BridgeType="basic")
    seen = await rooms(far_end)
    assert seen[str(attempt)] == seen[third] != ""
    assert (await centre.row("SELECT state, third FROM call_handling")) == {
        "state": "transferred",
        "third": THIRD,
    }

    await far_end.action("Hangup", Channel=third)

    row = await centre.ended(attempt)
    assert (row["outcome"], row["agent_id"]) == ("connected", desk.agent.id)
    assert len(desk.offers) == 1
    assert not heard_the_message(far_end, str(attempt))
    await centre.finished(5)
    assert not await centre.rows("SELECT * FROM call_handling")


async def test_an_extension_inside_is_dialled_as_it_is(centre: Centre) -> None:
    _, desk, attempt = await in_talk(centre)

    await done(desk, Kind.CONTROL_TRANSFER, attempt, extension="7010")

    await until(lambda: "7010" in {i.number for i in centre.carrier.invites()}, 10, "the carrier is asked")


async def test_where_nobody_answers_the_customer_comes_back_to_a_free_agent(
    centre: Centre, far_end: Ami
) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)

    await done(ana, Kind.CONTROL_TRANSFER, attempt, phone=number(51, Customer.BUSY))

    assert await bea.talks(15) == attempt
    assert not closed(far_end, str(attempt))
    await bea.hang_up()
    assert (await centre.ended(attempt))["agent_id"] == ana.agent.id
    assert len([i for i in await centre.invites() if i.attempt == str(attempt)]) == 1


async def test_a_number_on_do_not_call_is_nobodys_target(centre: Centre) -> None:
    _, desk, attempt = await in_talk(centre)
    async with centre.db.transaction() as conn:
        now = centre.clock.now()
        await do_not_call.add(conn, numbers=[THIRD], campaign_id=None, source=Source.SUPERVISOR, now=now)

    assert await refused(desk, Kind.CONTROL_TRANSFER, attempt, phone=THIRD) == "do_not_call"
    assert await refused(desk, Kind.CONTROL_TRANSFER, attempt, phone=MAIN) == "target_busy"
    assert await desk.state() == "talking"


async def test_a_customer_transferred_to_a_colleague_pops_up_there_and_the_call_has_one_closing(
    centre: Centre, far_end: Ami
) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)
    marks = len(ana.told)

    await done(ana, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.agent.id))

    assert await bea.talks() == attempt
    assert bea.offers[-1].transferred
    assert not bea.offers[-1].rescued
    await ana.was("wrapup", marks)
    assert await with_customer(centre, far_end, bea, attempt)
    await bea.hang_up()
    row = await centre.ended(attempt)
    assert (row["outcome"], row["agent_id"]) == ("connected", ana.agent.id)
    await bea.becomes("wrapup")


async def test_what_the_first_agent_said_holds_and_spares_the_colleague_the_wrap_up(centre: Centre) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)
    await done(ana, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.agent.id))
    await bea.talks()
    await ana.typify(await centre.result(campaign.id, Action.NO_ACTION))
    marks = len(bea.told)

    await bea.hang_up()

    await bea.was("ready", marks)
    (said,) = await centre.rows("SELECT agent_id FROM interaction WHERE attempt_id = $1", attempt)
    assert said["agent_id"] == ana.agent.id
    assert len(await centre.attempts()) == 1


async def test_a_colleague_who_is_not_free_is_no_target(centre: Centre) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)
    await bea.ask(Kind.AGENT_PAUSE, reason="coffee")

    assert await refused(ana, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.agent.id)) == "target_busy"
    assert await refused(ana, Kind.CONTROL_TRANSFER, attempt, to_agent=str(attempt)) == "no_such_target"


async def test_a_customer_transferred_to_another_campaign_is_taken_by_one_of_its_agents(
    centre: Centre,
) -> None:
    _, ana, attempt = await in_talk(centre)
    another = await centre.campaign(name="soporte")
    bea = await centre.desk("202", another)
    await bea.ask(Kind.AGENT_PAUSE, reason="coffee")
    assert await refused(ana, Kind.CONTROL_TRANSFER, attempt, to_campaign=str(another.id)) == "target_busy"
    await bea.ask(Kind.AGENT_READY)
    await bea.becomes("ready")

    await done(ana, Kind.CONTROL_TRANSFER, attempt, to_campaign=str(another.id))

    assert await bea.talks(15) == attempt


# --- attended transfers ---------------------------------------------------------------------------


async def consulting(centre: Centre, desk: Desk, attempt: UUID, **whom: str) -> None:
    """The agent talks with the third party."""
    await done(desk, Kind.CONTROL_CONSULT, attempt, **whom)

    def answered() -> bool:
        return any(isinstance(body, CallIs) and body.third_answered for body in desk.told)

    await until(answered, 10, "the third party has answered")


async def test_the_agent_consults_somebody_and_leaves_the_two_together(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)
    await consulting(centre, desk, attempt, phone=THIRD)
    assert (await desk.snapshot()).handling == "consulting"
    assert await refused(desk, Kind.CONTROL_RESUME, attempt) == "consulting"

    await done(desk, Kind.CONTROL_COMPLETE, attempt)

    await desk.becomes("wrapup")
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    seen = await rooms(far_end)
    assert seen[str(attempt)] == seen[third] != ""
    await far_end.action("Hangup", Channel=third)
    assert (await centre.ended(attempt))["outcome"] == "connected"
    assert not heard_the_message(far_end, str(attempt))


async def test_a_consultation_that_is_cancelled_gives_the_customer_back(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)
    await consulting(centre, desk, attempt, phone=THIRD)

    await done(desk, Kind.CONTROL_CANCEL, attempt)

    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    await far_end.event("Hangup", Uniqueid=third)
    await until(lambda: with_customer(centre, far_end, desk, attempt), 10, "agent and customer talk on")


async def test_a_third_party_who_is_busy_leaves_the_customer_held(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)

    await ask(desk, Kind.CONTROL_CONSULT, attempt, phone=number(51, Customer.BUSY))

    await far_end.event("MarcadorThirdEnded", Attempt=str(attempt), Status="BUSY")
    await until(lambda: told(desk, attempt)[-1] == "held", 10, "the agent is told")
    assert await refused(desk, Kind.CONTROL_COMPLETE, attempt) == "not_consulting"
    await done(desk, Kind.CONTROL_RESUME, attempt)


async def test_a_colleague_is_consulted_and_takes_over(centre: Centre, far_end: Ami) -> None:
    campaign, ana, attempt = await in_talk(centre)
    bea = await centre.desk("202", campaign)
    await consulting(centre, ana, attempt, to_agent=str(bea.agent.id))
    assert await bea.state() == "reserved"

    await done(ana, Kind.CONTROL_COMPLETE, attempt)

    assert await bea.talks() == attempt
    assert bea.offers[-1].transferred
    assert await with_customer(centre, far_end, bea, attempt)
    await ana.becomes("wrapup")
    await bea.hang_up()
    assert (await centre.ended(attempt))["agent_id"] == ana.agent.id


# --- three-way ------------------------------------------------------------------------------------


async def three_way(centre: Centre, desk: Desk, attempt: UUID) -> None:
    await consulting(centre, desk, attempt, phone=THIRD)
    await done(desk, Kind.CONTROL_CONFERENCE, attempt)


async def test_three_talk_together_and_the_call_goes_on_when_the_third_leaves(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)
    await three_way(centre, desk, attempt)
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    seen = await rooms(far_end)
    assert seen[str(attempt)] == seen[third] == seen[await line_of(centre, desk)] != ""
    assert (await desk.snapshot()).handling == "conference"

    await far_end.action("Hangup", Channel=third)

    await until(lambda: told(desk, attempt)[-1] == "connected", 10, "a plain conversation again")
    assert await with_customer(centre, far_end, desk, attempt)
    await desk.hang_up()
    assert (await centre.ended(attempt))["outcome"] == "connected"


async def test_the_agent_leaves_a_conference_and_the_others_talk_on(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)
    await three_way(centre, desk, attempt)

    await done(desk, Kind.CONTROL_COMPLETE, attempt)

    await desk.becomes("wrapup")
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    seen = await rooms(far_end)
    assert seen[str(attempt)] == seen[third] != seen[await line_of(centre, desk)]
    await far_end.action("Hangup", Channel=third)
    assert (await centre.ended(attempt))["outcome"] == "connected"


async def test_who_was_left_with_the_customer_in_a_conference_is_let_go_with_the_customer(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)
    await three_way(centre, desk, attempt)
    await done(desk, Kind.CONTROL_COMPLETE, attempt)
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]

    await far_end.action("Hangup", Channel=str(attempt))

    await far_end.event("Hangup", Uniqueid=third)
    assert (await centre.ended(attempt))["outcome"] == "connected"


async def test_a_customer_who_leaves_a_conference_frees_the_agent_and_the_third(
    centre: Centre, far_end: Ami
) -> None:
    _, desk, attempt = await in_talk(centre)
    await three_way(centre, desk, attempt)

    await far_end.action("Hangup", Channel=str(attempt))

    await desk.becomes("wrapup")
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    await far_end.event("Hangup", Uniqueid=third)
    assert await line_of(centre, desk) in await rooms(far_end)


# --- a supervisor's ear ---------------------------------------------------------------------------


async def test_a_supervisor_listens_whispers_and_barges_by_phone_until_the_call_ends(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, desk, attempt = await in_talk(centre)
    async with registered(pbx.config, PHONES[3]) as phone:
        boss = await centre.desk(PHONES[3].name, campaign, dial=f"PJSIP/{PHONES[3].name}", log_in=False)
        await centre.knows(boss.agent.id)
        for how in ("listen", "whisper", "barge"):
            marks = len(far_end.events)
            answer = await boss.ask(Kind.CONTROL_LISTEN, attempt, how=how, supervisor=str(boss.agent.id))
            assert answer.state is State.DONE, answer.result
            await far_end.event("MarcadorSpy", 8, after=marks, Attempt=str(attempt), State="on")
        ear = far_end.all("MarcadorSpy", State="on")[-1]["Uniqueid"]
        assert len(phone.calls) == 1

        await desk.hang_up()

        await far_end.event("Hangup", Uniqueid=ear)
        await desk.becomes("wrapup")


async def test_a_paused_supervisor_listens_by_the_open_line_and_has_it_back(
    centre: Centre, far_end: Ami
) -> None:
    campaign, _, attempt = await in_talk(centre)
    boss = await centre.desk("202", campaign)
    answer = await boss.ask(Kind.CONTROL_LISTEN, attempt, how="listen", supervisor=str(boss.agent.id))
    assert answer.result is not None
    assert answer.result["error_id"] == "supervisor_busy"
    await boss.ask(Kind.AGENT_PAUSE, reason="listening")

    await boss.ask(Kind.CONTROL_LISTEN, attempt, how="whisper", supervisor=str(boss.agent.id))
    line = await line_of(centre, boss)
    await far_end.event("MarcadorSpy", Uniqueid=line, State="on")
    marks = len(far_end.events)
    await boss.ask(Kind.CONTROL_UNLISTEN, attempt, supervisor=str(boss.agent.id))

    await far_end.event("BridgeEnter", after=marks, Uniqueid=line, BridgeName=of_agents)


# --- a dialer that starts in the middle -----------------------------------------------------------


async def restart(centre: Centre) -> None:
    assert centre.worker is not None
    await centre.worker.stop()
    await centre.start_worker()


async def test_a_new_dialer_takes_over_a_held_call_as_held(centre: Centre, far_end: Ami) -> None:
    _, desk, attempt = await in_talk(centre)
    await done(desk, Kind.CONTROL_HOLD, attempt)

    await restart(centre)

    async def held() -> bool:
        return (await desk.snapshot()).handling == "held"

    await until(held, 10, "the new dialer says: held")
    await done(desk, Kind.CONTROL_RESUME, attempt)
    assert await with_customer(centre, far_end, desk, attempt)
    assert len(await centre.dialled()) == 1


async def test_a_new_dialer_leaves_a_transferred_customer_alone(centre: Centre, far_end: Ami) -> None:
    campaign, desk, attempt = await in_talk(centre)
    await done(desk, Kind.CONTROL_TRANSFER, attempt, phone=THIRD)
    third = (await far_end.event("MarcadorThird", Attempt=str(attempt)))["Uniqueid"]
    await far_end.event("BridgeEnter", Uniqueid=third, BridgeType="basic")

    await restart(centre)

    async def known() -> bool:
        return bool(await centre.rows("SELECT 1 FROM call_handling WHERE state = 'transferred'"))

    await until(known, 10, "the new dialer says: transferred")
    await desk.typify(await centre.result(campaign.id, Action.NO_ACTION))
    await desk.becomes("ready")

    seen = await rooms(far_end)
    assert seen[str(attempt)] == seen[third] != ""
    await far_end.action("Hangup", Channel=third)
    assert (await centre.ended(attempt))["outcome"] == "connected"
    assert len(desk.offers) == 1
