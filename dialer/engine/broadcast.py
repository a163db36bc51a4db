"""A campaign that broadcasts: how its calls are placed, and what came of the audio."""

from dialer import call as machine
from dialer.broadcast import AGENT_KEY, OPT_OUT_KEY, Broadcast
from dialer.outcome import Listened
from dialer.settings import Mode, Settings
from lists.model import AttemptKind

CONTEXT = "marcador-broadcast"
LISTENS_S = 120.0
"""An audio, a wait for a key, or a machine's greeting: nobody looks for the call before."""


def kind_of(settings: Settings) -> AttemptKind:
    """Of the calls the campaign's pacing places."""
    return AttemptKind.BROADCAST if settings.mode is Mode.BROADCAST else AttemptKind.DIALLED


def needs_agents(settings: Settings) -> bool:
    """Whether nothing is dialled while no agent of the campaign is at work."""
    return settings.mode is not Mode.BROADCAST or settings.broadcast.waits_for_agents


def variables(broadcast: Broadcast) -> dict[str, str]:
    """What `marcador-broadcast` reads (docs/asterisk-guide.md)."""
    found = {
        "MARCADOR_AUDIO": broadcast.audio,
        "MARCADOR_KEY_WAIT": str(broadcast.key_wait_s),
        "MARCADOR_ANSWERS": "".join(broadcast.answers),
        "MARCADOR_MACHINE_AUDIO": broadcast.machine_audio,
    }
    if broadcast.agents:
        found["MARCADOR_AGENT_PATIENCE_MS"] = str(broadcast.agent_patience_s * 1000)
    return {name: value for name, value in found.items() if value}


def listened(facts: machine.Facts, broadcast: Broadcast) -> Listened:
    return Listened(
        played=facts.played,
        answer=next((key for key in facts.pressed if key in broadcast.answers), ""),
        opted_out=facts.opted_out or OPT_OUT_KEY in facts.pressed,
        wanted_agent=broadcast.agents and AGENT_KEY in facts.pressed,
        left_message=facts.left_message,
    )
