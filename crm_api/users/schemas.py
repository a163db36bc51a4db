"""Users of the application, with their role."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.access import Role
from crm_api.auth.schemas import Password
from crm_api.schemas import In, Name, Out

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,80}$")]


class UserEdit(In):
    name: Name
    role: Role
    agent_id: Annotated[UUID | None, Field(description="the agent this user is; needed by role agent")] = None
    campaign_ids: Annotated[
        tuple[UUID, ...], Field(max_length=1000, description="what a supervisor watches")
    ] = ()
    language: Literal["es", "en"] = "es"
    enabled: bool = True


class UserIn(UserEdit):
    login: Login
    password: Password


class NewPassword(In):
    password: Password


class UserOut(Out):
    id: UUID
    login: str
    name: str
    role: Role
    agent_id: UUID | None
    campaign_ids: list[UUID]
    language: str
    enabled: bool
    created_at: datetime
