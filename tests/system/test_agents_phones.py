"""Ringing agents, desk phones and manual calls on the real Asterisk (docs/asterisk-guide.md)."""

import pytest

from marcador.asterisk_config import AgentPhone
from tests.helpers import until
from tests.system.asterisk.ami import Ami, of_agents
from tests.system.asterisk.calls import TRUNK, answered, heard_the_message, number, of, talking
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.phone import registered, rings_on
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk


# --- ringing agents and desk phones ---------------------------------------------------------------


async def ring(ami: Ami, attempt: str, agent: str, **variables: str) -> None:
    for name, value in variables.items():
        await ami.action("Setvar", Channel=attempt, Variable=name, Value=value)
    await ami.action("Redirect", Channel=attempt, Context="marcador-ring", Exten=agent, Priority="1")


async def test_a_rung_agent_who_answers_talks_to_the_customer(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[0]) as phone:
        attempt = await answered(ami, MARCADOR_PATIENCE_MS="8000")
        await ring(ami, attempt, phones[0].name, MARCADOR_AUTO_ANSWER="1")

        talk = await ami.event("BridgeEnter", 8, Uniqueid=attempt, BridgeType="basic")
        agent = await ami.event(
            "BridgeEnter", Channel=of(phones[0]), BridgeUniqueid=talk["BridgeUniqueid"], Linkedid=attempt
        )
        await ami.action("Hangup", Channel=agent["Channel"])
        await ami.event("Hangup", Uniqueid=attempt)

    assert "answer-after=0" in phone.header("Call-Info")
    assert not heard_the_message(ami, attempt)


async def test_an_unanswered_ring_ends_in_time_and_the_customer_waits_for_the_next(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    line = await ami.agent_line("102")
    async with registered(asterisk.config, phones[0], rings_on):
        attempt = await answered(ami, MARCADOR_PATIENCE_MS="8000")
        before = len(ami.events)
        await ring(ami, attempt, phones[0].name, MARCADOR_RING_MS="1500")

        failed = await ami.event("MarcadorRingFailed", 8, Attempt=attempt)
        await ami.event("BridgeEnter", after=before, Uniqueid=attempt, BridgeName="marcador-customers")
        await talking(ami, line, attempt)

    assert (failed["Agent"], failed["Status"]) == (phones[0].name, "NOANSWER")


async def test_a_phone_that_is_not_there_fails_the_ring_at_once(ami: Ami) -> None:
    attempt = await answered(ami, MARCADOR_PATIENCE_MS="3000")

    await ring(ami, attempt, "103")

    failed = await ami.event("MarcadorRingFailed", Attempt=attempt, Agent="103")
    assert failed["Status"] == "CHANUNAVAIL"
    await ami.event("MarcadorClosed", 8, Attempt=attempt)


async def test_ringing_never_outlasts_the_customers_patience(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[0], rings_on):
        attempt = await answered(ami, MARCADOR_PATIENCE_MS="2000")
        await ring(ami, attempt, phones[0].name, MARCADOR_RING_MS="60000")

        await ami.event("MarcadorRingFailed", 5, Attempt=attempt, Status="NOANSWER")
        await ami.event("MarcadorClosed", 5, Attempt=attempt)


async def test_a_closed_customer_cannot_be_rung_to_an_agent(ami: Ami) -> None:
    attempt = await answered(ami, MARCADOR_PATIENCE_MS="1000")
    await ami.event("MarcadorClosed", Attempt=attempt)

    await ring(ami, attempt, "103")

    failed = await ami.event("MarcadorRingFailed", Attempt=attempt)
    assert failed["Status"] == "CLOSED"
    await ami.event("Hangup", 15, Uniqueid=attempt)


async def test_a_desk_phone_opens_its_held_line_by_dialling(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[1]) as phone:
        phone.dial("*55")
        up = await ami.event("MarcadorLine", Agent=phones[1].name, State="up")
        await ami.event("BridgeEnter", Uniqueid=up["Uniqueid"], BridgeName=of_agents)
        attempt = await answered(ami)
        await talking(ami, up["Uniqueid"], attempt)


async def test_a_desk_phone_that_was_called_holds_its_line_and_ends_the_talk_by_hanging_up(
    ami: Ami, asterisk: Asterisk, phones: tuple[AgentPhone, ...]
) -> None:
    async with registered(asterisk.config, phones[1]) as phone:
        line = await ami.agent_line(phones[1].name, f"PJSIP/{phones[1].name}", deadline=8)
        attempt = await answered(ami)
        await talking(ami, line, attempt)

        phone.hang_up()

        await ami.event("Hangup", Uniqueid=line)
        await ami.event("Hangup", Uniqueid=attempt)
    assert not heard_the_message(ami, attempt)


# --- manual calls ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "status"),
    [(Customer.ANSWERS, "ANSWER"), (Customer.BUSY, "BUSY"), (Customer.EARLY_UNKNOWN, "CHANUNAVAIL")],
)
async def test_a_manual_call_goes_out_from_the_held_line_and_returns_to_it(
    ami: Ami, carrier: Carrier, customer: Customer, status: str
) -> None:
    line = await ami.agent_line("101")
    attempt = "0198c0de-0000-7000-8000-000000000001"
    for name, value in {"MARCADOR_ATTEMPT": attempt, "MARCADOR_TRUNK": TRUNK}.items():
        await ami.action("Setvar", Channel=line, Variable=name, Value=value)
    before = len(ami.events)

    await ami.action(
        "Redirect", Channel=line, Context="marcador-manual", Exten=number(customer), Priority="1"
    )

    dialled = await ami.event("MarcadorManual", Attempt=attempt, Agent="101")
    if customer is Customer.ANSWERS:
        await until(lambda: ami.joined(line, dialled["Uniqueid"]), message="agent and customer talk")
        await ami.action("Hangup", Channel=dialled["Uniqueid"])
    ended = await ami.event("MarcadorManualEnded", Attempt=attempt, Uniqueid=line)
    assert ended["Status"] == status
    await ami.event("BridgeEnter", after=before, Uniqueid=line, BridgeName=of_agents)
    assert any(invite.attempt == attempt for invite in carrier.invites())
