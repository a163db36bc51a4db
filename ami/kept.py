"""What our dialplan keeps in Asterisk's own database until it is stored (docs/asterisk-guide.md)."""

import re
from dataclasses import dataclass

from ami.events import DatabaseEntry

OPT_OUTS = "marcador-optout"
"""The family of opt-outs; the key is the attempt as every UserEvent names it."""

_ATTEMPT = re.compile(r"[A-Za-z0-9_.:-]{1,140}")
_AT = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class KeptOptOut:
    """A customer pressed 9. `attempt` alone counts; the rest is empty where it was not told."""

    attempt: str
    at_ms: int = 0
    """Asterisk's clock, epoch milliseconds."""
    number: str = ""
    """Who called, for an inbound call; empty for a dialled one."""
    did: str = ""
    """And which number of ours."""


def opt_out(entry: DatabaseEntry) -> KeptOptOut | None:
    """None: its key is no attempt's. A value that cannot be read costs its details only."""
    if entry.family != OPT_OUTS or not _ATTEMPT.fullmatch(entry.key):
        return None
    at, number, did = (*entry.value.split(","), "", "")[:3]
    return KeptOptOut(entry.key, int(at) if _AT.fullmatch(at) else 0, number, did)
