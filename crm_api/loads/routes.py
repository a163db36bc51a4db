"""Loads: a file is sent as the request's body, loaded in the background, and its rejects can be fetched."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from crm_api.access import Supervisor, SupervisorStream, SupervisorUpload
from crm_api.csv_out import BOM, download, line
from crm_api.guarded import Guarded
from crm_api.loads import service
from crm_api.loads.schemas import LoadOut, LoadQuery, StartedOut
from crm_api.loads.spool import BINARY, spooled
from crm_api.schemas import Page, Paged
from crm_api.words.schemas import Language
from lists.loading import load as loading

router = APIRouter(prefix="/api/loads", tags=["loads"], route_class=Guarded)

EXAMPLE = (
    ("telefono", "telefonos_alternativos", "documento", "nombre", "saldo"),
    ("+34 612 345 678", "+34 912 345 678", "12345678Z", "Ana Ibáñez", "120.50"),
    ("698765432", "", "87654321X", "Luis Gómez", "80"),
)


@router.post("", status_code=202, openapi_extra=BINARY)
async def start(
    asked: Annotated[LoadQuery, Query()], request: Request, visit: SupervisorUpload
) -> StartedOut:
    """Send the file as the body. The same file with the same mapping again does nothing: no key is needed."""
    visit.hub.jobs.refuse_when_full()
    async with visit.hub.db.connection() as conn:
        spec = await service.spec_of(conn, visit, asked)
    path = await spooled(request, visit.hub.settings.spool_dir)
    started = await service.start(visit, replace(spec, path=path))
    visit.note(started.id, file=asked.file_name, already=started.already)
    return started


@router.get("")
async def page(call: Supervisor, paging: Paged, campaign_id: UUID | None = None) -> Page[LoadOut]:
    """By when they were begun, newest first."""
    newest_first = paging.newest_first("started_at")
    if call.who.campaigns is not None:
        call.must_watch(campaign_id)
    found = await loading.page(
        call.conn, campaign_id, newest_first=newest_first, limit=paging.limit + 1, offset=paging.offset
    )
    return paging.over([LoadOut.model_validate(one) for one in found])


@router.get("/example", response_class=StreamingResponse)
async def example(visit: SupervisorStream) -> StreamingResponse:
    """A file to begin with: mapping `phone=telefono,alternatives=telefonos_alternativos,key=documento`."""

    async def lines() -> Any:
        yield BOM
        for row in EXAMPLE:
            yield line(row)

    return download("example.csv", lines())


@router.get("/{load_id}")
async def status(load_id: UUID, visit: SupervisorStream) -> LoadOut:
    """How far it is: rows read and rejected so far, the other counts at its end."""
    return await service.status(visit, load_id)


@router.get("/{load_id}/rejects", response_class=StreamingResponse)
async def rejects(
    load_id: UUID, visit: SupervisorStream, language: Language | None = None
) -> StreamingResponse:
    """Each row that was not loaded, with its line and reason in the reader's language, safe to open in a
    spreadsheet."""
    return download(f"rejects-{load_id}.csv", await service.rejects(visit, load_id, language))
