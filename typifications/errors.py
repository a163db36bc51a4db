"""What this room refuses. `error_id` is stable and translated by the client; the message is English."""

from typing import Any


class TypificationsError(Exception):
    """Root of the room's errors."""

    error_id = "typifications_error"

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.params = params


class NotFound(TypificationsError):
    """No such result, interaction, event, speech or profile."""

    error_id = "not_found"


class StaleRevision(TypificationsError):
    """Somebody else changed it since it was read."""

    error_id = "stale_revision"


class Refused(TypificationsError):
    """The act is against a rule."""

    def __init__(self, error_id: str, message: str, **params: Any) -> None:
        super().__init__(message, **params)
        self.error_id = error_id
