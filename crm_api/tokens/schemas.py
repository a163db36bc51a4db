"""Tokens: how machines come in."""

from datetime import datetime
from uuid import UUID

from crm_api.access import Role
from crm_api.schemas import In, Name, Out


class TokenIn(In):
    name: Name
    role: Role


class TokenOut(Out):
    id: UUID
    name: str
    role: Role
    created_by: UUID | None
    created_at: datetime
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """`token` is shown this once; only its hash is kept. Send it as `Authorization: Bearer …`."""

    token: str
