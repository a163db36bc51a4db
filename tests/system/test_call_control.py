"""The dialplan's side of call control (docs/asterisk-guide.md) on the real Asterisk: who is where when."""

import uuid

import pytest

from marcador.asterisk_config import AgentPhone
from tests.helpers import until
from tests.system.asterisk.ami import Ami, Message
from tests.system.asterisk.calls import (
    TRUNK,
    answered,
    back_on_hold,
    closed,
    heard_the_message,
    number,
    of,
    talking,
)
from tests.system.asterisk.carrier import Customer
from tests.system.asterisk.phone import registered
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk


async def redirect(
    ami: Ami, channel: str, to: tuple[str, str], extra: str = "", aside: tuple[str, str] = ("", "")
) -> None:
    """Move one channel, or two in the same moment."""
    second = (
        {"ExtraChannel": extra, "ExtraContext": aside[0], "ExtraExten": aside[1], "ExtraPriority": "1"}
        if extra
        else {}
    )
    await ami.action("Redirect", Channel=channel, Context=to[0], Exten=to[1], Priority="1", **second)


async def hold(ami: Ami, line: str, attempt: str) -> None:
    before = len(ami.events)
    await redirect(ami, attempt, ("marcador-held", "hold"), line, ("marcador-rest", "s"))
    await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-held")


async def conversation(ami: Ami) -> tuple[str, str]:
    """An agent's held line and a customer, talking."""
    line = await ami.agent_line("101")
    attempt = await answered(ami, MARCADOR_RESCUE_MS="15000")
    await talking(ami, line, attempt)
    return line, attempt


async def given(ami: Ami, channel: str, **variables: str) -> None:
    for name, value in variables.items():
        await ami.action("Setvar", Channel=channel, Variable=name, Value=value)


async def together(ami: Ami, *channels: str, after: int = 0) -> Message:
    """Wait until these channels have entered one conversation; the last entry."""
    found: list[Message] = []

    def met() -> bool:
        enters = [ami.all("BridgeEnter", after=after, Uniqueid=one, BridgeType="basic") for one in channels]
        rooms = [{event["BridgeUniqueid"] for event in entered} for entered in enters]
        found[:] = enters[-1][-1:]
        return bool(set.intersection(*rooms))

    await until(met, message=f"{channels} are in one conversation")
    return found[0]


# --- hold -----------------------------------------------------------------------------------------


async def test_a_held_customer_hears_music_the_line_rests_and_both_are_joined_again(ami: Ami) -> None:
    line, attempt = await conversation(ami)
    before = len(ami.events)
    await hold(ami, line, attempt)
    await back_on_hold(ami, line, before)

    again = len(ami.events)
    await ami.bridge(line, attempt)
    await together(ami, line, attempt, after=again)

    assert not ami.all("MarcadorLeft", Attempt=attempt)
    await ami.action("Hangup", Channel=attempt)
    await back_on_hold(ami, line, again)


async def test_a_line_lost_after_a_hold_still_keeps_its_customer_for_a_rescue(ami: Ami) -> None:
    line, attempt = await conversation(ami)
    await hold(ami, line, attempt)
    before = len(ami.events)
    await ami.bridge(line, attempt)
    await together(ami, line, attempt, after=before)

    await ami.action("Hangup", Channel=line)

    await ami.event("MarcadorLeft", Attempt=attempt)
    await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-customers")


async def test_nobody_is_held_for_ever(ami: Ami) -> None:
    await ami.action("Setvar", Variable="MARCADOR_HOLD_S", Value="1")
    try:
        line, attempt = await conversation(ami)
        before = len(ami.events)
        await hold(ami, line, attempt)
        await ami.event("MarcadorLeft", after=before, Attempt=attempt)
        await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-customers")
    finally:
        await ami.action("Setvar", Variable="MARCADOR_HOLD_S", Value="1800")


