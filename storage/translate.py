"""asyncpg's errors into ours, once, at the edge."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from storage.errors import (
    BrokenRule,
    Conflict,
    DatabaseDown,
    DeadlinePassed,
    InvalidValue,
    MissingReference,
    NotPermitted,
    RetryTransaction,
    StorageError,
    WrongAddress,
)

_GONE = (
    asyncpg.PostgresConnectionError,  # SQLSTATE class 08
    asyncpg.CannotConnectNowError,  # starting up or shutting down
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,  # not every OSError: the block may well read a file that is not there
)
_NO_WAY_IN = (
    asyncpg.InvalidAuthorizationSpecificationError,  # SQLSTATE class 28: user, password, pg_hba.conf
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
_RULES: tuple[tuple[type[asyncpg.PostgresError], type[BrokenRule]], ...] = (
    (asyncpg.UniqueViolationError, Conflict),
    (asyncpg.ExclusionViolationError, Conflict),
    (asyncpg.ForeignKeyViolationError, MissingReference),
    (asyncpg.IntegrityConstraintViolationError, InvalidValue),
    (asyncpg.DataError, InvalidValue),
)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver inside the block leave it as errors of `storage.errors`, with the cause kept."""
    try:
        yield
    except Exception as error:
        better = translation(error)
        if better is None:
            raise
        raise better from error


def translation(error: Exception) -> StorageError | None:
    """None when the error is not the driver's, or a plain mistake of ours (bad SQL, a misused connection)."""
    if isinstance(error, StorageError):
        return None
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError):
        return DeadlinePassed(str(error) or "the database did not answer in time")
    if isinstance(error, _NO_WAY_IN):
        return WrongAddress(str(error))
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return NotPermitted(str(error))
    if isinstance(error, _GONE) or _is_closed(error):
        return DatabaseDown(str(error) or type(error).__name__)
    if isinstance(error, asyncpg.TransactionRollbackError):
        return RetryTransaction(str(error))
    for theirs, ours in _RULES:
        if isinstance(error, theirs):
            return ours(str(error), getattr(error, "constraint_name", None) or "")
    return None


def _is_closed(error: Exception) -> bool:
    """asyncpg has one class for a lost connection and for a misused one; only its words tell them apart.

    Its internal error is a link whose end it is just reading: PostgreSQL said goodbye while nobody asked.
    """
    if isinstance(error, asyncpg.InternalClientError):
        return "cannot switch to state" in str(error)
    return isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)
