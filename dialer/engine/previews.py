"""Preview: an agent is shown a contact first, and calls it, skips it, or lets its time end."""

from datetime import datetime, timedelta
from uuid import UUID

from dialer import agent as desk
from dialer import proposals
from dialer.engine.agent_first import AgentFirst
from dialer.engine.agents import LiveAgent
from dialer.engine.proposed import Proposed
from dialer.engine.tools import Tools
from dialer.errors import DialerError
from dialer.proposals import Skip, Stage
from dialer.settings import PreviewEnd, Settings, SkipTo
from lists import contacts
from lists.model import ContactState, Decision, Finish, Retry, Settlement

SKIPPED = "skipped"
"""A contact's skips are counted among its retries, under this word."""
UNATTENDED = 2
"""So many contacts in a row whose time ended are skipped; then the agent is taken to be away."""


class PreviewOver(DialerError):
    error_id = "preview_over"


class Previews:
    def __init__(self, tools: Tools, first: AgentFirst) -> None:
        self._tools = tools
        self._first = first
        self._unattended: dict[UUID, int] = {}
        """By agent: contacts in a row nobody decided on."""

    def show(self, proposed: Proposed) -> bool:
        """False: the agent has something else to do."""
        agent, settings = proposed.agent, proposed.run.settings
        self._tools.agents.happen(agent, desk.ContactShown(proposed.attempt_id))
        if desk.attempt_of(agent.state) != proposed.attempt_id:
            return False
        proposed.stage = Stage.PREVIEW
        self._first.keep(proposed)
        proposed.timer = self._tools.clock.call_later(settings.preview_s, lambda: self._time_ended(proposed))
        self._first.show(
            proposed,
            until=self._tools.clock.now() + timedelta(seconds=settings.preview_s),
            at_end=settings.preview_end,
            skips_left=max(settings.skips - _skipped(proposed), 0),
        )
        return True

    async def accept(self, agent: LiveAgent, attempt_id: UUID) -> None:
        """Raises `PreviewOver`, `CannotCall`, `StorageError`."""
        proposed = self._shown(agent, attempt_id)
        self._unattended.pop(agent.id, None)
        await self._first.call(proposed)

    def skip(self, agent: LiveAgent, attempt_id: UUID, reason: str) -> None:
        """Raises `PreviewOver`."""
        proposed = self._shown(agent, attempt_id)
        self._unattended.pop(agent.id, None)
        self._skip(proposed, reason, by_timer=False)

    def _shown(self, agent: LiveAgent, attempt_id: UUID) -> Proposed:
        proposed = self._first.proposed_to(agent.id)
        if proposed is None or proposed.attempt_id != attempt_id or proposed.stage is not Stage.PREVIEW:
            raise PreviewOver("this contact is not before the agent any more", attempt_id=str(attempt_id))
        return proposed

    def _time_ended(self, proposed: Proposed) -> None:
        agent = proposed.agent
        if self._first.proposed_to(agent.id) is not proposed or proposed.stage is not Stage.PREVIEW:
            return
        if proposed.run.settings.preview_end is PreviewEnd.DIAL:
            self._first.start(proposed)
            return
        passed = self._unattended.get(agent.id, 0) + 1
        self._unattended[agent.id] = passed % UNATTENDED
        self._skip(proposed, "", by_timer=True, away=passed >= UNATTENDED)

    def _skip(self, proposed: Proposed, reason: str, *, by_timer: bool, away: bool = False) -> None:
        contact, now = proposed.contact, self._tools.clock.now()
        assert contact is not None
        settings = proposed.run.settings
        decision = after_skip(_skipped(proposed), settings, now)
        settlement = Settlement(contact.contact_id, decision, settings.effective_caps)
        skip = Skip(
            id=proposed.attempt_id,
            at=now,
            campaign_id=proposed.run.id,
            contact_id=contact.contact_id,
            customer_id=contact.customer_id,
            agent_id=proposed.agent.id,
            e164=proposed.e164,
            reason=reason,
            by_timer=by_timer,
        )
        self._tools.writer.job(lambda conn, at: contacts.settle_many(conn, [settlement], at))
        self._tools.writer.job(lambda conn, _now: proposals.skipped(conn, skip))
        self._first.withdraw(proposed, SKIPPED, unanswered=away, give_back=False)


def _skipped(proposed: Proposed) -> int:
    return proposed.contact.retries.get(SKIPPED, 0) if proposed.contact else 0


def after_skip(before: int, settings: Settings, now: datetime) -> Decision:
    """What becomes of a contact skipped `before` times already."""
    if before >= settings.skips:
        return Finish(ContactState.EXHAUSTED, SKIPPED)
    if settings.skip_to is SkipTo.END:
        return Retry(now, to_end=True, outcome=SKIPPED)
    return Retry(now + timedelta(seconds=settings.skip_wait_s), outcome=SKIPPED)
