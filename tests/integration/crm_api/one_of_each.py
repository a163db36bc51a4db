"""One thing of each kind, and the ids by which addresses name them."""

from typing import Any

import httpx

from tests.integration.crm_api.given import accepted


async def one_of_each(client: httpx.AsyncClient) -> dict[str, str]:
    """`client` is an administrator."""

    async def made(address: str, body: dict[str, Any], name: str = "id") -> str:
        response = await client.post(f"/api/{address}", json=body)
        return str(accepted(response, response.status_code if response.is_success else 201)[name])

    campaign = await made("campaigns", {"name": "ventas", "settings": {"region": "ES"}})
    base = await made("bases", {"name": "clientes", "region": "ES"})
    phones = [{"number": "+34612345670"}]
    customer = await made("customers", {"base_id": base, "document": "1", "phones": phones})
    card = accepted(await client.get(f"/api/customers/{customer}"))
    return {
        "campaign_id": campaign,
        "base_id": base,
        "agent_id": await made("agents", {"code": "1", "name": "Ana", "dial": "PJSIP/1"}),
        "trunk_id": await made("trunks", {"name": "carrier", "dial": "PJSIP/{number}@carrier"}),
        "did_id": await made("dids", {"number": "5501", "campaign_id": campaign}),
        "customer_id": customer,
        "phone_id": card["phones"][0]["id"],
        "list_id": await made("dial-lists", {"campaign_id": campaign, "base_id": base, "name": "marzo"}),
        "contact_id": await made("records", {"campaign": "ventas", "destination": "612345678"}, "contact_id"),
        "result_id": await made(
            "results", {"name": "Venta", "action": "no_action", "campaign_ids": [campaign]}
        ),
        "speech_id": await made("speech", {"campaign_id": campaign, "body": "Hola"}),
        "profile_id": await made("profiles", {"name": "Familia", "campaign_ids": [campaign]}),
        "user_id": await made(
            "users", {"login": "ana", "password": "long enough", "name": "Ana", "role": "admin"}
        ),
    }
