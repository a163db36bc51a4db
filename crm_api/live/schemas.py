"""What the live socket says. The screen-pop is one message: nothing more is asked before the agent speaks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.agenda.schemas import EventOut
from crm_api.customers.schemas import CustomerOut
from crm_api.interactions.schemas import InteractionOut
from crm_api.profiles.schemas import ProfileOut
from crm_api.results.schemas import TreeOut
from crm_api.schemas import In, Out
from crm_api.speech.schemas import SpeechOut
from dialer.campaigns import Kind


class Asked(In):
    """A client's message. `topic`: `floor`, `campaign.<id>` or `agent.<id>`."""

    op: Literal["follow", "unfollow", "snapshot", "ping"]
    topic: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z]*(\.[0-9a-f-]{36})?$")] = ""


class AgentState(Out):
    agent_id: UUID
    state: str
    since: datetime
    reason: str
    pending: str
    attempt_id: UUID | None
    wrapup_until: datetime | None


class CallOffered(Out):
    """`direction`: out, in or manual. `rescued`: the customer's first agent lost the line. `transferred`: the
    first agent gave it away.

    `stage`: `call`; `ringing` (the agent's phone rings, the customer is called when it is picked up); or
    `preview` (accept or skip before `until`, then `at_end` happens). There is no attempt yet in these two.
    """

    attempt_id: UUID
    attempt_at: datetime | None
    direction: str
    e164: str
    campaign_id: UUID | None
    customer_id: UUID | None
    contact_id: UUID | None
    rescued: bool
    transferred: bool
    stage: str
    until: datetime | None
    at_end: str
    skips_left: int | None


class PopCampaign(Out):
    id: UUID
    name: str
    kind: Kind
    zone: str
    region: str
    wrapup_s: int


class Pop(Out):
    """The whole screen. No `customer` but several `matches`: a choice. None: an empty form with `number`."""

    call: CallOffered
    number: str
    customer: CustomerOut | None
    matches: list[CustomerOut]
    campaign: PopCampaign | None
    speech: SpeechOut | None
    profiles: list[ProfileOut]
    results: TreeOut
    history: Annotated[list[InteractionOut], Field(description="the customer's latest interactions")]
    events: Annotated[list[EventOut], Field(description="the customer's pending agenda events")]


class AgentSnapshotOut(Out):
    """A desktop after a (re)connect: where the agent is, the call it is in or has yet to typify, and the
    agenda events within the notification period."""

    at: datetime
    agent: AgentState
    pop: Pop | None
    handling: Annotated[str, Field(description="of its call: held, consulting, conference, or empty")]
    third: Annotated[str, Field(description="whom the agent consults: a number or an agent's code")]
    reminders: list[EventOut]


class LiveCallOut(Out):
    attempt_id: UUID
    begun_at: datetime
    e164: str | None
    state: str
    updated_at: datetime
    campaign_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    agent_id: UUID | None
    handling: str
    third: str


class LiveFigures(Out):
    campaign_id: UUID
    attempts: int
    answered: int
    machines: int
    connected: int
    abandoned: int
    gone: int


class FloorSnapshotOut(Out):
    """What a supervisor watches; figures are of the day in each campaign's zone."""

    at: datetime
    agents: list[AgentState]
    calls: list[LiveCallOut]
    figures: list[LiveFigures]
