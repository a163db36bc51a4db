"""A campaign's pacing, as a supervisor reads it."""

from datetime import datetime

from crm_api.schemas import Out
from dialer.chance import Standing
from dialer.live import Bound
from dialer.settings import Mode


class PacingOut(Out):
    """The last decision and what it rests on. Null: a mode that does not estimate it.

    `expected_answers` and `expected_free` are those of the next `within_s` seconds; a further call is placed
    while its chance of finding no agent is below `price`; `budget_left` counts calls that may still be
    abandoned in the legal window. `bound` is what kept it from placing more: the pacer, the campaign's
    channels, or the trunks. `says` is the same in the caller's language.
    """

    at: datetime
    mode: Mode
    agents: int
    idle: int
    waiting: int
    in_flight: int
    wanted: int
    bound: Bound
    expected_answers: float | None
    expected_free: float | None
    within_s: float | None
    answer_rate: float | None
    price: float | None
    target: float | None
    budget_left: float | None
    cold: bool
    chances: Standing
    decisions: int
    decision_s: float
    """Since the worker took over, and the processor seconds they took."""
    says: list[str]


class LevelOut(Out):
    """`odds` multiplies the odds of an answer; it lies between `low` and `high` with 95 %."""

    feature: str
    level: str
    calls: int
    answers: int
    odds: float
    low: float
    high: float
    says: str


class ChancesOut(Out):
    """`gain`: by how much its log loss is below the average's, in nats a call, measured on calls it had not
    yet learned from. It is used by predictive pacing only in the standing `used`."""

    standing: Standing
    says: str
    calls: int
    answers: int
    rate: float
    gain: float
    levels: list[LevelOut]
