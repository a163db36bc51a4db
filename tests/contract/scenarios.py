"""The scenarios. What each asserts is the contract of docs/asterisk-guide.md, as Asterisk 22.10 keeps it."""

import uuid
from collections.abc import Awaitable, Callable

import pytest

from ami import actions
from ami import events as e
from ami.errors import ActionRefused
from tests.contract.bench import AGENTS, CUSTOMERS, HELD, TRUNK, UNREGISTERED, Bench, Number, phone_of, story

ANSWERED = ["Newchannel", "ringing", "up", "MarcadorAnswered", f"in {CUSTOMERS}"]
TALK = [f"out {CUSTOMERS}", "in talk", "out talk"]
LINE = ["Newchannel", "up", "line up", f"in {AGENTS}"]
AGENT_TALK = [f"out {AGENTS}", "in talk", "out talk", "line idle", f"in {AGENTS}"]
CLOSED = [f"out {CUSTOMERS}", "in closed", "MarcadorClosed"]


# Where both come, a Hangup and its OriginateResponse come in either order.


def _originate_response(bench: Bench, attempt: str) -> e.OriginateResponse:
    (event,) = bench.told(e.OriginateResponse, attempt)
    assert isinstance(event, e.OriginateResponse)
    return event


def _hangup(bench: Bench, uniqueid: str) -> e.Hangup:
    (event,) = bench.told(e.Hangup, uniqueid)
    assert isinstance(event, e.Hangup)
    return event


async def _refused(bench: Bench, action: actions.Action) -> str:
    with pytest.raises(ActionRefused) as refusal:
        await bench.send(action)
    return str(refusal.value)


# --- a conversation ----------------------------------------------------------------------------------


async def answered_joined_and_hung_up_by_the_customer(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line, Number.BRIEF)
    await bench.gone(attempt)
    await bench.in_room(line, AGENTS, times=2)
    assert story(bench.events, attempt) == [*ANSWERED, *TALK, "hangup 16"]
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]
    response = _originate_response(bench, attempt)
    assert (response.success, response.reason) == (True, 4)


async def both_legs_enter_one_bridge_and_share_the_older_linkedid(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    enters = [
        event
        for who in (line, attempt)
        for event in bench.told(e.BridgeEnter, who)
        if isinstance(event, e.BridgeEnter) and event.kind == "basic"
    ]
    assert len({event.bridge for event in enters}) == 1
    assert [(event.uniqueid, event.linkedid, event.channels) for event in enters] == [
        (line, line, 1),
        (attempt, line, 2),
    ]


async def hung_up_by_us_in_talk(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await bench.send(actions.Hangup(attempt))
    await bench.gone(attempt)
    await bench.in_room(line, AGENTS, times=2)
    assert story(bench.events, attempt) == [*ANSWERED, *TALK, "hangup 16"]
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]


async def an_agent_whose_line_is_gone_in_talk_ends_the_conversation_without_the_message(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await bench.send(actions.Hangup(phone_of(line)))
    await bench.gone(line)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*ANSWERED, *TALK, "hangup 16"]
    assert story(bench.events, line) == [*LINE, f"out {AGENTS}", "in talk", "out talk", "hangup 16"]


async def an_idle_agents_line_is_lost(bench: Bench) -> None:
    line = await bench.agent()
    await bench.send(actions.Hangup(phone_of(line)))
    await bench.gone(line)
    assert story(bench.events, line) == [*LINE, f"out {AGENTS}", "hangup 16"]


# --- nobody comes ------------------------------------------------------------------------------------


async def closed_after_two_seconds_and_then_no_bridge_works(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.waiting(Number.ANSWERS)
    await bench.until(lambda: bench.told(e.MarcadorClosed, attempt), "closed")
    assert "Unable to add Channel2 to bridge" in await _refused(bench, actions.Bridge(line, attempt))
    await bench.in_room(line, AGENTS, times=2)
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*ANSWERED, *CLOSED, "out closed", "hangup 16"]
    (answered,), (closed,) = bench.told(e.MarcadorAnswered, attempt), bench.told(e.MarcadorClosed, attempt)
    assert isinstance(answered, e.MarcadorAnswered)
    assert isinstance(closed, e.MarcadorClosed)
    assert 1950 <= closed.at_ms - answered.at_ms <= 2250


async def the_patience_is_the_campaigns(bench: Bench) -> None:
    attempt = await bench.waiting(Number.ANSWERS, MARCADOR_PATIENCE_MS="1000")
    await bench.until(lambda: bench.told(e.MarcadorClosed, attempt), "closed")
    (answered,), (closed,) = bench.told(e.MarcadorAnswered, attempt), bench.told(e.MarcadorClosed, attempt)
    assert isinstance(answered, e.MarcadorAnswered)
    assert isinstance(closed, e.MarcadorClosed)
    assert 950 <= closed.at_ms - answered.at_ms <= 1250


async def the_opt_out_is_told_before_the_hangup(bench: Bench) -> None:
    attempt = await bench.waiting(Number.PRESSES_9)
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    assert told[: len(ANSWERED) + len(CLOSED)] == [*ANSWERED, *CLOSED]
    assert told.index("MarcadorOptOut") < told.index("hangup 16")


async def a_closed_customer_cannot_be_redirected_to_a_phone(bench: Bench) -> None:
    attempt = await bench.waiting(Number.ANSWERS)
    await bench.until(lambda: bench.told(e.MarcadorClosed, attempt), "closed")
    await bench.send(actions.Redirect(attempt, "marcador-ring", UNREGISTERED))
    await bench.until(lambda: bench.told(e.MarcadorRingFailed, attempt), "the ringing failed")
    (failed,) = bench.told(e.MarcadorRingFailed, attempt)
    assert isinstance(failed, e.MarcadorRingFailed)
    assert failed.status == "CLOSED"
    await bench.gone(attempt)


async def a_customer_who_hangs_up_while_waiting_is_not_closed(bench: Bench) -> None:
    attempt = await bench.waiting(Number.BRIEF)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*ANSWERED, f"out {CUSTOMERS}", "hangup 16"]


