"""A message's headers to a typed event. Pure: one small function per event, found by Asterisk's name."""

import logging
from collections.abc import Callable

from ami import events as e
from ami.framing import Fields

log = logging.getLogger(__name__)

_UNKNOWN = ("<unknown>", "<null>")


def parse(fields: Fields) -> e.Event | None:
    """The event, or None: of no interest, or malformed, which is logged and never raised."""
    name = fields.get("event", "")
    build = BUILDERS.get(name)
    if build is None:
        return None
    try:
        return build(fields)
    except (KeyError, ValueError) as error:
        log.warning("malformed AMI event skipped: %s: %r in %r", name, error, fields)
        return None


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    return "" if value in _UNKNOWN else value


def _int(fields: Fields, name: str, default: int = 0) -> int:
    value = _text(fields, name)
    return int(value) if value else default


def _state(fields: Fields, prefix: str = "") -> e.ChannelState:
    return e.ChannelState(int(fields[prefix + "channelstate"]))


def _who(fields: Fields, prefix: str = "") -> tuple[str, str, str]:
    """uniqueid, linkedid, channel: an event without them is malformed."""
    uniqueid = fields[prefix + "uniqueid"]
    if not uniqueid:
        raise ValueError("no uniqueid")
    return uniqueid, fields.get(prefix + "linkedid") or uniqueid, fields[prefix + "channel"]


def _newchannel(f: Fields) -> e.Event:
    number, name = _text(f, "calleridnum"), _text(f, "calleridname")
    return e.Newchannel(*_who(f), _state(f), number, name, _text(f, "context"), _text(f, "exten"))


def _newstate(f: Fields) -> e.Event:
    return e.Newstate(*_who(f), _state(f), _text(f, "connectedlinenum"))


def _dial_begin(f: Fields) -> e.Event:
    return e.DialBegin(*_who(f, "dest"), _text(f, "uniqueid"), _text(f, "channel"), _text(f, "dialstring"))


def _dial_state(f: Fields) -> e.Event:
    return e.DialState(*_who(f, "dest"), _text(f, "uniqueid"), _text(f, "channel"), f["dialstatus"])


def _dial_end(f: Fields) -> e.Event:
    return e.DialEnd(*_who(f, "dest"), _text(f, "uniqueid"), _text(f, "channel"), f["dialstatus"])


def _hangup(f: Fields) -> e.Event:
    return e.Hangup(*_who(f), int(f["cause"]), _text(f, "cause-txt"), _state(f), _int(f, "techcause"))


def _originate_response(f: Fields) -> e.Event:
    success = f["response"] == "Success"
    return e.OriginateResponse(
        _text(f, "uniqueid"), _text(f, "channel"), success, int(f["reason"]), _text(f, "actionid")
    )


def _dtmf_end(f: Fields) -> e.Event:
    return e.DtmfEnd(*_who(f), f["digit"], _int(f, "durationms"), f.get("direction") == "Received")


def _bridge(f: Fields) -> tuple[str, str, str, str]:
    # What stands behind a colon only tells one line's own room from the next: see the dialplan.
    name = _text(f, "bridgename").partition(":")[0]
    return f["bridgeuniqueid"], f["bridgetype"], _text(f, "bridgecreator"), name


def _bridge_listed(f: Fields) -> e.Event:
    return e.BridgeListed(*_bridge(f))


def _channel_listed(f: Fields) -> e.Event:
    return e.ChannelListed(
        *_who(f),
        state=_state(f),
        context=_text(f, "context"),
        exten=_text(f, "exten"),
        application=_text(f, "application"),
        duration_s=_seconds(_text(f, "duration")),
        bridge=_text(f, "bridgeid"),
        caller_number=_text(f, "calleridnum"),
        account_code=_text(f, "accountcode"),
    )


def _seconds(clock: str) -> int:
    """01:02:03 in seconds."""
    if not clock:
        return 0
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _endpoint_listed(f: Fields) -> e.Event:
    active = len(_text(f, "activechannels").split(",")) if _text(f, "activechannels") else 0
    return e.EndpointListed(f["objectname"], _text(f, "devicestate"), _text(f, "contacts"), active)


def _database_entry(f: Fields) -> e.Event:
    """`Key: /family/key`; the key may hold slashes of its own."""
    _, family, key = f["key"].split("/", 2)
    return e.DatabaseEntry(family, key, f.get("val", ""))


# --- our dialplan's events ----------------------------------------------------------------------


