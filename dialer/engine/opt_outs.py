"""Who pressed 9: stored, and forgotten by Asterisk only then (see `dialer.engine.kept`)."""

from datetime import datetime
from uuid import UUID

from dialer.engine.calls import LiveCall
from lists import do_not_call
from lists.do_not_call import Source
from lists.model import AttemptKind, Called
from storage.database import Connection
from typifications import agenda


async def forbid(conn: Connection, whom: Called, attempt_id: UUID | None, now: datetime) -> list[UUID]:
    """Never again, for this campaign. The calls still ringing to these numbers, to be hung up. Needs a
    transaction."""
    numbers = [whom.e164] if whom.e164 else []
    ringing = await do_not_call.add(
        conn,
        numbers=numbers,
        customer_id=whom.customer_id,
        campaign_id=whom.campaign_id,
        source=Source.OPT_OUT,
        attempt_id=attempt_id,
        now=now,
    )
    await agenda.end_of_customer(
        conn, customer_id=whom.customer_id, numbers=numbers, campaign_id=whom.campaign_id, now=now
    )
    return [ring for ring in ringing if ring != attempt_id]


def kept_as(call: LiveCall) -> str:
    """The key its opt-out has in Asterisk: what the dialplan calls this attempt."""
    return call.channel if call.kind is AttemptKind.INBOUND else str(call.id)
