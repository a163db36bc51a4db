"""How a campaign answers its callers."""

from typing import Annotated

import msgspec

from dialer.broadcast import Sound


class Answering(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    patience_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] | None = None
    """How long a caller waits for an agent, with music; None: the installation's."""
    last_agent_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 15
    """So long a caller waits for the agent of the last conversation, if at work; then for anybody."""
    closed_audio: Sound = ""
    """Played to who calls outside the campaign's hours; empty: the installation's."""
    call_back: bool = False
    """Who was not answered is put into the agenda, for whoever is free."""
