"""What we ask of Asterisk, as values that refuse what must not be sent. Rendering to bytes is pure.

A value is checked twice on purpose: its meaning (a number, a channel's name) when the action is made, and
every line's form (no line break) when it is rendered, where no new action can forget it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ami import values
from ami.errors import BadAction

Headers = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Action:
    NAME: ClassVar[str]
    LIST_END: ClassVar[str] = ""
    """The event that ends the list this action answers with; empty where it answers with one response."""

    def headers(self) -> Headers:
        return iter(())


def render(action: Action, action_id: str) -> bytes:
    """The action's bytes. Raises `BadAction` where a value would break out of its line, or not fit in it."""
    lines = [("Action", action.NAME), ("ActionID", action_id), *action.headers()]
    if len(lines) > values.MAX_HEADERS:
        raise BadAction(f"{action.NAME}: more than {values.MAX_HEADERS} headers, which is all Asterisk reads")
    text = "".join(f"{header}: {values.line(header, value)}\r\n" for header, value in lines)
    return (text + "\r\n").encode()


@dataclass(frozen=True, slots=True)
class Login(Action):
    NAME: ClassVar[str] = "Login"
    username: str
    secret: str = field(repr=False)
    events: bool = True

    def headers(self) -> Headers:
        yield "Username", self.username
        yield "Secret", self.secret
        yield "Events", "on" if self.events else "off"


@dataclass(frozen=True, slots=True)
class Logoff(Action):
    NAME: ClassVar[str] = "Logoff"


@dataclass(frozen=True, slots=True)
class Ping(Action):
    NAME: ClassVar[str] = "Ping"


@dataclass(frozen=True, slots=True)
class Originate(Action):
    """Dial `channel`, and at its answer run the dialplan at `context`. Always asynchronous: a synchronous
    one would stall the whole session until the answer. Acknowledged at once; `OriginateResponse` tells the
    end."""

    NAME: ClassVar[str] = "Originate"
    channel: str
    """A dial string: see `customer`, `phone`, `local`."""
    channel_id: str
    """Becomes the channel's uniqueid: the attempt's id."""
    context: str
    exten: str
    priority: int = 1
    timeout_ms: int = 30_000
    """How long it may ring."""
    caller_name: str = ""
    caller_number: str = ""
    other_channel_id: str = ""
    """The uniqueid of a Local channel's second half; one of its own is made where none is given."""
    variables: Mapping[str, str] = field(default_factory=dict)
    early_media: bool = False
    """Run the dialplan at early media already (183), not only at the answer."""
    account: str = ""
    codecs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values.dial_string(self.channel)
        values.channel_id(self.channel_id)
        values.word("Context", self.context)
        values.word("Exten", self.exten)
        if self.other_channel_id:
            values.channel_id(self.other_channel_id)
            if self.other_channel_id.startswith(self.channel_id):
                raise BadAction(
                    "Asterisk finds a channel by the beginning of its id: the other half's must differ"
                )
        if not 1 <= self.timeout_ms <= 600_000:
            raise BadAction(f"a ring time of {self.timeout_ms} ms is out of range (1 ms to 10 min)")
        if self.caller_name or self.caller_number:
            values.caller_id(self.caller_name, self.caller_number)
        for name in self.variables:
            values.variable(name)

    def headers(self) -> Headers:
        yield "Channel", self.channel
        yield "ChannelId", self.channel_id
        if self.channel.startswith("Local/"):
            yield "OtherChannelId", self.other_channel_id or f"half-{self.channel_id}"
        yield "Context", self.context
        yield "Exten", self.exten
        yield "Priority", str(self.priority)
        yield "Timeout", str(self.timeout_ms)
        yield "Async", "true"
        if self.caller_name or self.caller_number:
            yield "CallerID", values.caller_id(self.caller_name, self.caller_number)
        if self.early_media:
            yield "EarlyMedia", "true"
        if self.account:
            yield "Account", self.account
        if self.codecs:
            yield "Codecs", ",".join(self.codecs)
        for name, value in self.variables.items():
            yield "Variable", f"{name}={values.argument(value)}"


def customer(digits: str, trunk: str) -> str:
    """The dial string of a number over a trunk."""
    return f"PJSIP/{values.number(digits)}@{values.endpoint(trunk)}"


def phone(name: str) -> str:
    """The dial string of an agent's phone."""
    return f"PJSIP/{values.endpoint(name)}"


def local(exten: str, context: str) -> str:
    """The dial string of a Local channel that stays in the call (/n)."""
    return f"Local/{values.word('Exten', exten)}@{values.word('Context', context)}/n"


@dataclass(frozen=True, slots=True)
class Bridge(Action):
    """Join two channels wherever they are. After it both go on at their dialplan's next priority."""

    NAME: ClassVar[str] = "Bridge"
    agent: str
    customer: str

    def __post_init__(self) -> None:
        values.channel(self.agent)
        values.channel(self.customer)

    def headers(self) -> Headers:
        yield "Channel1", self.agent
        yield "Channel2", self.customer
        yield "Tone", "no"


