"""What is asked of a load, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from lists.loading.mapping import ColumnMap
from lists.model import SameCustomer


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """A file to load.

    With a `mapping` it is a table with a header, loaded into `campaign_id`. Without one it is the dialer's
    own list format, whose first column names campaigns: `campaigns` gives their ids by name.
    `base` is a base's name: an existing one is added to. With a `dial_list_id` the rows go to the end of that
    list of the campaign, and its customers' base is theirs; `base`, `list_name`, `zone` and `priority` say
    nothing then. `agents` gives ids by agent code.
    """

    path: Path
    region: str
    campaign_id: UUID | None = None
    campaigns: Mapping[str, UUID] = field(default_factory=dict)
    mapping: ColumnMap | None = None
    agents: Mapping[str, UUID] = field(default_factory=dict)
    file_name: str = ""  # as the user knows it; the path's own otherwise
    base: str = ""
    list_name: str = ""
    dial_list_id: UUID | None = None
    encoding: str | None = None
    delimiter: str | None = None
    zone: str | None = None
    priority: int = 100
    reject_invalid: bool = False
    same_customer: SameCustomer = SameCustomer.REFUSE
    created_by: UUID | None = None

    @property
    def shown_name(self) -> str:
        return self.file_name or self.path.name


class LoadState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`rows` = loaded + moved + rejected + duplicates + do_not_call. `already`: the same file had been loaded
    before, and nothing was done; the figures are those of then."""

    load_id: UUID
    base_id: UUID
    dial_lists: tuple[UUID, ...]
    rows: int
    loaded: int
    rejected: int
    duplicates: int
    do_not_call: int
    moved: int = 0
    """Contacts that came from other lists of the campaign."""
    already: bool = False
    bad_alternatives: int = 0
    """Left out of rows that were loaded without them: no phone numbers."""
    numbers_not_in_use: int = 0
    """Loaded, though in no range known to be in use."""


@dataclass(frozen=True, slots=True)
class LoadStatus:
    id: UUID
    campaign_id: UUID | None
    base_id: UUID | None
    dial_list_id: UUID | None
    file_name: str
    state: LoadState
    rows: int
    loaded: int
    moved: int
    rejected: int
    duplicates: int
    do_not_call: int
    bad_alternatives: int
    numbers_not_in_use: int
    error: str | None
    """Why it failed, in a sentence of English; `error_reason` is the same as a stable word, `error_params`
    what it is about."""
    error_reason: str | None
    error_params: Mapping[str, Any]
    started_at: datetime
    finished_at: datetime | None
    created_by: UUID | None
