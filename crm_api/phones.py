"""Numbers as people type them, into the form they are kept in."""

from crm_api.errors import invalid
from lists.numbers import BadNumber, Number, parse


def read(typed: str, region: str) -> Number:
    """Refuses what cannot be a number. `region` (ISO 3166) reads national ones; empty: only +… is read."""
    found = parse(typed, region)
    if isinstance(found, BadNumber):
        raise invalid("bad_phone", f"{typed!r} is no phone number", phone=typed, reason=found.reason)
    return found
