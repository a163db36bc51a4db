"""The texts on the socket: `{kind, topic, data}`. Each is made once, however many read it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from crm_api.agenda.schemas import EventOut
from crm_api.live.schemas import Pop
from crm_api.live.topics import Topic
from crm_api.schemas import Out


def snapshot(topic: Topic, data: Out) -> str:
    return _wrapped("snapshot", str(topic), data.model_dump_json())


def popped(topic: Topic, data: Pop) -> str:
    return _wrapped("pop", str(topic), data.model_dump_json())


def reminded(topic: Topic, event: EventOut) -> str:
    return _wrapped("reminder", str(topic), event.model_dump_json())


def reminder_over(topic: Topic, event_id: UUID) -> str:
    return _wrapped("reminder_over", str(topic), msgspec.json.encode({"id": str(event_id)}).decode())


def changed(topic: Topic, payload: bytes) -> str:
    """The worker's own bytes: `{stream, seq, at, body}`."""
    return _wrapped("change", str(topic), payload.decode())


def refused(topic: str, error: Mapping[str, Any]) -> str:
    return msgspec.json.encode({"kind": "refused", "topic": topic, "data": error}).decode()


def pong() -> str:
    return '{"kind":"pong","topic":"","data":null}'


def _wrapped(kind: str, topic: str, data: str) -> str:
    # A topic holds letters, digits, dots and hyphens only: nothing to escape.
    return f'{{"kind":"{kind}","topic":"{topic}","data":{data}}}'
