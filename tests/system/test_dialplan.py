"""The dialplan keeps its contract (docs/asterisk-guide.md) on the real Asterisk."""

import asyncio
import time

import pytest

from tests.helpers import until
from tests.system.asterisk.ami import Ami, AmiError, of_agents
from tests.system.asterisk.ami import connected as connected_ami
from tests.system.asterisk.calls import (
    PATIENCE_S,
    TRUNK,
    answered,
    back_on_hold,
    closed,
    heard_the_message,
    number,
    talking,
)
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk

GRACE_S = 0.25
"""From the deadline until the customer is inside the closed conference, with room for a busy machine."""


# --- the deadline ---------------------------------------------------------------------------------


async def bridged_at(ami: Ami, line: str, attempt: str, seconds: float) -> tuple[float, float, bool]:
    """Send `Bridge` so long after the answer; when it was sent and answered, and whether it was accepted."""
    answer = await ami.event("MarcadorAnswered", Attempt=attempt)
    at = int(answer["At"]) / 1000
    await asyncio.sleep(at + seconds - time.time())
    sent = time.time() - at
    try:
        await ami.bridge(line, attempt)
    except AmiError:
        return sent, time.time() - at, False
    return sent, time.time() - at, True


@pytest.mark.parametrize("seconds", [1.9, 2.0, 2.1])
async def test_a_bridge_before_the_deadline_joins_and_one_after_it_fails(ami: Ami, seconds: float) -> None:
    line = await ami.agent_line("101")
    attempt = await answered(ami)

    sent, done, accepted = await bridged_at(ami, line, attempt, seconds)

    if done < PATIENCE_S:
        assert accepted
    if sent > PATIENCE_S + GRACE_S:
        assert not accepted
    if accepted:
        await until(lambda: ami.joined(line, attempt), message="both legs are in one conversation")
        assert not heard_the_message(ami, attempt)
    else:
        await ami.event("MarcadorClosed", Attempt=attempt)
        await back_on_hold(ami, line, 0)
        assert not ami.joined(line, attempt)


async def test_around_the_deadline_every_customer_is_either_joined_or_closed_and_never_both(ami: Ami) -> None:
    offsets = [1.99 + 0.002 * step for step in range(12)]
    lines = [await ami.agent_line(str(200 + index)) for index in range(len(offsets))]

    async def one(line: str, seconds: float) -> tuple[str, str, bool]:
        attempt = await answered(ami)
        _, _, accepted = await bridged_at(ami, line, attempt, seconds)
        return line, attempt, accepted

    calls = await asyncio.gather(*map(one, lines, offsets))
    await until(
        lambda: all(ami.joined(line, attempt) or closed(ami, attempt) for line, attempt, _ in calls),
        message="every customer is joined or closed",
    )
    for line, attempt, accepted in calls:
        assert ami.joined(line, attempt) is accepted
        assert closed(ami, attempt) is not accepted

    joined = [attempt for _, attempt, accepted in calls if accepted]
    for line, attempt, accepted in calls:
        if accepted:
            await ami.action("Hangup", Channel=line)
            await ami.event("Hangup", Uniqueid=attempt)
    assert not any(closed(ami, attempt) or heard_the_message(ami, attempt) for attempt in joined)


@pytest.mark.parametrize("patience_ms", [400, 1900, 2000, 2100])
async def test_the_message_comes_when_the_patience_given_is_over(ami: Ami, patience_ms: int) -> None:
    attempt = await ami.call(number(Customer.ANSWERS), TRUNK, MARCADOR_PATIENCE_MS=str(patience_ms))

    answer = await ami.event("MarcadorAnswered", Attempt=attempt)
    end = await ami.event("MarcadorClosed", Attempt=attempt)

    assert int(end["At"]) - int(answer["At"]) >= patience_ms - 10
    with pytest.raises(AmiError, match="Unable to add Channel2"):
        await ami.bridge(await ami.agent_line("101"), attempt)


async def test_a_fraction_of_a_second_waited_outside_the_holding_bridge_can_be_bridged(ami: Ami) -> None:
    line = await ami.agent_line("101")
    attempt = await ami.call(number(Customer.ANSWERS), TRUNK, MARCADOR_PATIENCE_MS="900")
    await ami.event("MarcadorAnswered", Attempt=attempt)

    await talking(ami, line, attempt)
    await ami.action("Hangup", Channel=line)

    await ami.event("Hangup", Uniqueid=attempt)
    assert not heard_the_message(ami, attempt)


