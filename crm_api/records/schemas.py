"""One record for a running campaign."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import Data, In, Int, Name, Out, Short, Typed, When
from lists.model import SameCustomer


class RecordIn(In):
    """`campaign` and `agent`: an id, or name and code. `calldate`: not dialled before it.
    `same_customer`: where the customer waits in the campaign already; `move` answers with that contact."""

    campaign: Name
    destination: Typed
    alternatives: Annotated[tuple[Typed, ...], Field(max_length=20)] = ()
    calldate: When | None = None
    agent: Name | None = None
    name: Short = ""
    priority: Int = 100
    data: Data = Field(default_factory=dict)
    dial_list_id: UUID | None = None
    same_customer: SameCustomer = SameCustomer.REFUSE


class RecordOut(Out):
    contact_id: UUID
    campaign_id: UUID
