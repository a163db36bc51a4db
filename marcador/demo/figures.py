"""What a run has done so far, as numbers: the dashboard shows them, `--json` prints them at the end."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dialer.outcome import Outcome
from lists import reserving, tallies
from lists.model import OPEN_STATES
from storage.database import Connection


@dataclass(slots=True)
class AgentTally:
    """Counted by the agents' desktops themselves: what reached a screen, and what was sent back."""

    popped: int = 0
    typified: int = 0
    chosen: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts since the start of the run."""

    contacts: int
    placed: int
    answered: int
    connected: int
    abandoned: int
    popped: int
    typified: int
    contacts_by_state: Mapping[str, int]
    attempts_by_outcome: Mapping[str, int]

    @property
    def abandonment(self) -> float | None:
        """Abandoned ÷ (abandoned + connected); None before the first live answer."""
        live_answers = self.abandoned + self.connected
        return self.abandoned / live_answers if live_answers else None

    @property
    def finished(self) -> int:
        """Contacts in a final state."""
        return self.contacts - sum(self.contacts_by_state.get(state, 0) for state in OPEN_STATES)

    def as_json(self) -> dict[str, object]:
        """The object `--json` prints."""
        share = self.abandonment
        return {
            "contacts": self.contacts,
            "placed": self.placed,
            "answered": self.answered,
            "connected": self.connected,
            "abandoned": self.abandoned,
            "abandonment": None if share is None else round(share, 4),
            "popped": self.popped,
            "typified": self.typified,
            "contacts_by_state": dict(sorted(self.contacts_by_state.items())),
            "attempts_by_outcome": dict(sorted(self.attempts_by_outcome.items())),
        }


async def read(conn: Connection, campaign_id: UUID, since: datetime, agents: AgentTally) -> Figures:
    """Where the campaign stands now, from the contacts and the attempts themselves."""
    states = await reserving.remaining(conn, campaign_id)
    outcomes = await tallies.outcomes(conn, campaign_id, since)
    abandoned = outcomes.get(Outcome.ABANDONED)
    return Figures(
        contacts=sum(states.values()),
        placed=sum(tally.placed for tally in outcomes.values()),
        answered=sum(tally.answered for tally in outcomes.values()),
        connected=sum(tally.connected for tally in outcomes.values()),
        abandoned=abandoned.placed if abandoned else 0,
        popped=agents.popped,
        typified=agents.typified,
        contacts_by_state={str(state): count for state, count in states.items()},
        attempts_by_outcome={outcome: tally.placed for outcome, tally in outcomes.items()},
    )
