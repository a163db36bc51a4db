"""AMI as a server writes and reads it. Pure, and apart from the client's own reading, so that a mistake in
one does not hide in the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


@dataclass(frozen=True, slots=True)
class Told:
    """An event, as a value."""

    name: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action got: one response, and the events of a list."""

    success: bool
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Told, ...] = ()
    end: str = ""
    """The event that ends the list."""


def event(told: Told, action_id: str = "") -> bytes:
    lines = [f"Event: {told.name}"]
    if action_id:
        lines.append(f"ActionID: {action_id}")
    lines += [f"{header}: {value}" for header, value in told.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(given: Answer, action_id: str) -> bytes:
    lines = [f"Response: {'Success' if given.success else 'Error'}"]
    if action_id:
        lines.append(f"ActionID: {action_id}")
    if given.end:
        lines.append("EventList: start")
    lines.append(f"Message: {given.message}")
    lines += [f"{header}: {value}" for header, value in given.headers.items()]
    data = ("\r\n".join(lines) + "\r\n\r\n").encode()
    if not given.end:
        return data
    last = Told(given.end, {"EventList": "Complete", "ListItems": str(len(given.items))})
    return data + b"".join(event(told, action_id) for told in (*given.items, last))


@dataclass(frozen=True, slots=True)
class Asked:
    """An action that came in."""

    headers: Mapping[str, str]
    """Names in lower case."""
    variables: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name, "")


def action(text: str) -> Asked:
    headers: dict[str, str] = {}
    variables: dict[str, str] = {}
    for line in text.split("\r\n"):
        name, found, value = line.partition(":")
        if not found:
            continue
        name, value = name.strip().lower(), value.strip()
        if name == "variable" and "=" in value:
            for argument in _arguments(value):
                variable, _, content = argument.partition("=")
                variables[variable] = content
        else:
            headers[name] = value
    return Asked(headers, variables)


def _arguments(text: str) -> list[str]:
    """Split at commas as Asterisk does: not within brackets or quotes; a back-slash spares a sign."""
    parts, depth, quoted, spared = [""], 0, False, False
    for sign in text:
        if spared:
            parts[-1] += sign
            spared = False
        elif sign == "\\":
            spared = True
        elif sign == '"':
            quoted = not quoted
        elif sign == "," and not quoted and not depth:
            parts.append("")
        else:
            depth += {"(": 1, ")": -1 if depth else 0}.get(sign, 0)
            parts[-1] += sign
    return parts
