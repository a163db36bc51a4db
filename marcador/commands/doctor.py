"""`marcador doctor`: is everything there, and if not, what to do."""

import json
import logging
from datetime import UTC, datetime

import typer

from marcador import doctor
from marcador.cli import JsonOption, run, settings
from marcador.config import Config
from marcador.doctor import Finding
from marcador.wiring import opened_database, opened_links
from storage.errors import StorageError


def register(app: typer.Typer) -> None:
    @app.command("doctor")
    def command(as_json: JsonOption = False) -> None:
        """Check PostgreSQL, Redis, Asterisk, trunks, phones, hours. Exit status 1: something is wrong."""
        config = settings()
        # What a link says while it tries stands in the findings, once.
        logging.getLogger("ami.connection").setLevel(logging.ERROR)
        run(_doctor(config, as_json))


async def _doctor(config: Config, as_json: bool) -> None:
    findings = await _examine(config)
    if as_json:
        rows = [{"what": f.what, "fine": f.fine, "said": f.said, "mend": f.mend} for f in findings]
        typer.echo(json.dumps(rows))
    else:
        for finding in findings:
            typer.echo(f"{'✓' if finding.fine else '✗'} {finding.what}: {finding.said}")
            if not finding.fine:
                typer.echo(f"    → {finding.mend}")
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


async def _examine(config: Config) -> list[Finding]:
    findings = [await doctor.redis(config.redis_url)]
    async with opened_links(config.servers) as links:
        pbxs = [await doctor.asterisk(link) for link in links.values()]
        if not pbxs:
            mend = "set MARCADOR_AMI=ami://user:secret@host:5038"
            findings.append(Finding("asterisk", "none is named", mend))
        findings += [finding for pbx in pbxs for finding in pbx.findings]
        try:
            async with (
                opened_database(config, migrated=False, wait_s=doctor.CONNECT_S) as db,
                db.connection() as conn,
            ):
                findings = [*await doctor.database(conn), *findings]
                if all(finding.fine for finding in findings[:2]):
                    findings += await doctor.dialling(conn, pbxs, datetime.now(UTC))
        except (StorageError, OSError) as error:
            mend = (
                "is PostgreSQL up, and does DATABASE_URL name it?"
                if config.database_url
                else "name another folder in MARCADOR_DATA_DIR, or a PostgreSQL in DATABASE_URL"
            )
            findings.insert(0, Finding("database", str(error), mend))
    return findings
