"""The room's named SQL."""

from typing import TYPE_CHECKING, TypeAlias

from storage.queries import Queries

if TYPE_CHECKING:
    from asyncpg import Record

Row: TypeAlias = "Record"

RESERVING = Queries.load("lists", "queries_reserving.sql")
ATTEMPTS = Queries.load("lists", "queries_attempts.sql")
CONTACTS = Queries.load("lists", "queries_contacts.sql")
DO_NOT_CALL = Queries.load("lists", "queries_do_not_call.sql")
CUSTOMERS = Queries.load("lists", "queries_customers.sql")
DIAL_LISTS = Queries.load("lists", "queries_dial_lists.sql")
