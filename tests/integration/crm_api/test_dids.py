"""Our own numbers: which campaign answers which."""

from typing import Any

import httpx
import pytest

from crm_api.access import Role
from dialer.campaigns import Kind
from tests.integration.crm_api.given import Api, accepted, refused

NOBODY = "00000000-0000-7000-8000-000000000000"


async def test_a_number_is_kept_in_one_form_moved_to_another_campaign_and_given_up(
    api: Api, operator: httpx.AsyncClient
) -> None:
    sales = await api.campaign("ventas", kind=Kind.VOICE, region="FR")
    support = await api.campaign("soporte", kind=Kind.VOICE, region="FR")
    body = {"number": "01 99 00 55 00", "campaign_id": str(sales.id), "note": "the big poster"}
    made = accepted(await operator.post("/api/dids", json=body), 201)
    assert (made["number"], made["shared"], made["note"]) == ("+33199005500", False, "the big poster")
    change = {"number": made["number"], "campaign_id": str(support.id), "shared": True}
    edited = accepted(await operator.put(f"/api/dids/{made['id']}", json=change))
    assert (edited["campaign_id"], edited["shared"], edited["note"]) == (str(support.id), True, "")
    of_sales = accepted(await operator.get("/api/dids", params={"campaign_id": str(sales.id)}))
    assert of_sales["items"] == []
    assert accepted(await operator.get(f"/api/dids/{made['id']}")) == edited
    accepted(await operator.delete(f"/api/dids/{made['id']}"), 204)
    refused(await operator.get(f"/api/dids/{made['id']}"), 404, "did_not_found")


@pytest.mark.parametrize("same", ["+33199005500", "0199005500", "33199005500", "00 33 1 99 00 55 00"])
async def test_a_number_is_answered_by_one_campaign_however_it_is_written(
    api: Api, operator: httpx.AsyncClient, same: str
) -> None:
    campaign = await api.campaign("ventas", kind=Kind.VOICE, region="FR")
    body: dict[str, Any] = {"number": "+33199005500", "campaign_id": str(campaign.id)}
    accepted(await operator.post("/api/dids", json=body), 201)
    params = refused(await operator.post("/api/dids", json=body | {"number": same}), 409, "number_taken")
    assert params == {"number": "+33199005500"}


async def test_a_trunk_may_send_a_short_extension(api: Api, operator: httpx.AsyncClient) -> None:
    campaign = await api.campaign("ventas", kind=Kind.VOICE, region="FR")
    body = {"number": " 5501 ", "campaign_id": str(campaign.id)}
    assert accepted(await operator.post("/api/dids", json=body), 201)["number"] == "5501"


@pytest.mark.parametrize(
    ("body", "status", "error_id"),
    [
        ({"number": "no number at all"}, 422, "bad_value"),
        ({"number": "+33 1"}, 422, "bad_value"),
        ({"number": ""}, 422, "invalid_request"),
        ({"number": "5501", "campaign_id": NOBODY}, 404, "campaign_not_found"),
        ({"number": "5501", "region": "France"}, 422, "invalid_request"),
    ],
)
async def test_what_is_no_number_of_ours_is_refused(
    api: Api, operator: httpx.AsyncClient, body: dict[str, str], status: int, error_id: str
) -> None:
    campaign = await api.campaign("ventas", region="FR")
    refused(await operator.post("/api/dids", json={"campaign_id": str(campaign.id)} | body), status, error_id)


async def test_supervisors_see_the_numbers_of_their_campaigns_only(
    api: Api, operator: httpx.AsyncClient
) -> None:
    mine, other = await api.campaign("mine"), await api.campaign("other")
    ids = [
        accepted(await operator.post("/api/dids", json={"number": typed, "campaign_id": str(one.id)}), 201)[
            "id"
        ]
        for typed, one in (("5501", mine), ("5502", other))
    ]
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    shown = accepted(await supervisor.get("/api/dids"))["items"]
    assert [one["id"] for one in shown] == [ids[0]]
    refused(await supervisor.get(f"/api/dids/{ids[1]}"), 403, "campaign_not_yours")
    refused(await supervisor.delete(f"/api/dids/{ids[0]}"), 403, "role_too_low")
