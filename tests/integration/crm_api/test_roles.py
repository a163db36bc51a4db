"""Every address, asked by nobody and by the role just below: refused before anything else is looked at."""

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from crm_api.access import Role, rule_of
from crm_api.app import ROUTERS
from crm_api.openapi import routes_of
from tests.integration.crm_api.given import Api, refused

NOBODY = "00000000-0000-7000-8000-000000000000"
GUARDED = [
    (method, route)
    for route in routes_of(ROUTERS)
    for method in sorted(route.methods or ())
    if (rule := rule_of(route.dependant)) and rule.role is not None
]


def _address(route: APIRoute) -> str:
    return re.sub(r"\{[a-z_]+\}", NOBODY, route.path)


async def _ask(client: httpx.AsyncClient, method: str, route: APIRoute) -> httpx.Response:
    return await client.request(method, _address(route), json=None if method == "GET" else {})


async def test_nobody_gets_anywhere_without_logging_in(api: Api) -> None:
    client = api.client()
    for method, route in GUARDED:
        refused(await _ask(client, method, route), 401, "not_logged_in")


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.OPERATOR])
async def test_a_role_is_refused_whatever_needs_a_higher_one(api: Api, role: Role) -> None:
    client = await api.as_role(role)
    asked = 0
    for method, route in GUARDED:
        rule = rule_of(route.dependant)
        assert rule is not None
        assert rule.role is not None
        if not role.covers(rule.role):
            params = refused(await _ask(client, method, route), 403, "role_too_low")
            assert params == {"needed": rule.role, "role": role}
            asked += 1
    assert asked


async def test_every_change_through_a_session_needs_the_csrf_token(api: Api) -> None:
    client = await api.as_role(Role.ADMIN)
    del client.headers["X-CSRF-Token"]
    for method, route in GUARDED:
        if method != "GET":
            refused(await _ask(client, method, route), 403, "csrf_missing")
