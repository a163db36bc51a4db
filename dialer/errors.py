"""What the dialer refuses. `error_id` is stable and translated by the client; the message is English."""

from typing import Any


class DialerError(Exception):
    """Root of this room's errors."""

    error_id = "dialer_error"

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.params = params


class Unknown(DialerError):
    """No such campaign, trunk, agent or command."""

    error_id = "unknown"


class NameTaken(DialerError):
    """Another campaign, trunk or agent goes by that name."""

    error_id = "name_taken"


class BadValue(DialerError):
    """A setting that cannot work."""

    error_id = "bad_value"


class StaleRevision(DialerError):
    """Somebody else changed the campaign since it was read."""

    error_id = "stale_revision"
