"""What may be written into an action. AMI is lines of text: a line break in a value is another header."""

import re

from ami.errors import BadAction

# No `&` (rings several), no `,` or `|` (options), no raw SIP address behind a second `/`.
_DIAL_STRING = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.+*#-]{1,80}(@[A-Za-z0-9_.-]{1,80})?(/[a-z]{1,4})?")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_ENDPOINT = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9]+/\S{1,120}-[0-9a-f]{8}(;[12])?")
_CHANNEL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,140}(;[12])?")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}(\([A-Za-z0-9_,.\- ]*\))?")
_WORD = re.compile(r"[A-Za-z0-9_.*#+-]{1,80}")
MAX_LINE = 1022
"""Bytes, without the line's end: Asterisk discards a message with a longer one (main/manager.c, `inbuf`)."""
MAX_HEADERS = 128
"""`AST_MAX_MANHEADERS`."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARGUMENT_SIGNS = re.compile(r'([\\",()])')


def line(header: str, value: str) -> str:
    """`value` unchanged, if it can stand in one line of AMI."""
    if _CONTROL.search(value):
        raise BadAction(f"{header}: a line break or control character may not be sent: {value!r}")
    if len(header) + 2 + len(value.encode()) > MAX_LINE:
        raise BadAction(f"{header}: longer than Asterisk reads ({MAX_LINE} bytes a line)")
    return value


def dial_string(value: str) -> str:
    """A channel to originate: PJSIP/5551234@trunk, PJSIP/phone, Local/exten@context/n."""
    if not _DIAL_STRING.fullmatch(value):
        raise BadAction(f"nobody can dial {value!r}: digits, + * #, an endpoint's name")
    return value


def number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise BadAction(f"{value!r} is no number that can be dialled")
    return value


def endpoint(value: str) -> str:
    if not _ENDPOINT.fullmatch(value):
        raise BadAction(f"{value!r} is no endpoint's name")
    return value


def word(header: str, value: str) -> str:
    """A context, an extension, an id: letters, digits and `_ . * # + -`."""
    if not _WORD.fullmatch(value):
        raise BadAction(f"{header}: {value!r} is no name")
    return value


def channel(value: str) -> str:
    """A live channel, by its full name or its unique id: Asterisk also takes a name's beginning, and may find
    another's."""
    if not (_CHANNEL_NAME if "/" in value else _CHANNEL_ID).fullmatch(value):
        raise BadAction(f"{value!r} is neither a channel's full name nor a unique id")
    return value


def channel_id(value: str) -> str:
    if not _CHANNEL_ID.fullmatch(value):
        raise BadAction(f"{value!r} cannot be a channel's unique id")
    return value


def variable(value: str) -> str:
    """A channel variable's name, or a function's call such as CHANNEL(language)."""
    if not _VARIABLE.fullmatch(value):
        raise BadAction(f"{value!r} is no variable's name")
    return value


def caller_id(name: str, digits: str) -> str:
    if any(sign in name for sign in '"<>\\'):
        raise BadAction(f"a caller's name may not hold quotes, brackets or back-slashes: {name!r}")
    if digits:
        number(digits)
    return f'"{name}" <{digits}>' if name else f"<{digits}>"


def argument(value: str) -> str:
    """`value` as one argument: Originate splits each `Variable` header at commas."""
    return _ARGUMENT_SIGNS.sub(r"\\\1", value)
