"""Merging: the lists' part and the typifications' part in one transaction."""

from dataclasses import asdict
from uuid import UUID

from crm_api.access import Call
from crm_api.commands import service as engine
from crm_api.customers.service import shown
from crm_api.merging.schemas import DuplicatesOut, MergeIn, MergePlanOut
from crm_api.schemas import Paging
from lists import customers, dial_lists, merging
from lists.merging import DuplicatesBy
from typifications import merging as histories


async def duplicates(call: Call, base_id: UUID, by: DuplicatesBy, paging: Paging) -> list[DuplicatesOut]:
    await dial_lists.get_base(call.conn, base_id)
    found = await merging.duplicates(call.conn, base_id, by, limit=paging.limit + 1, offset=paging.offset)
    ids = [customer_id for one in found for customer_id in one.customer_ids]
    cards = {card.id: shown(card) for card in await customers.cards(call.conn, ids)}
    return [
        DuplicatesOut(
            value=one.value,
            customers=one.customers,
            first=[cards[customer_id] for customer_id in one.customer_ids if customer_id in cards],
        )
        for one in found
    ]


async def merge(call: Call, customer_id: UUID, body: MergeIn) -> MergePlanOut:
    """Shown first, done when that is confirmed."""
    interactions, events = await histories.count(call.conn, body.other_id)
    if not body.confirm:
        plan = await merging.plan(call.conn, customer_id, body.other_id)
        return MergePlanOut(**asdict(plan), interactions=interactions, events=events)
    done = await merging.merge(
        call.conn,
        customer_id,
        body.other_id,
        confirm=body.confirm,
        user_id=call.who.user_id,
        now=call.now,
    )
    moved = await histories.take_over(call.conn, customer_id, body.other_id, done.contacts)
    told = {name: [str(one) for one in ids] for name, ids in asdict(moved).items()}
    await merging.note(call.conn, done.merge_id, told)
    engine.wake(call)
    return MergePlanOut(**asdict(done.plan), interactions=interactions, events=events, merge_id=done.merge_id)
