"""A report as a file for spreadsheets."""

from collections.abc import Iterator, Sequence

from crm_api.statistics.schemas import RowOut, SharesOut
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


def table(rows: Sequence[RowOut], by: Sequence[By]) -> Iterator[Sequence[object]]:
    """A header and a line for each row; the dimensions asked for first, each outcome a column."""
    keys = [KEYS[dimension] for dimension in dict.fromkeys(by)]
    names = [name for name in RowOut.model_fields if name not in KEYS.values() and name != "outcomes"]
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


def hours(found: Sequence[HourScore]) -> Iterator[Sequence[object]]:
    """Hours of the week, the best to call in first."""
    yield ["weekday", "hour", "attempts", "hits", "rate", "score"]
    for one in found:
        yield [one.weekday, one.hour, one.attempts, one.hits, one.rate, one.score]