async def a_customer_who_hangs_up_in_the_moment_of_the_answer_was_answered(bench: Bench) -> None:
    attempt = await bench.call(Number.GONE_AT_ONCE)
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    assert told[:3] == ["Newchannel", "ringing", "up"]
    assert "MarcadorClosed" not in told
    assert told[-1] == "hangup 16"
    assert _hangup(bench, attempt).state is e.ChannelState.UP


# --- not answered ------------------------------------------------------------------------------------


async def _not_answered(
    bench: Bench, number: Number, reason: int, cause: int, sip_status: int, *, rings: bool
) -> None:
    attempt = await bench.call(number, ring_ms=1500)
    await bench.gone(attempt)
    await bench.until(lambda: bench.told(e.OriginateResponse, attempt), "the originate's end")
    ringing = ["ringing"] if rings else []
    assert story(bench.events, attempt) == ["Newchannel", *ringing, f"hangup {cause}"]
    response = _originate_response(bench, attempt)
    assert (response.success, response.reason) == (False, reason)
    hangup = _hangup(bench, attempt)
    assert hangup.tech_cause == sip_status
    assert hangup.state is not e.ChannelState.UP


async def busy(bench: Bench) -> None:
    await _not_answered(bench, Number.BUSY, 0, 17, 486, rings=False)


async def unknown_number(bench: Bench) -> None:
    await _not_answered(bench, Number.UNKNOWN, 0, 1, 404, rings=False)


async def congestion(bench: Bench) -> None:
    await _not_answered(bench, Number.CONGESTED, 0, 34, 503, rings=False)


async def gone_while_it_rang(bench: Bench) -> None:
    await _not_answered(bench, Number.GONE_RINGING, 0, 19, 480, rings=True)


async def no_answer_differs_from_gone_while_it_rang_by_its_reason_only(bench: Bench) -> None:
    await _not_answered(bench, Number.SILENT, 3, 19, 480, rings=True)


async def hung_up_by_us_while_it_rings(bench: Bench) -> None:
    attempt = await bench.call(Number.SILENT)
    await bench.until(lambda: "ringing" in story(bench.events, attempt), "it rings")
    await bench.send(actions.Hangup(attempt))
    await bench.gone(attempt)
    await bench.until(lambda: bench.told(e.OriginateResponse, attempt), "the originate's end")
    assert story(bench.events, attempt) == ["Newchannel", "ringing", "hangup 16"]
    response = _originate_response(bench, attempt)
    assert (response.success, response.reason) == (False, 0)


