"""What one process of the API holds: made once by `create_app`, handed to every request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_api.passwords import Passwords
from crm_api.settings import ApiSettings
from storage.bus import Bus
from storage.clock import Clock
from storage.database import Database

if TYPE_CHECKING:
    from crm_api.downloads import Exports
    from crm_api.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Hub:
    db: Database
    bus: Bus
    clock: Clock
    settings: ApiSettings
    passwords: Passwords
    jobs: "Jobs"
    exports: "Exports"
