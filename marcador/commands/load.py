"""`marcador load`: a client file into a campaign, its rejects into a file of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dialer import agents, campaigns
from dialer.campaigns import Campaign
from dialer.settings import Settings
from lists.errors import ListsError
from lists.loading.load import load_file, rejects_csv
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec
from marcador.cli import CannotGoOn, JsonOption, run, settings
from marcador.config import Config
from marcador.wiring import opened_database
from storage.database import Connection, Database

EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command's options, as typed."""

    file: Path
    campaign: str
    mapping: str
    base: str
    list_name: str
    delimiter: str | None
    encoding: str | None
    region: str
    zone: str | None
    reject_invalid: bool
    rejects: Path | None


def register(app: typer.Typer) -> None:
    @app.command("load")
    def command(
        file: Annotated[Path, typer.Argument(help="CSV, .xlsx or .ods.")],
        campaign: Annotated[str, typer.Option(help="Made, stopped, when there is none of this name.")] = "",
        mapping: Annotated[
            str,
            typer.Option(
                "--map",
                help="phone=telefono,alternatives=alt1+alt2,key=documento; also document, name, zone, "
                "priority, agent. Without it: the dialer's own list format, which names its campaigns.",
            ),
        ] = "",
        base: Annotated[str, typer.Option(help="Where the customers go. Default: the campaign's name.")] = "",
        list_name: Annotated[str, typer.Option("--list", help="Default: the file's name.")] = "",
        delimiter: Annotated[str | None, typer.Option(help="Found by itself when not given.")] = None,
        encoding: Annotated[str | None, typer.Option(help="Found by itself when not given.")] = None,
        region: Annotated[
            str, typer.Option(envvar="MARCADOR_REGION", help="How national numbers are read: FR, UY, …")
        ] = "",
        zone: Annotated[str | None, typer.Option(help="IANA zone of the whole list.")] = None,
        reject_invalid: Annotated[
            bool, typer.Option("--reject-invalid", help="Numbers that are possible but not in use, too.")
        ] = False,
        rejects: Annotated[
            Path | None, typer.Option(help="Where rejected rows go. Default: FILE.rejects.csv here.")
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Load a client file. Exit status 0: the file was read; 2: it could not be, and nothing was stored.

        A bad row never stops a load: it goes to the reject file with its line and the reason. The same file
        loaded again does nothing.
        """
        wanted = Wanted(
            file,
            campaign,
            mapping,
            base,
            list_name,
            delimiter,
            encoding,
            region,
            zone,
            reject_invalid,
            rejects,
        )
        run(_load(settings(), wanted, as_json))


async def _load(config: Config, wanted: Wanted, as_json: bool) -> None:
    async with opened_database(config) as db:
        try:
            async with db.transaction() as conn:
                spec = await _spec(conn, wanted)
            result = await load_file(db, spec, now=datetime.now(UTC))
        except ListsError as error:
            raise CannotGoOn(str(error)) from error
        rejects = await _write_rejects(db, result, wanted)
    _tell(result, rejects, as_json)


async def _spec(conn: Connection, wanted: Wanted) -> LoadSpec:
    codes = {agent.code: agent.id for agent in await agents.page(conn, limit=EVERY)}
    if wanted.mapping:
        if not wanted.campaign:
            raise CannotGoOn("say which campaign the file is for: --campaign NAME")
        mapping = ColumnMap.parse(wanted.mapping)
        campaign = await _campaign(conn, wanted)
        return LoadSpec(
            path=wanted.file,
            region=_region(wanted, campaign),
            campaign_id=campaign.id,
            mapping=mapping,
            agents=codes,
            base=wanted.base or campaign.name,
            list_name=wanted.list_name or wanted.file.stem,
            encoding=wanted.encoding,
            delimiter=wanted.delimiter,
            zone=wanted.zone,
            reject_invalid=wanted.reject_invalid,
        )
    if wanted.campaign:
        await _campaign(conn, wanted)
    known = await campaigns.page(conn, limit=EVERY)
    return LoadSpec(
        path=wanted.file,
        region=_region(wanted, None),
        campaigns={campaign.name: campaign.id for campaign in known},
        agents=codes,
        base=wanted.base or wanted.file.stem,
        list_name=wanted.list_name or wanted.file.stem,
        encoding=wanted.encoding,
        delimiter=wanted.delimiter,
        zone=wanted.zone,
        reject_invalid=wanted.reject_invalid,
    )


async def _campaign(conn: Connection, wanted: Wanted) -> Campaign:
    """The campaign of this name; a new one is stopped, so nothing is dialled before somebody says so."""
    found = await campaigns.by_name(conn, wanted.campaign)
    if found is not None:
        return found
    if not wanted.file.is_file():  # a slip in the file's name must not leave a campaign behind
        raise CannotGoOn(f"there is no file {wanted.file}")
    typer.echo(f"campaign {wanted.campaign!r} is new: it is made, stopped", err=True)
    return await campaigns.create(
        conn, wanted.campaign, Settings(region=wanted.region), now=datetime.now(UTC)
    )


def _region(wanted: Wanted, campaign: Campaign | None) -> str:
    region = wanted.region or (campaign.settings.region if campaign else "")
    if not region:
        raise CannotGoOn("say how national numbers are to be read: --region FR (or UY, CO, ES, …)")
    return region.upper()


async def _write_rejects(db: Database, result: LoadResult, wanted: Wanted) -> Path:
    """The reject file; only its header where every row was loaded."""
    path = wanted.rejects or Path(f"{wanted.file.stem}.rejects.csv")
    async with db.transaction() as conn:
        await _store(path, rejects_csv(conn, result.load_id))
    return path


async def _store(path: Path, pieces: AsyncIterator[bytes]) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


def _tell(result: LoadResult, rejects: Path, as_json: bool) -> None:
    counts: dict[str, object] = {
        "rows": result.rows,
        "loaded": result.loaded,
        "rejected": result.rejected,
        "duplicates": result.duplicates,
        "do_not_call": result.do_not_call,
        "rejects": str(rejects),
    }
    if as_json:
        typer.echo(json.dumps({**counts, "already_loaded": result.already}))
        return
    if result.already:
        typer.echo("this file was loaded before; nothing was done. It was:")
    typer.echo(
        "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in counts.items() if value is not None)
    )
