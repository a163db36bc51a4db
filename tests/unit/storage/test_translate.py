"""asyncpg's errors become ours."""

import asyncpg
import pytest

from storage import errors
from storage.translate import translated, translation


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (asyncpg.UniqueViolationError("x"), errors.Conflict),
        (asyncpg.ExclusionViolationError("x"), errors.Conflict),
        (asyncpg.ForeignKeyViolationError("x"), errors.MissingReference),
        (asyncpg.CheckViolationError("x"), errors.InvalidValue),
        (asyncpg.NotNullViolationError("x"), errors.InvalidValue),
        (asyncpg.NumericValueOutOfRangeError("x"), errors.InvalidValue),
        (asyncpg.DeadlockDetectedError("x"), errors.RetryTransaction),
        (asyncpg.SerializationError("x"), errors.RetryTransaction),
        (asyncpg.QueryCanceledError("x"), errors.DeadlinePassed),
        (TimeoutError(), errors.DeadlinePassed),
        (asyncpg.AdminShutdownError("x"), errors.DatabaseDown),
        (asyncpg.CannotConnectNowError("x"), errors.DatabaseDown),
        (asyncpg.ConnectionDoesNotExistError("x"), errors.DatabaseDown),
        (asyncpg.InterfaceError("connection is closed"), errors.DatabaseDown),
        (asyncpg.InternalClientError("cannot switch to state 15; another operation"), errors.DatabaseDown),
        (ConnectionRefusedError("x"), errors.DatabaseDown),
        (asyncpg.InvalidPasswordError("x"), errors.WrongAddress),
        (asyncpg.InvalidCatalogNameError("x"), errors.WrongAddress),
        (asyncpg.ClientConfigurationError("x"), errors.WrongAddress),
        (asyncpg.InsufficientPrivilegeError("x"), errors.NotPermitted),
    ],
)
def test_a_drivers_error_becomes_ours_with_its_cause(
    theirs: Exception, ours: type[errors.StorageError]
) -> None:
    with pytest.raises(ours) as caught, translated():
        raise theirs
    assert type(caught.value) is ours
    assert caught.value.__cause__ is theirs


@pytest.mark.parametrize(
    "mistake",
    [
        asyncpg.PostgresSyntaxError("x"),
        asyncpg.UndefinedTableError("x"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        FileNotFoundError("a list's file"),
        ValueError("x"),
        errors.Conflict("x"),
    ],
)
def test_our_own_mistakes_and_other_errors_pass_unchanged(mistake: Exception) -> None:
    assert translation(mistake) is None
    with pytest.raises(type(mistake)) as caught, translated():
        raise mistake
    assert caught.value is mistake
