"""The command `marcador`: one subcommand per file of `marcador/commands/`."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from marcador import log
from marcador.config import Config, ConfigError
from storage.errors import StorageError

app = typer.Typer(
    name="marcador",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Predictive dialer and contact-centre CRM for Asterisk.

Try it with 'marcador demo': nothing to install, nothing is called. For real: set DATABASE_URL (or keep the
embedded PostgreSQL), set MARCADOR_AMI=ami://user:secret@host:5038, make sure with 'marcador doctor', then
'marcador user add', 'marcador load' and 'marcador run'.""",
)


class CannotGoOn(Exception):
    """Ends the command with exit status 2 and this sentence on standard error."""


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def settings(**overrides: Any) -> Config:
    """The process's configuration; options given on the command line win over the environment."""
    try:
        config = Config(**{name: value for name, value in overrides.items() if value is not None})
        _ = config.servers
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CannotGoOn(f"the settings cannot be used: {problems}") from error
    except ConfigError as error:
        raise CannotGoOn(f"the settings cannot be used: {error}") from error
    log.configure(as_json=config.log_json)
    return config


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run one command to its end. Expected failures are one sentence and exit status 2."""
    try:
        asyncio.run(work)
    except (CannotGoOn, StorageError, OSError) as error:
        typer.echo(f"marcador: {error}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error


def main() -> None:
    """Entry point."""
    from marcador import commands

    commands.register(app)
    try:
        app()
    except CannotGoOn as error:
        typer.echo(f"marcador: {error}", err=True)
        raise SystemExit(2) from error
