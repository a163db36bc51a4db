"""The OpenAPI file says what the framework does not know: the role a route needs, and how refusals look."""

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.routing import APIRoute

from crm_api import sessions
from crm_api.access import rule_of
from crm_api.schemas import ErrorOut
from dialer.settings import Settings

REFUSALS = {
    "400": "the body cannot be read, or a header is missing",
    "401": "not logged in",
    "403": "the role is too low, or it is not yours",
    "404": "not found",
    "409": "it conflicts with what is there",
    "413": "too large",
    "422": "it does not fit its description, or asks for something impossible",
    "429": "too many tries",
    "503": "the database does not answer, or too much is waiting",
}
REF = "#/components/schemas/{name}"
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": sessions.COOKIE},
    "csrf": {"type": "apiKey", "in": "header", "name": sessions.CSRF_HEADER},
    "token": {"type": "http", "scheme": "bearer"},
}


def routes_of(routers: Iterable[APIRouter]) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def settings_components() -> tuple[dict[str, Any], dict[str, Any]]:
    """The reference to a campaign's settings, and the components it needs, from the dialer's own types."""
    (reference,), components = msgspec.json.schema_components([Settings], ref_template=REF)
    return reference, components


def _refer(node: Any) -> None:
    """Where a schema only names a component of the dialer's, refer to it."""
    if isinstance(node, dict):
        if name := node.pop("x-component", None):
            node.clear()
            node["$ref"] = REF.format(name=name)
        for child in node.values():
            _refer(child)
    elif isinstance(node, list):
        for child in node:
            _refer(child)


def enriched(document: dict[str, Any], routers: Iterable[APIRouter]) -> dict[str, Any]:
    """The framework's document with security, roles, refusals and the dialer's own schemas."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas["ErrorOut"] = ErrorOut.model_json_schema()
    for name, schema in settings_components()[1].items():
        schemas.setdefault(name, schema)
    _refer(document)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    refusal = {"application/json": {"schema": {"$ref": REF.format(name="ErrorOut")}}}
    for route in routes_of(routers):
        rule = rule_of(route.dependant)
        assert rule is not None
        for method in route.methods or ():
            operation = document["paths"][route.path][method.lower()]
            operation["x-role"] = rule.role
            if rule.role is not None:
                session: dict[str, list[str]] = (
                    {"session": []} if method == "GET" else {"session": [], "csrf": []}
                )
                operation["security"] = [session, {"token": []}]
            for status, description in REFUSALS.items():
                operation["responses"][status] = {"description": description, "content": refusal}
    return document
