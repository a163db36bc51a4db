"""From bytes to events: split anywhere, malformed anyhow."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami import events as e
from ami.errors import BadPeer
from ami.framing import MAX_MESSAGE, Fields, Frames, read
from ami.parse import BUILDERS, parse

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
HANGUP = (
    "Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-00000001\r\nChannelState: 6\r\n"
    "ChannelStateDesc: Up\r\nCallerIDNum: 100\r\nCallerIDName: José Ñandú 電話 📞\r\nContext: x\r\n"
    "Uniqueid: c-1\r\nLinkedid: l-1\r\nCause: 16\r\nCause-txt: Normal Clearing\r\nTechCause: 200\r\n\r\n"
).encode()
NEWCHANNEL = HANGUP.replace(b"Event: Hangup", b"Event: Newchannel")
STREAM = BANNER + NEWCHANNEL + HANGUP + b"Response: Success\r\nActionID: 1\r\nPing: Pong\r\n\r\n"


def _messages(*reads: bytes) -> list[Fields | None]:
    frames = Frames()
    return [read(text) for data in reads for text in frames.feed(data)]


def test_a_stream_cut_at_any_byte_reads_the_same() -> None:
    whole = _messages(STREAM)
    for cut in range(len(STREAM) + 1):
        assert _messages(STREAM[:cut], STREAM[cut:]) == whole, f"cut at byte {cut}"


def test_a_character_split_across_two_reads_survives() -> None:
    cut = STREAM.index("📞".encode()) + 2
    first = _messages(STREAM[:cut], STREAM[cut:])[0]
    assert first is not None
    event = parse(first)
    assert isinstance(event, e.Newchannel)
    assert event.caller_name == "José Ñandú 電話 📞"


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_cut_in_many_places_reads_the_same(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    assert _messages(*(STREAM[a:b] for a, b in pairwise(ends))) == _messages(STREAM)


def test_bytes_that_are_no_utf8_do_not_lose_the_message() -> None:
    (fields,) = _messages(BANNER + HANGUP.replace("José".encode(), b"Jos\xe9"))
    assert fields is not None
    assert isinstance(parse(fields), e.Hangup)


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-x\r\n", b"\r\n", b"A" * 500])
def test_a_peer_that_does_not_speak_ami_is_refused(greeting: bytes) -> None:
    with pytest.raises(BadPeer):
        _messages(greeting)


def test_a_message_without_end_is_refused_before_it_fills_the_memory() -> None:
    frames = Frames()
    list(frames.feed(BANNER))
    with pytest.raises(BadPeer):
        list(frames.feed(b"Event: X\r\n" + b"a" * (MAX_MESSAGE + 1)))


def test_the_banner_tells_the_version() -> None:
    frames = Frames()
    list(frames.feed(BANNER[:10]))
    assert frames.version == ""
    list(frames.feed(BANNER[10:]))
    assert frames.version == "11.0.0"


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_reading_fail(data: bytes) -> None:
    for fields in _messages(BANNER + data + b"\r\n\r\n"):
        if fields is not None:
            parse(fields)


HEADERS = ["uniqueid", "linkedid", "channel", "channelstate", "cause", "reason", "response", "userevent"]
HEADERS += ["attempt", "at", "ms", "agent", "state", "bridgeuniqueid", "bridgetype", "bridgenumchannels"]
HEADERS += ["duration", "dialstatus"]


@given(
    st.sampled_from(sorted(BUILDERS)),
    st.dictionaries(st.sampled_from(HEADERS), st.one_of(st.just("1"), st.just(""), st.text(max_size=8))),
)
def test_a_malformed_event_is_skipped_and_never_raised(name: str, fields: Fields) -> None:
    assert isinstance(parse({"event": name, **fields}), e.Event | None)


def test_a_malformed_event_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse({"event": "Hangup", "uniqueid": "c-1", "channel": "x", "cause": "many"}) is None
    assert "malformed AMI event skipped: Hangup" in caplog.text


def test_a_header_given_twice_counts_once() -> None:
    assert read("Event: X\r\nUniqueid: a\r\nUniqueid: b") == {"event": "X", "uniqueid": "a"}


def test_a_hangup_carries_cause_state_and_the_sip_status() -> None:
    (fields,) = _messages(BANNER + HANGUP)
    assert fields is not None
    assert parse(fields) == e.Hangup(
        "c-1", "l-1", "PJSIP/trunk-00000001", 16, "Normal Clearing", e.ChannelState.UP, 200
    )


def test_an_event_of_no_interest_is_none() -> None:
    assert parse({"event": "RTCPSent", "uniqueid": "c-1"}) is None


def test_asterisks_unknown_is_our_empty() -> None:
    event = parse({
        "event": "OriginateResponse", "response": "Failure", "reason": "0", "uniqueid": "<unknown>",
        "channel": "PJSIP/1@trunk", "actionid": "7",
    })  # fmt: skip
    assert event == e.OriginateResponse("", "PJSIP/1@trunk", False, 0, "7")


def _user_event(name: str, **fields: str) -> e.Event | None:
    common = {"event": "UserEvent", "uniqueid": "c-1", "linkedid": "c-1", "channel": "PJSIP/t-00000001"}
    return parse({**common, "userevent": name, **fields})


WHO = ("c-1", "c-1", "PJSIP/t-00000001")


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("MarcadorAnswered", {"attempt": "c-1", "at": "5"}, e.MarcadorAnswered(*WHO, "c-1", 5)),
        (
            "MarcadorAmd",
            {"attempt": "c-1", "status": "MACHINE", "cause": "TOOLONG-1", "ms": "90"},
            e.MarcadorAmd(*WHO, "c-1", "MACHINE", "TOOLONG-1", 90),
        ),
        (
            "MarcadorInbound",
            {"attempt": "c-1", "number": "+5551", "did": "900", "trunk": "t", "at": "5"},
            e.MarcadorInbound(*WHO, "c-1", "+5551", "900", "t", 5),
        ),
        ("MarcadorClosed", {"attempt": "c-9", "at": "5"}, e.MarcadorClosed(*WHO, "c-9", 5)),
        ("MarcadorOptOut", {"attempt": "c-1", "number": ""}, e.MarcadorOptOut(*WHO, "c-1", "")),
        (
            "MarcadorRingFailed",
            {"attempt": "c-1", "agent": "101", "status": "BUSY", "cause": "17"},
            e.MarcadorRingFailed(*WHO, "c-1", "101", "BUSY", 17),
        ),
        ("MarcadorLeft", {"attempt": "c-1"}, e.MarcadorLeft(*WHO, "c-1")),
        ("MarcadorManual", {"attempt": "c-1", "agent": "7"}, e.MarcadorManual(*WHO, "c-1", "7")),
        (
            "MarcadorManualEnded",
            {"attempt": "c-1", "agent": "7", "status": "ANSWER", "cause": "16"},
            e.MarcadorManualEnded(*WHO, "c-1", "7", "ANSWER", 16),
        ),
        ("MarcadorLine", {"agent": "7", "state": "up"}, e.MarcadorLine(*WHO, "7", "up")),
    ],
)
def test_our_dialplans_events_are_typed(name: str, fields: dict[str, str], expected: e.Event) -> None:
    assert _user_event(name, **fields) == expected


def test_another_user_event_is_handed_on_with_its_fields() -> None:
    event = _user_event("Elsewhere", x="1")
    assert isinstance(event, e.OtherUserEvent)
    assert (event.name, event.fields["x"]) == ("Elsewhere", "1")


def test_a_channels_age_in_a_listing_is_in_seconds() -> None:
    event = parse({
        "event": "CoreShowChannel", "uniqueid": "c-1", "channel": "x", "channelstate": "6",
        "duration": "01:02:03", "bridgeid": "b-1",
    })  # fmt: skip
    assert isinstance(event, e.ChannelListed)
    assert (event.duration_s, event.bridge, event.state) == (3723, "b-1", e.ChannelState.UP)


def test_every_lines_own_room_is_the_agents_room() -> None:
    entered = {
        "event": "BridgeEnter",
        "uniqueid": "line-1",
        "channel": "PJSIP/1001-00000001",
        "bridgeuniqueid": "b-1",
        "bridgetype": "base",
        "bridgecreator": "BridgeWait",
        "bridgename": "marcador-agents:1001",
    }

    event = parse(entered)

    assert isinstance(event, e.BridgeEnter)
    assert event.name == "marcador-agents"
