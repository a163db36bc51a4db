"""Channels and bridges, and what Asterisk tells of them. No clock, no socket: events go out as values.

Only what passes the filters of our manager.conf is told (docs/asterisk-guide.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ami.events import ChannelState
from ami.simulator.wire import Told

CUSTOMERS = "marcador-customers"
AGENTS = "marcador-agents"
HELD, DESKS = "marcador-held", "marcador-desks"
CONFERENCE = "talk-"
"""Beginning of a three-way conference's name."""

_STATE_TEXT = {
    ChannelState.DOWN: "Down",
    ChannelState.RING: "Ring",
    ChannelState.RINGING: "Ringing",
    ChannelState.UP: "Up",
}

CAUSES = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    18: "No user responding",
    19: "User alerting, no answer",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    38: "Network out of order",
    41: "Temporary failure",
}


@dataclass(slots=True, eq=False)
class Bridge:
    id: str
    kind: str
    creator: str
    name: str
    channels: "list[Channel]" = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        return {
            "BridgeUniqueid": self.id,
            "BridgeType": self.kind,
            "BridgeTechnology": "simple_bridge" if self.kind == "basic" else "holding_bridge",
            "BridgeCreator": self.creator or "<unknown>",
            "BridgeName": self.name or "<unknown>",
            "BridgeNumChannels": str(len(self.channels)),
        }


@dataclass(slots=True, eq=False)
class Channel:
    name: str
    uniqueid: str
    linkedid: str
    created: datetime
    context: str = ""
    exten: str = ""
    state: ChannelState = ChannelState.DOWN
    caller_number: str = ""
    caller_name: str = ""
    connected_number: str = ""
    account: str = ""
    application: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    bridge: Bridge | None = None
    alive: bool = True
    action_id: str = ""
    dialled: str = ""
    other_id: str = ""
    """The originate it came from: its ActionID, dial string and OtherChannelId."""

    def headers(self) -> dict[str, str]:
        return {
            "Channel": self.name,
            "ChannelState": str(int(self.state)),
            "ChannelStateDesc": _STATE_TEXT.get(self.state, "Unknown"),
            "CallerIDNum": self.caller_number or "<unknown>",
            "CallerIDName": self.caller_name or "<unknown>",
            "ConnectedLineNum": self.connected_number or "<unknown>",
            "AccountCode": self.account,
            "Context": self.context,
            "Exten": self.exten,
            "Uniqueid": self.uniqueid,
            "Linkedid": self.linkedid,
        }


class Exchange:
    """The channels and bridges of one Asterisk."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._by_id: dict[str, Channel] = {}
        self._by_name: dict[str, Channel] = {}
        self._rooms: dict[str, Bridge] = {}
        self._bridges: dict[str, Bridge] = {}
        self._made = 0

    # --- channels --------------------------------------------------------------------------------

    def next_number(self) -> int:
        self._made += 1
        return self._made

    def add(self, channel: Channel) -> None:
        self._by_id[channel.uniqueid] = channel
        self._by_name[channel.name] = channel
        self._tell(Told("Newchannel", channel.headers()))

    def find(self, name_or_id: str) -> Channel | None:
        return self._by_name.get(name_or_id) or self._by_id.get(name_or_id)

    def set_state(self, channel: Channel, state: ChannelState) -> None:
        channel.state = state
        self._tell(Told("Newstate", channel.headers()))

    def early_media(self, channel: Channel) -> None:
        headers = {f"Dest{header}": value for header, value in channel.headers().items()}
        self._tell(Told("DialState", headers | {"DialStatus": "PROGRESS"}))

    def raise_event(self, channel: Channel, name: str, **fields: str) -> None:
        """A UserEvent of our dialplan."""
        self._tell(Told("UserEvent", {**channel.headers(), "UserEvent": name, **fields}))

    def hang_up(self, channel: Channel, cause: int, tech_cause: int = 0) -> None:
        if not channel.alive:
            return
        channel.alive = False
        self.leave(channel)
        del self._by_id[channel.uniqueid]
        del self._by_name[channel.name]
        text = CAUSES.get(cause, "Unknown")
        headers = {**channel.headers(), "Cause": str(cause), "Cause-txt": text}
        if tech_cause:
            headers["TechCause"] = str(tech_cause)
        self._tell(Told("Hangup", headers))

    def channels(self) -> Iterator[Channel]:
        return iter(tuple(self._by_id.values()))

    # --- bridges ---------------------------------------------------------------------------------

    def room(self, name: str, creator: str = "BridgeWait") -> Bridge:
        """A waiting room or a conference, by its name; made when nobody is in it yet."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = self._new_bridge("base", creator, name)
        return room

    def conversation(self) -> Bridge:
        return self._new_bridge("basic", "", "")

    def _new_bridge(self, kind: str, creator: str, name: str) -> Bridge:
        bridge = Bridge(f"bridge-{self.next_number()}", kind, creator, name)
        self._bridges[bridge.id] = bridge
        return bridge

    def enter(self, channel: Channel, bridge: Bridge) -> None:
        self.leave(channel)
        channel.bridge = bridge
        bridge.channels.append(channel)
        if bridge.kind == "basic":
            channel.linkedid = bridge.channels[0].linkedid = self._oldest(bridge).linkedid
        self._tell(Told("BridgeEnter", {**bridge.headers(), **channel.headers()}))

    @staticmethod
    def _oldest(bridge: Bridge) -> Channel:
        """Whose linkedid a conversation goes by."""
        return min(bridge.channels, key=lambda channel: channel.created)

    def leave(self, channel: Channel) -> None:
        bridge = channel.bridge
        if bridge is None:
            return
        channel.bridge = None
        bridge.channels.remove(channel)
        self._tell(Told("BridgeLeave", {**bridge.headers(), **channel.headers()}))
        if not bridge.channels:
            self._bridges.pop(bridge.id, None)
            self._rooms.pop(bridge.name, None)

    def bridges(self) -> Iterator[Bridge]:
        return iter(tuple(self._bridges.values()))
