"""Logging in and out."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.access import Role
from crm_api.passwords import LONGEST, SHORTEST
from crm_api.schemas import In, Out

Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]


class LoginIn(In):
    login: Annotated[str, Field(min_length=1, max_length=120)]
    password: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class PasswordIn(In):
    current: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    new: Password


class MeOut(Out):
    """`csrf` goes into the header X-CSRF-Token of every request that changes something (not for tokens)."""

    id: UUID
    name: str
    role: Role
    is_token: bool
    agent_id: UUID | None
    language: str
    campaigns: frozenset[UUID] | None
    csrf: str | None
