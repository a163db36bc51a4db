"""Broadcast campaigns as the API makes and shows them."""

from datetime import timedelta
from uuid import UUID

import httpx

from lists import attempts
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.reports.history import History


async def test_a_broadcast_needs_its_audio_and_its_keys_must_make_sense(operator: httpx.AsyncClient) -> None:
    broadcast = {"audio": "campaigns/notice", "answers": {"2": "yes"}, "agents": True}
    body = {"name": "aviso", "settings": {"mode": "broadcast", "broadcast": broadcast}}
    made = accepted(await operator.post("/api/campaigns", json=body), 201)
    assert made["settings"]["broadcast"]["answers"] == {"2": "yes"}
    for wrong, field in (({"audio": ""}, "broadcast.audio"), ({"answers": {"9": "no"}}, "broadcast.answers")):
        settings = {"mode": "broadcast", "broadcast": broadcast | wrong}
        answer = await operator.post("/api/campaigns", json={"name": "otro", "settings": settings})
        assert refused(answer, 422, "bad_value")["field"] == field


async def test_the_keys_of_a_broadcast_are_counted_with_what_they_mean(
    api: Api, operator: httpx.AsyncClient
) -> None:
    broadcast = {"audio": "campaigns/notice", "answers": {"2": "yes"}, "agents": True}
    body = {"name": "aviso", "settings": {"mode": "broadcast", "broadcast": broadcast}}
    campaign = accepted(await operator.post("/api/campaigns", json=body), 201)
    at = NOW - timedelta(hours=1)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        past = History(conn, campaign_id=UUID(campaign["id"]))
        for keys in ("2", "72", "9", "1", ""):
            call = await past.call(at, "played", kind="broadcast")
            await attempts.note_keys(conn, call, at, keys)
    address = f"/api/campaigns/{campaign['id']}/keys"
    shown = accepted(await operator.get(address, params={"since": at.isoformat()}))["items"]
    assert [(one["key"], one["meaning"], one["calls"]) for one in shown] == [
        ("1", "agent", 1),
        ("2", "yes", 2),
        ("7", "", 1),
        ("9", "opt_out", 1),
    ]
    later = (NOW + timedelta(minutes=1)).isoformat()
    assert accepted(await operator.get(address, params={"since": later}))["items"] == []
