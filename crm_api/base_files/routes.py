"""Files of a base: looked at before they are loaded, updates shown before they are done, export."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from crm_api import csv_out, workbook_out
from crm_api.access import Supervisor, SupervisorStream, SupervisorUpload
from crm_api.base_files import service
from crm_api.base_files.schemas import (
    PreviewOut,
    PreviewQuery,
    TemplateIn,
    TemplateOut,
    UpdateOut,
    UpdateQuery,
)
from crm_api.bases.service import must_be_theirs
from crm_api.errors import not_found
from crm_api.guarded import Guarded
from crm_api.loads.service import reject_file
from crm_api.loads.spool import BINARY, remove, spooled
from crm_api.words.schemas import Language
from lists import dial_lists
from lists.bases import templates
from lists.bases.templates import Template

router = APIRouter(prefix="/api/bases", tags=["base_files"], route_class=Guarded)


@router.post("/preview", openapi_extra=BINARY)
async def preview(
    asked: Annotated[PreviewQuery, Query()], request: Request, visit: SupervisorUpload
) -> PreviewOut:
    """The first rows, delimiter and encoding found, a mapping suggested. Nothing is stored."""
    path = await spooled(request, visit.hub.settings.spool_dir)
    try:
        return await service.preview(asked, path)
    finally:
        remove(path)


@router.get("/{base_id}/template")
async def template(base_id: UUID, call: Supervisor) -> TemplateOut:
    """How the base's files are read."""
    await dial_lists.get_base(call.conn, base_id)
    found = await templates.of_base(call.conn, base_id)
    if found is None:
        raise not_found("template", base_id)
    return TemplateOut.model_validate(found)


@router.put("/{base_id}/template")
async def keep_template(base_id: UUID, body: TemplateIn, call: Supervisor) -> TemplateOut:
    await must_be_theirs(call.conn, call, base_id)
    kept = Template(body.mapping, body.encoding, body.delimiter)
    await templates.keep(call.conn, base_id, kept, call.now)
    return TemplateOut.model_validate(kept)


@router.delete("/{base_id}/template", status_code=204)
async def forget_template(base_id: UUID, call: Supervisor) -> None:
    await must_be_theirs(call.conn, call, base_id)
    await templates.forget(call.conn, base_id)


@router.post("/{base_id}/update", openapi_extra=BINARY)
async def update(
    base_id: UUID, asked: Annotated[UpdateQuery, Query()], request: Request, visit: SupervisorUpload
) -> UpdateOut:
    """Send the file as the body: first without `confirm`, to see what would change, then with the token. Of a
    base that other campaigns call only those who see all change customers in bulk."""
    await service.must_update(visit, base_id)
    path = await spooled(request, visit.hub.settings.spool_dir)
    try:
        done = await service.update(visit, base_id, asked, path)
    finally:
        remove(path)
    visit.note(base_id, load=str(done.load_id), changed=done.changed, created=done.created)
    return done


@router.get("/{base_id}/updates/{load_id}/rejects", response_class=StreamingResponse)
async def rejects(
    base_id: UUID, load_id: UUID, visit: SupervisorStream, language: Language | None = None
) -> StreamingResponse:
    """The rows an update refused, with line and reason in the reader's language, safe to open in a
    spreadsheet."""
    await service.must_be_update(visit, base_id, load_id)
    return csv_out.download(f"rejects-{load_id}.csv", reject_file(visit, load_id, language))


@router.get("/{base_id}/export", response_class=StreamingResponse)
async def export(
    base_id: UUID, visit: SupervisorStream, format: Literal["csv", "xlsx"] = "csv"
) -> StreamingResponse:
    """The whole base, safe to open in a spreadsheet, sent as it is read. For supervisors who watch every
    campaign with a list of it, and those who see all."""
    customers = await service.customers(visit, base_id)
    name = f"base-{base_id}.{format}"
    if format == "xlsx":
        workbook_out.must_fit_sheet(customers)
        return workbook_out.download(name, service.workbook(visit.hub, base_id))
    return csv_out.download(name, service.csv(visit.hub, base_id))
