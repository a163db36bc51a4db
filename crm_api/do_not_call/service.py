"""Do-not-call: it holds before the next dial, ends what waits, and hangs up what still rings."""

from pathlib import Path
from uuid import UUID

from crm_api import phones
from crm_api.access import Call, Visit
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.do_not_call.schemas import BlockedOut, BlockIn, FileOut, FileQuery
from crm_api.errors import invalid
from dialer import campaigns, commands
from dialer.commands import Kind
from lists import customers, do_not_call
from lists.do_not_call import Source
from lists.loading.do_not_call_file import load_do_not_call
from typifications import agenda

MOST = 100_000


async def load(visit: Visit, asked: FileQuery, path: Path) -> FileOut:
    """Forbid every number of a file. Raises the lists' LoadError."""
    hub, watched = visit.hub, visit.who.campaigns
    async with hub.db.connection() as conn:
        ids = list(watched) if watched is not None else None
        known = {one.name: one.id for one in await campaigns.page(conn, ids=ids, limit=MOST)}
    done = await load_do_not_call(
        hub.db,
        path,
        region=asked.region,
        campaigns=known,
        file_name=asked.file_name,
        encoding=asked.encoding,
        user_id=visit.who.user_id,
        now=visit.now,
    )
    if done.ringing:
        async with hub.db.transaction() as conn:
            payload = {"attempt_ids": [str(one) for one in done.ringing]}
            await commands.submit(
                conn, Kind.CALL_CANCEL, None, payload, user_id=visit.who.user_id, now=visit.now
            )
        commands.wake(hub.bus)
    return FileOut(
        load_id=done.load_id,
        rows=done.rows,
        forbidden=done.forbidden,
        already=done.already,
        rejected=done.rejected,
        hung_up=len(done.ringing),
    )


async def lift(call: Call, entry_id: UUID, reason: str) -> bool:
    """Whoever watches some campaigns frees a number for none of the others."""
    entry = await do_not_call.get(call.conn, entry_id)
    call.must_watch(entry.campaign_id)
    return await do_not_call.lift(call.conn, entry_id, user_id=call.who.user_id, reason=reason, now=call.now)


async def block(call: Call, body: BlockIn) -> BlockedOut:
    region = body.region
    if body.campaign_id is not None:
        campaign = await must_see(call, body.campaign_id)
        region = region or campaign.settings.region
    numbers = [phones.read(typed, region).e164 for typed in body.numbers]
    theirs: list[str] = []
    if body.customer_id is not None:
        theirs = [phone.e164 for phone in (await customers.card(call.conn, body.customer_id)).phones]
    if not numbers and body.customer_id is None:
        raise invalid("nothing_to_block", "name a number or a customer")
    ringing = await do_not_call.add(
        call.conn,
        numbers=numbers,
        customer_id=body.customer_id,
        campaign_id=body.campaign_id,
        source=Source.API if call.who.is_token else Source.SUPERVISOR,
        reason=body.reason,
        user_id=call.who.user_id,
        now=call.now,
    )
    await agenda.end_of_customer(
        call.conn,
        customer_id=body.customer_id,
        numbers=numbers,
        campaign_id=body.campaign_id,
        now=call.now,
    )
    if ringing:
        await engine.tell(call, Kind.CALL_CANCEL, None, {"attempt_ids": [str(one) for one in ringing]})
    return BlockedOut(numbers=tuple(dict.fromkeys([*numbers, *theirs])), hung_up=len(ringing))
