"""Where a number may lie in more zones than the library says of it.

Of an area code that lies on both sides of a zone's border phonenumbers (libphonenumber's `timezones` data)
knows many exchanges, each with its zone; for every other number of the code it names the zone of the greater
part. Exchanges are opened and numbers are ported, so any number of such a code may lie on either side: every
area code that the library itself divides is taken to be in all the zones it names there, and so are the codes
laid over one of those, whose exchanges it does not know yet.

Only candidates are added, and a call is allowed only when it is allowed in all of them: an entry too many
costs an hour of calling, an entry missing calls somebody at night.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from phonenumbers.tzdata import TIMEZONE_DATA

PREFIX_LENGTH = 4
OVERLAYS: Mapping[str, str] = {
    "1448": "1850",  # Florida's panhandle
    "1930": "1812",  # Indiana, south
    "1364": "1270",  # Kentucky, west
    "1458": "1541",  # Oregon, without Portland
    "1236": "1250",  # British Columbia; these three lie over 604 (Vancouver) as well
    "1672": "1250",
    "1778": "1250",
    "1367": "1418",  # Quebec, east
    "1581": "1418",
}
"""Area codes laid over a divided one, as read in November 2026: lincmad.com/splitmap.html (448),
oregonlive.com
of July 2009 on the order of Oregon's PUC (458), wkms.org of 18 December 2012 on that of Kentucky's PSC (364),
wikimili.com's articles "Area codes 778, 236, and 672" and "Area codes 418, 581, and 367", and
ask.sistemas.edu.pe/what-area-code-is-812.html (930)."""


def _divided() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The area codes of the North American plan of which the library names more zones than one."""
    found: dict[str, set[str]] = defaultdict(set)
    for prefix, zones in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= PREFIX_LENGTH:
            found[prefix[:PREFIX_LENGTH]].update(zones)
    return ((code, tuple(sorted(zones))) for code, zones in found.items() if len(zones) > 1)


_DIVIDED = dict(_divided())
ZONES: Mapping[str, tuple[str, ...]] = _DIVIDED | {
    code: _DIVIDED[over] for code, over in OVERLAYS.items() if over in _DIVIDED
}
