"""Bases: made, known by another key, deleted by supervisors who watch all the campaigns that call them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Agent, Supervisor, SupervisorOnce
from crm_api.bases import service
from crm_api.bases.schemas import BaseIn, BaseOut, DeletedOut, DeletionOut, KeyIn, KeyOut
from crm_api.errors import invalid
from crm_api.guarded import Guarded
from crm_api.preferences import service as preferences
from crm_api.schemas import Page, Paged
from lists import dial_lists
from lists.bases import rekeying
from lists.numbers import known_region

router = APIRouter(prefix="/api/bases", tags=["bases"], route_class=Guarded)


@router.get("")
async def every(call: Agent, paging: Paged) -> Page[BaseOut]:
    """Agents need them too: a new customer belongs to a base."""
    found = await dial_lists.bases(call.conn, limit=service.MOST)
    return paging.cut([BaseOut.model_validate(one) for one in found], service.SORTS, "name")


@router.post("", status_code=201)
async def create(body: BaseIn, call: SupervisorOnce) -> BaseOut:
    if not known_region(body.region):
        raise invalid("bad_value", f"no numbers are known of {body.region}", field="region")
    made = await dial_lists.create_base(
        call.conn,
        body.name,
        region=body.region,
        key_columns=body.key_columns or (await preferences.read(call.conn)).key_columns,
        zone=body.zone,
        now=call.now,
    )
    call.note(made.id, name=made.name)
    return BaseOut.model_validate(made)


@router.get("/{base_id}")
async def one(base_id: UUID, call: Agent) -> BaseOut:
    return BaseOut.model_validate(await dial_lists.get_base(call.conn, base_id))


@router.post("/{base_id}/key")
async def rekey(base_id: UUID, body: KeyIn, call: SupervisorOnce) -> KeyOut:
    """Another key for the whole base: first without `confirm`, to see what it does, then with the token."""
    await service.must_be_theirs(call.conn, call, base_id)
    done = await rekeying.rekey(call.conn, base_id, body.key_columns, confirm=body.confirm, now=call.now)
    call.note(base_id, columns=list(body.key_columns), done=done.done)
    return KeyOut.model_validate(done)


@router.get("/{base_id}/deletion")
async def deletion(base_id: UUID, call: Supervisor) -> DeletionOut:
    """What deleting it would take with it, and the token that confirms it."""
    await service.must_be_theirs(call.conn, call, base_id)
    return service.deletion(await dial_lists.get_base(call.conn, base_id))


@router.delete("/{base_id}")
async def delete(
    base_id: UUID, call: Supervisor, token: Annotated[str, Query(max_length=64)] = ""
) -> DeletedOut:
    """Ends its waiting contacts and hides its customers; interactions and do-not-call stay."""
    await service.must_be_theirs(call.conn, call, base_id)
    ended = await service.delete(call, base_id, token)
    call.note(contacts_ended=ended)
    return DeletedOut(contacts_ended=ended)
