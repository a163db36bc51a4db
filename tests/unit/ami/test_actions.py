"""Nothing reaches Asterisk that could mean more than it says."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami import actions, values
from ami.actions import render
from ami.errors import BadAction
from ami.simulator import wire

BREAKS = st.sampled_from(["\r\n", "\n", "\r", "\x00", "\x1b", "\x7f"])
PIECES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


def _originate(**changed: object) -> actions.Originate:
    given: dict[str, object] = {
        "channel": "PJSIP/5551234@trunk",
        "channel_id": "0190-aa",
        "context": "marcador-customer",
        "exten": "answered",
    }
    return actions.Originate(**{**given, **changed})  # type: ignore[arg-type]


@given(before=PIECES, line_break=BREAKS, after=PIECES)
@pytest.mark.parametrize(
    "make",
    [
        lambda v: actions.Login(v, "secret"),
        lambda v: actions.Login("user", v),
        lambda v: actions.Setvar("NAME", v, "c-1"),
        lambda v: actions.BridgeInfo(v),
        lambda v: actions.DBGetTree(v),
        lambda v: actions.DBDel("family", v),
        lambda v: actions.Filter(v),
        lambda v: _originate(variables={"NAME": v}),
        lambda v: _originate(caller_name=v, caller_number="1"),
        lambda v: _originate(account=v),
        lambda v: _originate(codecs=(v,)),
    ],
)
def test_a_line_break_in_any_value_is_refused(
    make: Callable[[str], actions.Action], before: str, line_break: str, after: str
) -> None:
    with pytest.raises(BadAction):
        render(make(before + line_break + after), "1")


@given(line_break=BREAKS)
def test_a_line_break_in_the_action_id_is_refused(line_break: str) -> None:
    with pytest.raises(BadAction):
        render(actions.Ping(), f"1{line_break}Action: Command")


@pytest.mark.parametrize(
    "value",
    [
        "5551234&PJSIP/900123@trunk",
        "5551234@trunk,30,g",
        "5551234@trunk|x",
        "555 1234@trunk",
        "abc/sip:900@evil.example",
        "555${EXTEN}@trunk",
        "5551234@trunk;x",
        "",
        "5551234\r\n",
    ],
)
def test_what_nobody_can_dial_is_refused(value: str) -> None:
    with pytest.raises(BadAction):
        _originate(channel=f"PJSIP/{value}")


@pytest.mark.parametrize("number", ["", "abc", "5551234@trunk", "555-1234", "5 1", "+", "１２３", "5" * 33])
def test_a_number_is_digits_star_hash_and_a_leading_plus(number: str) -> None:
    with pytest.raises(BadAction):
        actions.customer(number, "trunk")


def test_dial_strings_are_built_from_checked_parts() -> None:
    assert actions.customer("+5551234", "trunk-1") == "PJSIP/+5551234@trunk-1"
    assert actions.phone("agent_7") == "PJSIP/agent_7"
    assert actions.local("line", "test-agents") == "Local/line@test-agents/n"


@pytest.mark.parametrize("name", ["PJSIP/trunk", "PJSIP/trunk-0000001", "", "a b", "x\r\ny", "c-1,c-2"])
def test_a_channel_is_named_whole_because_asterisk_matches_by_prefix(name: str) -> None:
    with pytest.raises(BadAction):
        actions.Bridge(name, "c-1")
    with pytest.raises(BadAction):
        actions.Hangup(name)


@pytest.mark.parametrize(
    "name",
    ["PJSIP/trunk-0000001a", "Local/7@agents-0000000a;2", "1767603679.11", "host-1767603679.11", "0190-ab;2"],
)
def test_full_names_and_unique_ids_are_taken(name: str) -> None:
    assert f"Channel1: {name}\r\n".encode() in render(actions.Bridge(name, "c-1"), "1")


def test_the_agent_is_channel1() -> None:
    assert list(actions.Bridge("agent-1", "customer-1").headers())[:2] == [
        ("Channel1", "agent-1"),
        ("Channel2", "customer-1"),
    ]


def test_an_originate_is_always_asynchronous_and_carries_our_id() -> None:
    text = render(_originate(timeout_ms=22_000, caller_name="Ana", caller_number="100"), "9").decode()
    assert "Async: true\r\n" in text
    assert "ChannelId: 0190-aa\r\n" in text
    assert "Timeout: 22000\r\n" in text
    assert 'CallerID: "Ana" <100>\r\n' in text
    assert text.startswith("Action: Originate\r\nActionID: 9\r\n")
    assert text.endswith("\r\n\r\n")


@pytest.mark.parametrize("name", ['Ana" <900>', "<900>", "a\\"])
def test_a_callers_name_cannot_become_a_number(name: str) -> None:
    with pytest.raises(BadAction):
        _originate(caller_name=name, caller_number="100")


@pytest.mark.parametrize("name", ["", "A B", "A=B", "A\r\nB", "SHELL(rm -rf $HOME;)", "A,B", "1A"])
def test_a_variables_name_is_a_name(name: str) -> None:
    with pytest.raises(BadAction):
        actions.Setvar(name, "x", "c-1")
    with pytest.raises(BadAction):
        _originate(variables={name: "x"})


@given(
    st.dictionaries(
        st.text(string.ascii_uppercase + "_", min_size=1, max_size=8).map("V".__add__),
        st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), max_size=30).map(str.strip),
        max_size=4,
    )
)
def test_a_variables_value_comes_out_as_it_went_in_whatever_commas_quotes_and_brackets_it_holds(
    variables: dict[str, str],
) -> None:
    text = render(_originate(variables=variables), "1").decode()
    assert wire.action(text.removesuffix("\r\n\r\n")).variables == variables


def test_a_header_for_the_invite_is_a_variable_like_any_other() -> None:
    action = _originate(variables={"PJSIP_HEADER(add,X-Marcador-Attempt)": "0190-aa"})
    assert b"Variable: PJSIP_HEADER(add,X-Marcador-Attempt)=0190-aa\r\n" in render(action, "1")


@pytest.mark.parametrize("timeout_ms", [0, -1, 600_001])
def test_a_ring_time_has_bounds(timeout_ms: int) -> None:
    with pytest.raises(BadAction):
        _originate(timeout_ms=timeout_ms)


@pytest.mark.parametrize("cause", [0, 128, -1])
def test_a_hangup_cause_is_one_of_q850(cause: int) -> None:
    with pytest.raises(BadAction):
        actions.Hangup("c-1", cause)


def test_a_line_longer_than_asterisk_reads_is_refused() -> None:
    fits = "x" * (1022 - len("Value: "))
    assert fits.encode() in render(actions.Setvar("X", fits, "c-1"), "1")
    for too_long in (fits + "x", fits[:-1] + "ñ"):
        with pytest.raises(BadAction):
            render(actions.Setvar("X", too_long, "c-1"), "1")


def test_more_headers_than_asterisk_reads_are_refused() -> None:
    with pytest.raises(BadAction):
        render(_originate(variables={f"V{n}": "x" for n in range(130)}), "1")


def test_a_local_channels_other_half_never_begins_like_the_first_because_asterisk_matches_by_prefix() -> None:
    local = actions.local("7", "phone")
    assert b"OtherChannelId: half-0190-aa\r\n" in render(_originate(channel=local), "1")
    with pytest.raises(BadAction):
        _originate(channel=local, other_channel_id="0190-aa;2")


def test_secrets_are_not_shown_when_an_action_is_logged() -> None:
    assert "hush" not in repr(actions.Login("marcador", "hush"))


@given(st.text(max_size=40))
def test_a_checked_line_is_one_line(value: str) -> None:
    try:
        assert len(values.line("X", value).splitlines() or [""]) >= 1
        assert "\r" not in value
        assert "\n" not in value
    except BadAction:
        pass
