"""What can go wrong in storage. Driver errors are translated into these at the edge, with the cause kept."""


class StorageError(Exception):
    """The root of all errors of this package."""


class DatabaseDown(StorageError):
    """No answer from PostgreSQL: stopped, restarting, or the link was lost. Worth another try later."""


class WrongAddress(DatabaseDown):
    """No way in at the address given: user, password, database or spelling. At the start that is the end; a
    process that stays goes on trying, for a password may be changed under it."""


class NotPermitted(StorageError):
    """The role of the address may not do this."""


class DeadlinePassed(StorageError, TimeoutError):
    """A statement, or the wait for a free connection, took longer than its deadline."""


class RetryTransaction(StorageError):
    """PostgreSQL undid the transaction (deadlock, serialisation): the same transaction may be tried again."""


class BrokenRule(StorageError):
    """A constraint of the database refused the statement; `constraint` is its name, or empty if unknown."""

    def __init__(self, message: str, constraint: str = "") -> None:
        super().__init__(message)
        self.constraint = constraint


class Conflict(BrokenRule):
    """A unique or exclusion constraint: somebody else has it already."""


class MissingReference(BrokenRule):
    """A foreign key: the row referred to does not exist, or is still referred to."""


class InvalidValue(BrokenRule):
    """A check or not-null constraint, or a value PostgreSQL cannot take."""


class QueryFileError(StorageError):
    """A file of named queries cannot be read as one."""


class UnknownQuery(StorageError, AttributeError):
    """No query of that name stands in the file."""


class MigrationError(StorageError):
    """The migrations on disk and those the database has seen do not fit together."""


class EmbeddedError(StorageError):
    """The embedded PostgreSQL could not be found, started or stopped."""


class VirtualTimeStuck(StorageError):
    """Work was counted as in flight for so long without any sign of life that time will never move again."""
