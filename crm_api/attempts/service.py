"""Attempts: read by customer, contact, campaign or agent; a call by hand; a hang-up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from crm_api import phones
from crm_api.access import Call, Role
from crm_api.agents.service import may_act_for
from crm_api.attempts.schemas import AttemptOut, ClickIn
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.errors import forbidden, invalid, not_found
from crm_api.schemas import Page, Paging
from crm_api.statistics.naming import Names
from dialer.commands import Kind
from lists import attempts, customers, history, queue
from lists.customers import Customer
from lists.history import Filter
from lists.model import LiveAttempt
from storage.database import Connection
from typifications import interactions


async def get(conn: Connection, attempt_id: UUID) -> AttemptOut:
    found = await history.get(conn, attempt_id)
    if found is None:
        raise not_found("attempt", attempt_id)
    return (await _shown(conn, [found]))[0]


async def _shown(conn: Connection, found: Sequence[history.Attempt]) -> list[AttemptOut]:
    """With names, and when each was typified, which the interactions know."""
    said, names = await interactions.applied_at(conn, [one.id for one in found]), await Names.of(conn, found)
    return [
        AttemptOut.model_validate(one).model_copy(
            update={"typified_at": said.get(one.id)} | names.beside(one)
        )
        for one in found
    ]


async def page(call: Call, wanted: Filter, paging: Paging) -> Page[AttemptOut]:
    """Newest first unless asked otherwise. Agents see a customer's history, or their own calls."""
    newest_first = paging.newest_first("begun_at")
    if call.who.role is Role.AGENT and wanted.customer_id is None:
        own = call.who.agent_id  # a token of role agent is nobody's, and has no calls
        if own is None or wanted.agent_id != own:
            raise forbidden("too_wide", "an agent reads a customer's history, or its own calls")
    found = await history.page(
        call.conn,
        wanted,
        campaign_ids=call.who.campaigns,
        newest_first=newest_first,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    return paging.over(await _shown(call.conn, found))


async def click(call: Call, body: ClickIn) -> CommandOut:
    """Refused at once for a number that may not be called; the engine checks again before it dials."""
    if body.override is not None and not call.who.role.covers(Role.SUPERVISOR):
        raise forbidden("override_not_yours", "a supervisor may call outside the campaign's hours")
    agent_id = body.agent_id or call.own_agent()
    await may_act_for(call, agent_id)
    campaign = await must_see(call, body.campaign_id)
    number = phones.read(body.phone, campaign.settings.region)
    e164 = number.e164
    customer = await _called(call, body, e164)
    await phones.must_be_allowed(call.conn, e164, body.campaign_id)
    payload = {
        "campaign_id": str(body.campaign_id),
        "e164": e164,
        "customer_id": str(customer.id) if customer else None,
        "contact_id": str(body.contact_id) if body.contact_id else None,
        "zones": list(phones.zones(number, customer)),
        "override": body.override,
    }
    return await engine.submit(call, Kind.CALL_CLICK, agent_id, payload)


async def _called(call: Call, body: ClickIn, e164: str) -> Customer | None:
    """Who has the number: the contact's customer, the one named, or the only one there is. With several, or
    none, the agent says during the call who it is."""
    customer_id = await _of_contact(call, body, body.contact_id) if body.contact_id else body.customer_id
    if customer_id is None:
        found = [one for one in await customers.by_phone(call.conn, e164, limit=2) if _has(one, e164)]
        return found[0] if len(found) == 1 else None
    customer = await customers.card(call.conn, customer_id)
    if not _has(customer, e164):
        raise invalid("phone_unknown", "this is none of the customer's numbers: add it first", phone=e164)
    return customer


def _has(customer: Customer, e164: str) -> bool:
    return any(phone.e164 == e164 for phone in customer.phones)


async def _of_contact(call: Call, body: ClickIn, contact_id: UUID) -> UUID:
    """The call is the contact's: of its campaign and of its customer."""
    found = await queue.get(call.conn, contact_id)
    if found.campaign_id != body.campaign_id or body.customer_id not in (None, found.customer_id):
        raise invalid(
            "contact_does_not_fit",
            "this contact is another campaign's, or another customer's",
            id=str(contact_id),
        )
    return found.customer_id


async def hang_up(call: Call, attempt_id: UUID) -> CommandOut:
    """An agent's own call, or any of the campaigns a supervisor watches."""
    await must_control(call, attempt_id)
    return await engine.submit(call, Kind.CALL_HANGUP, attempt_id, whose(call))


def whose(call: Call) -> dict[str, Any]:
    """For the engine, which checks once more that the call is still that agent's."""
    return {"agent_id": str(call.own_agent())} if call.who.role is Role.AGENT else {}


async def must_control(call: Call, attempt_id: UUID) -> LiveAttempt:
    """A live call that is one's own, or of a campaign the supervisor watches."""
    found = await attempts.live_one(call.conn, attempt_id)
    if found is None:
        raise not_found("live_attempt", attempt_id)
    own = found.agent_id is not None and found.agent_id == call.who.agent_id
    if call.who.role is Role.AGENT and not own:
        raise forbidden("attempt_not_yours", "this is another agent's call", id=str(attempt_id))
    if not own:
        call.must_watch(found.campaign_id)
    return found
