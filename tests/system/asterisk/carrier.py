"""The carrier: SIPp, whose customers do what the last two digits of their number say.

Its log of INVITEs is the independent witness of what was dialled.
"""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from marcador.asterisk_config import Trunk
from tests.helpers import until_sync
from tests.system.asterisk.ports import free_udp_ports, free_udp_range

_SCENARIOS = Path(__file__).parent / "scenarios"


class Customer(StrEnum):
    """What a customer does: the last two digits of the number dialled. Any other digits: `ANSWERS`."""

    ANSWERS = "10"
    """180, then answers and talks."""
    BUSY = "11"
    """486"""
    UNKNOWN = "12"
    """404"""
    CONGESTED = "13"
    """503"""
    SILENT = "14"
    """180 until the call is given up"""
    GONE_RINGING = "15"
    """180, then 480: the customer's line went away while it rang"""
    GONE_AT_ONCE = "16"
    """answers, and hangs up in the same moment"""
    EARLY_ANSWER = "17"
    """183 with sound, then answers"""
    EARLY_UNKNOWN = "18"
    """183 with an announcement, then 404"""
    DECLINED = "19"
    """603"""
    SAYS_HELLO = "21"
    """answers, says a short word, and is silent"""
    MACHINE = "22"
    """answers, and speaks without end"""
    EARLY_SPEAKER = "23"
    """183 and a voice, until the call is given up: never an answer"""
    EARLY_BUSY = "24"
    """183, then 486"""
    PRESSES_9 = "29"
    """answers, and presses 9 three seconds later"""
    PRESSES_1 = "31"
    PRESSES_5 = "35"


# Voices as (loud, seconds), after the silence before a greeting.
_VOICES = {
    "human": ((False, 0.3), (True, 0.5), (False, 3.0)),
    "machine": ((False, 0.3), (True, 4.0)),
}


@dataclass(frozen=True, slots=True)
class Invite:
    """One INVITE that reached the carrier. `at` is epoch seconds."""

    attempt: str
    number: str
    at: float


class Carrier:
    """One SIPp on a port of its own; give `trunk` to Asterisk's configuration."""

    def __init__(
        self,
        name: str = "carrier",
        talk_ms: int = 30_000,
        ring_ms: int = 100,
        change: Callable[[str], str] = str,
    ) -> None:
        """`change`: of the scenario, as `graded` makes one."""
        self.trunk = Trunk(name, "127.0.0.1", free_udp_ports(1)[0])
        self._media = free_udp_range(4)[0]
        self._folder = Path(tempfile.mkdtemp(prefix="marcador-carrier-"))
        scenario = change((_SCENARIOS / "carrier.xml").read_text())
        self._scenario = self._folder / "carrier.xml"
        self._scenario.write_text(
            scenario.replace("@TALK_MS@", str(talk_ms)).replace("@RING_MS@", str(ring_ms))
        )
        for name, notes in _VOICES.items():
            (self._folder / f"{name}.ulaw").write_bytes(ulaw(notes))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start answering."""
        self._process = self._sipp(
            "-sf", str(self._scenario), "-p", str(self.trunk.port), "-log_file", "invites.log",
            "-rtp_echo",
        )  # fmt: skip
        until_sync(self._listens, message="SIPp listens")

    def stop(self) -> None:
        """End it; its calls are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=5)
            self._process = None

    def remove(self) -> None:
        """End it, and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def invites(self) -> list[Invite]:
        """Every INVITE so far (retransmissions are one), in order."""
        path = self._folder / "invites.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [_invite(line) for line in lines if "INVITE " in line]

    def calls_in(self, asterisk_port: int, did: str, caller: str, talk_ms: int = 10_000) -> None:
        """A customer calls `did` over this carrier's trunk; it must not be answering meanwhile."""
        self.stop()
        scenario = (_SCENARIOS / "inbound.xml").read_text()
        path = self._folder / "inbound.xml"
        path.write_text(scenario.replace("@TALK_MS@", str(talk_ms)).replace("@CALLER@", caller))
        self._process = self._sipp(
            "-sf", str(path), "-p", str(self.trunk.port), "-s", did, "-m", "1",
            f"127.0.0.1:{asterisk_port}",
        )  # fmt: skip

    def _sipp(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "sipp.out").open("ab") as out:
            return subprocess.Popen(
                ["sipp", *arguments, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", str(self._media),
                 "-nostdin", "-trace_logs", "-trace_err", "-error_file", "errors.log"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._folder,
            )  # fmt: skip

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "sipp.out").read_text(errors="replace")[-2000:]
        wanted = f":{self.trunk.port:04X} "
        return any(wanted in line for line in Path("/proc/net/udp").read_text().splitlines())


