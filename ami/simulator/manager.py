"""What AMI's actions do here: each function takes an action as it came in and returns its answer. No I/O."""

from collections.abc import Callable

from ami.simulator.model import Channel
from ami.simulator.parties import ANSWERED, FAILED, originate_response
from ami.simulator.pbx import Pbx, Refused
from ami.simulator.wire import Answer, Asked, Told

PLACES = (
    ("marcador-customer", "answered"),
    ("marcador-broadcast", "answered"),
    ("marcador-agent", "line"),
    ("marcador-keys", "press"),
    ("marcador-sounds", "look"),
    *(("marcador-spy", how) for how in ("listen", "whisper", "barge")),
)
"""Where an originate may lead."""


def carry_out(pbx: Pbx, asked: Asked) -> Answer:
    """Do one action of a session that has logged in."""
    handler = _HANDLERS.get(asked["action"].lower())
    if handler is None:
        return Answer(False, "Invalid/unknown command: " + asked["action"])
    try:
        return handler(pbx, asked)
    except Refused as reason:
        return Answer(False, str(reason))


def _ok(message: str, **headers: str) -> Answer:
    return Answer(True, message, headers)


def _ping(pbx: Pbx, asked: Asked) -> Answer:
    return Answer(True, "", {"Ping": "Pong", "Timestamp": f"{pbx.clock.now().timestamp():.6f}"})


def _originate(pbx: Pbx, asked: Asked) -> Answer:
    technology, _, rest = asked["channel"].partition("/")
    if not technology or not rest:
        raise Refused("Invalid channel")
    place = (asked["context"], asked["exten"])
    if place not in PLACES:
        raise Refused("Extension does not exist.")
    if asked["async"].lower() not in ("true", "yes", "1"):
        raise Refused("This simulated PBX originates asynchronously only")
    channel = _new_channel(pbx, asked, technology, rest)
    timeout_s = int(asked["timeout"] or 30000) / 1000
    if place[0] == "marcador-keys":
        pbx.tell(originate_response(channel, ANSWERED))  # nobody here hears them
        return _ok("Originate successfully queued")
    if place[0] == "marcador-sounds":
        pbx.tell(originate_response(channel, ANSWERED))
        pbx.tell_of_sound(channel)
        return _ok("Originate successfully queued")
    number, _, trunk = rest.partition("@")
    to_customer = place[0] in ("marcador-customer", "marcador-broadcast")
    if (to_customer and not pbx.has_trunk(trunk)) or pbx.exchange.find(channel.uniqueid):
        pbx.tell(originate_response(channel, FAILED))  # no channel, so no Newchannel and no Hangup either
        return _ok("Originate successfully queued")
    phone = pbx.phone_of(rest.partition("@")[0])
    if place[0] == "marcador-spy":
        pbx.ring_ear(channel, phone, place[1], timeout_s)
    elif place[0] == "marcador-agent":
        pbx.ring_line(channel, phone, channel.variables.get("MARCADOR_AGENT", ""), timeout_s)
    else:
        pbx.place(channel, number, trunk, timeout_s, place)
    return _ok("Originate successfully queued")


def _new_channel(pbx: Pbx, asked: Asked, technology: str, rest: str) -> Channel:
    endpoint = rest.partition("@")[2] if technology == "PJSIP" and "@" in rest else rest
    channel = pbx.new_channel(f"{technology}/{endpoint.removesuffix('/n')}", uniqueid=asked["channelid"])
    if technology == "Local":
        channel.name += ";1"
    channel.context, channel.exten = "marcador-inbound", "s"  # the endpoint's own, until the answer
    name, _, number = asked["callerid"].rpartition("<")
    channel.caller_name, channel.caller_number = name.strip(' "'), number.rstrip("> ")
    channel.variables.update(asked.variables)
    channel.action_id, channel.dialled = asked["actionid"], asked["channel"]
    channel.other_id = asked["otherchannelid"]
    return channel


def _bridge(pbx: Pbx, asked: Asked) -> Answer:
    pbx.bridge(asked["channel1"], asked["channel2"])
    return _ok("Channels have been bridged")


def _redirect(pbx: Pbx, asked: Asked) -> Answer:
    try:
        party = pbx.party(asked["channel"])
    except Refused:
        raise Refused("Channel does not exist: " + asked["channel"]) from None
    place = (asked["context"], asked["exten"])
    if asked["extrachannel"]:
        other = pbx.party(asked["extrachannel"])
        pbx.redirect_both(party, place, other, (asked["extracontext"], asked["extraexten"]))
    else:
        party.redirect(*place)
    return _ok("Redirect successful")


