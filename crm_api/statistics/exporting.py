"""A report as a file for spreadsheets."""

from collections.abc import Iterator, Sequence

from crm_api.statistics.schemas import RowOut
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
