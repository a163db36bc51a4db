"""Our own numbers, and the campaigns that answer them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Out, Short, Typed


class DidIn(In):
    """`number`: in any form, or an extension as the trunk sends it. `region` reads a national one (ISO 3166);
    empty: the campaign's."""

    number: Typed
    campaign_id: UUID
    region: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    shared: Annotated[
        bool, Field(description="a caller whom a campaign dialled before goes to that one instead")
    ] = False
    note: Short = ""


class DidOut(Out):
    id: UUID
    number: Annotated[str, Field(description="E.164, or an extension")]
    campaign_id: UUID
    shared: bool
    note: str
    created_at: datetime
