"""Every route declares who may use it, and what it cannot declare it does not do."""

from typing import cast

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import WebSocketRoute

from crm_api import docs
from crm_api.access import Agent, Allow, AllowOnce, Operator, Role, rule_of
from crm_api.app import ROUTERS, create_app
from crm_api.guarded import SAFE, Guarded
from crm_api.openapi import routes_of
from storage.bus import LocalBus
from storage.clock import SystemClock
from storage.database import Database

ROUTES = routes_of(ROUTERS)
PUBLIC = {
    "/api/auth/login",
    "/api/calendars/feed/{secret}.ics",  # its address is the secret
    "/api/words",  # of the interface, which speaks before anybody has logged in
}
NOT_ONCE = {
    "/api/auth/login": "gives a session, which is not to be stored",
    "/api/auth/logout": "has its effect once by nature",
    "/api/auth/password": "its fingerprint would keep a fast hash of the password",
    "/api/users": "likewise; a repeat is refused by its login",
    "/api/users/{user_id}/password": "likewise",
    "/api/tokens": "its answer holds the token in clear",
    "/api/calendars/agents/{agent_id}": "likewise",
}


def test_nothing_is_served_but_the_routers_of_this_test_and_the_open_description() -> None:
    app = create_app(cast(Database, None), LocalBus(), SystemClock())
    alone = {str(getattr(route, "path", None)) for route in app.routes if hasattr(route, "path")}
    assert alone == {"/", "/api/openapi.json", *docs.PATHS}
    assert len(app.routes) - len(alone) == len(ROUTERS)


def test_the_one_socket_is_the_live_one() -> None:
    sockets = [r.path for one in ROUTERS for r in one.routes if isinstance(r, WebSocketRoute)]
    assert sockets == ["/api/live"]


def _name(route: APIRoute) -> str:
    return f"{sorted(route.methods or ())} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_every_route_declares_exactly_one_role_rule(route: APIRoute) -> None:
    assert isinstance(route, Guarded)
    rule = rule_of(route.dependant)
    assert isinstance(rule, Allow)
    assert (rule.role is None) == (route.path in PUBLIC)


@pytest.mark.parametrize("route", [r for r in ROUTES if "POST" in (r.methods or ())], ids=_name)
def test_every_post_takes_an_idempotency_key_or_has_a_reason_not_to(route: APIRoute) -> None:
    rule = rule_of(route.dependant)
    assert rule is not None
    assert isinstance(rule, AllowOnce) != (route.path in NOT_ONCE or rule.upload)


def test_a_route_without_a_rule_cannot_be_made() -> None:
    router = APIRouter(route_class=Guarded)
    with pytest.raises(TypeError, match="exactly one role rule"):

        @router.get("/open")
        async def open_to_all() -> None: ...


def test_a_route_with_two_rules_cannot_be_made() -> None:
    router = APIRouter(route_class=Guarded)
    with pytest.raises(TypeError, match="exactly one role rule"):

        @router.get("/both")
        async def both(one: Agent, other: Operator) -> None: ...


def test_each_role_covers_those_below_it_and_none_above() -> None:
    order = [Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN]
    for above, upper in enumerate(order):
        for below, lower in enumerate(order):
            assert upper.covers(lower) == (above >= below)


def test_reading_never_needs_a_key() -> None:
    for route in ROUTES:
        if (route.methods or set()) <= SAFE:
            assert not isinstance(rule_of(route.dependant), AllowOnce), route.path
