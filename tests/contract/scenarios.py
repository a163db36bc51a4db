"""The scenarios. What each asserts is the contract of docs/asterisk-guide.md, as Asterisk 22.10 keeps it."""

from collections.abc import Awaitable, Callable

import pytest

from ami import actions
from ami import events as e
from ami.errors import ActionRefused
from tests.contract.bench import AGENTS, CUSTOMERS, TRUNK, UNREGISTERED, Bench, Number, phone_of, story

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


async def refused(bench: Bench, action: actions.Action) -> str:
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
    assert "Unable to add Channel2 to bridge" in await refused(bench, actions.Bridge(line, attempt))
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


async def early_media_is_told_and_is_no_answer(bench: Bench) -> None:
    attempt = await bench.call(Number.EARLY_UNKNOWN)
    await bench.gone(attempt)
    assert [event.status for event in bench.told(e.DialState, attempt)] == ["PROGRESS"]  # type: ignore[attr-defined]
    assert story(bench.events, attempt) == ["Newchannel", "hangup 1"]


async def early_media_of_a_call_the_agents_line_dials_is_told_too(bench: Bench) -> None:
    line = await bench.agent("7")
    await _manual(bench, line, Number.EARLY_UNKNOWN, "early-1")
    (manual,) = (event for event in bench.events if isinstance(event, e.MarcadorManual))
    assert [event.status for event in bench.told(e.DialState, manual.uniqueid)] == ["PROGRESS"]  # type: ignore[attr-defined]
    await bench.gone(manual.uniqueid)
    assert story(bench.events, manual.uniqueid) == ["Newchannel", "MarcadorManual", "hangup 1"]
    assert _hangup(bench, manual.uniqueid).tech_cause == 404


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


async def called_in(bench: Bench) -> e.MarcadorInbound:
    """A caller who waits."""
    bench.call_in("34611222333", "34910000000")
    await bench.until(lambda: any(isinstance(event, e.MarcadorInbound) for event in bench.events), "inbound")
    (inbound,) = (event for event in bench.events if isinstance(event, e.MarcadorInbound))
    await bench.in_room(inbound.uniqueid, CUSTOMERS)
    return inbound


async def a_caller_whose_agents_line_is_lost_waits_for_another(bench: Bench) -> None:
    line, inbound = await bench.agent(), await called_in(bench)
    await bench.send(actions.Setvar("MARCADOR_RESCUE_MS", "15000", inbound.uniqueid))
    await bench.send(actions.Bridge(line, inbound.uniqueid))
    await bench.in_room(inbound.uniqueid, "talk")
    await bench.send(actions.Hangup(line))
    await bench.in_room(inbound.uniqueid, CUSTOMERS, times=2)
    assert story(bench.events, inbound.uniqueid)[-4:] == [*TALK[-2:], "MarcadorLeft", f"in {CUSTOMERS}"]


async def a_callers_deadline_is_moved_and_the_wait_begun_anew(bench: Bench) -> None:
    inbound = await called_in(bench)
    assert inbound.patience_ms == 120_000
    deadline = str(inbound.at_ms + 1500)
    await bench.send(actions.Setvar("MARCADOR_DEADLINE", deadline, inbound.uniqueid))
    await bench.send(actions.Redirect(inbound.uniqueid, "marcador-customer", "wait"))
    await bench.until(lambda: bench.told(e.MarcadorClosed, inbound.uniqueid), "closed")
    (closed,) = bench.told(e.MarcadorClosed, inbound.uniqueid)
    assert isinstance(closed, e.MarcadorClosed)
    assert 1450 <= closed.at_ms - inbound.at_ms <= 2000
    told = story(bench.events, inbound.uniqueid)
    waited = [f"in {CUSTOMERS}", f"out {CUSTOMERS}"]
    assert told[told.index("MarcadorInbound") + 1 :] == [*waited, *waited, "in closed", "MarcadorClosed"]


async def a_caller_is_turned_away_with_a_message_at_once(bench: Bench) -> None:
    inbound = await called_in(bench)
    await bench.send(actions.Setvar("CHANNEL(language)", "es", inbound.uniqueid))
    await bench.send(actions.Setvar("MARCADOR_MESSAGE", "marcador/outofhours", inbound.uniqueid))
    await bench.send(actions.Redirect(inbound.uniqueid, "marcador-customer", "close"))
    await bench.gone(inbound.uniqueid)
    told = story(bench.events, inbound.uniqueid)
    after = [f"in {CUSTOMERS}", *CLOSED, "out closed", "hangup 16"]
    assert told[told.index("MarcadorInbound") + 1 :] == after


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


async def _dial_by_hand(bench: Bench, line: str, number: Number, attempt: str) -> None:
    variables = {"ATTEMPT": attempt, "TRUNK": number.trunk, "CALLERID": "34910000000"}
    for name, value in variables.items():
        await bench.send(actions.Setvar(f"MARCADOR_{name}", value, line))
    await bench.send(actions.Redirect(line, "marcador-manual", number))


