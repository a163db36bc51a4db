"""What the system tests say of calls, in the words of the dialplan's contract."""

from collections.abc import Callable

from marcador.asterisk_config import AgentPhone
from tests.helpers import until
from tests.system.asterisk.ami import Ami, of_agents
from tests.system.asterisk.carrier import Customer

TRUNK = "carrier"
PATIENCE_S = 2.0


def number(customer: Customer) -> str:
    return f"3460000{customer}"


async def answered(ami: Ami, customer: Customer = Customer.ANSWERS, **variables: str) -> str:
    attempt = await ami.call(number(customer), TRUNK, **variables)
    await ami.waiting(attempt)
    return attempt


async def talking(ami: Ami, line: str, attempt: str) -> None:
    await ami.bridge(line, attempt)
    await until(lambda: ami.joined(line, attempt), message="both legs are in one conversation")


def closed(ami: Ami, attempt: str) -> bool:
    return bool(ami.all("MarcadorClosed", Attempt=attempt))


def heard_the_message(ami: Ami, attempt: str) -> bool:
    """Whether the customer's last bridge was the message's conference."""
    return ami.all("BridgeEnter", Uniqueid=attempt)[-1]["BridgeCreator"] == "ConfBridge"


def of(phone: AgentPhone) -> Callable[[str], bool]:
    """Whether a channel's name is one of this phone's."""
    return lambda channel: channel.startswith(f"PJSIP/{phone.name}-")


async def back_on_hold(ami: Ami, line: str, after: int) -> None:
    await ami.event("MarcadorLine", after=after, Uniqueid=line, State="idle")
    await ami.event("BridgeEnter", after=after, Uniqueid=line, BridgeName=of_agents)
