"""The demo: a whole contact centre in one process, working on a list until somebody has seen enough.

Without further options nothing but the clone is needed: embedded PostgreSQL in a folder of its own, simulated
PBX, fictional numbers. With `--asterisk` and `--list` the same floor dials a real list on a real Asterisk.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog
from rich.console import Console

from ami.connection import AsteriskLink, Server
from crm_api.access import Role
from crm_api.app import create_app
from crm_api.passwords import Passwords
from crm_api.users import service as users
from dialer.worker import Worker
from lists.errors import ListsError
from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec
from marcador.commands.user import fresh_password
from marcador.config import Config
from marcador.demo import fiction, setup
from marcador.demo.client import ApiClient
from marcador.demo.dashboard import Header
from marcador.demo.desk import Desk
from marcador.demo.figures import Figures
from marcador.demo.screen import screen_for
from marcador.demo.setup import Plan
from marcador.demo.watch import Watch
from marcador.errors import CannotGoOn
from marcador.serving import served
from marcador.simulated import SEED, simulated_asterisk
from marcador.wiring import linked, opened_database, opened_links, worker_name
from storage.bus import open_bus
from storage.clock import SystemClock
from storage.database import Database

log = structlog.get_logger(__name__)

DRAIN_S = 5.0
LINK_S = 8.0
MAPPING = ColumnMap.parse(fiction.MAPPING)


@dataclass(frozen=True, slots=True)
class Demo:
    """What was asked for. `servers` empty: the simulated PBX. `list_file` None: the fictional list."""

    plan: Plan
    servers: Sequence[Server] = ()
    list_file: Path | None = None
    mapping: ColumnMap = MAPPING
    encoding: str | None = None
    delimiter: str | None = None
    contacts: int = 500
    seconds: float | None = None


async def run(config: Config, demo: Demo, console: Console | None) -> Figures:
    """Run until the time is over or the task is cancelled. Without a console nothing is drawn."""
    async with AsyncExitStack() as stack:
        config = await _own_folder(stack, config)
        db = await stack.enter_async_context(opened_database(config))
        bus = await stack.enter_async_context(open_bus(None))
        servers = demo.servers or [await stack.enter_async_context(simulated_asterisk())]
        clock = SystemClock()
        api = create_app(db, bus, clock)
        address = await stack.enter_async_context(served(api, config.http_host, config.http_port))
        links = await stack.enter_async_context(opened_links(servers))
        await _all_linked(links)
        admin_password = await _add_admin(db)
        admin = await stack.enter_async_context(ApiClient(address))
        await admin.log_in("admin", admin_password)
        floor = await setup.build(admin, demo.plan)
        await _load(db, UUID(floor.campaign_id), demo)
        worker = Worker(db, links, bus, clock, name=worker_name(config))
        await worker.start()
        stack.push_async_callback(worker.stop, DRAIN_S)
        watch = Watch(db, UUID(floor.campaign_id), started=datetime.now(UTC))
        desks = [
            Desk(address, person.login, person.password, person.name, watch.tally, watch.recent)
            for person in floor.agents
        ]
        working = [asyncio.create_task(desk.run(), name=desk.name) for desk in desks]
        stack.push_async_callback(_ended, working)
        await admin.post(f"/api/campaigns/{floor.campaign_id}/start")
        first = floor.agents[0]
        header = Header(
            title="Marcador demo",
            api=address,
            docs=f"{address}/api/docs",
            credentials=[("admin", admin_password), (first.login, first.password)],
            warning=_warning(demo),
        )
        screen = screen_for(header, console)
        with screen:
            return await watch.until_over(desks, working, demo.seconds, screen)


def _warning(demo: Demo) -> str:
    hours = "Calling hours are OFF in this demo."
    if demo.servers:
        return hours
    people = "" if demo.list_file else ", the people do not exist"
    return f"{hours} The PBX is simulated{people}: nobody is called."


async def _own_folder(stack: AsyncExitStack, config: Config) -> Config:
    """A database of its own, gone afterwards, unless one was named."""
    if config.database_url:
        return config
    folder = stack.enter_context(
        tempfile.TemporaryDirectory(prefix="marcador-demo-", ignore_cleanup_errors=True)
    )
    # The server runs as an unprivileged user, who must be able to reach the folder.
    os.chmod(folder, 0o755)
    return config.model_copy(update={"data_dir": Path(folder)})


async def _all_linked(links: Mapping[str, AsteriskLink]) -> None:
    """A demo on an Asterisk that does not answer would show nothing, and not say why."""
    for link in links.values():
        if not await linked(link, LINK_S):
            raise CannotGoOn(f"no link to Asterisk: {link.last_error or 'no answer'}")


async def _add_admin(db: Database) -> str:
    password = fresh_password()
    hashed = await Passwords().hash(password)
    async with db.transaction() as conn:
        if await users.every(conn):
            raise CannotGoOn(
                "the demo makes users and a campaign without calling hours, and this database is in use: "
                "unset DATABASE_URL, or name an empty one"
            )
        fields = users.UserFields(name="Demo administrator", role=Role.ADMIN)
        await users.create(conn, "admin", hashed, fields, now=datetime.now(UTC))
    return password


async def _load(db: Database, campaign_id: UUID, demo: Demo) -> None:
    with tempfile.TemporaryDirectory(prefix="marcador-list-") as folder:
        file = demo.list_file
        if file is None:  # the people who do not exist
            file = Path(folder) / "clientes-demo.csv"
            fiction.write_csv(file, demo.contacts, seed=SEED)
        spec = LoadSpec(
            path=file,
            region=demo.plan.region,
            campaign_id=campaign_id,
            mapping=demo.mapping,
            base="Demo",
            list_name=file.stem,
            encoding=demo.encoding,
            delimiter=demo.delimiter,
        )
        try:
            result = await load_file(db, spec, now=datetime.now(UTC))
        except ListsError as error:
            raise CannotGoOn(str(error)) from error
    log.info("list loaded", file=file.name, loaded=result.loaded, rejected=result.rejected)


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
