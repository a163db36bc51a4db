"""The command `marcador`: one subcommand per module of `marcador/commands/`."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marcador.errors import CannotGoOn, ConfigError

if TYPE_CHECKING:
    from marcador.config import Config

app = typer.Typer(
    name="marcador",
    no_args_is_help=True,
    add_completion=False,  # completion would have every command imported at each key
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(
    epilog="Settings are environment variables: DATABASE_URL (none: an embedded PostgreSQL), REDIS_URL (only "
    "with several processes), MARCADOR_AMI=ami://user:secret@host:5038, MARCADOR_HTTP_PORT. "
    "Each command explains itself with --help."
)
def marcador() -> None:
    """Predictive dialer and contact-centre CRM for Asterisk.

    Try it with 'marcador demo': nothing to install, and nobody is called.

    For real: name your Asterisk in MARCADOR_AMI, add yourself with 'marcador user add NAME', start
    'marcador run', make sure with 'marcador doctor', and bring a client list in with 'marcador load'.
    """


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def settings(**overrides: Any) -> "Config":
    """The process's configuration; options given on the command line win over the environment."""
    from pydantic import ValidationError

    from marcador import log
    from marcador.config import Config

    try:
        config = Config(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors())
        raise CannotGoOn(f"the settings cannot be used: {problems}") from error
    except ConfigError as error:
        raise CannotGoOn(f"the settings cannot be used: {error}") from error
    log.configure(as_json=config.log_json)
    return config


def _variable(place: tuple[int | str, ...]) -> str:
    """The environment's name for a setting."""
    name = str(place[0]) if place else "settings"
    return name if name.isupper() else f"MARCADOR_{name.upper()}"


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run one command to its end. Expected failures are one sentence and exit status 2."""
    from storage.errors import NotPermitted, StorageError, WrongAddress

    try:
        asyncio.run(_ended_by_sigterm_too(work))
    except (WrongAddress, NotPermitted) as error:
        raise CannotGoOn(f"PostgreSQL cannot be used: {error}; look at DATABASE_URL") from error
    except StorageError as error:
        raise CannotGoOn(str(error)) from error
    except OSError as error:
        raise CannotGoOn(told(error)) from error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise typer.Exit(130) from error


def told(error: OSError) -> str:
    """`reports/x.csv: Permission denied`, without the number."""
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said


async def _ended_by_sigterm_too(work: Coroutine[Any, Any, None]) -> None:
    """What is opened is closed again, as after Ctrl-C. The processes that stay have handlers of their own."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


def main() -> None:
    """Entry point."""
    from marcador import commands

    try:
        commands.register(app, sys.argv[1:])
        app(prog_name="marcador")
    except KeyboardInterrupt:  # while the command's own modules are imported, which takes a second or two
        raise SystemExit(130) from None
    except CannotGoOn as error:
        typer.echo(f"marcador: {error}", err=True)
        raise SystemExit(2) from error
