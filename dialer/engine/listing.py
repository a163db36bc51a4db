"""What one Asterisk has, and how a call under control is read off it."""

from dataclasses import dataclass

from ami.events import BridgeListed, ChannelListed
from dialer.agents import Line
from dialer.dialing import is_dialled_by
from dialer.engine.agents import Agents, LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.cares import Care, Third
from dialer.handling import CONFERENCE, HELD_ROOM


@dataclass(frozen=True, slots=True)
class Listing:
    channels: dict[str, ChannelListed]
    bridge_of: dict[str, BridgeListed]
    """By channel."""

    def place(self, channel: str) -> str:
        """As `dialer.handling.Places` has it."""
        bridge = self.bridge_of.get(channel)
        return (bridge.name or bridge.bridge) if bridge is not None else ""


def is_phone_of(agent: LiveAgent, channel: str) -> bool:
    """Whether a channel of this name is the agent's phone."""
    return is_dialled_by(agent.row.dial, channel)


def care_of(call: LiveCall, agent: LiveAgent, agents: Agents, listing: Listing) -> Care | None:
    """A call that is held, or in a conference, taken up in the middle. None: a plain one."""
    room = listing.place(call.channel)
    if room != HELD_ROOM and not room.startswith(CONFERENCE):
        return None
    leg = agent.line if agent.row.line is Line.HELD else _phone(call, agent, listing)
    if not leg or leg not in listing.channels:
        return None
    care = Care(call, agent, leg)
    care.at = {channel: listing.place(channel) for channel in (call.channel, leg)}
    with_agent = listing.bridge_of.get(leg)
    for member in with_agent.members if with_agent is not None and leg_talks(care) else ():
        if member.uniqueid not in (call.channel, leg):
            colleague = agents.on(member.uniqueid)
            label = colleague.row.code if colleague else listing.channels[member.uniqueid].caller_number
            care.third = Third(label, colleague, member.uniqueid)
            care.at[member.uniqueid] = care.at[leg]
    return care


def leg_talks(care: Care) -> bool:
    return not care.at_rest and care.at.get(care.leg, "") != ""


def _phone(call: LiveCall, agent: LiveAgent, listing: Listing) -> str:
    linked = listing.channels[call.channel].linkedid
    own = (
        channel.uniqueid
        for channel in listing.channels.values()
        if is_phone_of(agent, channel.channel) and channel.linkedid == linked
    )
    return next(own, "")
