"""What was done, when and by whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from crm_api.schemas import Out


class AuditOut(Out):
    """`action` is the operation's name, as in the OpenAPI file."""

    id: UUID
    at: datetime
    user_id: UUID | None
    login: str | None
    action: str
    target: str
    detail: dict[str, Any]
