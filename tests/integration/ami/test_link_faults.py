"""Each known fault of AMI clients, shut out by name; panoramisk's come first (docs/decisions-ami.md)."""

import asyncio
import gc

import pytest

from ami import actions
from ami import events as e
from ami.connection import AsteriskLink, Server, Timing
from ami.errors import ActionRefused, ActionTimeout, BadAction, LinkLost
from ami.session import Session
from ami.simulator import wire
from tests.helpers import until
from tests.helpers.proxy import Proxy
from tests.integration.ami.peers import FAST, Peer, linked, success

ORIGINATE = actions.Originate("PJSIP/5551@trunk", "c-1", "marcador-customer", "answered")


def _session(link: AsteriskLink) -> Session:
    assert link._session is not None
    return link._session


def _originate_response(asked: wire.Asked) -> bytes:
    headers = {
        "Response": "Failure",
        "Reason": "3",
        "Uniqueid": asked["channelid"],
        "Channel": asked["channel"],
    }
    return wire.event(wire.Told("OriginateResponse", headers), asked["actionid"])


# --- panoramisk's ------------------------------------------------------------------------------------


async def test_an_unacknowledged_originate_is_never_sent_again(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        sending = asyncio.create_task(link.send(ORIGINATE))
        await until(lambda: peer.asked("Originate"))
        peer.cut()
        with pytest.raises(LinkLost) as lost:
            await sending
        assert lost.value.sent
        await until(lambda: link.generation == 2 and link.connected)
        peer.answers = success
        await link.send(actions.Ping())
        assert len(peer.asked("Originate")) == 1
        assert [type(event) for event in recorder.events[:3]] == [e.LinkUp, e.FullyBooted, e.LinkDown]


async def test_everything_that_waits_ends_at_the_disconnect(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        waiting = [asyncio.create_task(link.send(actions.Ping(), deadline=60)) for _ in range(20)]
        waiting.append(asyncio.create_task(link.send(actions.CoreShowChannels(), deadline=60)))
        await until(lambda: len(peer.actions) == 21)
        peer.cut()
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 2)
        assert all(isinstance(error, LinkLost) for error in ended)


async def test_a_timed_out_action_is_forgotten_and_its_late_answer_harms_nobody(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        with pytest.raises(ActionTimeout) as timeout:
            await link.send(actions.Ping(), deadline=0.05)
        assert timeout.value.sent
        assert _session(link).waiting == 0
        peer.say(success(peer.actions[0]))
        peer.answers = success
        assert (await link.send(actions.Ping())).message == "done"


async def test_a_cancelled_action_is_forgotten(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        sending = asyncio.create_task(link.send(actions.Ping()))
        await until(lambda: peer.actions)
        sending.cancel()
        await asyncio.wait([sending])
        assert _session(link).waiting == 0


async def test_stop_leaves_no_reconnect_behind(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        peer.cut()
        await until(lambda: not link.connected)
    tries = len(peer.logins)
    others = asyncio.all_tasks() - {asyncio.current_task()} - peer._tasks
    assert not [task for task in others if task.get_name().startswith("ami:")]
    await peer.stop()
    assert len(peer.logins) == tries
    assert not link.connected


async def test_a_character_split_across_two_packets_arrives_whole(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        headers = {"Channel": "x", "ChannelState": "5", "Uniqueid": "c-1", "CallerIDName": "Ñandú 📞"}
        data = wire.event(wire.Told("Newchannel", headers))
        cut = data.index("📞".encode()) + 2
        peer.say(data[:cut])
        await until(lambda: _session(link)._frames._rest.endswith(data[:cut]))
        peer.say(data[cut:])
        await until(lambda: recorder.of(e.Newchannel))
        (event,) = recorder.of(e.Newchannel)
        assert isinstance(event, e.Newchannel)
        assert event.caller_name == "Ñandú 📞"


async def test_an_originate_is_acknowledged_at_once_and_its_end_is_told_to_everybody(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        others: list[e.Event] = []
        link.subscribe(others.append)
        peer.answers = success
        assert (await link.send(ORIGINATE)).message == "done"
        assert not recorder.of(e.OriginateResponse)
        peer.say(_originate_response(peer.actions[0]))
        await until(lambda: recorder.of(e.OriginateResponse))
        (event,) = recorder.of(e.OriginateResponse)
        assert isinstance(event, e.OriginateResponse)
        assert (event.uniqueid, event.success, event.reason) == ("c-1", False, 3)
        assert event in others


async def test_an_originates_end_told_before_its_acknowledgement_is_an_event_all_the_same(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        peer.answers = lambda asked: _originate_response(asked) + success(asked)
        await link.send(ORIGINATE)
        assert recorder.of(e.OriginateResponse)


async def test_a_line_break_never_leaves_this_process(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        with pytest.raises(BadAction):
            await link.send(actions.Setvar("X", "1\r\n\r\nAction: Command\r\nCommand: core stop now", "c-1"))
        peer.answers = success
        await link.send(actions.Ping())
        assert [asked["action"] for asked in peer.actions] == ["Ping"]


# --- connecting --------------------------------------------------------------------------------------


async def test_started_before_asterisk_it_connects_when_asterisk_comes_up(peer: Peer) -> None:
    port = peer.port
    await peer.stop()
    async with linked(port, wait=False) as (link, recorder):
        await until(lambda: link.last_error)
        with pytest.raises(LinkLost) as lost:
            await link.send(actions.Ping())
        assert not lost.value.sent
        await peer.start()
        await until(lambda: link.connected)
        assert recorder.events[0] == e.LinkUp("one", 1)


async def test_the_back_off_is_bounded_and_starts_again_after_a_log_in() -> None:
    timing = Timing(backoff_first=0.1, backoff_cap=5.0)
    waits = [timing.backoff(failures, luck=1.0) for failures in range(2000)]
    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(waits) == 5.0
    assert all(0.05 <= timing.backoff(failures, luck=0.0) <= 2.5 for failures in range(2000))


async def test_it_tries_for_ever_and_never_longer_apart_than_the_cap(peer: Peer) -> None:
    await peer.stop()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    server = Server("one", "127.0.0.1", peer.port, "u", "s")
    link = AsteriskLink(server, timing=Timing(backoff_cap=5.0), sleep=sleep, luck=lambda: 1.0)
    await link.start()
    await until(lambda: len(waits) > 30)
    await link.stop()
    assert max(waits) == 5.0


async def test_a_peer_that_accepts_and_says_nothing_is_given_up_and_tried_again(peer: Peer) -> None:
    peer.greeting, peer.accepts = b"", False
    timing = Timing(connect=0.05, backoff_first=0.01, backoff_cap=0.02)
    async with linked(peer.port, timing, wait=False) as (link, recorder):
        await until(lambda: len(peer.logins) >= 2)
        assert not recorder.events
        peer.greeting, peer.accepts = Peer().greeting, True
        await until(lambda: link.connected)


async def test_a_peer_that_does_not_speak_ami_is_named_in_the_reason(peer: Peer) -> None:
    peer.greeting = b"220 mail.example ESMTP\r\n"
    async with linked(peer.port, wait=False) as (link, _):
        await until(lambda: "does not speak AMI" in link.last_error)


async def test_nothing_is_sent_before_the_log_in_not_even_a_ping(peer: Peer) -> None:
    peer.accepts = False
    async with linked(peer.port, Timing(connect=0.3, ping_every=0.01), wait=False) as (link, _):
        await until(lambda: peer.logins)
        with pytest.raises(LinkLost):
            await link.send(ORIGINATE)
        await until(lambda: len(peer.logins) >= 2)
        assert not peer.actions


async def test_events_of_a_session_come_between_its_up_and_its_down(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        for generation in range(1, 4):
            await until(lambda: len(recorder.of(e.FullyBooted)) == len(recorder.of(e.LinkDown)) + 1)
            assert link.generation == generation
            peer.cut()
            await until(lambda: len(recorder.of(e.FullyBooted)) == len(recorder.of(e.LinkDown)))
        kinds = [type(event) for event in recorder.events[:9]]
        assert kinds == [e.LinkUp, e.FullyBooted, e.LinkDown] * 3
        assert [event.generation for event in recorder.events if isinstance(event, e.LinkDown)] == [1, 2, 3]


# --- staying -----------------------------------------------------------------------------------------


async def test_a_silent_peer_is_found_out_by_the_ping(peer: Peer) -> None:
    proxy = Proxy("127.0.0.1", peer.port)
    await proxy.start()
    peer.answers = success
    timing = Timing(connect=1, ping_every=0.02, ping_deadline=0.1, backoff_first=0.01, backoff_cap=0.05)
    async with linked(proxy.port, timing) as (link, recorder):
        await until(lambda: len(peer.asked("Ping")) >= 3)
        assert link.generation == 1
        proxy.stall()
        await until(lambda: recorder.of(e.LinkDown))
        (down,) = recorder.of(e.LinkDown)
        assert isinstance(down, e.LinkDown)
        assert "silent" in down.reason
        proxy.mend()
        await until(lambda: link.generation == 2 and link.connected)
    await proxy.stop()


async def test_an_answer_that_does_not_come_freezes_nobody_else(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        peer.answers = lambda asked: b"" if asked["action"] == "Originate" else success(asked)
        stuck = asyncio.create_task(link.send(ORIGINATE, deadline=0.3))
        for _ in range(5):
            assert (await link.send(actions.Ping())).message == "done"
        with pytest.raises(ActionTimeout):
            await stuck


async def test_a_peer_that_does_not_read_holds_senders_only_up_to_their_deadline(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        session = _session(link)
        session.pause_writing()
        with pytest.raises(ActionTimeout) as timeout:
            await link.send(ORIGINATE, deadline=0.05)
        assert not timeout.value.sent
        waiting = asyncio.create_task(link.send(ORIGINATE, deadline=5))
        await asyncio.sleep(0)
        peer.cut()
        with pytest.raises(LinkLost) as lost:
            await waiting
        assert not lost.value.sent
        assert not peer.asked("Originate")


async def test_a_refusal_is_an_error_of_its_own(peer: Peer) -> None:
    async with linked(peer.port) as (link, _):
        peer.answers = lambda asked: wire.answer(wire.Answer(False, "No such channel"), asked["actionid"])
        with pytest.raises(ActionRefused, match="Hangup: No such channel"):
            await link.send(actions.Hangup("c-1"))
        with pytest.raises(ActionRefused):
            await link.list_channels()


async def test_a_subscriber_that_fails_stops_neither_the_others_nor_the_link(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked(peer.port) as (link, recorder):

        def failing(event: e.Event) -> None:
            raise RuntimeError("mine")

        link.subscribe(failing)
        after: list[e.Event] = []
        unsubscribe = link.subscribe(after.append)
        peer.say(wire.event(wire.Told("BridgeDestroy", {"BridgeUniqueid": "b"})))
        await until(lambda: after)
        assert recorder.of(e.BridgeDestroy)
        assert "a subscriber failed at BridgeDestroy" in caplog.text
        unsubscribe()
        peer.say(wire.event(wire.Told("BridgeDestroy", {"BridgeUniqueid": "c"})))
        await until(lambda: len(recorder.of(e.BridgeDestroy)) == 2)
        assert len(after) == 1


async def test_malformed_messages_between_good_ones_are_passed_over(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        good = wire.event(wire.Told("BridgeDestroy", {"BridgeUniqueid": "b"}))
        rubbish = [b"", b"no header", b"Event: Hangup", b"\xff\xfe\x00", b"Event", b"Response: Success"]
        peer.say(b"".join(bad + b"\r\n\r\n" + good for bad in rubbish))
        await until(lambda: len(recorder.of(e.BridgeDestroy)) == len(rubbish))
        assert link.generation == 1


async def test_a_listing_is_collected_among_events_of_others(peer: Peer) -> None:
    async with linked(peer.port) as (link, recorder):
        channel = {
            "Channel": "x",
            "ChannelState": "6",
            "Uniqueid": "c-1",
            "Linkedid": "c-1",
            "BridgeId": "b-1",
        }
        other = wire.event(wire.Told("BridgeDestroy", {"BridgeUniqueid": "b"}))

        def answers(asked: wire.Asked) -> bytes:
            bridge = {"BridgeUniqueid": "b-1", "BridgeType": "basic"}
            kind = "CoreShowChannels" if asked["action"] == "CoreShowChannels" else "BridgeList"
            item = ("CoreShowChannel", channel) if kind == "CoreShowChannels" else ("BridgeListItem", bridge)
            given = wire.Answer(True, "will follow", items=(wire.Told(*item),), end=f"{kind}Complete")
            return wire.answer(given, asked["actionid"]).replace(b"Event: ", other + b"Event: ", 1)

        peer.answers = answers
        (listed,) = await link.list_channels()
        assert (listed.uniqueid, listed.state, listed.bridge) == ("c-1", e.ChannelState.UP, "b-1")
        (bridge,) = await link.list_bridges()
        assert [member.uniqueid for member in bridge.members] == ["c-1"]
        assert len(recorder.of(e.BridgeDestroy)) == 3
        assert not recorder.of(e.ChannelListed)


async def test_no_future_is_left_with_an_error_nobody_read(peer: Peer) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with linked(peer.port, FAST) as (link, _):
        with pytest.raises(ActionTimeout):
            await link.send(actions.Ping(), deadline=0.02)
        peer.cut()
        await until(lambda: link.generation == 2)
    gc.collect()
    await asyncio.sleep(0)
    assert not complaints
