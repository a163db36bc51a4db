"""What a room refuses, as an answer."""

import pytest

from crm_api.handlers import translated
from storage import errors as storage


@pytest.mark.parametrize(
    ("error", "status", "error_id"),
    [
        (storage.Conflict("x", "live_attempt_customer"), 409, "conflict"),
        (storage.MissingReference("x", "dial_list_base_id_fkey"), 409, "missing_reference"),
        (storage.InvalidValue("x", "phone_e164_check"), 422, "invalid_value"),
        (storage.DatabaseDown("x"), 503, "database_unavailable"),
        (storage.DeadlinePassed("x"), 503, "database_slow"),
        (storage.RetryTransaction("x"), 503, "try_again"),
    ],
)
def test_what_no_rule_foresaw_is_told_without_the_databases_words(
    error: storage.StorageError, status: int, error_id: str
) -> None:
    answer = translated(error)
    assert answer is not None
    assert (answer.status_code, answer.error_id) == (status, error_id)
    assert answer.detail != "x"


def test_what_no_client_could_have_caused_is_no_answer() -> None:
    assert translated(KeyError("x")) is None
