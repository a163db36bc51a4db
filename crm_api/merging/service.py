"""Merging: the lists' part and the typifications' part in one transaction."""

from dataclasses import asdict
from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_watch_all
from crm_api.commands import service as engine
from crm_api.customers.service import shown
from crm_api.merging.schemas import DuplicatesOut, MergeIn, MergePlanOut, UndoneOut
from crm_api.schemas import Paging
from lists import customers, dial_lists, merging, unmerging
from lists.merging import DuplicatesBy, Merge
from typifications import merging as histories
from typifications.merging import Moved


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


async def must_be_theirs(call: Call, *customer_ids: UUID) -> None:
    """Waits, call-backs and histories move: of all campaigns that have any of these customers."""
    if call.who.campaigns is not None:
        know = await merging.campaigns_of(call.conn, customer_ids)
        know |= await histories.campaigns_of(call.conn, customer_ids)
        await must_watch_all(call.conn, call, know)


async def merges(call: Call, customer_id: UUID) -> list[Merge]:
    kept = await customers.card(call.conn, customer_id)
    await must_be_theirs(call, customer_id, kept.id)
    return await merging.of_customer(call.conn, customer_id)


async def merge(call: Call, customer_id: UUID, body: MergeIn) -> MergePlanOut:
    """Shown first, done when that is confirmed."""
    await must_be_theirs(call, customer_id, body.other_id)
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
    told = {
        "interactions": [str(one) for one in moved.interactions],
        "events": [str(one) for one in moved.events],
        "waiting": {str(event): str(contact) for event, contact in moved.waiting.items()},
    }
    await merging.note(call.conn, done.merge_id, told)
    engine.wake(call)
    return MergePlanOut(**asdict(done.plan), interactions=interactions, events=events, merge_id=done.merge_id)


async def undo(call: Call, customer_id: UUID, merge_id: UUID) -> UndoneOut:
    """Both rooms' parts in one transaction."""
    merge = await unmerging.begin(call.conn, customer_id, merge_id)
    await must_be_theirs(call, merge.kept_id, merge.merged_id)
    moved = Moved(
        tuple(UUID(one) for one in merge.undo.get("interactions", ())),
        tuple(UUID(one) for one in merge.undo.get("events", ())),
        {UUID(event): UUID(contact) for event, contact in merge.undo.get("waiting", {}).items()},
    )
    interactions, events, waiting = await histories.give_back(
        call.conn, merge.kept_id, merge.merged_id, moved
    )
    done = await unmerging.undo(call.conn, merge, scheduled=waiting, user_id=call.who.user_id, now=call.now)
    engine.wake(call)
    return UndoneOut(
        **asdict(done),
        interactions=interactions,
        events=events,
        kept_id=merge.kept_id,
        merged_id=merge.merged_id,
    )