async def test_a_rung_phone_survives_the_hold_and_ends_with_the_customer(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[0]):
        attempt = await answered(ami, MARCADOR_PATIENCE_MS="8000")
        await redirect(ami, attempt, ("marcador-ring", phones[0].name))
        await ami.event("BridgeEnter", 8, Uniqueid=attempt, BridgeType="basic")
        phone = (await ami.event("BridgeEnter", Channel=of(phones[0]), BridgeType="basic"))["Uniqueid"]
        for _ in range(2):
            before = len(ami.events)
            await given(ami, phone, MARCADOR_DESK="1")
            await hold(ami, phone, attempt)
            await ami.event("BridgeEnter", after=before, Uniqueid=phone, BridgeName="marcador-desks")
            await ami.bridge(phone, attempt)
            await together(ami, phone, attempt, after=before)

        await ami.action("Hangup", Channel=attempt)

        await ami.event("Hangup", Uniqueid=phone)


async def test_a_call_the_agent_dialled_can_be_held_and_taken_back(ami: Ami) -> None:
    line = await ami.agent_line("101")
    await given(ami, line, MARCADOR_ATTEMPT="manual-1", MARCADOR_TRUNK=TRUNK)
    await redirect(ami, line, ("marcador-manual", number(Customer.ANSWERS)))
    customer = (await ami.event("MarcadorManual", Attempt="manual-1"))["Uniqueid"]
    await together(ami, line, customer)

    before = len(ami.events)
    await hold(ami, line, customer)
    await back_on_hold(ami, line, before)
    await ami.bridge(line, customer)
    await together(ami, line, customer, after=before)

    assert not ami.all("MarcadorManualEnded")


# --- keys -----------------------------------------------------------------------------------------


async def test_keys_are_pressed_on_the_customers_channel_in_order(ami: Ami) -> None:
    """The carrier echoes what it hears: what comes back went all the way. A tone's end is heard by the sound
    after it, so the echo of the last one stays open. An echo lost on a busy machine is asked for again."""
    for _ in range(3):
        pressed = await echo_of(ami, "17*#0", last="#")
        if len(pressed) == 4:
            break
    assert pressed == ["1", "7", "*", "#"]


async def echo_of(ami: Ami, keys: str, last: str) -> list[str]:
    """The keys a new conversation's customer sends back, up to this one."""
    _, attempt = await conversation(ami)
    await ami.action(
        "Originate",
        ("Variable", f"MARCADOR_KEYS={keys}"),
        ("Variable", f"MARCADOR_TARGET={attempt}"),
        Channel="Local/wait@marcador-keys/n",
        ChannelId=str(uuid.uuid4()),
        Context="marcador-keys",
        Exten="press",
        Priority="1",
        Async="true",
    )
    await ami.event("DTMFEnd", Uniqueid=attempt, Digit=last, Direction="Received")
    return [event["Digit"] for event in ami.all("DTMFEnd", Uniqueid=attempt, Direction="Received")]


# --- transfers ------------------------------------------------------------------------------------


async def transfer(ami: Ami, attempt: str, customer: Customer) -> str:
    """The customer is sent to a number; the attempt of the third party's INVITE."""
    await given(ami, attempt, MARCADOR_TRUNK=TRUNK, MARCADOR_CALL=attempt, MARCADOR_BACK_MS="15000")
    await redirect(ami, attempt, ("marcador-transfer", number(customer)))
    return (await ami.event("MarcadorThird", Attempt=attempt))["Uniqueid"]


async def test_a_blind_transfer_joins_customer_and_third_party_and_frees_the_line(ami: Ami) -> None:
    line, attempt = await conversation(ami)
    before = len(ami.events)
    third = await transfer(ami, attempt, Customer.ANSWERS)
    await back_on_hold(ami, line, before)
    await together(ami, attempt, third, after=before)

    await ami.action("Hangup", Channel=third)

    await ami.event("Hangup", Uniqueid=attempt)
    assert not ami.all("MarcadorLeft", Attempt=attempt)
    assert not heard_the_message(ami, attempt)


async def test_a_blind_transfer_nobody_answers_brings_the_customer_back_to_the_agents(ami: Ami) -> None:
    _, attempt = await conversation(ami)
    before = len(ami.events)
    await transfer(ami, attempt, Customer.BUSY)

    ended = await ami.event("MarcadorThirdEnded", Attempt=attempt)
    assert ended["Status"] == "BUSY"
    await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-customers")
    assert not closed(ami, attempt)


