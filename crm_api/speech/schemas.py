"""Speech: the text an agent has before the eyes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from crm_api.schemas import In, Out, Revision, Short
from typifications.speech import MAX_BODY


class SpeechBody(In):
    title: Short = ""
    body: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BODY)]


class SpeechEdit(SpeechBody):
    """With `revision`, the edit is refused when somebody was faster."""

    revision: Revision = None


class PlaceholdersOut(Out):
    """What a speech may hold between `{{` and `}}`; of a base also `data.` and one of its columns."""

    names: tuple[str, ...]


class SpeechIn(SpeechBody):
    campaign_id: UUID


class SpeechOut(Out):
    """`body` is rich text made safe. In the pop, and from `/rendered`, its placeholders are filled in."""

    id: UUID
    campaign_id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    revision: int