async def a_call_that_cannot_be_made_has_no_channel_only_the_originates_response(
    bench: Bench,
) -> None:
    attempt = await bench.call(Number.ANSWERS, trunk="nowhere")
    await bench.until(lambda: bench.told(e.OriginateResponse, attempt), "the originate's end")
    response = _originate_response(bench, attempt)
    assert (response.success, response.reason) == (False, 0)
    assert story(bench.events, attempt) == []


async def the_same_id_cannot_be_placed_twice(bench: Bench) -> None:
    attempt = await bench.waiting(Number.ANSWERS)
    await bench.send(bench.originate(attempt, Number.ANSWERS))
    await bench.until(lambda: len(bench.told(e.OriginateResponse, attempt)) == 2, "the second one's end")
    responses = [r for r in bench.told(e.OriginateResponse, attempt) if isinstance(r, e.OriginateResponse)]
    assert [response.success for response in responses] == [True, False]
    assert len(bench.told(e.Newchannel, attempt)) == 1


# --- inbound, ringing agents, manual calls -----------------------------------------------------------


async def an_inbound_call_waits_and_is_joined(bench: Bench) -> None:
    line = await bench.agent()
    bench.call_in("34611222333", "34910000000")
    await bench.until(lambda: any(isinstance(event, e.MarcadorInbound) for event in bench.events), "inbound")
    (inbound,) = (event for event in bench.events if isinstance(event, e.MarcadorInbound))
    assert (inbound.caller_number, inbound.did) == ("34611222333", "34910000000")
    assert inbound.attempt == inbound.uniqueid
    await bench.in_room(inbound.uniqueid, CUSTOMERS)
    await bench.send(actions.Bridge(line, inbound.uniqueid))
    await bench.in_room(inbound.uniqueid, "talk")
    await bench.send(actions.Hangup(inbound.uniqueid))
    await bench.gone(inbound.uniqueid)
    told = story(bench.events, inbound.uniqueid)
    assert told[0] == "Newchannel"
    assert told[-6:] == ["MarcadorInbound", f"in {CUSTOMERS}", *TALK, "hangup 16"]
    await bench.in_room(line, AGENTS, times=2)


async def a_phone_that_cannot_be_rung_gives_the_customer_back(bench: Bench) -> None:
    attempt = await bench.waiting(Number.ANSWERS, MARCADOR_PATIENCE_MS="10000")
    await bench.send(actions.Redirect(attempt, "marcador-ring", UNREGISTERED))
    await bench.in_room(attempt, CUSTOMERS, times=2)
    (failed,) = bench.told(e.MarcadorRingFailed, attempt)
    assert isinstance(failed, e.MarcadorRingFailed)
    assert (failed.agent, failed.status) == (UNREGISTERED, "CHANUNAVAIL")
    assert story(bench.events, attempt) == [
        *ANSWERED,
        f"out {CUSTOMERS}",
        "MarcadorRingFailed",
        f"in {CUSTOMERS}",
    ]


async def _manual(bench: Bench, line: str, number: Number, attempt: str) -> None:
    variables = {"ATTEMPT": attempt, "TRUNK": number.trunk, "CALLERID": "34910000000"}
    for name, value in variables.items():
        await bench.send(actions.Setvar(f"MARCADOR_{name}", value, line))
    await bench.send(actions.Redirect(line, "marcador-manual", number))
    await bench.in_room(line, AGENTS, times=2)


async def a_manual_call_is_answered_and_the_agent_returns_to_hold(bench: Bench) -> None:
    line = await bench.agent("7")
    await _manual(bench, line, Number.BRIEF, "manual-1")
    assert story(bench.events, line) == [
        *LINE,
        f"out {AGENTS}",
        "in talk",
        "out talk",
        "MarcadorManualEnded",
        "line idle",
        f"in {AGENTS}",
    ]
    (manual,) = (event for event in bench.events if isinstance(event, e.MarcadorManual))
    (ended,) = bench.told(e.MarcadorManualEnded, line)
    assert isinstance(ended, e.MarcadorManualEnded)
    assert (manual.attempt, manual.agent) == ("manual-1", "7")
    assert (ended.attempt, ended.agent, ended.status) == ("manual-1", "7", "ANSWER")
    told = story(bench.events, manual.uniqueid)
    assert told == ["Newchannel", "MarcadorManual", "ringing", "up", "in talk", "out talk", "hangup 16"]