def _invite(line: str) -> Invite:
    # INVITE <day> TAB <hour> TAB <epoch> <number> <attempt>
    _, _, epoch = line.split("\t")
    at, number, *attempt = epoch.split()
    return Invite(attempt="".join(attempt), number=number, at=float(at))


GRADED = "33199"
"""After these, a graded number has a digit for the ring, one for the talk, two of its own, and its kind."""
_NOT_BUSY_YET = '<label id="busy"/>'
_FIRST_RING = '<recv request="CANCEL" timeout="@RING_MS@" ontimeout="answer" next="cancelled"/>'
_TALK = '<recv request="BYE" timeout="@TALK_MS@" ontimeout="hang_up" next="bye"/>'
_LAST_READ = '<log message="INVITE'


def graded(rings_ms: Sequence[float], talks_ms: Sequence[float], busy_after_s: float) -> Callable[[str], str]:
    """Customers that ring and talk as long as the digits of their number say: ten values of each. SIPp can
    wait a drawn time only where nothing may come in meanwhile."""

    def change(scenario: str) -> str:
        reads = "".join(
            f'<ereg regexp="sip:{GRADED}{before}{n}" search_in="msg" assign_to="{name}_{n}"/>\n      '
            for name, before in (("ring", ""), ("talk", "[0-9]"))
            for n in range(10)
        )
        rings = _graded("ring", rings_ms, 'request="CANCEL"', "answer", "cancelled")
        talks = _graded("talk", talks_ms, 'request="BYE"', "hang_up", "bye")
        busy = f'{_NOT_BUSY_YET}\n  <pause milliseconds="{1000 * busy_after_s:.0f}"/>'
        for old, new in (
            (_LAST_READ, reads + _LAST_READ),
            (_FIRST_RING, rings + _FIRST_RING),
            (_TALK, talks + _TALK),
            (_NOT_BUSY_YET, busy),
        ):
            assert old in scenario, old
            scenario = scenario.replace(old, new, 1)
        return scenario

    return change


def _graded(name: str, waits_ms: Sequence[float], awaited: str, after: str, otherwise: str) -> str:
    """A branch for each digit; other numbers go on as before."""
    jumps = "".join(f'<nop next="{name}s_{n}" test="{name}_{n}"/>\n  ' for n in range(10))
    waits = "".join(
        f'<label id="{name}s_{n}"/>\n  '
        f'<recv {awaited} timeout="{wait:.0f}" ontimeout="{after}" next="{otherwise}"/>\n  '
        for n, wait in enumerate(waits_ms)
    )
    return f'{jumps}<nop next="{name}s_else"/>\n  {waits}<label id="{name}s_else"/>\n  '


def ulaw(notes: Iterable[tuple[bool, float]]) -> bytes:
    """G.711 sound of 8 kHz: a loud buzz, or silence."""
    buzz = (b"\x80" * 20 + b"\x00" * 20) * 200
    return b"".join(
        (buzz * 10 if loud else b"\xff" * 80_000)[: int(seconds * 8000)] for loud, seconds in notes
    )
