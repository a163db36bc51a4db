"""The gate between those who begin attempts and those who forbid them.

Beginning takes it shared. Whoever closes a fence, pauses or deletes a list, or adds to do-not-call takes it
alone, for the rest of the transaction: after the commit every attempt either had begun (and can be seen
live) or sees the ban.
"""

from lists.queries import ATTEMPTS
from storage.database import Connection

GATE = 0x6C69_7374  # an advisory lock of this room


async def close_gate(conn: Connection) -> None:
    """Wait until no begin is under way, and keep new ones out until the transaction ends."""
    await conn.execute(ATTEMPTS.close_gate, GATE)