async def a_manual_call_to_a_busy_number_ends_busy(bench: Bench) -> None:
    line = await bench.agent("7")
    await _manual(bench, line, Number.BUSY, "manual-2")
    (ended,) = bench.told(e.MarcadorManualEnded, line)
    assert isinstance(ended, e.MarcadorManualEnded)
    assert (ended.status, ended.cause) == ("BUSY", 17)


# --- call control ------------------------------------------------------------------------------------


def _aside(line: str, attempt: str, to: str = "marcador-held", exten: str = "hold") -> actions.Redirect:
    """The customer somewhere else and the line to its rest, in one moment."""
    return actions.Redirect(attempt, to, exten, 1, line, "marcador-rest", "s")


async def _held(bench: Bench, number: Number = Number.ANSWERS) -> tuple[str, str]:
    line = await bench.agent()
    attempt = await bench.talking(line, number)
    await bench.send(_aside(line, attempt))
    await bench.in_room(attempt, HELD)
    await bench.in_room(line, AGENTS, times=2)
    return line, attempt


async def _way_out(bench: Bench, channel: str, attempt: str) -> None:
    for name, value in {"CALL": attempt, "TRUNK": TRUNK, "BACK_MS": "15000"}.items():
        await bench.send(actions.Setvar(f"MARCADOR_{name}", value, channel))


async def _third(bench: Bench) -> str:
    """The third party's channel."""
    await bench.until(lambda: any(isinstance(event, e.MarcadorThird) for event in bench.events), "a third")
    return next(event.uniqueid for event in bench.events if isinstance(event, e.MarcadorThird))


async def a_held_customer_hears_music_and_is_joined_again(bench: Bench) -> None:
    line, attempt = await _held(bench)
    await bench.send(actions.Bridge(line, attempt))
    await bench.in_room(attempt, "talk", times=2)
    await bench.send(actions.Hangup(attempt))
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, attempt) == [
        *ANSWERED, *TALK, f"in {HELD}", f"out {HELD}", "in talk", "out talk", "hangup 16",
    ]  # fmt: skip
    assert story(bench.events, line) == [*LINE, *AGENT_TALK, *AGENT_TALK]


async def a_held_customer_may_hang_up(bench: Bench) -> None:
    line, attempt = await _held(bench, Number.BRIEF)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*ANSWERED, *TALK, f"in {HELD}", f"out {HELD}", "hangup 16"]
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]


async def a_held_customer_whose_agent_is_lost_can_be_sent_where_a_lost_line_leaves_them(bench: Bench) -> None:
    _, attempt = await _held(bench)
    await bench.send(actions.Setvar("MARCADOR_RESCUE_MS", "15000", attempt))
    await bench.send(actions.Redirect(attempt, "marcador-customer", "over"))
    await bench.in_room(attempt, CUSTOMERS, times=2)
    assert story(bench.events, attempt)[-3:] == [f"out {HELD}", "MarcadorLeft", f"in {CUSTOMERS}"]


async def a_blind_transfer_joins_the_third_party_and_ends_with_them(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await _way_out(bench, attempt, attempt)
    await bench.send(_aside(line, attempt, "marcador-transfer", Number.ANSWERS))
    third = await _third(bench)
    await bench.in_room(attempt, "talk", times=2)
    await bench.in_room(third, "talk")
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    assert story(bench.events, third) == [
        "Newchannel", "MarcadorThird", "ringing", "up", "in talk", "out talk", "hangup 16",
    ]  # fmt: skip
    told = [*ANSWERED, *TALK, "in talk", "out talk", "MarcadorThirdEnded", "hangup 16"]
    assert story(bench.events, attempt) == told
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]


