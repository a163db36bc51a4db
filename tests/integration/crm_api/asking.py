"""A request for any operation, made from its own description: what is required of it and no more."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx

from crm_api.app import create_app
from storage.bus import LocalBus
from storage.clock import SystemClock
from storage.database import Database

NOBODY = "00000000-0000-7000-8000-000000000000"
BINARY = "application/octet-stream"
BY_NAME: Mapping[str, Any] = {
    "phone": "+34612345678",
    "number": "+34612345678",
    "destination": "+34612345678",
    "local": "2026-03-03T10:00:00",
    "zone": "Europe/Madrid",
    "region": "ES",
    "dial": "PJSIP/{number}@carrier",
    "mapping": "phone=telefono",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-12-31T00:00:00Z",
    "since": "2026-01-01T00:00:00Z",
}
"""What a type alone does not tell."""
OF_OPERATION: Mapping[str, Mapping[str, Any]] = {
    "agents_create": {"dial": "PJSIP/1"},
    "agents_edit": {"dial": "PJSIP/1"},
    "calls_consult": {"extension": "7010"},
    "calls_keys": {"keys": "1*"},
    "calls_transfer": {"extension": "7010"},
    "merging_merge": {"other_id": "00000000-0000-7000-8000-000000000001"},
}
"""What an operation takes beside, or in place of, the least."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    path: str
    described: Mapping[str, Any]
    components: Mapping[str, Any]

    @property
    def in_path(self) -> list[str]:
        return re.findall(r"\{([a-z_]+)\}", self.path)

    @property
    def in_query(self) -> set[str]:
        return {one["name"] for one in self.described.get("parameters", ()) if one["in"] == "query"}

    @property
    def uploads(self) -> bool:
        return BINARY in self.described.get("requestBody", {}).get("content", {})

    @property
    def answer(self) -> Mapping[str, Any]:
        """The schema of its success."""
        for status, told in self.described["responses"].items():
            if status.startswith("2"):
                schema = told.get("content", {}).get("application/json", {}).get("schema", {})
                return self._resolved(schema)
        return {}

    def body(self, known: Mapping[str, Any]) -> Any:
        """The least that fits; None without one."""
        content = self.described.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        more = OF_OPERATION.get(self.name, {})
        return {**self._least(schema, "", known), **more} if schema else None

    def query(self, known: Mapping[str, Any]) -> dict[str, Any]:
        asked = [one for one in self.described.get("parameters", ()) if one["in"] == "query"]
        return {
            one["name"]: self._least(one["schema"], one["name"], known)
            for one in asked
            if one.get("required")
        }

    async def ask(
        self,
        client: httpx.AsyncClient,
        known: Mapping[str, Any],
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """With the ids known by their names; everything else stands for nobody."""
        path = self.path
        for name in self.in_path:
            path = path.replace(f"{{{name}}}", str(known.get(name, NOBODY)))
        return await client.request(
            self.method,
            path,
            params=self.query(known) | dict(query or {}),
            headers={"Idempotency-Key": f"{self.name} {path}"} | dict(headers or {}),
            **({"content": b"telefono\n612345678\n"} if self.uploads else {"json": self.body(known)}),
        )

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema

    def _least(self, schema: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
        if name in known:
            return known[name]
        if name in BY_NAME:
            return BY_NAME[name]
        schema = self._resolved(schema)
        if "anyOf" in schema:
            return self._least(schema["anyOf"][0], name, known)
        if given := schema.get("enum", schema.get("examples")):
            return given[0]
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {one: self._least(fields[one], one, known) for one in schema.get("required", ())}
            case "array":
                least = schema.get("minItems", 0)
                return [self._least(schema["items"], name.removesuffix("s"), known)] * least
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
        by_format = {"uuid": NOBODY, "date": "2026-03-02", "date-time": BY_NAME["start"]}
        return by_format.get(schema.get("format", ""), "x" * max(8, schema.get("minLength", 0)))


def operations() -> Iterator[Operation]:
    document = create_app(cast(Database, None), LocalBus(), SystemClock()).openapi()
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            yield Operation(
                described["operationId"], method.upper(), path, described, document["components"]["schemas"]
            )


OPERATIONS = tuple(operations())
