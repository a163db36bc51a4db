"""`marcador migrate`: bring the database up to date and say what was done."""

import json

import typer

from marcador.cli import JsonOption, run, settings
from marcador.config import Config
from marcador.wiring import database_address
from storage.database import connect
from storage.migrate import migrate


def register(app: typer.Typer) -> None:
    @app.command("migrate")
    def command(as_json: JsonOption = False) -> None:
        """Bring the database up to date. Safe to run at any time, and twice."""
        run(_migrate(settings(), as_json))


async def _migrate(config: Config, as_json: bool) -> None:
    async with (
        database_address(config) as dsn,
        connect(dsn, application_name="marcador migrate") as conn,
    ):
        applied = await migrate(conn)
    if as_json:
        typer.echo(json.dumps({"applied": applied}))
    else:
        typer.echo("\n".join(applied) if applied else "up to date")
