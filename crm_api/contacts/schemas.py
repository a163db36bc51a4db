"""One contact, and why it is not being dialled."""

from datetime import datetime
from uuid import UUID

from crm_api.schemas import Out
from lists.model import ContactState


class WhyNotOut(Out):
    """`reasons`: none means that it is due and waits for its turn. `until`: when that ends by itself.

    Words: ended, list_deleted, list_expired, list_loading, list_paused, campaign_closed, do_not_call,
    no_phone, bad_phone, live, live_elsewhere, awaiting_typification, scheduled, reserved, waits, agent_only,
    campaign_stopped, campaign_paused, campaign_draining, outside_hours, outside_legal_hours, holiday,
    zone_unknown, never_open, attempts_used.
    """

    contact_id: UUID
    campaign_id: UUID
    customer_id: UUID
    state: ContactState
    reasons: tuple[str, ...]
    until: datetime | None
    e164: str | None
    zones: tuple[str, ...]
    attempts: int
    agent_id: UUID | None
    final_reason: str | None
    do_not_call_since: datetime | None
