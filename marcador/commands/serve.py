"""`marcador run`, `api` and `dialer`: the processes that stay.

The first SIGTERM or SIGINT drains: no new calls, conversations go on, then the process ends. The second
ends it at once; conversations live in Asterisk and are adopted by the next dialer.
"""

import asyncio
import signal
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Annotated

import structlog
import typer

from crm_api.app import create_app
from crm_api.settings import ApiSettings
from dialer.worker import Worker
from marcador.cli import run, settings
from marcador.config import Config
from marcador.errors import CannotGoOn
from marcador.serving import served
from marcador.simulated import SIMULATED, simulated_asterisk
from marcador.wiring import opened_database, opened_links, worker_name
from storage.bus import open_bus
from storage.clock import SystemClock

log = structlog.get_logger(__name__)

DRAIN_S = 30.0

Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="0: any free port. Default: MARCADOR_HTTP_PORT, else 8080."),
]
Host = Annotated[str | None, typer.Option(help="The address to listen on. Default: this machine alone.")]


def register(app: typer.Typer) -> None:
    @app.command("run")
    def run_all(
        host: Host = None,
        port: Port = None,
        simulated: Annotated[
            bool,
            typer.Option(
                "--simulated", help="A PBX that does not exist, in place of Asterisk: nobody is called."
            ),
        ] = False,
    ) -> None:
        """The whole of Marcador in one process: API, live socket and dialer."""
        config = settings(http_host=host, http_port=port)
        if simulated and config.servers:
            raise CannotGoOn("MARCADOR_AMI names an Asterisk: unset it, or leave out --simulated")
        run(_serve(config, api=True, dialer=True, simulated=simulated))

    @app.command("api")
    def api(host: Host = None, port: Port = None) -> None:
        """The API alone; needs REDIS_URL and DATABASE_URL, shared with the dialers."""
        run(_serve(_shared(settings(http_host=host, http_port=port)), api=True, dialer=False))

    @app.command("dialer")
    def dialer() -> None:
        """A dialer alone; needs REDIS_URL and DATABASE_URL, shared with the API."""
        run(_serve(_shared(settings()), api=False, dialer=True))


def _shared(config: Config) -> Config:
    if not (config.redis_url and config.database_url):
        raise CannotGoOn(
            "separate processes meet in PostgreSQL and Redis: set DATABASE_URL and REDIS_URL, "
            "or use 'marcador run'"
        )
    return config


async def _serve(config: Config, *, api: bool, dialer: bool, simulated: bool = False) -> None:
    if dialer and not config.servers and not simulated:
        raise CannotGoOn(
            "no Asterisk is named: set MARCADOR_AMI=ami://user:secret@host:5038, or try it with "
            "'marcador run --simulated'"
        )
    clock = SystemClock()
    stop = _stop_signals()
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(opened_database(config))
        bus = await stack.enter_async_context(open_bus(config.redis_url))
        if api:
            named = [SIMULATED] if simulated else [server.name for server in config.servers]
            app = create_app(db, bus, clock, _api_settings(config, named))
            address = await stack.enter_async_context(served(app, config.http_host, config.http_port))
            log.info("api", address=address, docs=f"{address}/api/docs")
        if dialer:
            servers = config.servers
            if simulated:
                servers = (await stack.enter_async_context(simulated_asterisk()),)
                log.warning("the PBX is simulated: nobody is called, and what becomes of calls is made up")
            links = await stack.enter_async_context(opened_links(servers))
            worker = Worker(db, links, bus, clock, name=worker_name(config))
            await worker.start()
            log.info("dialer", worker=worker_name(config), servers=sorted(links))
            await stop.first.wait()
            log.info("draining", seconds=DRAIN_S)
            await _drained(worker, stop.second)
        else:
            await stop.first.wait()


def _api_settings(config: Config, servers: Iterable[str]) -> ApiSettings:
    return ApiSettings(
        cookie_secure=config.cookie_secure,
        spool_dir=config.spool_dir,
        exports_at_once=min(config.exports_at_once, config.database_pool - 1),
        mail=config.mail,
        report_dir=config.report_dir,
        servers=frozenset(servers),
    )


async def _drained(worker: Worker, at_once: asyncio.Event) -> None:
    draining = asyncio.create_task(worker.stop(DRAIN_S))
    hurried = asyncio.create_task(at_once.wait())
    await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not draining.done():
        draining.cancel()
        await worker.stop(0.0)


class _Stop:
    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def heard(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


def _stop_signals() -> _Stop:
    stop = _Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.heard)
    return stop
