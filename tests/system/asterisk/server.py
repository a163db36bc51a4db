"""One real Asterisk under `deploy/asterisk/`'s own configuration, on free ports, in a folder of its own."""

import json
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from marcador.asterisk_config import AgentPhone, AsteriskConfig, Trunk, write, write_sounds
from tests.helpers import until_sync
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.ports import free_tcp_port, free_udp_ports, free_udp_range

# What a desk phone would do, without one: `Local/<anything>@phone/n` answers and stays.
_PHONE = """\
[phone]
exten => _[0-9a-z]!,1,Answer(,i)
 same => n,Wait(3600)
exten => h,1,NoOp()
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What Asterisk itself wrote down of one channel. Times are epoch seconds."""

    uniqueid: str
    channel: str
    begun: float
    answered: float | None
    ended: float | None
    cause: int | None

    @property
    def seconds(self) -> float:
        """From the answer to the end; 0 for a channel nobody answered or that still lives."""
        return self.ended - self.answered if self.answered and self.ended else 0.0


class Asterisk:
    """Starts, stops and kills it; the same ports and folder at every start."""

    def __init__(
        self,
        installation: Installation,
        trunks: tuple[Trunk, ...] = (),
        agents: tuple[AgentPhone, ...] = (),
        log_levels: str = "notice,warning,error",
    ) -> None:
        self._installation = installation
        self.folder = Path(tempfile.mkdtemp(prefix="marcador-", dir=installation.runs))
        first, last = free_udp_range(2000)
        see = installation.inside
        self.config = AsteriskConfig(
            etc=see(self.folder / "etc"),
            modules=see(installation.modules),
            state=see(self.folder / "state"),
            data=see(self.folder / "data"),
            run=see(self.folder / "run"),
            log=see(self.folder / "log"),
            ami_port=free_tcp_port(),
            sip_host="127.0.0.1",
            sip_port=free_udp_ports(1)[0],
            rtp_first=first,
            rtp_last=last,
            log_levels=log_levels,
            trunks=trunks,
            agents=agents,
        )
        for name in ("etc", "state", "state/spool", "data", "run", "log"):
            (self.folder / name).mkdir()
        write(self.config, self.folder / "etc")
        (self.folder / "etc" / "extensions_local.conf").write_text(_PHONE)
        write_sounds(self.folder / "data", ("en", "es"))
        documentation = installation.root / "usr/share/asterisk/documentation"
        if documentation.is_dir():
            shutil.copytree(documentation, self.folder / "data" / "documentation")
        installation.give(self.folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers on its manager's port."""
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                self._installation.command("-f", "-n", "-C", f"{self.config.etc}/asterisk.conf"),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        until_sync(self._answers, deadline=30, message=f"Asterisk in {self.folder} answers AMI")

    def stop(self) -> None:
        """End it and wait for its end. It hangs up every call."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it the hard way, as a crash would."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End it at once, and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, command: str) -> str:
        """What its own command line answers."""
        said = subprocess.run(
            self._installation.command("-C", f"{self.config.etc}/asterisk.conf", "-rx", command),
            capture_output=True,
            text=True,
            timeout=10,
        )
        return said.stdout

    @property
    def messages(self) -> str:
        """Its log: notices, warnings, errors."""
        return (self.folder / "log" / "messages.log").read_text(errors="replace")

    def records(self) -> dict[str, Record]:
        """Asterisk's own record of every channel so far, by uniqueid."""
        path = self.folder / "log" / "channels.json"
        if not path.exists():
            return {}
        events: dict[str, dict[str, dict[str, str]]] = {}
        for line in path.read_text().splitlines():
            event = {name.lower(): value for name, value in json.loads(line).items()}
            events.setdefault(event["uniqueid"], {})[event["eventtype"]] = event
        return {uniqueid: _record(uniqueid, kinds) for uniqueid, kinds in events.items()}

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "console.log").read_text(errors="replace")[-2000:]
        try:
            with socket.create_connection(("127.0.0.1", self.config.ami_port), timeout=1) as probe:
                return probe.recv(8) == b"Asterisk"
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        self._process = None


def _record(uniqueid: str, kinds: dict[str, dict[str, str]]) -> Record:
    def at(kind: str) -> float | None:
        return float(kinds[kind]["eventtime"]) if kind in kinds else None

    extra = json.loads(kinds["HANGUP"]["eventextra"] or "{}") if "HANGUP" in kinds else {}
    return Record(
        uniqueid=uniqueid,
        channel=next(iter(kinds.values()))["channame"],
        begun=at("CHAN_START") or 0.0,
        answered=at("ANSWER"),
        ended=at("HANGUP"),
        cause=extra.get("hangupcause"),
    )
