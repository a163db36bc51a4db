"""Downloads on real sockets: what a client does not take keeps nobody else waiting."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from crm_api import downloads, sessions
from crm_api.settings import ApiSettings
from lists.tables import BOM
from storage.database import Database
from storage.ids import uuid7
from tests.helpers.until import until
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.served import served
from tests.integration.crm_api_more.people import People

POOL = 3
"""Connections to the database."""
BIG = 2500
"""Rows of 5 KB: more than the kernel keeps for both ends of a connection, and several pieces."""


@pytest.fixture
async def big(database_dsn: str) -> AsyncIterator["Big"]:
    async with await Database.open(database_dsn, max_size=POOL) as db:
        api = Api(db)
        people = await People.given(api)
        async with served(api.app) as host:
            yield await Big.given(people, host)
        await api.close()


class Big:
    """A base, a list of it and a load's rejects, each too large to be sent before it is read."""

    def __init__(self, people: People, host: str, paths: dict[str, str]) -> None:
        self.people, self.host, self.paths = people, host, paths

    @classmethod
    async def given(cls, people: People, host: str) -> "Big":
        campaign_id, base_id = people.campaign.id, UUID(people.base_id)
        made = {"campaign_id": str(campaign_id), "base_id": people.base_id, "name": "marzo"}
        listed = accepted(await people.supervisor.post("/api/dial-lists", json=made), 201)["id"]
        load_id = uuid7(NOW)
        async with people.api.db.transaction() as conn:
            await conn.execute(
                "INSERT INTO customer (id, base_id, key, data, created_at, updated_at)"
                " SELECT gen_random_uuid(), $1, n, jsonb_build_object('note', repeat('x', 5000)), $2, $2"
                " FROM generate_series(1, $3) n",
                base_id, NOW, BIG,
            )  # fmt: skip
            await conn.execute(
                "INSERT INTO contact"
                " (id, dial_list_id, campaign_id, customer_id, position, next_at, created_at)"
                " SELECT gen_random_uuid(), $1, $2, id, key::int, $3, $3 FROM customer WHERE base_id = $4",
                UUID(listed), campaign_id, NOW, base_id,
            )  # fmt: skip
            await conn.execute(
                "INSERT INTO load (id, campaign_id, file_name, file_hash, mapping, state, started_at)"
                " VALUES ($1, $2, 'x', 'x', '{}', 'done', $3)",
                load_id, campaign_id, NOW,
            )  # fmt: skip
            await conn.execute(
                "INSERT INTO load_reject (load_id, line, reason, raw)"
                " SELECT $1, n, 'bad_phone', repeat('x', 5000) FROM generate_series(1, $2) n",
                load_id, BIG,
            )  # fmt: skip
        paths = {
            "base": f"/api/bases/{base_id}/export",
            "list": f"/api/dial-lists/{listed}/export",
            "rejects": f"/api/loads/{load_id}/rejects",
        }
        return cls(people, host, paths)

    @asynccontextmanager
    async def stalled(self, what: str) -> AsyncIterator[socket.socket]:
        """A client that asks, sees the answer begin, and reads no more."""
        host, _, port = self.host.partition(":")
        secret = self.people.supervisor.cookies[sessions.COOKIE]
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(client, (host, int(port)))
            asked = (
                f"GET {self.paths[what]} HTTP/1.1\r\nHost: x\r\nCookie: {sessions.COOKIE}={secret}\r\n\r\n"
            )
            await loop.sock_sendall(client, asked.encode())
            seen = b""
            async with asyncio.timeout(30):
                while BOM.encode() not in seen:
                    seen += await loop.sock_recv(client, 256)
            assert seen.startswith(b"HTTP/1.1 200")
            yield client


@pytest.mark.parametrize("what", ["base", "list", "rejects"])
async def test_clients_who_read_nothing_keep_nobody_from_the_database(big: Big, what: str) -> None:
    """A transaction that waited for its reader would be a connection less for everybody."""
    async with AsyncExitStack() as stalled:
        for _ in range(POOL):
            await stalled.enter_async_context(big.stalled(what))
        accepted(await big.people.supervisor.get("/api/campaigns"))


@pytest.mark.parametrize("what", ["base", "list", "rejects"])
async def test_a_download_is_whole_however_slowly_it_is_read(big: Big, what: str) -> None:
    whole = await big.people.supervisor.get(big.paths[what])
    async with big.stalled(what) as client:
        read = await _rest(client)
    assert whole.text.count("x" * 5_000) == BIG
    assert read.count(b"x") > BIG * 5_000 - 256, "some were read when it began"
    assert read.endswith(b"\r\n0\r\n\r\n"), "the end of the answer"


async def test_who_takes_nothing_for_too_long_is_let_go(big: Big, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TAKEN_WITHIN_S", 0.2)
    with capture_logs() as told:
        async with big.stalled("base") as client:
            await until(lambda: [one for one in told if one["event"] == "download_not_taken"], 10)
            assert not (await _rest(client)).endswith(b"\r\n0\r\n\r\n"), "it is seen not to be whole"


@pytest.mark.parametrize("what", ["base", "list", "rejects"])
async def test_a_client_who_leaves_ends_the_reading_and_leaves_nothing_behind(
    big: Big, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is not read to its end, and transaction, turn and file are free again."""
    written: list[int] = []
    append = downloads._append

    def slowly(file: IO[bytes], piece: bytes) -> None:
        time.sleep(0.02)
        append(file, piece)
        written.append(len(piece))

    monkeypatch.setattr(downloads, "_append", slowly)
    async with big.stalled(what):
        pass
    exports = big.people.api.app.state.hub.exports
    await until(lambda: exports._asked == 0, 10)
    assert sum(written) < BIG * 5_000
    assert not [name for name in _open_files() if "marcador-download-" in name]
    accepted(await big.people.supervisor.get("/api/campaigns"))


def _open_files() -> list[str]:
    return [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]


async def test_more_downloads_than_can_wait_are_refused(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "WAITING", 0)
    api = Api(db, settings=ApiSettings(exports_at_once=1))
    people = await People.given(api)
    base, book = (f"/api/bases/{people.base_id}/export?format={form}" for form in ("csv", "xlsx"))
    async with api.app.state.hub.exports.turn():
        for address in (base, book):
            refused(await people.supervisor.get(address), 503, "too_many_exports")
    for address in (base, book):
        assert (await people.supervisor.get(address)).status_code == 200
    await api.close()


async def _rest(client: socket.socket) -> bytes:
    """Everything until the end of the answer, or of the connection."""
    read, loop = bytearray(), asyncio.get_running_loop()
    async with asyncio.timeout(60):
        while not read.endswith(b"\r\n0\r\n\r\n"):
            piece = await loop.sock_recv(client, 1 << 16)
            if not piece:
                break
            read += piece
    return bytes(read)
