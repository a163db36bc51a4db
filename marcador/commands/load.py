"""`marcador load`: a client file into a campaign, its rejects into a file of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from crm_api.words.schemas import Language
from dialer import agents, campaigns
from dialer.campaigns import Campaign
from dialer.settings import Settings
from lists.bases import templates
from lists.errors import ListsError
from lists.loading.load import load_file, reject_reasons, rejects_csv
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec
from lists.model import SameCustomer
from marcador.cli import JsonOption, run, settings
from marcador.config import Config
from marcador.errors import CannotGoOn
from marcador.files import readable, writable
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
    same_customer: SameCustomer
    rejects: Path | None
    language: Language | None


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
                "priority, agent. Without it: as the --base keeps it, else the dialer's own list format.",
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
        same_customer: Annotated[
            SameCustomer, typer.Option(help="Of those who wait in another list of the campaign.")
        ] = SameCustomer.REFUSE,
        rejects: Annotated[
            Path | None, typer.Option(help="Where rejected rows go. Default: FILE.rejects.csv here.")
        ] = None,
        language: Annotated[
            Language | None, typer.Option(help="Explains each reason in the reject file in this language.")
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
            same_customer,
            rejects,
            language,
        )
        run(_load(settings(), wanted, as_json))


async def _load(config: Config, wanted: Wanted, as_json: bool) -> None:
    readable(wanted.file)
    rejects = writable(wanted.rejects or Path(f"{wanted.file.stem}.rejects.csv"), "--rejects")
    async with opened_database(config) as db:
        try:
            async with db.transaction() as conn:
                spec, made = await _spec(conn, wanted)
            async with _undone_unless_loaded(db, made):
                result = await load_file(db, spec, now=datetime.now(UTC))
        except ListsError as error:
            raise CannotGoOn(str(error)) from error
        reasons = await _write_rejects(db, result, rejects, wanted.language)
    _tell(result, rejects, reasons, as_json)
    if "unknown_campaign" in reasons and not result.loaded and not wanted.mapping:
        typer.echo(
            "without --map a file is read as the dialer's own list format, campaign;phone;…, and no campaign "
            "has the name its lines begin with: say --campaign NAME --map phone=COLUMN for any other file",
            err=True,
        )


async def _spec(conn: Connection, wanted: Wanted) -> tuple[LoadSpec, Campaign | None]:
    """What is to be loaded, and the campaign that was made for it."""
    common = LoadSpec(
        path=wanted.file,
        region=wanted.region.upper(),
        agents={agent.code: agent.id for agent in await agents.page(conn, limit=EVERY)},
        base=wanted.base or wanted.file.stem,
        list_name=wanted.list_name or wanted.file.stem,
        encoding=wanted.encoding,
        delimiter=wanted.delimiter,
        zone=wanted.zone,
        reject_invalid=wanted.reject_invalid,
        same_customer=wanted.same_customer,
    )
    if wanted.mapping and not wanted.campaign:
        raise CannotGoOn("say which campaign the file is for: --campaign NAME")
    kept = await templates.named(conn, wanted.base) if wanted.campaign else None
    if wanted.mapping or kept:
        campaign, made = await _campaign(conn, wanted)
        mapping = ColumnMap.parse(wanted.mapping) if wanted.mapping else None
        region = common.region or _region(campaign.settings.region)
        base = wanted.base or campaign.name
        spec = replace(common, campaign_id=campaign.id, mapping=mapping, base=base, region=region)
        spec = await templates.applied(conn, spec)
    else:
        made = (await _campaign(conn, wanted))[1] if wanted.campaign else None
        known = {campaign.name: campaign.id for campaign in await campaigns.page(conn, limit=EVERY)}
        spec = replace(common, campaigns=known, region=_region(common.region))
    return spec, made


async def _campaign(conn: Connection, wanted: Wanted) -> tuple[Campaign, Campaign | None]:
    """The campaign of this name, made when there is none: stopped, so that nothing is dialled by surprise."""
    found = await campaigns.by_name(conn, wanted.campaign)
    if found is not None:
        return found, None
    settings = Settings(region=_region(wanted.region))
    made = await campaigns.create(conn, wanted.campaign, settings, now=datetime.now(UTC))
    return made, made


@asynccontextmanager
async def _undone_unless_loaded(db: Database, made: Campaign | None) -> AsyncIterator[None]:
    """A file that cannot be read leaves no campaign behind."""
    try:
        yield
    except BaseException:
        if made is not None:
            async with db.transaction() as conn:
                await campaigns.remove(conn, made.id, now=datetime.now(UTC))
        raise
    if made is not None:
        typer.echo(f"campaign {made.name!r} is new: it was made, stopped", err=True)


def _region(region: str) -> str:
    if not region:
        raise CannotGoOn("say how national numbers are to be read: --region FR (or UY, CO, ES, …)")
    return region.upper()


async def _write_rejects(
    db: Database, result: LoadResult, path: Path, language: Language | None
) -> dict[str, int]:
    """The reject file, only its header where every row was loaded; and how many rows each reason has."""
    words = None
    if language:
        from crm_api.loads.service import reject_words  # the whole API comes with it

        words = reject_words(language)
    async with db.transaction() as conn:
        await _store(path, rejects_csv(conn, result.load_id, words))
        return await reject_reasons(conn, result.load_id)


async def _store(path: Path, pieces: AsyncIterator[bytes]) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


def _tell(result: LoadResult, rejects: Path, reasons: dict[str, int], as_json: bool) -> None:
    counts: dict[str, object] = {
        "rows": result.rows,
        "loaded": result.loaded,
        "moved": result.moved,
        "rejected": result.rejected,
        "duplicates": result.duplicates,
        "do_not_call": result.do_not_call,
        "bad_alternatives": result.bad_alternatives,
        "numbers_not_in_use": result.numbers_not_in_use,
        "rejects": str(rejects),
    }
    if as_json:
        typer.echo(json.dumps({**counts, "reasons": reasons, "already_loaded": result.already}))
        return
    if reasons:
        counts["reasons"] = ", ".join(f"{reason} {rows}" for reason, rows in reasons.items())
    if result.already:
        typer.echo("this file was loaded before; nothing was done. It was:")
    typer.echo(
        "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in counts.items() if value is not None)
    )