async def consult(ami: Ami, line: str, attempt: str, customer: Customer = Customer.ANSWERS) -> str:
    """The customer is held, the line dials; the third party's channel."""
    before = len(ami.events)
    await given(ami, line, MARCADOR_TRUNK=TRUNK, MARCADOR_CALL=attempt)
    await redirect(ami, attempt, ("marcador-held", "hold"), line, ("marcador-consult", number(customer)))
    await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-held")
    return (await ami.event("MarcadorThird", Attempt=attempt))["Uniqueid"]


async def test_an_attended_transfer_leaves_customer_and_third_party_together(ami: Ami) -> None:
    line, attempt = await conversation(ami)
    before = len(ami.events)
    third = await consult(ami, line, attempt)
    await together(ami, line, third)

    await given(ami, attempt, MARCADOR_RESCUE_MS="0")
    await ami.bridge(third, attempt)
    await together(ami, third, attempt, after=before)
    await back_on_hold(ami, line, before)
    await ami.action("Hangup", Channel=third)

    await ami.event("Hangup", Uniqueid=attempt)
    assert not heard_the_message(ami, attempt)


async def test_a_consulted_party_who_is_busy_leaves_the_customer_held_and_the_line_at_rest(ami: Ami) -> None:
    line, attempt = await conversation(ami)
    before = len(ami.events)
    await consult(ami, line, attempt, Customer.BUSY)

    await ami.event("MarcadorThirdEnded", Attempt=attempt, Uniqueid=line, Status="BUSY")
    await back_on_hold(ami, line, before)
    await ami.bridge(line, attempt)
    await together(ami, line, attempt, after=before)


# --- three-way ------------------------------------------------------------------------------------


async def in_conference(ami: Ami, *channels: str, call: str) -> None:
    for one in channels:
        await ami.event("BridgeEnter", Uniqueid=one, BridgeName=f"talk-{call}")


async def three_way(ami: Ami) -> tuple[str, str, str]:
    line, attempt = await conversation(ami)
    third = await consult(ami, line, attempt)
    await together(ami, line, third)
    for one in (line, attempt, third):
        await given(ami, one, MARCADOR_CALL=attempt)
    await redirect(ami, line, ("marcador-conference", "agent"), third, ("marcador-conference", "third"))
    await redirect(ami, attempt, ("marcador-conference", "customer"))
    await in_conference(ami, line, attempt, third, call=attempt)
    return line, attempt, third


async def test_three_talk_and_the_agent_may_leave_the_other_two(ami: Ami) -> None:
    line, attempt, third = await three_way(ami)
    before = len(ami.events)
    await redirect(ami, line, ("marcador-rest", "s"))
    await back_on_hold(ami, line, before)
    channels = {event["Uniqueid"]: event for event in await ami.channels()}
    assert channels[attempt]["BridgeId"] == channels[third]["BridgeId"] != ""


async def test_when_both_others_have_left_the_customer_of_a_conference_is_kept_for_a_rescue(ami: Ami) -> None:
    line, attempt, third = await three_way(ami)
    await ami.action("Hangup", Channel=third)
    await ami.action("Hangup", Channel=line)
    await ami.event("MarcadorLeft", Attempt=attempt)


# --- a supervisor's ear ---------------------------------------------------------------------------


async def spy(ami: Ami, phone: AgentPhone, how: str, target: str, attempt: str) -> str:
    ear = str(uuid.uuid4())
    await ami.action(
        "Originate",
        ("Variable", f"MARCADOR_TARGET={target}"),
        ("Variable", f"MARCADOR_CALL={attempt}"),
        Channel=f"PJSIP/{phone.name}",
        ChannelId=ear,
        Context="marcador-spy",
        Exten=how,
        Priority="1",
        Async="true",
    )
    await ami.event("MarcadorSpy", 8, Uniqueid=ear, State="on")
    return ear


async def test_a_supervisor_who_listens_hears_the_customer_and_ends_with_the_line(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[0]) as phone:
        line = await ami.agent_line("101")
        attempt = await answered(ami, Customer.MACHINE)
        await talking(ami, line, attempt)
        ear = await spy(ami, phones[0], "listen", line, attempt)
        await until(lambda: phone.hears(), 8, "the customer's voice reaches the supervisor")

        await ami.action("Hangup", Channel=line)

        await ami.event("Hangup", Uniqueid=ear)
