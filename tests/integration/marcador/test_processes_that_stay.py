"""`marcador run`, and `marcador api` beside `marcador dialer`: the processes that stay."""

import asyncio
import json
import re
import signal
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import websockets

from ami.simulator import Population, Shares, SimulatedAsterisk, Spread
from marcador.demo import desk, fiction, setup
from marcador.demo.client import ApiClient
from marcador.demo.desk import Desk
from marcador.demo.figures import AgentTally
from marcador.demo.setup import Plan
from storage.database import Database
from tests.helpers import until
from tests.helpers.redis_server import RedisServer
from tests.integration.marcador.command import Running, marcador, running

PATIENCE_S = 60.0
QUICK = Population(
    seed=7,
    shares=Shares(answer=0.8, machine=0, busy=0.1, no_answer=0, invalid=0.1, congestion=0, rejected=0),
    ring=Spread(median=0.5, low=0.2, high=1.0),
    talk=Spread(median=1.0, low=0.5, high=2.0),
    gives_up=0,
)


@dataclass
class Floor:
    """Two processes, their customers, and agents at their desks."""

    pbx: SimulatedAsterisk
    admin: ApiClient
    api: Running
    dialer: Running
    tally: AgentTally
    campaign_id: str

    async def more_typified(self, count: int) -> None:
        """Until the agents have typified so many calls more."""
        wanted = self.tally.typified + count
        await until(lambda: self.tally.typified >= wanted, PATIENCE_S, "agents typify", every=0.05)


async def said(process: Running, text: str) -> str:
    return await asyncio.to_thread(process.until_said, text)


def address_in(log: str) -> str:
    found = re.search(r"address=(http://\S+)", log)
    assert found is not None, log
    return found[1]


@asynccontextmanager
async def an_administrator(folder: Path, api: Running, dsn: str) -> AsyncIterator[ApiClient]:
    added = await asyncio.to_thread(marcador, "user", "add", "admin", "--json", cwd=folder, DATABASE_URL=dsn)
    assert added.code == 0, added.err
    async with ApiClient(address_in(await said(api, "address="))) as admin:
        await admin.log_in("admin", added.json["password"])
        yield admin


async def upload(admin: ApiClient, campaign_id: str, file: Path) -> dict[str, Any]:
    """The list over HTTP, until it is loaded."""
    how = {"campaign_id": campaign_id, "mapping": fiction.MAPPING, "file_name": file.name, "base": "Demo"}
    kind = {"Content-Type": "application/octet-stream"}
    content = await asyncio.to_thread(file.read_bytes)
    load = await admin.send("POST", "/api/loads", params=how, content=content, headers=kind)

    async def done() -> dict[str, Any]:
        now: dict[str, Any] = await admin.get(f"/api/loads/{load['id']}")
        assert now["state"] != "failed", now
        return now if now["state"] == "done" else {}

    return await until(done, PATIENCE_S, "the list is loaded", every=0.1)


@asynccontextmanager
async def a_floor_of_two_processes(
    folder: Path, dsn: str, redis: RedisServer, agents: int = 3
) -> AsyncIterator[Floor]:
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(SimulatedAsterisk(QUICK))
        settings = {"DATABASE_URL": dsn, "REDIS_URL": redis.url}
        ami = f"ami://{pbx.username}:{pbx.secret}@127.0.0.1:{pbx.port}"
        start = stack.enter_context
        api = start(running("api", "--port", "0", cwd=folder, settings=settings))
        dialer = start(running("dialer", cwd=folder, settings={**settings, "MARCADOR_AMI": ami}))
        admin = await stack.enter_async_context(an_administrator(folder, api, dsn))
        plan = Plan(agents=agents, mode="power", wrapup_s=30, calls_per_s=20)
        built = await setup.build(admin, plan)
        people = folder / "gente.csv"
        fiction.write_csv(people, 300, seed=1)
        assert (await upload(admin, built.campaign_id, people))["loaded"] == 300
        tally, recent = AgentTally(), deque[str](maxlen=8)
        desks = [
            Desk(admin.address, person.login, person.password, person.name, tally, recent)
            for person in built.agents
        ]
        working = [asyncio.create_task(desk.run(), name=desk.name) for desk in desks]
        stack.push_async_callback(_ended, working)
        await admin.post(f"/api/campaigns/{built.campaign_id}/start")
        yield Floor(pbx, admin, api, dialer, tally, built.campaign_id)
        assert not any(task.done() for task in working), working


