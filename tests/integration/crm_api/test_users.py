"""Users and the audit."""

import json
from typing import Any

import httpx
import pytest

from crm_api.access import Role
from tests.integration.crm_api.given import Api, accepted, refused

NOBODY = "00000000-0000-7000-8000-000000000000"
NEW: dict[str, Any] = {"login": "ana", "password": "a long password", "name": "Ana", "role": "operator"}


async def test_an_administrator_makes_reads_edits_and_lists_users(api: Api, admin: httpx.AsyncClient) -> None:
    campaign = await api.campaign()
    made = accepted(await admin.post("/api/users", json=NEW), 201)
    assert accepted(await admin.get(f"/api/users/{made['id']}")) == made
    edit = {"name": "Ana B", "role": "supervisor", "campaign_ids": [str(campaign.id)]}
    edited = accepted(await admin.put(f"/api/users/{made['id']}", json=edit))
    assert (edited["role"], edited["campaign_ids"]) == ("supervisor", [str(campaign.id)])
    page = accepted(await admin.get("/api/users?limit=1&sort=login"))
    assert (page["items"], page["more"], page["total"]) == ([edited], True, 2)


@pytest.mark.parametrize(
    ("change", "status", "error_id"),
    [
        ({"login": "user1"}, 409, "login_taken"),
        ({"login": "with blank"}, 422, "invalid_request"),
        ({"password": "short"}, 422, "invalid_request"),
        ({"role": "king"}, 422, "invalid_request"),
        ({"role": "agent"}, 422, "agent_needed"),
        ({"surprise": 1}, 422, "invalid_request"),
        ({"name": "nul \x00"}, 422, "invalid_characters"),
        ({"name": "half \ud800"}, 422, "invalid_characters"),
        ({"name": "x" * (1 << 20)}, 413, "body_too_large"),
    ],
)
async def test_a_user_that_cannot_be_is_refused(
    admin: httpx.AsyncClient, change: dict[str, Any], status: int, error_id: str
) -> None:
    body = json.dumps(NEW | change)  # ASCII: half a surrogate pair can be sent as an escape only
    headers = {"Content-Type": "application/json"}
    refused(await admin.post("/api/users", content=body, headers=headers), status, error_id)


@pytest.mark.parametrize(
    ("change", "error_id"),
    [
        ({"role": "agent", "agent_id": NOBODY}, "agent_not_found"),
        ({"role": "supervisor", "campaign_ids": [NOBODY]}, "campaign_not_found"),
    ],
)
async def test_a_user_is_given_only_what_is_there(
    admin: httpx.AsyncClient, change: dict[str, Any], error_id: str
) -> None:
    refused(await admin.post("/api/users", json=NEW | change), 404, error_id)


async def test_an_agent_belongs_to_one_user(api: Api, admin: httpx.AsyncClient) -> None:
    agent = await api.agent()
    await api.as_role(Role.AGENT, agent_id=agent.id)
    body = NEW | {"role": "agent", "agent_id": str(agent.id)}
    refused(await admin.post("/api/users", json=body), 409, "agent_has_user")


async def test_the_last_administrator_stays_one(admin: httpx.AsyncClient) -> None:
    mine = f"/api/users/{admin.headers['X-Test-User']}"
    for edit in ({"name": "x", "role": "operator"}, {"name": "x", "role": "admin", "enabled": False}):
        refused(await admin.put(mine, json=edit), 409, "last_admin")
    accepted(await admin.post("/api/users", json=NEW | {"role": "admin"}), 201)
    accepted(await admin.put(mine, json={"name": "x", "role": "operator"}))


async def test_what_is_not_there_is_named(admin: httpx.AsyncClient) -> None:
    refused(await admin.get(f"/api/users/{NOBODY}"), 404, "user_not_found")
    refused(await admin.delete(f"/api/tokens/{NOBODY}"), 404, "token_not_found")
    refused(await admin.get("/api/nothing"), 404, "no_such_address")
    refused(await admin.patch("/api/users"), 405, "method_not_allowed")


async def test_every_change_leaves_an_audit_row_of_who_what_and_to_whom(
    api: Api, admin: httpx.AsyncClient
) -> None:
    made = accepted(await admin.post("/api/users", json=NEW), 201)
    accepted(await admin.post(f"/api/users/{made['id']}/password", json={"password": "a new password"}), 204)
    refused(await admin.post("/api/users", json=NEW), 409, "login_taken")
    page = accepted(await admin.get("/api/audit"))
    rows = [(row["action"], row["target"], row["login"]) for row in page["items"]]
    assert rows == [("users.set_password", made["id"], "user1"), ("users.create", made["id"], "user1")]
    assert "password" not in str(page["items"][1]["detail"])
    assert len(accepted(await admin.get("/api/audit?action=users.create"))["items"]) == 1
    refused(await admin.get("/api/audit?sort=login"), 422, "bad_sort")


async def test_the_audit_names_the_campaign_whose_target_was_changed(
    api: Api, admin: httpx.AsyncClient
) -> None:
    campaign = await api.campaign()
    accepted(await admin.patch(f"/api/campaigns/{campaign.id}/live", json={"target": 0.02}))
    row = accepted(await admin.get("/api/audit?action=campaigns.change_live"))["items"][0]
    assert (row["target"], row["detail"]) == (str(campaign.id), {"target": 0.02})


async def test_users_alike_in_what_they_are_sorted_by_keep_their_order_while_they_are_edited(
    api: Api, admin: httpx.AsyncClient
) -> None:
    """Else a page shows one again, and another is on none."""
    seen = []
    for _ in range(3):
        await api.as_role(Role.ADMIN)
    for offset in range(4):
        page = accepted(await admin.get(f"/api/users?sort=role&limit=1&offset={offset}"))
        seen += [user["login"] for user in page["items"]]
        edit = {"name": "another", "role": "admin"}
        accepted(await admin.put(f"/api/users/{page['items'][0]['id']}", json=edit))
    assert seen == ["user1", "user2", "user3", "user4"]
