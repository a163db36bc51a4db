"""The OpenAPI file: whole, consistent, and saying what the framework does not know."""

from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from crm_api.access import AllowOnce, rule_of
from crm_api.app import ROUTERS, create_app
from crm_api.openapi import routes_of
from storage.bus import LocalBus
from storage.clock import SystemClock
from storage.database import Database


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = create_app(cast(Database, None), LocalBus(), SystemClock())
    return app.openapi()


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(child) for child in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(child) for child in node))
    return set()


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(names) == len(set(names))


def test_every_operation_says_its_role_and_the_one_shape_of_refusals(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        assert "x-role" in operation, path
        for status in ("401", "403", "413", "422"):
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorOut"}, path


def test_campaign_settings_are_described_by_the_dialer_s_own_types(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["CampaignOut"]["properties"]["settings"] == {"$ref": "#/components/schemas/Settings"}
    assert {"mode", "target", "trunks", "caps"} <= schemas["Settings"]["properties"].keys()


def test_keys_are_documented_where_they_are_taken(document: dict[str, Any]) -> None:
    for route in routes_of(ROUTERS):
        if isinstance(rule_of(route.dependant), AllowOnce):
            assert "idempotency-key" in _headers(document, route), route.path


def _headers(document: dict[str, Any], route: APIRoute) -> set[str]:
    operation = document["paths"][route.path]["post"]
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}


def test_every_list_pages_and_sorts(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        if method == "get" and "Page_" in str(answer.get("schema", {})):
            names = {one["name"] for one in operation.get("parameters", ())}
            assert {"limit", "offset", "sort"} <= names, path


def test_no_answer_is_a_bare_list(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            assert schema.get("type") != "array", path
