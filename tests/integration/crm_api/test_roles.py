"""Every operation, asked by nobody, by each role and by machines: let in as `operations.txt` says, or not."""

import pytest

from crm_api.access import Role
from crm_api.tokens import service as tokens
from tests.integration.crm_api.asking import OPERATIONS, Operation
from tests.integration.crm_api.given import NOW, Api, refused
from tests.integration.crm_api.witness import table

NEEDED = {line.operation: line.role for line in table()}
ENDS_THE_SESSION = "auth_logout"
GUARDED = sorted(
    (one for one in OPERATIONS if NEEDED.get(one.name) != "public"),
    key=lambda one: one.name == ENDS_THE_SESSION,
)
NOT_LET_IN = {"not_logged_in", "role_too_low", "csrf_missing"}


def _needed(operation: Operation) -> Role:
    return Role(NEEDED[operation.name])


async def test_nobody_gets_anywhere_without_logging_in(api: Api) -> None:
    client = api.client()
    for operation in GUARDED:
        refused(await operation.ask(client, {}), 401, "not_logged_in")


@pytest.mark.parametrize("by_token", [False, True], ids=["session", "token"])
@pytest.mark.parametrize("role", list(Role))
async def test_a_role_is_let_in_where_the_table_says_and_nowhere_else(
    api: Api, role: Role, by_token: bool
) -> None:
    if by_token:
        client = api.client()
        async with api.db.transaction() as conn:
            _, token = await tokens.create(conn, "machine", role, created_by=None, now=NOW)
        client.headers["Authorization"] = f"Bearer {token}"
    else:
        client = await api.as_role(role)
    for operation in GUARDED:
        response = await operation.ask(client, {})
        if role.covers(_needed(operation)):
            error_id = response.json().get("error_id") if response.status_code >= 400 else None
            assert error_id not in NOT_LET_IN, operation.name
            assert response.status_code < 500, operation.name
        else:
            params = refused(response, 403, "role_too_low")
            assert params == {"needed": _needed(operation), "role": role}, operation.name


async def test_every_change_through_a_session_needs_the_csrf_token(api: Api) -> None:
    client = await api.as_role(Role.ADMIN)
    del client.headers["X-CSRF-Token"]
    for operation in GUARDED:
        if operation.method != "GET":
            refused(await operation.ask(client, {}), 403, "csrf_missing")