async def test_the_customer_hears_the_message_and_is_hung_up_though_nobody_listens_on_ami(
    asterisk: Asterisk, carrier: Carrier
) -> None:
    async with connected_ami(asterisk.config) as ami:
        attempt = await ami.call(
            number(Customer.ANSWERS), TRUNK, MARCADOR_PATIENCE_MS="1000", MARCADOR_MESSAGE="marcador/optout"
        )
        await ami.event("MarcadorAnswered", Attempt=attempt)

    def over() -> bool:
        record = asterisk.records().get(attempt)
        return record is not None and record.ended is not None

    await until(over, 15, "the customer was hung up", every=0.1)
    record = asterisk.records()[attempt]
    assert record.cause == 16
    assert record.seconds > 1.0


async def test_9_at_the_message_opts_out_before_the_hang_up(ami: Ami) -> None:
    attempt = await answered(ami, Customer.PRESSES_9)

    await ami.event("MarcadorClosed", Attempt=attempt)
    await ami.event("MarcadorOptOut", Attempt=attempt, Uniqueid=attempt)
    await ami.event("Hangup", 10, Uniqueid=attempt)

    names = ami.names(attempt)
    assert names.index("MarcadorOptOut") < names.index("Hangup")


async def test_9_in_a_conversation_is_only_a_digit(ami: Ami) -> None:
    line = await ami.agent_line("101")
    attempt = await answered(ami, Customer.PRESSES_9)
    await talking(ami, line, attempt)

    await ami.event("DTMFEnd", Uniqueid=attempt, Digit="9")

    assert not ami.all("MarcadorOptOut")


# --- the conversation's end -----------------------------------------------------------------------


async def test_when_the_agent_hangs_up_first_the_customer_hears_no_message(ami: Ami) -> None:
    line = await ami.agent_line("101")
    attempt = await answered(ami)
    await talking(ami, line, attempt)

    await ami.action("Hangup", Channel=line)

    hangup = await ami.event("Hangup", Uniqueid=attempt)
    assert hangup["Cause"] == "16"
    assert not closed(ami, attempt)
    assert not heard_the_message(ami, attempt)


async def test_an_agent_talks_to_one_customer_after_another_on_one_line(ami: Ami) -> None:
    line = await ami.agent_line("101")
    for _ in range(3):
        before = len(ami.events)
        attempt = await answered(ami)
        await talking(ami, line, attempt)
        await ami.action("Hangup", Channel=attempt)
        await back_on_hold(ami, line, before)


async def test_a_customer_whose_agent_was_lost_is_kept_and_can_be_given_to_another(ami: Ami) -> None:
    first, second = await ami.agent_line("101"), await ami.agent_line("102")
    attempt = await answered(ami, MARCADOR_RESCUE_MS="15000")
    await talking(ami, first, attempt)
    before = len(ami.events)

    await ami.action("Hangup", Channel=first)

    await ami.event("MarcadorLeft", Attempt=attempt)
    await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-customers")
    await talking(ami, second, attempt)


async def test_a_lost_customer_nobody_takes_is_hung_up_after_the_rescue_time(ami: Ami) -> None:
    line = await ami.agent_line("101")
    attempt = await answered(ami, MARCADOR_RESCUE_MS="1000")
    await talking(ami, line, attempt)

    await ami.action("Hangup", Channel=line)

    await ami.event("MarcadorLeft", Attempt=attempt)
    await ami.event("Hangup", 10, Uniqueid=attempt)
    assert not closed(ami, attempt)


async def test_a_line_lost_while_idle_is_a_hangup(ami: Ami) -> None:
    line = await ami.agent_line("101")

    await ami.action("Hangup", Channel=f"phone-{line}")

    await ami.event("BridgeLeave", Uniqueid=line, BridgeName=of_agents)
    await ami.event("Hangup", Uniqueid=line)


# --- what the network says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "cause"),
    [
        (Customer.BUSY, "17"),
        (Customer.UNKNOWN, "1"),
        (Customer.CONGESTED, "34"),
        (Customer.GONE_RINGING, "19"),
        (Customer.DECLINED, "21"),
        (Customer.EARLY_UNKNOWN, "1"),
    ],
)
async def test_a_refused_call_ends_with_its_cause_and_was_never_answered(
    ami: Ami, asterisk: Asterisk, customer: Customer, cause: str
) -> None:
    attempt = await ami.call(number(customer), TRUNK)

    hangup = await ami.event("Hangup", Uniqueid=attempt)
    response = await ami.event("OriginateResponse", Uniqueid=attempt)

    assert (hangup["Cause"], response["Response"]) == (cause, "Failure")
    assert not ami.all("MarcadorAnswered")
    await until(lambda: asterisk.records()[attempt].ended, message="Asterisk's own record is complete")
    record = asterisk.records()[attempt]
    assert (record.answered, record.cause) == (None, int(cause))