async def _manual(bench: Bench, line: str, number: Number, attempt: str) -> None:
    await _dial_by_hand(bench, line, number, attempt)
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
    await bench.gone(manual.uniqueid)  # told by another thread of Asterisk, perhaps after the line is back
    told = story(bench.events, manual.uniqueid)
    assert told == ["Newchannel", "MarcadorManual", "ringing", "up", "in talk", "out talk", "hangup 16"]


async def a_manual_call_to_a_busy_number_ends_busy(bench: Bench) -> None:
    line = await bench.agent("7")
    await _manual(bench, line, Number.BUSY, "manual-2")
    (ended,) = bench.told(e.MarcadorManualEnded, line)
    assert isinstance(ended, e.MarcadorManualEnded)
    assert (ended.status, ended.cause) == ("BUSY", 17)


async def a_phone_rung_for_one_call_is_hung_up_after_it(bench: Bench) -> None:
    line = await bench.agent("7", once=True)
    await _dial_by_hand(bench, line, Number.BRIEF, "once-1")
    await bench.gone(line)
    talk = [f"out {AGENTS}", "in talk", "out talk", "MarcadorManualEnded", "hangup 16"]
    assert story(bench.events, line) == [*LINE, *talk]


async def a_phone_rung_for_one_call_is_hung_up_when_the_customer_is_busy(bench: Bench) -> None:
    line = await bench.agent("7", once=True)
    await _dial_by_hand(bench, line, Number.BUSY, "once-2")
    await bench.gone(line)
    assert story(bench.events, line) == [*LINE, f"out {AGENTS}", "MarcadorManualEnded", "hangup 16"]


async def a_customer_whose_agent_hangs_up_while_it_rings_is_hung_up(bench: Bench) -> None:
    line = await bench.agent("7", once=True)
    await _dial_by_hand(bench, line, Number.SILENT, "once-3")
    await bench.until(lambda: any(isinstance(event, e.MarcadorManual) for event in bench.events), "dialled")
    (manual,) = (event for event in bench.events if isinstance(event, e.MarcadorManual))
    await bench.until(lambda: "ringing" in story(bench.events, manual.uniqueid), "it rings")
    await bench.send(actions.Hangup(phone_of(line)))
    await bench.gone(line)
    await bench.gone(manual.uniqueid)
    assert _hangup(bench, manual.uniqueid).state is not e.ChannelState.UP
    assert story(bench.events, line) == [*LINE, f"out {AGENTS}", "hangup 16"]


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
    assert "No such channel" in await refused(bench, actions.Hangup("nobody"))
    assert "Channel1 does not exist" in await refused(bench, actions.Bridge("nobody", line))
    assert "Channel2 does not exist" in await refused(bench, actions.Bridge(line, "nobody"))
    assert "Channel does not exist" in await refused(bench, actions.Redirect("nobody", "marcador-ring", "1"))
    assert "No such channel" in await refused(bench, actions.Setvar("X", "1", "nobody"))
    assert "No such channel" in await refused(bench, actions.Getvar("X", "nobody"))
    assert "not found" in await refused(bench, actions.BridgeInfo("nobody"))
    nowhere = actions.Originate(actions.customer("1", TRUNK), "c-1", "nowhere", "answered")
    assert "Extension does not exist" in await refused(bench, nowhere)


async def asterisk_tells_its_version_and_pongs(bench: Bench) -> None:
    assert (await bench.send(actions.Ping())).fields["ping"] == "Pong"
    assert (await bench.send(actions.CoreSettings())).fields["asteriskversion"].startswith("22.")
    assert int((await bench.send(actions.CoreStatus())).fields["corecurrentcalls"]) == 0


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
    early_media_is_told_and_is_no_answer,
    early_media_of_a_call_the_agents_line_dials_is_told_too,
    hung_up_by_us_while_it_rings,
    a_call_that_cannot_be_made_has_no_channel_only_the_originates_response,
    the_same_id_cannot_be_placed_twice,
    an_inbound_call_waits_and_is_joined,
    a_caller_whose_agents_line_is_lost_waits_for_another,
    a_callers_deadline_is_moved_and_the_wait_begun_anew,
    a_caller_is_turned_away_with_a_message_at_once,
    a_phone_that_cannot_be_rung_gives_the_customer_back,
    a_manual_call_is_answered_and_the_agent_returns_to_hold,
    a_manual_call_to_a_busy_number_ends_busy,
    a_phone_rung_for_one_call_is_hung_up_after_it,
    a_phone_rung_for_one_call_is_hung_up_when_the_customer_is_busy,
    a_customer_whose_agent_hangs_up_while_it_rings_is_hung_up,
    channels_and_bridges_are_listed_during_a_call,
    a_ringing_call_is_listed_by_our_id,
    variables_are_kept_as_they_were_given,
    what_is_not_there_is_refused_by_name,
    asterisk_tells_its_version_and_pongs,
)
