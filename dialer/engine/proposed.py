"""A call that is to be, and what is made of it when the agent is on the line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ami.actions import Action, Redirect, Setvar
from dialer.campaigns import Desired
from dialer.dialing import caller_id
from dialer.engine.agents import LiveAgent
from dialer.engine.campaign import CampaignRun
from dialer.hours import Closed, opening, without_own_hours
from dialer.proposals import Stage
from dialer.trunks import Trunk
from lists.model import AttemptKind, Begin, Reserved
from lists.numbers import BadNumber, parse
from storage.clock import TimerHandle


@dataclass(slots=True, eq=False)
class Proposed:
    """A call that is to be: for this agent, to this customer. There is no attempt yet."""

    attempt_id: UUID
    """The id its call will have."""
    agent: LiveAgent
    run: CampaignRun
    kind: AttemptKind
    e164: str
    contact: Reserved | None = None
    customer_id: UUID | None = None
    zones: Sequence[str] = ()
    """Where the customer is, if that is known better than by the number."""
    override: bool = False
    """A supervisor's: the campaign's own hours do not hold, everything else does."""
    stage: Stage = Stage.RINGING
    picked_up: bool = False
    timer: TimerHandle | None = None
    """Of a preview."""


def why_not(proposed: Proposed, now: datetime) -> str:
    """What only the dialer knows, in a word; *begin attempt* holds it to all the rest."""
    run = proposed.run
    if proposed.kind is not AttemptKind.MANUAL and run.campaign.desired is not Desired.RUNNING:
        return "campaign_closed"
    zones, list_zone = _where(proposed)
    settings = without_own_hours(run.settings) if proposed.override else run.settings
    hours = opening(zones, list_zone, settings, now, e164=proposed.e164)
    return hours.why if isinstance(hours, Closed) else ""


def _where(proposed: Proposed) -> tuple[Sequence[str], str | None]:
    """Candidate zones, and the list's where it decides."""
    contact = proposed.contact
    if contact is not None and contact.e164 == proposed.e164:
        return contact.zones, contact.list_zone
    if proposed.zones:
        return proposed.zones, None
    number = parse(proposed.e164, "")
    return (() if isinstance(number, BadNumber) else number.zones), None


def begin_of(proposed: Proposed, trunk: Trunk, *, worker: str, epoch: int, now: datetime) -> Begin:
    contact, settings = proposed.contact, proposed.run.settings
    same_phone = contact is not None and contact.e164 == proposed.e164
    return Begin(
        attempt_id=proposed.attempt_id,
        begun_at=now,
        kind=proposed.kind,
        campaign_id=proposed.run.id,
        contact=contact,
        customer_id=proposed.customer_id,
        phone_id=contact.phone_id if contact is not None and same_phone else None,
        e164=proposed.e164,
        trunk=trunk.name,
        server=trunk.server,
        caller_id=caller_id(settings.caller_ids, trunk.caller_ids, proposed.e164),
        epoch=epoch,
        worker=worker,
        agent_id=proposed.agent.id,
    )


def dialling(line: str, begin: Begin, dial: str, ring_s: int) -> Sequence[Action]:
    """What has the agent's line dial the customer (dialplan marcador-manual)."""
    number, _, endpoint = dial.partition("/")[2].partition("@")
    variables = {
        "MARCADOR_ATTEMPT": str(begin.attempt_id),
        "MARCADOR_TRUNK": endpoint,
        "MARCADOR_RING_MS": str(ring_s * 1000),
        "MARCADOR_CALLERID": begin.caller_id,
    }
    setting = [Setvar(name, value, line) for name, value in variables.items() if value]
    return (*setting, Redirect(line, "marcador-manual", number))
