"""Preview over HTTP: what is shown, accepted, skipped, and by whom."""

from datetime import timedelta
from uuid import uuid4

import pytest

from crm_api.access import Role
from dialer import proposals
from dialer.commands import Kind
from dialer.proposals import Proposal, Skip, Stage
from tests.integration.crm_api.given import Api, accepted, refused

NOBODY = "00000000-0000-7000-8000-000000000000"


async def test_an_agent_sees_accepts_and_skips_what_it_is_shown(api: Api) -> None:
    campaign = (await api.campaign("ventas")).id
    agent_id = (await api.agent(campaign)).id
    client = await api.as_role(Role.AGENT, agent_id=agent_id)
    refused(await client.get(f"/api/agents/{agent_id}/preview"), 404, "preview_not_found")
    attempt_id = uuid4()
    until = api.clock.now() + timedelta(seconds=30)
    async with api.db.transaction() as conn:
        shown = Proposal(
            agent_id, attempt_id, Stage.PREVIEW, "out", campaign, uuid4(), None, "+33199000001",
            api.clock.now(), "w", until, "dial", 2,
        )  # fmt: skip
        await proposals.put(conn, shown)
    seen = accepted(await client.get(f"/api/agents/{agent_id}/preview"))
    assert (seen["stage"], seen["at_end"], seen["skips_left"]) == ("preview", "dial", 2)
    body = {"attempt_id": str(attempt_id)}
    done = accepted(await client.post(f"/api/agents/{agent_id}/preview/accept", json=body), 202)
    assert done["kind"] == Kind.PREVIEW_ACCEPT
    refused(await client.post(f"/api/agents/{agent_id}/preview/skip", json=body), 422, "invalid_request")
    skip = body | {"reason": "called yesterday"}
    done = accepted(await client.post(f"/api/agents/{agent_id}/preview/skip", json=skip), 202)
    assert done["kind"] == Kind.PREVIEW_SKIP
    key = {"Idempotency-Key": "one-click"}
    twice = [
        accepted(await client.post(f"/api/agents/{agent_id}/preview/accept", json=body, headers=key), 202)
        for _ in range(2)
    ]
    assert twice[0]["id"] == twice[1]["id"]


async def test_nobody_decides_for_another_agent(api: Api) -> None:
    campaign = (await api.campaign("ventas")).id
    other = (await api.agent(campaign)).id
    client = await api.as_role(Role.AGENT)
    body = {"attempt_id": NOBODY}
    refused(await client.post(f"/api/agents/{other}/preview/accept", json=body), 403, "agent_not_yours")
    refused(await client.get(f"/api/agents/{other}/preview"), 403, "agent_not_yours")


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "another"])
async def test_a_supervisor_sees_what_an_agent_is_shown_for_the_campaigns_watched_only(
    api: Api, watched: bool
) -> None:
    mine, other = (await api.campaign("mine")).id, (await api.campaign("other")).id
    agent_id = (await api.agent(mine, other)).id
    async with api.db.transaction() as conn:
        shown = Proposal(
            agent_id, uuid4(), Stage.PREVIEW, "out", mine if watched else other, uuid4(), None,
            "+33199000001", api.clock.now(), "w",
        )  # fmt: skip
        await proposals.put(conn, shown)
    client = await api.as_role(Role.SUPERVISOR, watches=(mine,))
    seen = await client.get(f"/api/agents/{agent_id}/preview")
    if watched:
        assert accepted(seen)["e164"] == "+33199000001"
    else:
        refused(seen, 404, "preview_not_found")


async def test_a_supervisor_reads_what_was_skipped(api: Api) -> None:
    campaign = (await api.campaign("ventas")).id
    async with api.db.transaction() as conn:
        for n in range(3):
            at = api.clock.now() + timedelta(seconds=n)
            skip = Skip(uuid4(), at, campaign, uuid4(), uuid4(), uuid4(), "+33199000001", f"r{n}", False)
            await proposals.skipped(conn, skip)
    client = await api.as_role(Role.SUPERVISOR, watches=(campaign,))
    page = accepted(await client.get("/api/preview-skips?limit=2"))
    assert ([one["reason"] for one in page["items"]], page["more"]) == (["r2", "r1"], True)
    page = accepted(await client.get("/api/preview-skips?sort=at"))
    assert [one["reason"] for one in page["items"]] == ["r0", "r1", "r2"]
    assert not accepted(await client.get(f"/api/preview-skips?contact_id={NOBODY}"))["items"]
    refused(await client.get("/api/preview-skips?sort=reason"), 422, "bad_sort")
