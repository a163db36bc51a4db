"""The agenda of many: nothing of a full calendar is left out."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.integration.crm_api.given import NOW, Api, accepted
from tests.integration.crm_api_more.people import People

SPAN = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-05T00:00:00Z"}
MANY = 2_100


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def _events(
    api: Api, campaign_id: UUID, how_many: int, state: str = "pending", *, hours: int = 0
) -> None:
    async with api.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO agenda_event (id, state, campaign_id, e164, due_at, zone, created_at)"
            " SELECT gen_random_uuid(), $3, $1, '+34612345678', $4, 'UTC', $4"
            " FROM generate_series(1, $2::int)",
            campaign_id,
            how_many,
            state,
            NOW + timedelta(hours=hours),
        )


async def test_a_supervisors_calendar_is_not_filled_up_by_campaigns_of_others(
    api: Api, people: People
) -> None:
    await _events(api, (await api.campaign("otra")).id, MANY)
    await _events(api, people.campaign.id, 1, hours=1)
    shown = accepted(await people.supervisor.get("/api/agenda", params=SPAN))
    assert (shown["total"], [one["campaign_id"] for one in shown["items"]]) == (1, [str(people.campaign.id)])


async def test_a_calendar_of_thousands_is_paged_to_its_end_in_any_order(api: Api, people: People) -> None:
    await _events(api, people.campaign.id, MANY, "managed")
    await _events(api, people.campaign.id, 1, hours=1)
    for sort, offset in (("due_at", MANY), ("-due_at", 0), ("state", MANY), ("-state", 0)):
        page = accepted(
            await people.supervisor.get(
                "/api/agenda", params=SPAN | {"sort": sort, "offset": offset, "limit": 1}
            )
        )
        assert (page["total"], page["more"], page["items"][0]["state"]) == (MANY + 1, not offset, "pending")
    waiting = accepted(await people.supervisor.get("/api/agenda", params=SPAN | {"state": "pending"}))
    assert waiting["total"] == 1
