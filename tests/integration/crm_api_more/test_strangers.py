"""A supervisor who watches nothing, or an agent of no campaign, before a campaign with one of each thing:
every operation refuses, shows nothing, or is known to be everybody's, and why."""

from uuid import UUID

import httpx
import pytest

from crm_api.access import Role
from lists.model import LiveState
from storage.partitions import ensure_partitions
from tests.integration.crm_api.asking import OPERATIONS, Operation
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.one_of_each import one_of_each
from tests.integration.reports.history import History

EVERYBODYS = {
    "customers and bases are no campaign's: any agent looks a customer up, and makes one": {
        *("bases_every", "bases_one", "fields_of_base", "customers_search", "customers_card"),
        *("customers_by_phone", "customers_create", "customers_edit", "customers_add_phone"),
        *("customers_set_phone_state", "customers_events", "interactions_history", "interactions_one"),
        *("filters_count", "filters_customers", "base_files_preview", "loads_example"),
    },
    "one's own, or of what one watches": {
        *("auth_me", "live_floor", "statistics_typifications", "statistics_export", "statistics_mine"),
        *("statistics_export_best_hours", "statistics_export_calls", "statistics_export_typifications"),
        *("filters_create", "deliveries_ways", "deliveries_create", "agenda_reassign"),
    },
    "the installation's": {
        *(
            "campaigns_legal_presets",
            "filters_fields",
            "preferences_read",
            "preferences_edit",
            "trunks_every",
        ),
        *("trunks_one", "words_words", "results_actions", "results_example", "speech_placeholders"),
    },
    "no campaign's yet": {"profiles_create", "bases_create"},
    "holds for every campaign: added by any, lifted by those who see all": {
        *("do_not_call_check", "do_not_call_block", "do_not_call_upload"),
    },
}
OF_A_CAMPAIGN = {"loads_start", "results_create", "interactions_typify"}
"""Where the campaign is one of several ways to ask: asked with it below."""
ENDS_THE_SESSION = {"auth_logout", "auth_login", "auth_change_password"}


@pytest.fixture
async def known(api: Api, admin: httpx.AsyncClient) -> dict[str, str]:
    """The ids of one thing of each kind, all of one campaign, whose agent is in a call."""
    known = await one_of_each(admin)
    campaign, agent = known["campaign_id"], known["agent_id"]
    accepted(await admin.put(f"/api/agents/{agent}/campaigns", json={"campaign_ids": [campaign]}))
    own = {"customer_ids": [known["customer_id"]], "agent_id": agent}
    accepted(await admin.post("/api/customers/assign", json=own))
    block = {"numbers": ["+34699999999"], "campaign_id": campaign}
    accepted(await admin.post("/api/do-not-call", json=block), 201)
    (entry,) = accepted(await admin.get("/api/do-not-call"))["items"]
    when = {"local": "2026-03-03T10:00:00", "zone": "Europe/Madrid", "phone": "+34612345670"}
    event = {"campaign_id": campaign, "customer_id": known["customer_id"], "agent_id": agent} | when
    event_id = accepted(await admin.post("/api/agenda", json=event), 201)["event"]["id"]
    shared = {"name": "todos", "filter": {}}
    filter_id = accepted(await admin.post("/api/filters", json=shared), 201)["id"]
    command = accepted(await admin.post(f"/api/agents/{agent}/pause", json={"reason": "lunch"}), 202)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        past = History(conn, campaign_id=UUID(campaign))
        attempt = await past.begun(NOW, customer_id=UUID(known["customer_id"]), e164="+34612345670")
        await conn.execute(
            "INSERT INTO live_attempt"
            " (attempt_id, begun_at, campaign_id, customer_id, e164, worker, agent_id, state, updated_at)"
            " VALUES ($1, $2, $3, $4, '+34612345670', 'w', $5, $6, $2)",
            attempt, NOW, UUID(campaign), UUID(known["customer_id"]), UUID(agent), LiveState.CONNECTED,
        )  # fmt: skip
    more = {"entry_id": entry["id"], "event_id": event_id, "filter_id": filter_id}
    return known | more | {"attempt_id": str(attempt), "command_id": command["id"]}


def _asked() -> list[Operation]:
    others = {name for names in EVERYBODYS.values() for name in names} | ENDS_THE_SESSION | OF_A_CAMPAIGN
    return [one for one in OPERATIONS if one.name not in others]


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
async def test_who_watches_nothing_is_shown_nothing_and_changes_nothing(
    api: Api, known: dict[str, str], role: Role
) -> None:
    stranger = await api.as_role(role, agent_id=(await api.agent()).id)
    found = []
    for operation in sorted(_asked(), key=lambda one: one.method != "GET"):
        response = await operation.ask(stranger, known)
        empty = response.status_code == 200 and response.json().get("items") == []
        if response.status_code not in (403, 404) and not empty:
            found.append(f"{operation.name}: {response.status_code} {response.text[:200]}")
    assert not found, "\n".join(found)


async def test_who_watches_nothing_puts_nothing_into_a_campaign(api: Api, known: dict[str, str]) -> None:
    stranger = await api.as_role(Role.SUPERVISOR, agent_id=(await api.agent()).id)
    campaign = known["campaign_id"]
    for address, body in (
        ("results", {"name": "Otra", "campaign_ids": [campaign]}),
        ("interactions", {"campaign_id": campaign, "path": [known["result_id"]]}),
        (f"loads?campaign_id={campaign}&mapping=phone=telefono", None),
    ):
        key = {"Idempotency-Key": address}
        response = await stranger.post(f"/api/{address}", json=body, headers=key)
        refused(response, 403, "campaign_not_yours")


def test_what_is_everybodys_is_an_operation_there_is() -> None:
    there = {one.name for one in OPERATIONS}
    assert sorted({name for names in EVERYBODYS.values() for name in names} - there) == []
