"""What the API is told at its start."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

MIB = 1 << 20


class Tls(StrEnum):
    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """For a server on this very machine."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who takes our e-mail. `sender` is the address it comes from."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.STARTTLS


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Limits and lifetimes. Sizes in bytes, times in seconds."""

    cookie_secure: bool = False  # over HTTPS only, always; else for those who logged in over it
    session_s: int = (
        12 * 3600
    )  # a shift; agents must be revocable at once, so sessions are rows, not signed tokens
    body_bytes: int = MIB
    upload_bytes: int = 2048 * MIB
    spool_dir: Path | None = None  # where uploads and exports wait; default: the system's temporary folder
    loads_at_once: int = 2  # uploads read at the same time by this process; others wait their turn
    exports_at_once: int = 3  # read from the database at the same time, each on a connection of its own
    hashes_at_once: int = 2  # argon2 takes 64 MiB and a fifth of a second each
    login_failures: int = 5  # per login and address, within login_window_s
    address_failures: int = 50  # per address
    login_window_s: int = 300
    live_queue: int = 256  # messages a live client may lag behind before it is dropped
    live_clients: int = 2000
    live_topics: int = 200  # topics one client may follow
    live_check_s: float = 30.0  # how often an open socket's session is looked up again
    command_wait_s: float = 5.0  # how long a command's answer is waited for when the client asks to wait
    docs: bool = True
    servers: frozenset[str] = frozenset()  # names of the Asterisk servers; none: they are not known here
    mail: MailServer | None = None  # for scheduled reports; none: they go into folders only
    report_dir: Path | None = None  # below it scheduled reports may be put
