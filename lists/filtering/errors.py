"""What can be wrong with a filter."""

from lists.errors import Refused


class BadFilter(Refused):
    """The filter makes no sense. `error_id` is one of unknown_field, unknown_op, op_not_for_field, bad_value,
    bad_group, filter_too_large, bad_filter; `field` names the condition's field, where it is one."""

    def __init__(self, error_id: str, message: str, field: str = "") -> None:
        super().__init__(error_id, message)
        self.field = field
