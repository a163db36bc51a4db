"""Files of a base. Reading one is work for a thread or for the database, never for the loop."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from crm_api import workbook_out
from crm_api.access import Visit
from crm_api.base_files.schemas import PreviewOut, PreviewQuery, UpdateOut, UpdateQuery
from crm_api.bases.service import must_be_theirs
from crm_api.errors import not_found
from crm_api.hub import Hub
from lists import dial_lists
from lists.bases import exporting, previewing, updating
from lists.bases.updating import UpdateSpec
from lists.loading import load


async def preview(asked: PreviewQuery, path: Path) -> PreviewOut:
    found = await asyncio.to_thread(
        previewing.preview, path, encoding=asked.encoding, delimiter=asked.delimiter
    )
    return PreviewOut.model_validate(found)


async def must_update(visit: Visit, base_id: UUID) -> None:
    async with visit.hub.db.connection() as conn:
        await must_be_theirs(conn, visit, base_id)


async def update(visit: Visit, base_id: UUID, asked: UpdateQuery, path: Path) -> UpdateOut:
    spec = UpdateSpec(
        path=path,
        base_id=base_id,
        mapping=asked.mapping,
        ticked=tuple(asked.column),
        match=asked.match,
        create=asked.create,
        file_name=asked.file_name,
        encoding=asked.encoding,
        delimiter=asked.delimiter,
    )
    done = await updating.update(visit.hub.db, spec, confirm=asked.confirm, now=visit.now)
    return UpdateOut.model_validate(done)


async def must_be_update(visit: Visit, base_id: UUID, load_id: UUID) -> None:
    """Of this base, and of no campaign: a load's rejects are its campaign's."""
    async with visit.hub.db.connection() as conn:
        found = await load.status(conn, load_id)
        if found.base_id != base_id or found.campaign_id is not None:
            raise not_found("update", load_id)
        await must_be_theirs(conn, visit, base_id)


def csv(hub: Hub, base_id: UUID) -> AsyncIterator[bytes]:
    return hub.exports.csv(hub.db, lambda conn: exporting.csv(conn, base_id))


async def customers(visit: Visit, base_id: UUID) -> int:
    """How many the base has, for whom it is to be exported. Raises NotFound."""
    async with visit.hub.db.connection() as conn:
        await must_be_theirs(conn, visit, base_id)
        return (await dial_lists.get_base(conn, base_id)).customers


def workbook(hub: Hub, base_id: UUID) -> AsyncIterator[bytes]:
    return workbook_out.of_table(hub, lambda conn: exporting.table(conn, base_id))
