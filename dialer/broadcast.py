"""What a broadcast campaign plays, and what its keys mean.

Nobody needs to be at work: the audio is played at the answer. `9` is always never-again, `1` an agent where
the campaign has agents for it, and any other key an answer to the question the audio asks, if it is named.
"""

from typing import Annotated

import msgspec

from dialer.errors import BadValue

Sound = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_/-]{0,80}$")]
"""The name of a sound under Asterisk's `sounds/<language>/`, without its ending."""

AGENT_KEY, OPT_OUT_KEY = "1", "9"
KEYS = "0123456789*#"


class Broadcast(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    audio: Sound = ""
    """Played at the answer, until a key is pressed."""
    key_wait_s: Annotated[int, msgspec.Meta(ge=0, le=30)] = 5
    """How long a key is listened for after the audio."""
    answers: dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=80)]] = {}
    """Keys that answer the audio's question, and what they mean: {"2": "yes", "3": "no"}."""
    agents: bool = False
    """`1` leads to an agent of the campaign."""
    agent_patience_s: Annotated[int, msgspec.Meta(ge=1, le=600)] = 30
    """How long one who pressed `1` waits, with music."""
    within_agents: bool = True
    """Never more calls under way than make as many presses of `1` as there are free agents; otherwise trunks
    and channels alone decide."""
    machine_audio: Sound = ""
    """Left on an answering machine after its greeting; empty: a machine is hung up on. Needs `amd`."""

    @property
    def waits_for_agents(self) -> bool:
        return self.agents and self.within_agents

    def meaning(self, key: str) -> str:
        """`agent`, `opt_out`, the campaign's own word for an answer, or nothing."""
        if key == OPT_OUT_KEY:
            return "opt_out"
        if key == AGENT_KEY and self.agents:
            return "agent"
        return self.answers.get(key, "")


def checked(broadcast: Broadcast, *, amd: bool) -> None:
    """What types alone cannot say of a campaign that broadcasts. Raises `BadValue`."""
    if not broadcast.audio:
        raise BadValue("a broadcast needs an audio to play", field="broadcast.audio")
    if broadcast.machine_audio and not amd:
        raise BadValue("who leaves a message on machines must detect them", field="amd")
    taken = {OPT_OUT_KEY: "never call again"} | ({AGENT_KEY: "an agent"} if broadcast.agents else {})
    for key in broadcast.answers:
        if len(key) != 1 or key not in KEYS:
            raise BadValue(f"{key!r} is no key of a telephone", field="broadcast.answers")
        if key in taken:
            raise BadValue(f"{key} means {taken[key]}", field="broadcast.answers")
