"""Asterisk's configuration, rendered from `deploy/asterisk/`, and the sounds that go with it.

`*.conf` files are copied as they are; `*.conf.in` are filled in (`$name`). Every value is checked first, so
that none can open a section of its own.
"""

import io
import math
import re
import secrets
import struct
import wave
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import Template

_BESIDE = Path(__file__).parent / "asterisk"
TEMPLATES = _BESIDE if _BESIDE.is_dir() else Path(__file__).parents[1] / "deploy" / "asterisk"

_PARTS = {"trunk.conf.in", "trunk_with_account.conf.in", "trunk_registered.conf.in", "agent.conf.in"}
_SAFE = re.compile(r"[A-Za-z0-9_.,/:*()@+=-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RATE = 8000


class AsteriskConfigError(Exception):
    """A value cannot stand in a configuration file; the message names it."""


def new_secret() -> str:
    """A password nobody chose."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier. `name` is what `PJSIP/<digits>@<name>` says; without `username` it knows us by address."""

    name: str
    host: str
    port: int = 5060
    username: str = ""
    secret: str = field(default="", repr=False)
    register: bool = False
    """Whether the carrier wants to be told where we are before it sends calls in."""


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """A phone that registers; `name` is its user and its agent's code."""

    name: str
    secret: str = field(default_factory=new_secret, repr=False)


@dataclass(frozen=True, slots=True)
class AsteriskConfig:
    """Where one Asterisk keeps its files and listens. Folders are as Asterisk itself sees them."""

    system_name: str = "marcador"
    etc: str = "/etc/asterisk"
    modules: str = "/usr/lib/x86_64-linux-gnu/asterisk/modules"
    state: str = "/var/lib/asterisk"
    data: str = "/usr/share/asterisk"
    run: str = "/var/run/asterisk"
    log: str = "/var/log/asterisk"
    ami_host: str = "127.0.0.1"
    ami_port: int = 5038
    ami_user: str = "marcador"
    ami_secret: str = field(default_factory=new_secret, repr=False)
    ami_permit: str = "127.0.0.1/255.255.255.255"
    sip_host: str = "0.0.0.0"
    sip_port: int = 5060
    rtp_first: int = 10000
    rtp_last: int = 20000
    log_levels: str = "warning,error"
    trunks: tuple[Trunk, ...] = ()
    agents: tuple[AgentPhone, ...] = ()


def render(config: AsteriskConfig) -> dict[str, str]:
    """The files of Asterisk's configuration folder: name → text."""
    _no_two_of_one_name([*config.trunks, *config.agents])
    values = {name: str(value) for name, value in asdict(config).items() if name not in ("trunks", "agents")}
    for name, value in values.items():
        _check(_SAFE, name, value)
    for agent in config.agents:
        _check(_SAFE, "secret", agent.secret)
    for trunk in config.trunks:
        if trunk.register and not trunk.username:
            raise AsteriskConfigError(f"trunk {trunk.name} registers, and so needs a username")
        if trunk.username:
            _check(_SAFE, "secret", trunk.secret)
    values["trunks"] = "\n".join(
        [
            _sections("trunk.conf.in", (each for each in config.trunks if not each.username)),
            _sections("trunk_with_account.conf.in", (each for each in config.trunks if each.username)),
            _sections("trunk_registered.conf.in", (each for each in config.trunks if each.register)),
        ]
    )
    values["agents"] = _sections("agent.conf.in", config.agents)
    files = {path.name: path.read_text() for path in TEMPLATES.glob("*.conf")}
    for path in TEMPLATES.glob("*.conf.in"):
        if path.name not in _PARTS:
            files[path.name.removesuffix(".in")] = Template(path.read_text()).substitute(values)
    return files


def write(config: AsteriskConfig, folder: Path) -> None:
    """Write the configuration into `folder`, readable by its owner and group only: it holds secrets."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render(config).items():
        path = folder / name
        path.touch()
        path.chmod(0o640)
        path.write_text(text)


def write_sounds(data: Path, languages: Iterable[str] = ("en",)) -> None:
    """Put tones where the operator's own recordings belong; a recording that is there is kept."""
    folders = [data / "sounds" / language / "marcador" for language in languages]
    for folder in folders:
        for name, notes in _TONES.items():
            _write_tone(folder / f"{name}.wav", notes)
    _write_tone(data / "moh" / "music.wav", _MUSIC)


def tone(notes: Iterable[tuple[int, float]]) -> bytes:
    """A WAV file of 8 kHz, 16 bit, mono from (hertz, seconds); 0 Hz is silence."""
    samples = bytearray()
    for hertz, seconds in notes:
        for index in range(int(seconds * _RATE)):
            level = 6000 * math.sin(2 * math.pi * hertz * index / _RATE)
            samples += struct.pack("<h", int(level))
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE)
        writer.writeframes(bytes(samples))
    return out.getvalue()


# Not telephone signals: nobody should take the placeholder for a busy line.
_TONES: Mapping[str, tuple[tuple[int, float], ...]] = {
    "closed": ((660, 0.4), (0, 0.1), (520, 0.4), (0, 0.1), (390, 0.8), (0, 0.2)),
    "optout": ((520, 0.3), (660, 0.5), (0, 0.2)),
    "noted": ((520, 0.3), (660, 0.3), (0, 0.2)),
    "outofhours": ((520, 0.4), (0, 0.1), (390, 0.4), (0, 0.1), (520, 0.8), (0, 0.2)),
    "apology": ((390, 0.4), (0, 0.1), (390, 0.8), (0, 0.2)),
}
_MUSIC = ((262, 0.5), (330, 0.5), (392, 0.5), (330, 0.5), (0, 0.5))


def _write_tone(path: Path, notes: Iterable[tuple[int, float]]) -> None:
    if not any(path.parent.glob(f"{path.stem}.*")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tone(notes))


def _sections(template: str, things: Iterable[Trunk | AgentPhone]) -> str:
    text = Template((TEMPLATES / template).read_text())
    sections = []
    for thing in things:
        values = {name: str(value) for name, value in asdict(thing).items()}
        _check(_NAME, "name", values["name"])
        for name, value in values.items():
            if value or name not in ("username", "secret"):
                _check(_SAFE, name, value)
        sections.append(text.substitute(values))
    return "\n".join(sections)


def _no_two_of_one_name(things: Iterable[Trunk | AgentPhone]) -> None:
    seen: set[str] = set()
    for thing in things:
        if thing.name in seen:
            raise AsteriskConfigError(f"two trunks or phones are called {thing.name}")
        seen.add(thing.name)


def _check(pattern: re.Pattern[str], name: str, value: str) -> None:
    if not pattern.fullmatch(value):
        raise AsteriskConfigError(f"{name} cannot be {value!r} in Asterisk's configuration")