@dataclass(frozen=True, slots=True)
class Redirect(Action):
    """Move a channel in the dialplan. With `extra` a second one in the same moment: of two who talk, neither
    is then left behind to be hung up."""

    NAME: ClassVar[str] = "Redirect"
    channel: str
    context: str
    exten: str
    priority: int = 1
    extra: str = ""
    extra_context: str = ""
    extra_exten: str = ""

    def __post_init__(self) -> None:
        values.channel(self.channel)
        values.word("Context", self.context)
        values.word("Exten", self.exten)
        if self.extra:
            values.channel(self.extra)
            values.word("ExtraContext", self.extra_context)
            values.word("ExtraExten", self.extra_exten)

    def headers(self) -> Headers:
        yield "Channel", self.channel
        yield "Context", self.context
        yield "Exten", self.exten
        yield "Priority", str(self.priority)
        if self.extra:
            yield "ExtraChannel", self.extra
            yield "ExtraContext", self.extra_context
            yield "ExtraExten", self.extra_exten
            yield "ExtraPriority", "1"


@dataclass(frozen=True, slots=True)
class Hangup(Action):
    NAME: ClassVar[str] = "Hangup"
    channel: str
    cause: int = 16

    def __post_init__(self) -> None:
        values.channel(self.channel)
        if not 1 <= self.cause <= 127:
            raise BadAction(f"{self.cause} is no Q.850 cause")

    def headers(self) -> Headers:
        yield "Channel", self.channel
        yield "Cause", str(self.cause)


@dataclass(frozen=True, slots=True)
class Setvar(Action):
    """Set a channel's variable; without a channel a global one."""

    NAME: ClassVar[str] = "Setvar"
    variable: str
    value: str
    channel: str = ""

    def __post_init__(self) -> None:
        values.variable(self.variable)
        if self.channel:
            values.channel(self.channel)

    def headers(self) -> Headers:
        if self.channel:
            yield "Channel", self.channel
        yield "Variable", self.variable
        yield "Value", self.value


@dataclass(frozen=True, slots=True)
class Getvar(Action):
    """The answer's field `value`."""

    NAME: ClassVar[str] = "Getvar"
    variable: str
    channel: str = ""

    def __post_init__(self) -> None:
        values.variable(self.variable)
        if self.channel:
            values.channel(self.channel)

    def headers(self) -> Headers:
        if self.channel:
            yield "Channel", self.channel
        yield "Variable", self.variable


@dataclass(frozen=True, slots=True)
class CoreShowChannels(Action):
    """Items: `ChannelListed`."""

    NAME: ClassVar[str] = "CoreShowChannels"
    LIST_END: ClassVar[str] = "CoreShowChannelsComplete"


@dataclass(frozen=True, slots=True)
class BridgeList(Action):
    """Items: `BridgeListed`, without members."""

    NAME: ClassVar[str] = "BridgeList"
    LIST_END: ClassVar[str] = "BridgeListComplete"


@dataclass(frozen=True, slots=True)
class BridgeInfo(Action):
    """Items: `BridgeMember`."""

    NAME: ClassVar[str] = "BridgeInfo"
    LIST_END: ClassVar[str] = "BridgeInfoComplete"
    bridge: str

    def headers(self) -> Headers:
        yield "BridgeUniqueid", self.bridge


@dataclass(frozen=True, slots=True)
class DBGetTree(Action):
    """Items: `DatabaseEntry`, all of the family at once: Asterisk has no pages for it."""

    NAME: ClassVar[str] = "DBGetTree"
    LIST_END: ClassVar[str] = "DBGetTreeComplete"
    family: str

    def headers(self) -> Headers:
        yield "Family", values.word("Family", self.family)


@dataclass(frozen=True, slots=True)
class DBDel(Action):
    """Refused where there is no such entry."""

    NAME: ClassVar[str] = "DBDel"
    family: str
    key: str

    def headers(self) -> Headers:
        yield "Family", values.word("Family", self.family)
        yield "Key", self.key


@dataclass(frozen=True, slots=True)
class ModuleCheck(Action):
    """Refused where the module is not loaded. Without `.so`."""

    NAME: ClassVar[str] = "ModuleCheck"
    module: str

    def headers(self) -> Headers:
        yield "Module", values.word("Module", self.module)


@dataclass(frozen=True, slots=True)
class Filter(Action):
    """Add an event filter to this session. Filters in manager.conf are cheaper to keep true."""

    NAME: ClassVar[str] = "Filter"
    condition: str
    match: str = ""

    def headers(self) -> Headers:
        yield "Operation", "Add"
        if self.match:
            yield "MatchCriteria", self.match
        yield "Filter", self.condition


@dataclass(frozen=True, slots=True)
class CoreSettings(Action):
    """The answer's field `asteriskversion`."""

    NAME: ClassVar[str] = "CoreSettings"


@dataclass(frozen=True, slots=True)
class CoreStatus(Action):
    """The answer's fields `corestartupdate`, `corecurrentcalls`."""

    NAME: ClassVar[str] = "CoreStatus"


@dataclass(frozen=True, slots=True)
class PJSIPShowEndpoints(Action):
    """Items: `EndpointListed`."""

    NAME: ClassVar[str] = "PJSIPShowEndpoints"
    LIST_END: ClassVar[str] = "EndpointListComplete"
