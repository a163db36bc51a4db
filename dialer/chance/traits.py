"""What is known of a call before it is placed, as words: `hour=18`, `phone=mobile`, `past=machine`."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

FEATURES = ("hour", "weekday", "attempts", "phone", "number", "past")
MOST_ATTEMPTS = 5


def traits(
    now: datetime,
    zone: ZoneInfo,
    *,
    attempts: int = 0,
    cursor: int = 0,
    phone: str = "",
    past: Mapping[str, int] | None = None,
) -> tuple[str, ...]:
    """`zone` is the customer's, `cursor` the number's place (0: the main one), `past` counts earlier outcomes
    of this contact by name; attempts that none of them explains ended in a conversation."""
    here = now.astimezone(zone)
    known = [outcome for outcome, times in (past or {}).items() if times > 0]
    if attempts > sum((past or {}).values()):
        known.append("talked")
    return (
        f"hour={here.hour:02d}",
        f"weekday={here.isoweekday()}",
        f"attempts={min(max(attempts, 0), MOST_ATTEMPTS)}",
        f"phone={phone or 'unknown'}",
        f"number={'alternative' if cursor else 'main'}",
        *(f"past={outcome}" for outcome in sorted(known)),
    )
