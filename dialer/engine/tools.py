"""What the parts of one engine share."""

from dataclasses import dataclass

from dialer.engine.agents import Agents
from dialer.engine.calls import Calls
from dialer.engine.sending import Sender
from dialer.engine.trunks import Trunks
from dialer.engine.writes import Writer
from storage.clock import Clock
from storage.database import Database


@dataclass(slots=True)
class Tools:
    worker: str
    """This run of this process: two never share a name."""
    db: Database
    clock: Clock
    writer: Writer
    sender: Sender
    trunks: Trunks
    calls: Calls
    agents: Agents
    epoch: int = 0
    """Of the floor's lease; 0: not the owner, nothing may begin."""
