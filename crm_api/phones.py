"""Numbers as people type them, into the form they are kept in."""

from collections.abc import Sequence
from uuid import UUID

from crm_api.errors import conflict, invalid
from lists import do_not_call
from lists.customers import Customer
from lists.numbers import BadNumber, Number, parse
from storage.database import Connection


def read(typed: str, region: str) -> Number:
    """Refuses what cannot be a number. `region` (ISO 3166) reads national ones; empty: only +… is read."""
    found = parse(typed, region)
    if isinstance(found, BadNumber):
        raise invalid("bad_phone", f"{typed!r} is no phone number", phone=typed, reason=found.reason)
    return found


async def must_be_allowed(conn: Connection, e164: str, campaign_id: UUID | None) -> None:
    """Not on do-not-call for this campaign: who is not to be called is promised no call either."""
    if await do_not_call.blocked(conn, e164, campaign_id):
        raise conflict("do_not_call", "this number may not be called for this campaign", e164=e164)


def zones(number: Number, customer: Customer | None) -> Sequence[str]:
    """Where the law looks: in the customer's own zone, else in those the number is kept or read with."""
    if customer is None:
        return number.zones
    if customer.zone:
        return (customer.zone,)
    kept = next((phone for phone in customer.phones if phone.e164 == number.e164), None)
    return kept.zones if kept else number.zones
