"""Customers as the API finds and changes them."""

from crm_api.access import Call
from crm_api.customers.schemas import CustomerIn, CustomerOut, MatchesOut
from crm_api.errors import invalid
from lists import customers
from lists.customers import Customer, NewPhone
from lists.numbers import fold_inbound
from storage.database import Connection


def shown(customer: Customer) -> CustomerOut:
    return CustomerOut.model_validate(customer)


async def create(call: Call, body: CustomerIn) -> Customer:
    """An agent's new customer is the agent's own."""
    return await customers.create(
        call.conn,
        body.base_id,
        key=body.key,
        document=body.document,
        name=body.name,
        phones=[NewPhone(phone.number, phone.kind) for phone in body.phones],
        owner_id=call.who.agent_id,
        data=body.data,
        now=call.now,
    )


async def by_phone(conn: Connection, number: str, region: str) -> MatchesOut:
    """By the number as a carrier or a person writes it: exact, else by its last eight digits."""
    e164 = fold_inbound(number, region)
    if e164 is None:
        raise invalid("bad_phone", f"{number!r} is no phone number", phone=number)
    found = await customers.by_phone(conn, e164)
    return MatchesOut(e164=e164, customers=[shown(one) for one in found])
