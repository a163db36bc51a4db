"""A caller nobody answered, put into the agenda: whoever is free calls back."""

from datetime import datetime

from dialer.engine.batch import Job
from dialer.engine.calls import LiveCall
from dialer.hours import Closed, open_to_callers
from dialer.settings import Settings
from lists import customers, numbers
from lists.errors import NotFound
from storage.database import Connection
from typifications import agenda
from typifications.model import EventFields


def call_back(call: LiveCall, settings: Settings) -> Job | None:
    """What an unanswered inbound call leaves behind, if the campaign wishes it. One event a number: who tried
    three times is called once."""
    campaign_id, e164, customer_id = call.campaign_id, call.e164, call.customer_id
    if not settings.inbound.call_back or campaign_id is None or not e164:
        return None

    async def note(conn: Connection, now: datetime) -> None:
        if await agenda.awaits_anybody(conn, campaign_id, e164):
            return
        hours = open_to_callers(settings, now)
        opens = hours.until if isinstance(hours, Closed) else None
        try:
            name = (await customers.card(conn, customer_id)).name if customer_id else ""
        except NotFound:  # deleted while the call ran
            name = ""
        event = EventFields(
            customer_id=customer_id,
            customer_name=name,
            campaign_id=campaign_id,
            e164=e164,
            due_at=opens or now,
            zone=_zone_of(e164) or settings.zone,
        )
        await agenda.create(conn, event, may_be_past=True, now=now)

    return note


def _zone_of(e164: str) -> str:
    found = numbers.parse(e164, "")
    return found.zones[0] if isinstance(found, numbers.Number) and found.zones else ""
