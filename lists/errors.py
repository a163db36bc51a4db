"""What can go wrong in the lists room."""


class ListsError(Exception):
    """Root of the room's errors."""


class NotFound(ListsError):
    """No such base, list, customer, contact or load."""


class Refused(ListsError):
    """The act is against a rule. `error_id` is stable; the message is for people."""

    def __init__(self, error_id: str, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id


class StaleRevision(ListsError):
    """Somebody else changed it since it was read; `revision` is what it has now."""

    error_id = "stale_revision"

    def __init__(self, message: str, revision: int) -> None:
        super().__init__(message)
        self.revision = revision


class LoadError(ListsError):
    """A file could not be read, or its mapping does not fit it. Nothing of it was stored.

    `reason` is a stable word, `params` what it is about (texts and numbers); the message says both in a
    sentence of English.
    """

    def __init__(self, reason: str, message: str, **params: str | int) -> None:
        super().__init__(message)
        self.reason = reason
        self.params = params
