"""From a number and a trunk to what Asterisk is asked to dial, and the number the customer is shown."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol
from zlib import crc32

import phonenumbers

from ami.errors import BadAction
from ami.values import dial_string as checked_dial_string
from dialer.errors import BadValue

_PLACE = "{number}"


class TrunkForm(Protocol):
    """What of a trunk this needs (`dialer.trunks.Trunk` has it)."""

    @property
    def dial(self) -> str: ...
    @property
    def number_format(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def region(self) -> str: ...


def dial_string(trunk: TrunkForm, e164: str) -> str:
    """`PJSIP/0059899123456@carrier`. Raises `BadValue` where the trunk cannot dial it."""
    if trunk.dial.count(_PLACE) != 1:
        raise BadValue(f"a trunk's dial template holds {_PLACE} once: {trunk.dial!r}", field="dial")
    if not (e164.startswith("+") and e164[1:].isascii() and e164[1:].isdigit()):
        raise BadValue(f"{e164!r} is no number in E.164", field="e164")
    number = trunk.prefix + _formatted(trunk, e164)
    try:
        return checked_dial_string(trunk.dial.replace(_PLACE, number))
    except BadAction as error:
        raise BadValue(str(error), field="dial") from error


def is_dialled_by(dial: str, channel: str) -> bool:
    """Whether a channel of this name comes from such a dial string or template: `PJSIP/101-0000002a`, or
    `PJSIP/carrier-0000002a` for what is reached by a trunk."""
    technology, _, rest = dial.removesuffix("/n").partition("/")
    trunk = rest.partition("@")[2] if technology == "PJSIP" else ""
    return channel.startswith(f"{technology}/{trunk or rest}-")


def checked_trunk(trunk: TrunkForm) -> None:
    """Raises `BadValue` when the trunk could not dial any number: to be asked when it is stored."""
    if trunk.number_format == "national" and trunk.region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadValue("a trunk that dials national numbers needs its region (ISO 3166)", field="region")
    dial_string(trunk, "+12015550123")


def _formatted(trunk: TrunkForm, e164: str) -> str:
    if trunk.number_format == "plus":
        return e164
    if trunk.number_format == "e164":
        return e164[1:]
    if trunk.number_format != "national":
        raise BadValue(f"{trunk.number_format!r} is no number format", field="number_format")
    # As one would dial it there: national within the region, else with the exit code.
    parsed = phonenumbers.PhoneNumber()
    try:
        phonenumbers.parse(e164, None, numobj=parsed)
    except phonenumbers.NumberParseException as error:
        raise BadValue(f"{e164!r} has no country that is known", field="e164") from error
    dialled = phonenumbers.format_out_of_country_calling_number(parsed, trunk.region)
    return "".join(sign for sign in dialled if sign.isdigit())


def caller_id(campaign: Sequence[str], trunk: Sequence[str], e164: str) -> str:
    """The number shown: the campaign's own before the trunk's, "" where there is neither.

    From a pool, the nearest to the customer (longest common beginning); among equals always the same one, so
    that a customer who calls back knows the number.
    """
    pool = tuple(campaign) or tuple(trunk)
    if len(pool) < 2:
        return pool[0] if pool else ""
    near = {number: _shared(number.removeprefix("+"), e164[1:]) for number in pool}
    best = sorted(number for number, shared in near.items() if shared == max(near.values()))
    return best[crc32(e164.encode()) % len(best)]


def _shared(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
