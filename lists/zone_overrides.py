"""Where the library's zones of a prefix are too few: area codes that lie on both sides of a zone's border.

Only candidates are added, and a call is allowed only when it is allowed in all of them: an entry too many
costs an hour of calling, an entry missing calls somebody at night. Written from general knowledge of where
zone borders cut area codes, where phonenumbers 9 names one zone only; not yet checked entry by entry against
49 CFR 71 and the numbering plan's maps, and no claim to be complete.
"""

from collections.abc import Mapping

_EASTERN_CENTRAL = ("America/Chicago", "America/New_York")
_CENTRAL_MOUNTAIN = ("America/Chicago", "America/Denver")
_PACIFIC_MOUNTAIN = ("America/Boise", "America/Los_Angeles")
_BRITISH_COLUMBIA = ("America/Dawson_Creek", "America/Edmonton", "America/Vancouver")
_QUEBEC_EAST = ("America/Halifax", "America/Toronto")

ZONES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("1850", "1448"), _EASTERN_CENTRAL),  # Florida: the panhandle
    **dict.fromkeys(("1219", "1574", "1812", "1930"), _EASTERN_CENTRAL),  # Indiana: north-west, south-west
    **dict.fromkeys(("1270", "1364", "1606"), _EASTERN_CENTRAL),  # Kentucky
    "1423": _EASTERN_CENTRAL,  # Tennessee: Chattanooga and west of it
    "1906": _EASTERN_CENTRAL,  # Michigan: the upper peninsula
    "1308": _CENTRAL_MOUNTAIN,  # Nebraska
    **dict.fromkeys(("1785", "1620"), _CENTRAL_MOUNTAIN),  # Kansas: the western counties
    **dict.fromkeys(("1541", "1458"), _PACIFIC_MOUNTAIN),  # Oregon: Malheur county
    "1928": ("America/Denver", "America/Phoenix"),  # Arizona: the Navajo nation keeps summer time
    "1807": ("America/Toronto", "America/Winnipeg"),  # Ontario: west of 90°
    **dict.fromkeys(("1250", "1236", "1672", "1778"), _BRITISH_COLUMBIA),
    **dict.fromkeys(("1418", "1581", "1367"), _QUEBEC_EAST),  # Quebec: the Magdalen islands
}
PREFIX_LENGTH = 4
