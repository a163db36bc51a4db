"""`marcador doctor`: what is wrong is named, with the way to mend it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ami.simulator import Phone, SimulatedAsterisk, manager
from ami.simulator import Settings as PbxSettings
from dialer import agents, campaigns, trunks
from dialer.agents import AgentFields
from dialer.broadcast import Broadcast
from dialer.campaigns import Desired
from dialer.settings import Mode, Settings
from dialer.trunks import Trunk, TrunkFields
from storage.database import Database
from tests.helpers.postgres import TestServer
from tests.helpers.redis_server import RedisServer
from tests.integration.marcador.command import Ran, marcador

PHONES = {"carrier": Phone(), "agent-1": Phone()}


@asynccontextmanager
async def pbx(settings: PbxSettings | None = None) -> AsyncIterator[str]:
    """The address of a simulated Asterisk, as MARCADOR_AMI names it."""
    async with SimulatedAsterisk(settings=settings or PbxSettings(phones=PHONES)) as asterisk:
        yield f"ami://{asterisk.username}:{asterisk.secret}@127.0.0.1:{asterisk.port}"


async def doctor(folder: Path, *arguments: str, **settings: str) -> Ran:
    return await asyncio.to_thread(marcador, "doctor", *arguments, cwd=folder, **settings)


async def given_a_running_campaign(db: Database, settings: Settings | None = None) -> Trunk:
    """A campaign with a trunk and an agent whom the PBX above knows."""
    now = datetime.now(UTC)
    async with db.transaction() as conn:
        trunk = await trunks.create(conn, TrunkFields("carrier", "PJSIP/{number}@carrier"), now=now)
        settings = settings or Settings(trunks=(trunk.id,))
        campaign = await campaigns.create(conn, "Primavera", settings, now=now)
        agent = AgentFields("agent-1", "Ana", "PJSIP/agent-1")
        await agents.create(conn, agent, campaign_ids=[campaign.id], now=now)
        await campaigns.set_desired(conn, campaign.id, Desired.RUNNING)
    return trunk


def by_name(ran: Ran) -> Mapping[str, Any]:
    return {finding["what"]: finding for finding in ran.json}


@pytest.mark.redis
async def test_a_sound_installation_is_told_so_with_exit_status_0(
    tmp_path: Path, db: Database, database_dsn: str, redis_server: RedisServer
) -> None:
    await given_a_running_campaign(db)
    async with pbx() as address:
        settings = {"DATABASE_URL": database_dsn, "REDIS_URL": redis_server.url, "MARCADOR_AMI": address}
        ran = await doctor(tmp_path, "--json", **settings)

    assert ran.code == 0, ran.out
    found = by_name(ran)
    assert all(finding["fine"] and not finding["mend"] for finding in ran.json)
    assert list(found) == [
        *("database", "migrations", "redis", "asterisk main", "opt-outs on main"),
        *("trunk carrier", "agents", "campaign Primavera", "sounds"),
    ]
    assert found["database"]["said"].startswith("PostgreSQL ")
    assert found["asterisk main"]["said"].endswith("2 endpoints")
    assert "calling hours are off" in found["campaign Primavera"]["said"]


async def test_everything_that_is_missing_is_named_with_the_way_to_mend_it(
    tmp_path: Path, db: Database, database_dsn: str
) -> None:
    trunk = await given_a_running_campaign(db, Settings())
    elsewhere = TrunkFields("elsewhere", "PJSIP/{number}@far", server="second")
    async with db.transaction() as conn:
        await trunks.edit(conn, trunk.id, replace(fields(trunk), dial="PJSIP/{number}@nobody"))
        await trunks.create(conn, elsewhere, now=datetime.now(UTC))
    async with pbx(PbxSettings(phones={}, version="18.3.0")) as address:
        settings = {
            "DATABASE_URL": database_dsn,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "MARCADOR_AMI": address,
        }
        ran = await doctor(tmp_path, "--json", **settings)
        in_words = await doctor(tmp_path, **settings)

    assert ran.code == in_words.code == 1
    mended = {what: finding["mend"] for what, finding in by_name(ran).items() if not finding["fine"]}
    assert "REDIS_URL" in mended.pop("redis")
    assert "Asterisk 22" in mended.pop("asterisk main")
    assert "pjsip.conf" in mended.pop("trunk carrier")
    assert "MARCADOR_AMI" in mended.pop("trunk elsewhere")
    assert "pjsip.conf" in mended.pop("agents")
    assert "settings" in mended.pop("campaign Primavera")
    assert not mended
    assert "✓ database" in in_words.out
    assert "✗ redis" in in_words.out
    assert in_words.out.count("→") == 6


async def test_an_asterisk_that_refuses_the_secret_is_told_apart_from_one_that_is_down(
    tmp_path: Path, database_dsn: str
) -> None:
    async with pbx() as address:
        wrong = address.replace(":simulated@", ":wrong@")
        ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=wrong)
    assert ran.code == 1
    assert "Authentication failed" in by_name(ran)["asterisk main"]["said"]

    ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=address)
    assert ran.code == 1
    assert "Authentication" not in by_name(ran)["asterisk main"]["said"]
    assert "manager.conf" in by_name(ran)["asterisk main"]["mend"]


async def test_a_database_without_its_tables_or_away_is_told_with_the_rest(
    tmp_path: Path, postgres: TestServer
) -> None:
    with postgres.fresh_database("template0") as empty:
        ran = await doctor(tmp_path, "--json", DATABASE_URL=empty)
    assert ran.code == 1
    assert by_name(ran)["migrations"]["mend"].startswith("run 'marcador migrate'")
    assert "MARCADOR_AMI" in by_name(ran)["asterisk"]["mend"]

    ran = await doctor(tmp_path, "--json", DATABASE_URL="postgresql://x:y@127.0.0.1:1/none")
    assert ran.code == 1
    assert "DATABASE_URL" in by_name(ran)["database"]["mend"]
    assert "y@" not in ran.out + ran.err


async def test_a_sound_that_a_campaign_names_and_asterisk_has_not_is_named(
    tmp_path: Path, db: Database, database_dsn: str
) -> None:
    trunk = await given_a_running_campaign(db)
    audio = Broadcast(audio="promo/hola", agents=True)
    settings = Settings(mode=Mode.BROADCAST, trunks=(trunk.id,), language="es", broadcast=audio)
    async with db.transaction() as conn:
        await campaigns.create(conn, "Aviso", settings, now=datetime.now(UTC))
        other = Settings(trunks=(trunk.id,), message="ventas/cerrado")
        await campaigns.create(conn, "Ventas", other, now=datetime.now(UTC))
    async with pbx(PbxSettings(phones=PHONES, sounds=frozenset({"marcador/closed", "ventas/cerrado"}))) as at:
        ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=at)

    found = by_name(ran)
    assert ran.code == 1
    assert [what for what in found if what.startswith("sounds")] == ["sounds of Aviso"]
    assert "promo/hola is not on main" in found["sounds of Aviso"]["said"]
    assert "sounds/es/promo/hola" in found["sounds of Aviso"]["mend"]


async def test_an_asterisk_with_an_older_dialplan_is_told_that_its_sounds_cannot_be_checked(
    tmp_path: Path, db: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given_a_running_campaign(db)
    older = tuple(place for place in manager.PLACES if place[0] != "marcador-sounds")
    monkeypatch.setattr(manager, "PLACES", older)
    async with pbx() as at:
        ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=at)
    assert "call_control.conf" in by_name(ran)["sounds on main"]["mend"]


async def test_an_asterisk_that_cannot_keep_an_opt_out_is_named(tmp_path: Path, database_dsn: str) -> None:
    async with pbx(PbxSettings(modules=frozenset())) as at:
        ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=at)
    found = by_name(ran)["opt-outs on main"]
    assert ran.code == 1
    assert "lost: ModuleCheck: Module not loaded" in found["said"]
    assert "modules.conf" in found["mend"]


async def test_an_asterisk_with_a_dialplan_that_keeps_no_opt_outs_is_named(
    tmp_path: Path, database_dsn: str
) -> None:
    async with SimulatedAsterisk() as asterisk:
        asterisk.pbx.globals.clear()
        at = f"ami://{asterisk.username}:{asterisk.secret}@127.0.0.1:{asterisk.port}"
        ran = await doctor(tmp_path, "--json", DATABASE_URL=database_dsn, MARCADOR_AMI=at)
    found = by_name(ran)["opt-outs on main"]
    assert "its dialplan is older" in found["said"]
    assert "extensions.conf" in found["mend"]


def fields(trunk: Trunk) -> TrunkFields:
    return TrunkFields(**{name: getattr(trunk, name) for name in TrunkFields.__dataclass_fields__})
