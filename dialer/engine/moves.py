"""What Asterisk is to do with the channels of a call under control (deploy/asterisk/call_control.conf)."""

from ami.actions import Action, Bridge, Redirect, Setvar
from dialer.agents import Line
from dialer.engine.calls import LiveCall
from dialer.engine.cares import Care, Third
from dialer.engine.targets import Target

RING_MS = 30_000
REST = ("marcador-rest", "s")


def put_aside(care: Care, agent_to: tuple[str, str] = REST) -> Redirect:
    """The customer to the music and the agent's side elsewhere, in one moment."""
    return Redirect(care.call.channel, "marcador-held", "hold", 1, care.leg, *agent_to)


def own_feet(care: Care) -> tuple[Action, ...]:
    """A phone that was rung is to outlive the hold, and its hang-up to remain the call's end."""
    if care.agent.row.line is Line.HELD:
        return ()
    return (
        Setvar("MARCADOR_DESK", "1", care.leg),
        Setvar("MARCADOR_RESCUE_MS", "0", care.call.channel),
    )


def join(care: Care) -> Bridge:
    return Bridge(agent=care.leg, customer=care.call.channel)


def to_rest(channel: str) -> Redirect:
    return Redirect(channel, *REST)


def send(care: Care, place: tuple[str, str], *, together: bool) -> Redirect:
    """The customer elsewhere; the held line of somebody they talk with comes to rest in the same moment."""
    if together and care.agent.row.line is Line.HELD:
        return Redirect(care.call.channel, *place, 1, care.leg, *REST)
    return Redirect(care.call.channel, *place)


def conference(care: Care, third: Third) -> tuple[Action, ...]:
    room, call = "marcador-conference", care.call
    sets = [Setvar("MARCADOR_CALL", str(call.id), one) for one in (care.leg, third.channel, call.channel)]
    theirs = "agent" if third.agent is not None else "third"
    both = Redirect(care.leg, room, "agent", 1, third.channel, room, theirs)
    return (*sets, both, Redirect(call.channel, room, "customer"))


def way_out(call: LiveCall, target: Target, channel: str) -> list[Action]:
    """What `channel` is to know before it dials the target's number."""
    values = {
        "MARCADOR_CALL": str(call.id),
        "MARCADOR_TRUNK": target.endpoint,
        "MARCADOR_CALLERID": target.caller_id,
        "MARCADOR_RING_MS": str(RING_MS),
    }
    return [Setvar(name, value, channel) for name, value in values.items() if value]
