"""The application: every feature's router, one hub, one shape of error. Wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from crm_api import docs, handlers, housekeeping, openapi, upkeep
from crm_api.agenda.routes import router as agenda
from crm_api.agents.routes import router as agents
from crm_api.assignments.routes import router as assignments
from crm_api.attempts.routes import router as attempts
from crm_api.audits.routes import router as audits
from crm_api.auth.routes import router as auth
from crm_api.base_files.routes import router as base_files
from crm_api.bases.routes import router as bases
from crm_api.calendars.routes import router as calendars
from crm_api.call_control.routes import router as call_control
from crm_api.campaigns.routes import router as campaigns
from crm_api.commands.routes import router as commands
from crm_api.contacts.routes import router as contacts
from crm_api.customers.routes import router as customers
from crm_api.deliveries.routes import router as deliveries
from crm_api.dial_lists.routes import router as dial_lists
from crm_api.dids.routes import router as dids
from crm_api.do_not_call.routes import router as do_not_call
from crm_api.downloads import Exports
from crm_api.fields.routes import router as fields
from crm_api.filters.routes import router as filters
from crm_api.hub import Hub
from crm_api.interactions.routes import router as interactions
from crm_api.jobs import Jobs
from crm_api.live.feed import Feed
from crm_api.live.routes import router as live
from crm_api.loads.routes import router as loads
from crm_api.merging.routes import router as merging
from crm_api.pacing.routes import router as pacing
from crm_api.passwords import Passwords
from crm_api.preferences.routes import router as preferences
from crm_api.previews.routes import router as previews
from crm_api.profiles.routes import router as profiles
from crm_api.records.routes import router as records
from crm_api.recycling.routes import router as recycling
from crm_api.results.routes import router as results
from crm_api.settings import ApiSettings
from crm_api.speech.routes import router as speech
from crm_api.statistics.routes import router as statistics
from crm_api.tokens.routes import router as tokens
from crm_api.trunks.routes import router as trunks
from crm_api.users.routes import router as users
from crm_api.words.routes import router as words
from storage.bus import Bus
from storage.clock import Clock
from storage.database import Database

ROUTERS: tuple[APIRouter, ...] = (
    auth,
    users,
    tokens,
    audits,
    call_control,
    campaigns,
    pacing,
    trunks,
    dids,
    agents,
    commands,
    base_files,
    bases,
    dial_lists,
    loads,
    contacts,
    records,
    merging,  # before customers: its addresses hold a word where theirs hold an id
    customers,
    do_not_call,
    results,
    speech,
    profiles,
    interactions,
    agenda,
    attempts,
    previews,
    live,
    fields,
    filters,
    assignments,
    preferences,
    calendars,
    statistics,
    deliveries,
    recycling,
    words,
)


def create_app(
    db: Database,
    bus: Bus,
    clock: Clock,
    settings: ApiSettings | None = None,
    *,
    passwords: Passwords | None = None,
) -> FastAPI:
    """Serve it with uvicorn. The caller opens and closes the database and the bus."""
    settings = settings or ApiSettings()
    hub = Hub(
        db=db,
        bus=bus,
        clock=clock,
        settings=settings,
        passwords=passwords or Passwords(at_once=settings.hashes_at_once),
        jobs=Jobs(settings.loads_at_once),
        exports=Exports(settings.exports_at_once, settings.spool_dir),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with housekeeping.running(hub), upkeep.running(hub):
            yield
        await app.state.feed.stop()
        await hub.jobs.stop()

    app = FastAPI(
        title="Marcador",
        version="0.1.0",
        description="A predictive dialer and the CRM its agents work in. See docs/api-guide.md.",
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.hub = hub
    app.state.feed = Feed(hub)
    handlers.install(app)
    if settings.docs:
        docs.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _describe(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}_{route.name}"


def _describe(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            app.openapi_schema = openapi.enriched(made, ROUTERS)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
