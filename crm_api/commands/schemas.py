"""What was asked of the engine, and what it answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_api.schemas import Out
from dialer.commands import Kind, State


class CommandOut(Out):
    """`queued` until a worker answers; a refusal's result is `{error_id, message, params}`."""

    id: UUID
    kind: Kind
    target: UUID | None
    state: State
    result: Mapping[str, Any] | None
    created_at: datetime