async def test_customers_who_hang_up_in_the_moment_of_the_answer_are_gone_by_themselves_and_not_closed(
    ami: Ami,
) -> None:
    attempts = [await ami.call(number(Customer.GONE_AT_ONCE), TRUNK) for _ in range(10)]

    for attempt in attempts:
        hangup = await ami.event("Hangup", Uniqueid=attempt)
        assert hangup["Cause"] == "16"
        assert not closed(ami, attempt)


async def test_early_media_is_no_answer(ami: Ami) -> None:
    attempt = await answered(ami, Customer.EARLY_ANSWER)
    states = [e["ChannelStateDesc"] for e in ami.all("Newstate", Uniqueid=attempt)]
    assert states[-1] == "Up"
    assert len(ami.all("MarcadorAnswered", Attempt=attempt)) == 1


async def test_a_call_given_up_while_it_rings_was_not_answered(ami: Ami) -> None:
    attempt = await ami.call(number(Customer.SILENT), TRUNK)
    await ami.event("Newstate", Uniqueid=attempt, ChannelStateDesc="Ringing")

    await ami.action("Hangup", Channel=attempt)

    await ami.event("Hangup", Uniqueid=attempt)
    assert not ami.all("MarcadorAnswered", Attempt=attempt)


async def test_every_invite_carries_the_attempt_once(ami: Ami, carrier: Carrier) -> None:
    attempts = [await ami.call(number(Customer.BUSY), TRUNK) for _ in range(5)]
    for attempt in attempts:
        await ami.event("Hangup", Uniqueid=attempt)
    assert sorted(i.attempt for i in carrier.invites() if i.attempt in attempts) == sorted(attempts)


# --- machine detection ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "status"),
    [(Customer.SAYS_HELLO, "HUMAN"), (Customer.MACHINE, "MACHINE"), (Customer.ANSWERS, "NOTSURE")],
)
async def test_machine_detection_gives_its_verdict_within_2500_ms(
    ami: Ami, customer: Customer, status: str
) -> None:
    attempt = await ami.call(number(customer), TRUNK, MARCADOR_AMD="1", MARCADOR_MACHINE="agent")

    verdict = await ami.event("MarcadorAmd", Attempt=attempt)

    assert verdict["Status"] == status
    assert verdict["Cause"]
    assert int(verdict["Ms"]) <= 2500 + GRACE_S * 1000
    await ami.waiting(attempt)


async def test_with_machine_detection_the_patience_begins_at_its_verdict(ami: Ami) -> None:
    attempt = await ami.call(number(Customer.SAYS_HELLO), TRUNK, MARCADOR_AMD="1")

    answer = await ami.event("MarcadorAnswered", Attempt=attempt)
    verdict = await ami.event("MarcadorAmd", Attempt=attempt)
    end = await ami.event("MarcadorClosed", Attempt=attempt)

    assert int(end["At"]) - int(answer["At"]) >= int(verdict["Ms"]) + PATIENCE_S * 1000 - 10


async def test_a_machine_is_hung_up_without_the_message(ami: Ami) -> None:
    attempt = await ami.call(number(Customer.MACHINE), TRUNK, MARCADOR_AMD="1")

    await ami.event("MarcadorAmd", Attempt=attempt, Status="MACHINE")
    hangup = await ami.event("Hangup", Uniqueid=attempt)

    assert hangup["Cause"] == "16"
    assert not ami.all("BridgeEnter", Uniqueid=attempt)


# --- inbound --------------------------------------------------------------------------------------


async def test_an_inbound_call_is_announced_waits_and_is_joined(
    ami: Ami, asterisk: Asterisk, second_carrier: Carrier
) -> None:
    line = await ami.agent_line("101")
    second_carrier.calls_in(asterisk.config.sip_port, did="915550100", caller="34600123456")

    call = await ami.event("MarcadorInbound", Number="34600123456")
    assert (call["Did"], call["Trunk"]) == ("915550100", second_carrier.trunk.name)
    assert call["Attempt"] == call["Uniqueid"]
    await ami.waiting(call["Uniqueid"])
    await talking(ami, line, call["Uniqueid"])


async def test_an_inbound_caller_nobody_takes_hears_the_message_and_is_hung_up(
    ami: Ami, asterisk: Asterisk, second_carrier: Carrier
) -> None:
    await ami.action("Setvar", Variable="MARCADOR_INBOUND_PATIENCE_MS", Value="1000")
    try:
        second_carrier.calls_in(asterisk.config.sip_port, did="915550100", caller="34600123457")
        call = await ami.event("MarcadorInbound", Number="34600123457")
        await ami.event("MarcadorClosed", Attempt=call["Attempt"])
        await ami.event("Hangup", 15, Uniqueid=call["Uniqueid"])
    finally:
        await ami.action("Setvar", Variable="MARCADOR_INBOUND_PATIENCE_MS", Value="120000")
