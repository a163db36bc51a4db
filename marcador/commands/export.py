"""`marcador export`: a dial list as CSV, safe to open in a spreadsheet."""

import os
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from dialer import campaigns
from lists import dial_lists
from marcador.cli import run, settings
from marcador.config import Config
from marcador.errors import CannotGoOn
from marcador.files import writable
from marcador.wiring import opened_database


def register(app: typer.Typer) -> None:
    @app.command("export")
    def command(
        campaign: Annotated[str, typer.Option(help="The campaign's name.")],
        list_name: Annotated[str, typer.Option("--list", help="The list's name.")],
        to: Annotated[Path | None, typer.Option(help="A file; standard output when not given.")] = None,
    ) -> None:
        """Write a dial list with every contact's state, attempts and last outcome."""
        run(_export(settings(), campaign, list_name, to))


async def _export(config: Config, campaign: str, list_name: str, to: Path | None) -> None:
    if to:
        writable(to, "--to")
    async with opened_database(config) as db, db.transaction() as conn:
        found = await campaigns.by_name(conn, campaign)
        if found is None:
            raise CannotGoOn(f"there is no campaign {campaign!r}")
        names = {one.name: one.id for one in await dial_lists.of_campaign(conn, found.id)}
        if list_name not in names:
            raise CannotGoOn(f"{campaign!r} has no list {list_name!r}; it has: {', '.join(names) or 'none'}")
        file: BinaryIO = to.open("wb") if to else sys.stdout.buffer
        try:
            async for piece in dial_lists.export(conn, names[list_name]):
                file.write(piece)
        except BrokenPipeError as error:  # `… | head`: whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
            raise typer.Exit(0) from error
        finally:
            if to:
                file.close()