async def a_blind_transfer_to_a_busy_number_gives_the_customer_back(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await _way_out(bench, attempt, attempt)
    await bench.send(_aside(line, attempt, "marcador-transfer", Number.BUSY))
    await bench.in_room(attempt, CUSTOMERS, times=2)
    (ended,) = bench.told(e.MarcadorThirdEnded, attempt)
    assert isinstance(ended, e.MarcadorThirdEnded)
    assert (ended.attempt, ended.status, ended.cause) == (attempt, "BUSY", 17)
    told = [*ANSWERED, *TALK, "MarcadorThirdEnded", "MarcadorLeft", f"in {CUSTOMERS}"]
    assert story(bench.events, attempt) == told


async def _consulting(bench: Bench) -> tuple[str, str, str]:
    line, attempt = await _held(bench)
    await _way_out(bench, line, attempt)
    await bench.send(actions.Redirect(line, "marcador-consult", Number.ANSWERS))
    third = await _third(bench)
    await bench.in_room(third, "talk")
    await bench.in_room(line, "talk", times=2)
    return line, attempt, third


async def an_attended_transfer_leaves_the_two_together_and_ends_with_either(bench: Bench) -> None:
    line, attempt, third = await _consulting(bench)
    await bench.send(actions.Bridge(third, attempt))
    await bench.in_room(attempt, "talk", times=2)
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, line)[-6:] == [
        f"out {AGENTS}", "in talk", "out talk", "MarcadorThirdEnded", "line idle", f"in {AGENTS}",
    ]  # fmt: skip
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    assert story(bench.events, attempt)[-4:] == [f"out {HELD}", "in talk", "out talk", "hangup 16"]


async def an_agent_who_leaves_a_consultation_drops_the_third_party(bench: Bench) -> None:
    line, _, third = await _consulting(bench)
    await bench.send(actions.Redirect(line, "marcador-rest", "s"))
    await bench.gone(third)
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, line)[-5:] == [
        f"out {AGENTS}", "in talk", "out talk", "line idle", f"in {AGENTS}",
    ]  # fmt: skip


async def _three_way(bench: Bench) -> tuple[str, str, str]:
    line, attempt, third = await _consulting(bench)
    room = "marcador-conference"
    for channel in (line, attempt, third):
        await bench.send(actions.Setvar("MARCADOR_CALL", attempt, channel))
    await bench.send(actions.Redirect(line, room, "agent", 1, third, room, "third"))
    await bench.send(actions.Redirect(attempt, room, "customer"))
    for channel in (line, attempt, third):
        await bench.in_room(channel, "conference")
    return line, attempt, third


async def three_talk_and_when_the_others_have_left_the_customer_leaves_too(bench: Bench) -> None:
    line, attempt, third = await _three_way(bench)
    await bench.send(actions.Redirect(line, "marcador-rest", "s"))
    await bench.in_room(line, AGENTS, times=3)
    assert "hangup 16" not in story(bench.events, attempt)
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    assert told[-4:] == [f"out {HELD}", "in conference", "out conference", "hangup 16"]


async def a_supervisor_hears_an_agents_channel_until_it_is_gone(bench: Bench) -> None:
    line = await bench.agent()
    ear = str(uuid.uuid4())
    await bench.send(
        actions.Originate(
            actions.local("8", "phone"),
            ear,
            "marcador-spy",
            "listen",
            other_channel_id=phone_of(ear),
            variables={"MARCADOR_TARGET": line, "MARCADOR_CALL": "call-1"},
        )
    )
    await bench.until(lambda: bench.told(e.MarcadorSpy, ear), "the ear is there")
    await bench.send(actions.Hangup(phone_of(line)))
    await bench.gone(ear)
    states = [spy.state for spy in bench.told(e.MarcadorSpy, ear) if isinstance(spy, e.MarcadorSpy)]
    assert states == ["on", "off"]
    assert story(bench.events, ear) == ["Newchannel", "up", "MarcadorSpy", "MarcadorSpy", "hangup 16"]


# --- looking and asking ------------------------------------------------------------------------------