async def _ended(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def watching_the_floor(admin: ApiClient) -> AsyncIterator[list[dict[str, Any]]]:
    """What a supervisor's screen is sent, as it comes."""
    kept: list[dict[str, Any]] = []

    async def keep(socket: websockets.ClientConnection) -> None:
        async for text in socket:
            kept.append(json.loads(text))

    url = admin.address.replace("http", "ws", 1) + "/api/live"
    async with websockets.connect(url, additional_headers={"Cookie": admin.cookie}) as socket:
        await socket.send(json.dumps({"op": "follow", "topic": "floor"}))
        reading = asyncio.create_task(keep(socket))
        try:
            yield kept
        finally:
            await _ended([reading])


@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_api_and_dialer_apart_dial_pop_and_typify_and_go_on_while_redis_is_away(
    tmp_path: Path,
    db: Database,
    database_dsn: str,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "THINKING_S", (0.1, 0.5))
    async with (
        a_floor_of_two_processes(tmp_path, database_dsn, redis_server) as floor,
        watching_the_floor(floor.admin) as seen,
    ):
        await floor.more_typified(5)
        assert floor.tally.popped >= floor.tally.typified

        redis_server.stop()
        await said(floor.api, "redis lost")
        await said(floor.dialer, "redis lost")
        await floor.more_typified(5)

        before = len(seen)
        redis_server.start()
        await until(lambda: _recovered(seen[before:]), PATIENCE_S, "the floor is shown and changes again")
        await floor.more_typified(5)

        await floor.admin.post(f"/api/campaigns/{floor.campaign_id}/pause")
        await until(lambda: _nothing_lives(db), PATIENCE_S, "the last call ends", every=0.1)
        await until(lambda: _all_typified(db, floor), PATIENCE_S, "the last result lands", every=0.1)
        floor.dialer.signal(signal.SIGTERM)
        floor.api.signal(signal.SIGTERM)
        for process in (floor.dialer, floor.api):
            ended = await asyncio.to_thread(process.ended)
            assert ended.code == 0, ended.err
            assert "Traceback" not in ended.err
    async with db.connection() as conn:
        attempts = {str(row["id"]) for row in await conn.fetch("SELECT id FROM attempt")}
    assert attempts == {call.attempt for call in floor.pbx.calls}


def _recovered(seen: list[dict[str, Any]]) -> bool:
    """A snapshot for what was missed, then changes as they happen."""
    kinds = [message["kind"] for message in seen]
    return "snapshot" in kinds and "change" in kinds[kinds.index("snapshot") :]


async def _nothing_lives(db: Database) -> bool:
    async with db.connection() as conn:
        return bool(await conn.fetchval("SELECT NOT EXISTS (SELECT FROM live_attempt)"))


async def _all_typified(db: Database, floor: Floor) -> bool:
    async with db.connection() as conn:
        stored = await conn.fetchval("SELECT count(*) FROM interaction")
        connected = await conn.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'connected'")
    return bool(stored == connected == floor.tally.typified)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_whole_in_one_process_serves_its_api_and_drains_when_told_to_end(
    tmp_path: Path, database_dsn: str, number: signal.Signals
) -> None:
    async with SimulatedAsterisk(QUICK) as pbx:
        ami = f"ami://{pbx.username}:{pbx.secret}@127.0.0.1:{pbx.port}"
        settings = {"DATABASE_URL": database_dsn, "MARCADOR_AMI": ami}
        with running("run", "--port", "0", cwd=tmp_path, settings=settings) as process:
            async with an_administrator(tmp_path, process, database_dsn) as admin:
                assert (await admin.get("/api/auth/me"))["role"] == "admin"
            await said(process, "epoch 1")
            process.signal(number)
            ended = await asyncio.to_thread(process.ended)

    assert ended.code == 0, ended.err
    assert "draining" in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert pbx.secret not in ended.err
