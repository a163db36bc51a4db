"""Which time zones hold a customer's phone: the customer's own, else the list's or base's, else the
number's."""

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import available_timezones

_BETWEEN = "|"  # no IANA name contains it


def effective_zones(
    customer_zone: str | None, list_zone: str | None, phone_zones: Sequence[str]
) -> tuple[str, ...]:
    if customer_zone:
        return (customer_zone,)
    if list_zone:
        return (list_zone,)
    return tuple(phone_zones)


def known_zone(name: str) -> bool:
    """Whether IANA knows a zone of this name."""
    return name in _known()


@lru_cache(1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_key(zones: Sequence[str]) -> str:
    """One word for a set of candidate zones, the same whatever their order; '' when none is known."""
    return _BETWEEN.join(sorted(zones))
