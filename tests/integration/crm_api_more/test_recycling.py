"""Recycling a list through the API."""

from crm_api.access import Role
from dialer import commands
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


async def test_a_list_is_recycled_by_outcome_counted_first(api: Api) -> None:
    people = await People.given(api)
    await people.customer()
    await people.customer()
    sent = {"filter": {}, "campaign_id": str(people.campaign.id), "name": "Marzo"}
    made = accepted(await people.supervisor.post("/api/assignments/send", json=sent), 201)
    async with api.db.transaction() as conn:
        await conn.execute("UPDATE contact SET state = 'exhausted', last_outcome = 'busy', attempts = 6")
    address = f"/api/dial-lists/{made['dial_list_id']}/recycle"
    asked = {"outcomes": ["busy"], "dry_run": True}
    assert accepted(await people.supervisor.post(address, json=asked)) == {"contacts": 2}
    listed = f"/api/dial-lists/{made['dial_list_id']}"
    assert accepted(await people.supervisor.get(listed))["progress"]["by_state"] == {"exhausted": 2}
    async with api.bus.subscribe(commands.WAKE) as woken:
        assert accepted(await people.supervisor.post(address, json={"outcomes": ["busy"]})) == {"contacts": 2}
        await anext(woken)
    assert accepted(await people.supervisor.get(listed))["progress"]["by_state"] == {"pending": 2}
    again = await people.supervisor.post(address, json={"outcomes": ["busy"]})
    assert accepted(again) == {"contacts": 0}, "they wait already"
    refused(await people.supervisor.post(address, json={}), 422, "nothing_chosen")
    refused(
        await people.supervisor.post(address, json={"outcomes": ["gone fishing"]}), 422, "invalid_request"
    )
    stranger = await api.as_role(Role.SUPERVISOR)
    refused(await stranger.post(address, json=asked), 403, "campaign_not_yours")
    nowhere = f"/api/dial-lists/{NOBODY}/recycle"
    refused(await people.supervisor.post(nowhere, json=asked), 404, "not_found")
