"""Why a report did not arrive."""


class NotDelivered(Exception):
    """`again`: another try may succeed. `unsure`: it may have arrived, so it is not tried again."""

    def __init__(self, error_id: str, message: str, *, again: bool = False, unsure: bool = False) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.again = again
        self.unsure = unsure