def _hangup(pbx: Pbx, asked: Asked) -> Answer:
    pbx.party(asked["channel"]).hang_up(int(asked["cause"] or 16))
    return _ok("Channel Hungup")


def _setvar(pbx: Pbx, asked: Asked) -> Answer:
    if not asked["channel"]:
        pbx.globals[asked["variable"]] = asked["value"]
    else:
        pbx.party(asked["channel"]).channel.variables[asked["variable"]] = asked["value"]
    return _ok("Variable Set")


def _getvar(pbx: Pbx, asked: Asked) -> Answer:
    known = pbx.party(asked["channel"]).channel.variables if asked["channel"] else pbx.globals
    return _ok("Result will follow", Variable=asked["variable"], Value=known.get(asked["variable"], ""))


def _list_channels(pbx: Pbx, asked: Asked) -> Answer:
    items = tuple(Told("CoreShowChannel", _listed(pbx, channel)) for channel in pbx.exchange.channels())
    return Answer(True, "Channels will follow", items=items, end="CoreShowChannelsComplete")


def _listed(pbx: Pbx, channel: Channel) -> dict[str, str]:
    age = int((pbx.clock.now() - channel.created).total_seconds())
    return {
        **channel.headers(),
        "Application": channel.application,
        "Duration": f"{age // 3600:02d}:{age // 60 % 60:02d}:{age % 60:02d}",
        "BridgeId": channel.bridge.id if channel.bridge else "",
    }


def _list_bridges(pbx: Pbx, asked: Asked) -> Answer:
    items = tuple(Told("BridgeListItem", bridge.headers()) for bridge in pbx.exchange.bridges())
    return Answer(True, "Bridge listing will follow", items=items, end="BridgeListComplete")


def _bridge_info(pbx: Pbx, asked: Asked) -> Answer:
    for bridge in pbx.exchange.bridges():
        if bridge.id == asked["bridgeuniqueid"]:
            items = tuple(Told("BridgeInfoChannel", channel.headers()) for channel in bridge.channels)
            return Answer(True, "Bridge channel listing will follow", items=items, end="BridgeInfoComplete")
    raise Refused("Specified BridgeUniqueid not found")


def _db_tree(pbx: Pbx, asked: Asked) -> Answer:
    items = tuple(
        Told("DBGetTreeResponse", {"Key": f"/{family}/{key}", "Val": value})
        for (family, key), value in sorted(pbx.database.items())
        if family == asked["family"]
    )
    return Answer(True, "Result will follow", items=items, end="DBGetTreeComplete")


def _db_del(pbx: Pbx, asked: Asked) -> Answer:
    if pbx.database.pop((asked["family"], asked["key"]), None) is None:
        raise Refused("Database entry could not be deleted")
    return _ok("Key deleted successfully")


def _module(pbx: Pbx, asked: Asked) -> Answer:
    if asked["module"] not in pbx.settings.modules:
        raise Refused("Module not loaded")
    return _ok("")


def _endpoints(pbx: Pbx, asked: Asked) -> Answer:
    items = tuple(
        Told("EndpointList", {"ObjectName": name, "DeviceState": "Not in use", "Contacts": f"{name}/sip:sim"})
        for name in sorted(pbx.settings.phones)
    )
    return Answer(True, "A listing of Endpoints follows", items=items, end="EndpointListComplete")


def _settings(pbx: Pbx, asked: Asked) -> Answer:
    return _ok("", AMIversion="11.0.0", AsteriskVersion=pbx.settings.version)


def _status(pbx: Pbx, asked: Asked) -> Answer:
    return _ok("", CoreCurrentCalls=str(sum(1 for _ in pbx.exchange.channels())))


_HANDLERS: dict[str, Callable[[Pbx, Asked], Answer]] = {
    "ping": _ping,
    "originate": _originate,
    "bridge": _bridge,
    "redirect": _redirect,
    "hangup": _hangup,
    "setvar": _setvar,
    "getvar": _getvar,
    "coreshowchannels": _list_channels,
    "bridgelist": _list_bridges,
    "bridgeinfo": _bridge_info,
    "dbgettree": _db_tree,
    "dbdel": _db_del,
    "modulecheck": _module,
    "pjsipshowendpoints": _endpoints,
    "coresettings": _settings,
    "corestatus": _status,
    "filter": lambda pbx, asked: _ok("Success"),
}
