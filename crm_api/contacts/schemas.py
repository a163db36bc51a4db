"""Contacts of a dial list, and why one is not being dialled."""

from datetime import datetime
from uuid import UUID

from crm_api.schemas import In, Int, Out
from lists.model import ContactState


class ContactOut(Out):
    """`key` and `name` are the customer's; `e164` the number that would be called next."""

    id: UUID
    dial_list_id: UUID
    campaign_id: UUID
    customer_id: UUID
    key: str
    name: str
    state: ContactState
    priority: int
    position: int
    next_at: datetime
    attempts: int
    agent_id: UUID | None
    last_outcome: str | None
    last_at: datetime | None
    final_reason: str | None
    finished_at: datetime | None
    e164: str | None


class NextOut(Out):
    """In the order in which they would be dialled at `at`."""

    at: datetime
    contacts: list[ContactOut]


class ContactEdit(In):
    priority: Int


class ReasonOut(Out):
    """`reason` is a stable word, explained in both languages at `/api/words`. `since`: where it is known.
    `until`: when it ends by itself; null: it does not, or nobody can say."""

    reason: str
    since: datetime | None
    until: datetime | None


class WhyNotOut(Out):
    """`reasons`: none means that it is due and waits for its turn. `until`: when the last of them has ended
    by itself; null where one of them does not.

    Words: ended, list_deleted, list_expired, list_loading, list_paused, campaign_closed, do_not_call,
    no_phone, bad_phone, live, customer_talking, live_elsewhere, awaiting_typification, scheduled, reserved,
    waits, agent_only, agent_not_in_campaign, attempts_used, number_attempts_used, number_gap, customer_gap,
    number_24h, customer_7d, quiet_after_conversation, campaign_stopped, campaign_paused, campaign_draining,
    outside_hours, outside_legal_hours, holiday, zone_unknown, never_open, no_trunk, trunk_suspended, by_hand,
    no_agents, no_asterisk, no_database. Beside `ended` stands what had kept it from being dialled, where that
    ended it.
    """

    contact_id: UUID
    campaign_id: UUID
    customer_id: UUID
    state: ContactState
    reasons: tuple[ReasonOut, ...]
    until: datetime | None
    e164: str | None
    zones: tuple[str, ...]
    attempts: int
    number_attempts: int
    agent_id: UUID | None
    final_reason: str | None
