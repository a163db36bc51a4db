"""A report as a file for spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from crm_api.statistics.schemas import CallOut, FiguresOut, RowOut, SharesOut
from crm_api.words.schemas import Language
from crm_api.words.service import said
from dialer.metrics import HourScore
from dialer.outcome import Outcome
from dialer.reports.scope import By

KEYS = {
    By.CAMPAIGN: "campaign_id",
    By.DIAL_LIST: "dial_list_id",
    By.AGENT: "agent_id",
    By.HOUR: "hour",
    By.DAY: "day",
    By.WEEKDAY: "weekday",
    By.HOUR_OF_DAY: "hour_of_day",
}


_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_NAMED = {"campaign_id": "campaign", "dial_list_id": "dial_list", "agent_id": "agent"}
_OF_CALLS = (
    *("begun_at", "kind", "campaign", "dial_list", "agent", "e164", "trunk", "outcome", "reason"),
    *("answered_at", "connected_at", "ended_at", "hung_up_by"),
)


def table(rows: Sequence[RowOut], by: Sequence[By]) -> Iterator[Sequence[object]]:
    """A header and a line for each row; the dimensions asked for first, by name and id, each outcome a
    column."""
    asked = [KEYS[dimension] for dimension in dict.fromkeys(by)]
    keys = [*(_NAMED[key] for key in asked if key in _NAMED), *asked]
    names = [name for name in FiguresOut.model_fields if name != "outcomes"]
    yield [*keys, *names, *(outcome.value for outcome in Outcome)]
    for row in rows:
        yield [
            *(getattr(row, name) for name in [*keys, *names]),
            *(row.outcomes.get(outcome, 0) for outcome in Outcome),
        ]


def shares(found: SharesOut) -> Iterator[Sequence[object]]:
    """A line for each result, its levels side by side; what was not typified at the end."""
    yield ["level_1", "level_2", "level_3", "interactions", "share"]
    for one in found.results:
        yield [*one.names, *[""] * (3 - len(one.names)), one.interactions, one.share]
    yield ["", "", "", found.untypified, ""]


CALL_COLUMNS = (*_OF_CALLS, "level_1", "level_2", "level_3", "customer_id", "id")


def call(one: CallOut, zone: ZoneInfo) -> Sequence[object]:
    """A line of `CALL_COLUMNS`, its times in this zone."""
    said = (*one.result_names, "", "", "")[:3]
    told = (getattr(one, name) for name in _OF_CALLS)
    return [*(_local(value, zone) for value in told), *said, one.customer_id, one.id]


def _local(value: object, zone: ZoneInfo) -> object:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(zone).isoformat(" ", "seconds")


def hours(found: Sequence[HourScore]) -> Iterator[Sequence[object]]:
    """Hours of the week, the best to call in first."""
    yield ["weekday", "hour", "attempts", "hits", "rate", "score"]
    for one in found:
        yield [one.weekday, one.hour, one.attempts, one.hits, one.rate, one.score]


def in_words(rows: Iterable[Sequence[object]], language: Language | None) -> Iterator[Sequence[object]]:
    """The header in words for people; as it is, for programs, where no language is asked for."""
    for nth, row in enumerate(rows):
        yield [_title(str(name), language) for name in row] if language and nth == 0 else row


def _title(name: str, language: Language) -> str:
    return said("outcome" if name in _OUTCOMES else "column", name, language)
