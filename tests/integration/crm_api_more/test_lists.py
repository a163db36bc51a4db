"""Every operation that answers a list: cut into pages, in an order that can be chosen and holds."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from crm_api import upkeep
from crm_api.access import Role
from crm_api.settings import ApiSettings
from dialer import counters
from dialer.compliance import Counts
from lists.folding import fold
from storage.partitions import ensure_partitions
from tests.integration.crm_api.asking import OPERATIONS, Operation
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.reports.history import History

PAGED = [one for one in OPERATIONS if {"limit", "offset", "sort"} <= one.in_query]
BY_CURSOR = {"statistics_calls", "statistics_interactions"}
BOUNDED = {
    "campaigns_chances",  # a model of a few levels
    "campaigns_pacing",  # a few sentences
    "customers_by_phone",  # twenty at most, to choose from
    "fields_of_base",  # of one base, two hundred at most
    "results_tree",  # one campaign's tree, seen whole
    "speech_placeholders",  # a handful of words
    "contacts_upcoming",  # who comes next, as far ahead as one looks
    "live_floor",  # the floor as it stands
    "live_agent",  # one desk as it stands
    "statistics_typifications",  # a share for every result
    "statistics_mine",
}
"""What is small by its nature, and needed whole."""
ONE_THING = {
    *("agents_one", "auth_me", "bases_one", "bases_deletion", "contacts_why_not", "customers_card"),
    *("deliveries_one", "interactions_one", "preferences_read", "trunks_one", "users_one"),
}
"""A thing that holds a few others."""
FEW = {"agenda_orphaned", "previews_skips"}
"""What this world has none of: cut in the tests of their own."""
UPWARDS_ONLY = {"customers_search", "merging_duplicates"}
"""Each walks an index over all customers."""
QUERY: Mapping[str, Mapping[str, Any]] = {
    "statistics_figures": {"by": ["hour"], "first": "2026-03-02", "last": "2026-03-02"},
    "statistics_best_hours": {"first": "2026-03-02", "last": "2026-03-02"},
    "loads_page": {},
    "customers_events": {"closed": True},
    "merging_duplicates": {"by": "phone"},
}
AGENTS = ("1", "2")


@pytest.fixture
async def known(api: Api, admin: httpx.AsyncClient, tmp_path: Path) -> dict[str, str]:
    """Two or more of everything there are lists of. The ids of some."""

    async def made(address: str, **body: Any) -> str:
        response = await admin.post(f"/api/{address}", json=body)
        told = accepted(response, response.status_code if response.is_success else 201)
        return str(told.get("id") or told.get("event", told).get("id", ""))

    settings = {"region": "ES", "zone": "Europe/Madrid"}
    campaigns = [await made("campaigns", name=name, settings=settings) for name in ("ventas", "cobros")]
    bases = [await made("bases", name=name, region="ES") for name in ("uno", "dos")]
    phones = [{"number": f"+3461234567{n}"} for n in range(3)]
    customers = [
        await made("customers", base_id=bases[0], document=str(n), name=f"Ana {n}", phones=[phones[n]])
        for n in range(3)
    ]
    for n in range(4):  # two go into the first, two share their numbers with the others
        twin = await made("customers", base_id=bases[0], document=f"twin {n}", phones=[phones[1 + n % 2]])
        if n < 2:
            body = {"other_id": twin}
            plan = accepted(await admin.post(f"/api/customers/{customers[0]}/merge", json=body))
            await made(f"customers/{customers[0]}/merge", **body, confirm=plan["token"])
    agents = [await made("agents", code=code, name=f"Eva {code}", dial=f"PJSIP/{code}") for code in AGENTS]
    for n, campaign in enumerate(campaigns):
        await made("users", login=f"user-{n}", password="long enough", name=f"Eva {n}", role="operator")
        await made("trunks", name=f"carrier {n}", dial="PJSIP/{number}@carrier")
        await made("dids", number=f"550{n}", campaign_id=campaign)
        await made("tokens", name=f"machine {n}", role="agent")
        await made("filters", name=f"filter {n}", filter={})
        await made("profiles", name=f"profile {n}", campaign_ids=campaigns)
        await made("speech", campaign_id=campaigns[0], title=f"speech {n}", body="Hola")
        await made("dial-lists", campaign_id=campaigns[0], base_id=bases[0], name=f"list {n}")
        await made("do-not-call", numbers=[f"+3469999999{n}"])
        await made("records", campaign=campaign, destination=f"+3461000010{n}")
        local = f"2026-03-0{n + 3}T10:00:00"
        given = {"campaign_id": campaign, "customer_id": customers[0], "phone": phones[0]["number"]}
        await made("agenda", local=local, zone="Europe/Madrid", **given)
        await made(f"statistics/coverage/{campaign}")
        await made(f"campaigns/{campaign}/start")
        query = {"campaign_id": campaign, "mapping": "phone=telefono", "file_name": f"file {n}"}
        table = f"telefono\n61000000{n}\n".encode()
        accepted(await admin.post("/api/loads", params=query, content=table), 202)
    await _calls(api, campaigns, customers[0])
    delivery_id = await _deliveries(api, tmp_path)
    lists = accepted(await admin.get("/api/dial-lists", params={"campaign_id": campaigns[0]}))["items"]
    for n in range(2):
        record = {"campaign": "ventas", "destination": f"+3461000020{n}", "dial_list_id": lists[0]["id"]}
        await made("records", **record)
    return {
        "campaign_id": campaigns[0],
        "base_id": bases[0],
        "customer_id": customers[0],
        "agent_id": agents[0],
        "delivery_id": delivery_id,
        "list_id": lists[0]["id"],
    }


async def _calls(api: Api, campaigns: list[str], customer_id: str) -> None:
    """Calls of the past in both campaigns, and two that live."""
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        for n, campaign in enumerate(campaigns):
            counted = Counts(attempts=2, connected=2, abandoned=n)
            await counters.add(conn, {(UUID(campaign), NOW - timedelta(hours=1)): counted})
            past = History(conn, campaign_id=UUID(campaign))
            result = await past.result(f"Venta {n}")
            at = NOW - timedelta(hours=2 + n)
            call = await past.call(at, customer_id=customer_id)
            await past.said(call, at, result, customer_id=customer_id)
            ours = History(conn, campaign_id=UUID(campaigns[0]))
            await ours.call(at, ("busy", "no_answer")[n])
            await ours.call(at, "pressed", kind="broadcast", pressed=("1", "29")[n])
            live = await past.begun(NOW - timedelta(seconds=n), e164=f"+3460000000{n}")
            await conn.execute(
                "INSERT INTO live_attempt"
                " (attempt_id, begun_at, campaign_id, e164, worker, state, updated_at)"
                " SELECT id, begun_at, campaign_id, e164, 'w', 'begun', begun_at FROM attempt WHERE id = $1",
                live,
            )
    await upkeep.once(api.app.state.hub)


async def _deliveries(api: Api, folder: Path) -> str:
    """Two reports delivered by themselves, one of which was made twice."""
    able = Api(api.db, settings=ApiSettings(report_dir=folder), made=100)  # its people have other names
    client = await able.as_role(Role.ADMIN)
    for name in ("Diario", "Semanal"):
        body = {"name": name, "times": {"at": "08:00", "zone": "Europe/Madrid"}, "folder": "x"}
        delivery = accepted(await client.post("/api/deliveries", json=body), 201)
    for minutes in range(2):
        able.clock.at = NOW + timedelta(minutes=minutes)
        accepted(await client.post(f"/api/deliveries/{delivery['id']}/runs"), 201)
    await able.close()
    return str(delivery["id"])


async def _asked(client: httpx.AsyncClient, operation: Operation, known: Any, **query: Any) -> Any:
    asked = {**QUERY.get(operation.name, {}), **query}
    return accepted(await operation.ask(client, known, query=asked, headers={"Idempotency-Key": str(asked)}))


def test_every_answer_that_is_a_list_is_cut_into_pages() -> None:
    paged = {one.name for one in PAGED}
    listed = {
        one.name
        for one in OPERATIONS
        if one.method == "GET"
        and any(field.get("type") == "array" for field in one.answer.get("properties", {}).values())
    }
    assert listed - paged - BOUNDED - ONE_THING == BY_CURSOR
    assert len(paged) > 25


async def test_pages_put_together_are_the_whole_list(admin: httpx.AsyncClient, known: dict[str, str]) -> None:
    for operation in PAGED:
        whole = await _asked(admin, operation, known, limit=200)
        assert len(whole["items"]) > 1 or operation.name in FEW, f"{operation.name}: too few to be cut"
        assert not whole["more"], operation.name
        pages = [await _asked(admin, operation, known, limit=1, offset=n) for n in range(len(whole["items"]))]
        assert [item for page in pages for item in page["items"]] == whole["items"], operation.name
        assert [page["more"] for page in pages] == ([True] * (len(pages) - 1) + [False])[: len(pages)], (
            operation.name
        )


async def test_every_order_a_list_names_is_kept_both_ways_and_any_other_refused(
    admin: httpx.AsyncClient, known: dict[str, str]
) -> None:
    for operation in PAGED:
        nonsense = await operation.ask(admin, known, query={**QUERY.get(operation.name, {}), "sort": "shoes"})
        allowed = refused(nonsense, 422, "bad_sort")["allowed"]
        assert allowed, operation.name
        for column in allowed:
            upwards = await _asked(admin, operation, known, sort=column, limit=200)
            values = [item[column] for item in upwards["items"]]
            assert values == _in_order(values), f"{operation.name} by {column}"
            if operation.name in UPWARDS_ONLY:
                other = await operation.ask(admin, known, query={"sort": f"-{column}"})
                refused(other, 422, "bad_sort")
                continue
            downwards = await _asked(admin, operation, known, sort=f"-{column}", limit=200)
            values = [item[column] for item in downwards["items"]]
            assert values == _in_order(values, downwards=True), f"{operation.name} by -{column}"


def _in_order(values: list[Any], *, downwards: bool = False) -> list[Any]:
    """What is missing comes last; texts stand as people sort them."""
    there = [value for value in values if value is not None]
    missing = [value for value in values if value is None]
    return sorted(there, key=_as_people_sort, reverse=downwards) + missing


def _as_people_sort(value: Any) -> Any:
    return (fold(value), value) if isinstance(value, str) else value


@pytest.mark.parametrize("what", ["calls", "interactions"])
async def test_what_is_behind_a_number_is_read_on_from_where_the_page_ended(
    admin: httpx.AsyncClient, known: dict[str, str], what: str
) -> None:
    address = f"/api/statistics/{what}?first=2026-03-02&last=2026-03-02"
    whole = accepted(await admin.get(f"{address}&limit=200"))
    assert (len(whole["items"]) > 1, whole["next"]) == (True, None)
    found: list[Any] = []
    after: str | None = None
    for _ in whole["items"]:
        onwards = f"&after={quote(after)}" if after else ""
        page = accepted(await admin.get(f"{address}&limit=1{onwards}"))
        found += page["items"]
        after = page["next"]
    assert (found, after) == (whole["items"], None)
    refused(await admin.get(f"{address}&after=nowhere"), 422, "bad_place")


async def test_names_stand_where_people_look_for_them(operator: httpx.AsyncClient) -> None:
    for name in ("Zamora", "ñandú", "Ávila", "norte", "Burgos"):
        accepted(await operator.post("/api/bases", json={"name": name, "region": "ES"}), 201)
    up = accepted(await operator.get("/api/bases?sort=name"))["items"]
    assert [one["name"] for one in up] == ["Ávila", "Burgos", "ñandú", "norte", "Zamora"]
    down = accepted(await operator.get("/api/bases?sort=-name"))["items"]
    assert [one["id"] for one in down] == [one["id"] for one in reversed(up)]
