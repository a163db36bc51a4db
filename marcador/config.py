"""What a process is told at its start: environment first, then the command's own options.

One frozen object per process. Contradictions are refused at the start, and no secret has a default.
"""

import os
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ami.connection import Server
from crm_api.settings import MailServer, Tls
from marcador.errors import ConfigError

AMI_PORT = 5038


def default_data_dir() -> Path:
    """Where the embedded PostgreSQL keeps its data: the user's data folder, or the system's for root."""
    if os.geteuid() == 0:
        return Path("/var/lib/marcador")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "marcador"


def ami_server(url: str) -> Server:
    """One Asterisk's manager interface, written `ami://user:secret@host:port?name=main`.

    User and secret may be percent-encoded. Raises `ConfigError`.
    """
    parts = urlsplit(url)
    if (
        parts.scheme != "ami"
        or not parts.hostname
        or not parts.username
        or parts.password is None
        or not _port_fits(parts)
    ):
        raise ConfigError("an Asterisk address in MARCADOR_AMI reads ami://user:secret@host:port?name=main")
    return Server(
        name=parse_qs(parts.query).get("name", ["main"])[0],
        host=parts.hostname,
        port=parts.port or AMI_PORT,
        username=unquote(parts.username),
        secret=unquote(parts.password),
    )


def _port_fits(parts: SplitResult) -> bool:
    """Without one it does, too."""
    try:
        return parts.port != 0
    except ValueError:
        return False


SMTP_PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}


def mail_server(url: str, sender: str) -> MailServer:
    """`smtp://user:secret@host:port` (with STARTTLS; `?tls=none` for a server on this machine) or `smtps://…`.

    User and secret may be percent-encoded or left out. Raises `ConfigError`.
    """
    parts = urlsplit(url)
    wanted = parse_qs(parts.query).get("tls", [Tls.STARTTLS.value])[0]
    if (
        parts.scheme not in ("smtp", "smtps")
        or not parts.hostname
        or wanted not in tuple(Tls)
        or not _port_fits(parts)
    ):
        raise ConfigError(
            "a mail server in MARCADOR_SMTP reads smtp://user:secret@host:port or smtps://user:secret@host:port"
        )
    if "@" not in sender:
        raise ConfigError("MARCADOR_MAIL_FROM must be the address that e-mail comes from")
    tls = Tls.IMPLICIT if parts.scheme == "smtps" else Tls(wanted)
    if tls is Tls.NONE and parts.password:
        raise ConfigError("a password is not sent to a mail server without TLS")
    return MailServer(
        host=parts.hostname,
        port=parts.port or SMTP_PORTS[tls],
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
    )


class Config(BaseSettings):
    """Settings of a process. Environment: DATABASE_URL, REDIS_URL, and MARCADOR_… for the rest."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="MARCADOR_", extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    database_url: str | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("DATABASE_URL", "MARCADOR_DATABASE_URL"),
        description="PostgreSQL 15 or newer; without it an embedded server is started in data_dir",
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("REDIS_URL", "MARCADOR_REDIS_URL"),
        description="the bus between processes; without it everything must run in one process",
    )
    ami: str = Field(default="", repr=False, description="ami:// addresses, separated by blanks")
    data_dir: Path = Field(default_factory=default_data_dir)
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535, description="0: any free port")
    cookie_secure: bool = Field(
        default=False,
        description="the session cookie goes over HTTPS only; so it does for whoever logs in over HTTPS",
    )
    worker_name: str = Field(
        default="", description="names this dialer in leases; default: host and process id"
    )
    database_pool: int = Field(default=10, ge=2, le=100)
    log_json: bool = False
    smtp: str = Field(default="", repr=False, description="smtp:// or smtps:// address; sends reports")
    mail_from: str = Field(default="", description="the address that e-mail comes from")
    report_dir: Path | None = Field(default=None, description="below it scheduled reports may be put")
    spool_dir: Path | None = Field(
        default=None, description="where uploads and exports wait; default: the system's temporary folder"
    )
    exports_at_once: int = Field(
        default=3, ge=1, le=50, description="read at the same time, each on a database connection of its own"
    )

    @model_validator(mode="after")
    def _server_names_differ(self) -> Self:
        names = [server.name for server in self.servers]
        if len(names) != len(set(names)):
            raise ConfigError("two Asterisk servers have one name: give each its own with ?name=…")
        return self

    @model_validator(mode="after")
    def _redis_can_be_reached(self) -> Self:
        parts = urlsplit(self.redis_url or "redis://")
        if parts.scheme not in ("redis", "rediss", "unix") or not _port_fits(parts):
            raise ConfigError("REDIS_URL reads redis://user:password@host:port/0 (rediss:// with TLS)")
        return self

    @model_validator(mode="after")
    def _exports_leave_connections(self) -> Self:
        asked = "exports_at_once" in self.model_fields_set
        if asked and self.exports_at_once >= self.database_pool:
            raise ConfigError(
                f"MARCADOR_EXPORTS_AT_ONCE={self.exports_at_once} exports would take all "
                f"MARCADOR_DATABASE_POOL={self.database_pool} connections: lower the one or raise the other"
            )
        return self

    @model_validator(mode="after")
    def _spool_is_a_folder(self) -> Self:
        if self.spool_dir is not None and not self.spool_dir.is_dir():
            raise ConfigError(f"MARCADOR_SPOOL_DIR: there is no folder {self.spool_dir}")
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        _ = self.mail
        return self

    @property
    def mail(self) -> MailServer | None:
        return mail_server(self.smtp, self.mail_from) if self.smtp else None

    @property
    def servers(self) -> tuple[Server, ...]:
        """The Asterisk servers, in the order given."""
        return tuple(ami_server(url) for url in self.ami.split())