def _ours(f: Fields) -> tuple[str, str, str, str]:
    return (*_who(f), f["attempt"])


_USER_EVENTS: dict[str, Callable[[Fields], e.Event]] = {
    "MarcadorAnswered": lambda f: e.MarcadorAnswered(*_ours(f), _int(f, "at")),
    "MarcadorAmd": lambda f: e.MarcadorAmd(*_ours(f), f["status"], _text(f, "cause"), _int(f, "ms")),
    "MarcadorInbound": lambda f: e.MarcadorInbound(
        *_ours(f),
        _text(f, "number"),
        _text(f, "did"),
        _text(f, "trunk"),
        _int(f, "at"),
        _int(f, "patience"),
    ),
    "MarcadorClosed": lambda f: e.MarcadorClosed(*_ours(f), _int(f, "at")),
    "MarcadorOptOut": lambda f: e.MarcadorOptOut(*_ours(f), _text(f, "number")),
    "MarcadorKey": lambda f: e.MarcadorKey(*_ours(f), f["key"]),
    "MarcadorPlayed": lambda f: e.MarcadorPlayed(*_ours(f), _text(f, "to") == "machine"),
    "MarcadorRingFailed": lambda f: e.MarcadorRingFailed(
        *_ours(f), f["agent"], _text(f, "status"), _int(f, "cause")
    ),
    "MarcadorLeft": lambda f: e.MarcadorLeft(*_ours(f)),
    "MarcadorManual": lambda f: e.MarcadorManual(*_ours(f), f["agent"]),
    "MarcadorManualEnded": lambda f: e.MarcadorManualEnded(
        *_ours(f), f["agent"], _text(f, "status"), _int(f, "cause")
    ),
    "MarcadorThird": lambda f: e.MarcadorThird(*_ours(f)),
    "MarcadorThirdEnded": lambda f: e.MarcadorThirdEnded(*_ours(f), _text(f, "status"), _int(f, "cause")),
    "MarcadorSpy": lambda f: e.MarcadorSpy(*_ours(f), f["state"]),
    "MarcadorSound": lambda f: e.MarcadorSound(*_who(f), f["sound"], f["language"], f["there"] == "1"),
    "MarcadorLine": lambda f: e.MarcadorLine(*_who(f), f["agent"], f["state"]),
}


def _user_event(f: Fields) -> e.Event:
    name = f["userevent"]
    build = _USER_EVENTS.get(name)
    return build(f) if build else e.OtherUserEvent(*_who(f), name, dict(f))


BUILDERS: dict[str, Callable[[Fields], e.Event]] = {
    "FullyBooted": lambda f: e.FullyBooted(_int(f, "uptime"), _text(f, "status")),
    "Shutdown": lambda f: e.Shutdown(f.get("restart") == "True"),
    "Newchannel": _newchannel,
    "Newstate": _newstate,
    "DialBegin": _dial_begin,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
    "HangupRequest": lambda f: e.HangupRequest(*_who(f), _int(f, "cause")),
    "SoftHangupRequest": lambda f: e.SoftHangupRequest(*_who(f), _int(f, "cause")),
    "Hangup": _hangup,
    "Hold": lambda f: e.Hold(*_who(f), _text(f, "musicclass")),
    "Unhold": lambda f: e.Unhold(*_who(f)),
    "DTMFEnd": _dtmf_end,
    "Rename": lambda f: e.Rename(f["uniqueid"], f.get("linkedid", ""), f["channel"], f["newname"]),
    "VarSet": lambda f: e.VarSet(*_who(f), f["variable"], f.get("value", "")),
    "OriginateResponse": _originate_response,
    "BridgeCreate": lambda f: e.BridgeCreate(*_bridge(f)),
    "BridgeEnter": lambda f: e.BridgeEnter(*_who(f), *_bridge(f), _int(f, "bridgenumchannels")),
    "BridgeLeave": lambda f: e.BridgeLeave(*_who(f), *_bridge(f), _int(f, "bridgenumchannels")),
    "BridgeDestroy": lambda f: e.BridgeDestroy(f["bridgeuniqueid"]),
    "UserEvent": _user_event,
    "CoreShowChannel": _channel_listed,
    "BridgeListItem": _bridge_listed,
    "BridgeInfoChannel": lambda f: e.BridgeMember(*_who(f), f.get("bridgeuniqueid", "")),
    "DBGetTreeResponse": _database_entry,
    "EndpointList": _endpoint_listed,
}
"""Every event this room understands; any other is dropped before it is even read."""