async def channels_and_bridges_are_listed_during_a_call(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    channels = {channel.uniqueid: channel for channel in await bench.link.list_channels()}
    assert set(channels) == {line, phone_of(line), attempt}
    assert all(channel.state is e.ChannelState.UP for channel in channels.values())
    assert channels[line].bridge == channels[attempt].bridge != ""
    bridges = {bridge.bridge: bridge for bridge in await bench.link.list_bridges()}
    conversation = bridges[channels[line].bridge]
    assert conversation.kind == "basic"
    assert {member.uniqueid for member in conversation.members} == {line, attempt}


async def a_ringing_call_is_listed_by_our_id(bench: Bench) -> None:
    attempt = await bench.call(Number.SILENT)
    await bench.until(lambda: "ringing" in story(bench.events, attempt), "it rings")
    (channel,) = await bench.link.list_channels()
    assert (channel.uniqueid, channel.state, channel.bridge) == (attempt, e.ChannelState.RINGING, "")


async def variables_are_kept_as_they_were_given(bench: Bench) -> None:
    odd = 'a, b "c" (d) \\e; f=g'
    attempt = await bench.waiting(Number.ANSWERS, ODD=odd)
    assert (await bench.send(actions.Getvar("ODD", attempt))).fields["value"] == odd
    await bench.send(actions.Setvar("ODD", odd + "!", attempt))
    assert (await bench.send(actions.Getvar("ODD", attempt))).fields["value"] == odd + "!"


async def what_is_not_there_is_refused_by_name(bench: Bench) -> None:
    line = await bench.agent()
    assert "No such channel" in await _refused(bench, actions.Hangup("nobody"))
    assert "Channel1 does not exist" in await _refused(bench, actions.Bridge("nobody", line))
    assert "Channel2 does not exist" in await _refused(bench, actions.Bridge(line, "nobody"))
    assert "Channel does not exist" in await _refused(bench, actions.Redirect("nobody", "marcador-ring", "1"))
    assert "No such channel" in await _refused(bench, actions.Setvar("X", "1", "nobody"))
    assert "No such channel" in await _refused(bench, actions.Getvar("X", "nobody"))
    assert "not found" in await _refused(bench, actions.BridgeInfo("nobody"))
    nowhere = actions.Originate(actions.customer("1", TRUNK), "c-1", "nowhere", "answered")
    assert "Extension does not exist" in await _refused(bench, nowhere)


async def asterisk_tells_its_version_and_pongs(bench: Bench) -> None:
    assert (await bench.send(actions.Ping())).fields["ping"] == "Pong"
    assert (await bench.send(actions.CoreSettings())).fields["asteriskversion"].startswith("22.")
    assert int((await bench.send(actions.CoreStatus())).fields["corecurrentcalls"]) == 0


# --- a broadcast --------------------------------------------------------------------------------------

HEARD = ["Newchannel", "ringing", "up", "MarcadorAnswered"]


async def _broadcast(bench: Bench, number: Number, **variables: str) -> str:
    attempt = str(uuid.uuid4())
    asked = {"MARCADOR_AUDIO": "marcador/closed", "MARCADOR_KEY_WAIT": "2", **variables}
    await bench.send(bench.originate(attempt, number, "", 5000, "marcador-broadcast", **asked))
    return attempt


async def a_broadcast_is_played_and_ends(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.ANSWERS)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorPlayed", "hangup 16"]
    (played,) = bench.told(e.MarcadorPlayed, attempt)
    assert isinstance(played, e.MarcadorPlayed)
    assert not played.on_machine


async def key_1_of_a_broadcast_leads_to_the_wait_for_an_agent(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await _broadcast(bench, Number.PRESSES_1, MARCADOR_AGENT_PATIENCE_MS="20000")
    await bench.in_room(attempt, CUSTOMERS)
    await bench.send(actions.Bridge(line, attempt))
    await bench.in_room(attempt, "talk")
    await bench.send(actions.Hangup(attempt))
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", f"in {CUSTOMERS}", *TALK, "hangup 16"]
    await bench.in_room(line, AGENTS, times=2)


async def who_pressed_1_waits_so_long_as_the_campaign_says(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.PRESSES_1, MARCADOR_AGENT_PATIENCE_MS="1000")
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    waits = [*HEARD, "MarcadorKey", f"in {CUSTOMERS}", *CLOSED]
    assert told == [*waits, "out closed", "hangup 16"]


async def key_1_means_nothing_where_there_are_no_agents_and_the_audio_begins_again(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.PRESSES_1)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "MarcadorPlayed", "hangup 16"]


async def key_9_of_a_broadcast_is_told_before_the_hangup(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.PRESSES_9)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "MarcadorOptOut", "hangup 16"]


