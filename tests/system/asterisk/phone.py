"""A real SIP phone on an agent's desk (pyVoIP): it registers, rings, and does what it was told to."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from marcador.asterisk_config import AgentPhone, AsteriskConfig
from tests.helpers import until
from tests.system.asterisk.ports import free_udp_ports, free_udp_range

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyVoIP imports audioop, which Python 3.13 no longer has
    from pyVoIP.VoIP import CallState, InvalidStateError, PhoneStatus, VoIPCall, VoIPPhone

OnCall = Callable[[VoIPCall], None]
LOUD = 20
"""Of 127: louder than the noise of a silent line."""


def answers(call: VoIPCall) -> None:
    """What a phone does that is picked up at once."""
    with suppress(InvalidStateError):
        call.answer()


def rings_on(_call: VoIPCall) -> None:
    """What a phone does when nobody is there."""


def declines(call: VoIPCall) -> None:
    """What a phone does when the agent presses 'reject'."""
    with suppress(InvalidStateError):
        call.deny()


class Phone:
    """One registered phone."""

    def __init__(self, voip: VoIPPhone) -> None:
        self._voip = voip
        self.calls: list[VoIPCall] = []

    def header(self, name: str) -> str:
        """A header of the INVITE that rang last."""
        return str(self.calls[-1].request.headers.get(name, ""))

    def hears(self) -> bool:
        """Whether a voice has come since the last look; silence is 0x80."""
        heard = (
            call.read_audio(160, blocking=False) for call in self.calls if call.state is CallState.ANSWERED
        )
        return any(abs(sample - 128) > LOUD for sound in heard for sample in sound)

    def dial(self, number: str) -> None:
        """Call a number, for instance `*55` to open the held line."""
        self.calls.append(self._voip.call(number))

    def hang_up(self) -> None:
        """Hang up every call this phone took (pyVoIP cannot end those it dialled itself)."""
        for call in self.calls:
            if call.state is CallState.ANSWERED:
                call.hangup()


def _until_closed(listen: Callable[[], None]) -> Callable[[], None]:
    """pyVoIP closes the socket under the thread that listens on it."""

    def listens() -> None:
        with suppress(OSError):
            listen()

    return listens


@asynccontextmanager
async def registered(
    config: AsteriskConfig, account: AgentPhone, on_call: OnCall = answers
) -> AsyncIterator[Phone]:
    """A phone registered at this Asterisk, until the block ends."""
    holder: list[Phone] = []

    def ring(call: VoIPCall) -> None:
        holder[0].calls.append(call)
        on_call(call)

    first, last = free_udp_range(20)
    voip: Any = VoIPPhone(
        config.sip_host,
        config.sip_port,
        account.name,
        account.secret,
        myIP="127.0.0.1",
        callCallback=ring,
        sipPort=free_udp_ports(1)[0],
        rtpPortLow=first,
        rtpPortHigh=last,
    )
    voip.sip.recv_loop = _until_closed(voip.sip.recv_loop)
    holder.append(Phone(voip))
    await asyncio.to_thread(voip.start)
    try:
        await until(lambda: voip.get_status() is PhoneStatus.REGISTERED, 10, "the phone is registered")
        yield holder[0]
    finally:
        with suppress(InvalidStateError):
            holder[0].hang_up()
        await asyncio.to_thread(voip.stop)
