"""What is asked of a running call."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm_api.schemas import In, Out, Typed


class KeysIn(In):
    keys: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")]


class ChooseIn(In):
    customer_id: UUID


class ConsultIn(In):
    """Exactly one of these."""

    agent_id: UUID | None = None
    phone: Annotated[Typed | None, Field(description="a public number, dialled as the trunk wants it")] = None
    extension: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9*]{1,6}$")] | None,
        Field(description="inside, at most six signs, dialled through the campaign's trunk as it is"),
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in self.model_dump().values()) != 1:
            raise PydanticCustomError("one_of_them", "name exactly one whom to reach")
        return self


class TransferIn(ConsultIn):
    campaign_id: Annotated[UUID | None, Field(description="whoever of its agents is free")] = None


class TargetOut(Out):
    """An agent at work, or a campaign's agents: one of the two ids."""

    agent_id: UUID | None
    campaign_id: UUID | None
    name: str
    code: Annotated[str, Field(description="the agent's")]
    free: Annotated[bool, Field(description="would take a customer now; the dialer looks again")]
    consult: Annotated[bool, Field(description="can be spoken with first: an open line")]


class ListenIn(In):
    """listen: heard by nobody; whisper: heard by the agent; barge: heard by both."""

    how: Literal["listen", "whisper", "barge"] = "listen"