async def a_key_that_answers_ends_the_broadcast(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.PRESSES_5, MARCADOR_ANSWERS="5*")
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "hangup 16"]
    (key,) = bench.told(e.MarcadorKey, attempt)
    assert isinstance(key, e.MarcadorKey)
    assert key.key == "5"


async def a_machine_gets_its_own_audio_after_its_greeting(bench: Bench) -> None:
    attempt = await _broadcast(
        bench, Number.MACHINE, MARCADOR_AMD="1", MARCADOR_MACHINE_AUDIO="marcador/optout"
    )
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorAmd", "MarcadorPlayed", "hangup 16"]
    (played,) = bench.told(e.MarcadorPlayed, attempt)
    assert isinstance(played, e.MarcadorPlayed)
    assert played.on_machine


async def a_machine_without_an_audio_of_its_own_is_hung_up_on(bench: Bench) -> None:
    attempt = await _broadcast(bench, Number.MACHINE, MARCADOR_AMD="1")
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorAmd", "hangup 16"]


Scenario = Callable[[Bench], Awaitable[None]]
SCENARIOS: tuple[Scenario, ...] = (
    answered_joined_and_hung_up_by_the_customer,
    both_legs_enter_one_bridge_and_share_the_older_linkedid,
    hung_up_by_us_in_talk,
    an_agent_whose_line_is_gone_in_talk_ends_the_conversation_without_the_message,
    an_idle_agents_line_is_lost,
    closed_after_two_seconds_and_then_no_bridge_works,
    the_patience_is_the_campaigns,
    the_opt_out_is_told_before_the_hangup,
    a_closed_customer_cannot_be_redirected_to_a_phone,
    a_customer_who_hangs_up_while_waiting_is_not_closed,
    a_customer_who_hangs_up_in_the_moment_of_the_answer_was_answered,
    busy,
    unknown_number,
    congestion,
    gone_while_it_rang,
    no_answer_differs_from_gone_while_it_rang_by_its_reason_only,
    hung_up_by_us_while_it_rings,
    a_call_that_cannot_be_made_has_no_channel_only_the_originates_response,
    the_same_id_cannot_be_placed_twice,
    an_inbound_call_waits_and_is_joined,
    a_phone_that_cannot_be_rung_gives_the_customer_back,
    a_manual_call_is_answered_and_the_agent_returns_to_hold,
    a_manual_call_to_a_busy_number_ends_busy,
    a_held_customer_hears_music_and_is_joined_again,
    a_held_customer_may_hang_up,
    a_held_customer_whose_agent_is_lost_can_be_sent_where_a_lost_line_leaves_them,
    a_blind_transfer_joins_the_third_party_and_ends_with_them,
    a_blind_transfer_to_a_busy_number_gives_the_customer_back,
    an_attended_transfer_leaves_the_two_together_and_ends_with_either,
    an_agent_who_leaves_a_consultation_drops_the_third_party,
    three_talk_and_when_the_others_have_left_the_customer_leaves_too,
    a_supervisor_hears_an_agents_channel_until_it_is_gone,
    channels_and_bridges_are_listed_during_a_call,
    a_ringing_call_is_listed_by_our_id,
    variables_are_kept_as_they_were_given,
    what_is_not_there_is_refused_by_name,
    asterisk_tells_its_version_and_pongs,
    a_broadcast_is_played_and_ends,
    key_1_of_a_broadcast_leads_to_the_wait_for_an_agent,
    who_pressed_1_waits_so_long_as_the_campaign_says,
    key_1_means_nothing_where_there_are_no_agents_and_the_audio_begins_again,
    key_9_of_a_broadcast_is_told_before_the_hangup,
    a_key_that_answers_ends_the_broadcast,
    a_machine_gets_its_own_audio_after_its_greeting,
    a_machine_without_an_audio_of_its_own_is_hung_up_on,
)
