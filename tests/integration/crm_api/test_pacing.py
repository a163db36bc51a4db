"""A supervisor sees why a campaign dials what it dials, and what it has learned of who answers."""

from uuid import UUID

import httpx
import msgspec

from crm_api.access import Role
from dialer import campaigns, counters
from dialer.chance import Chances
from tests.integration.crm_api.given import Api, accepted, refused

FIGURES = {
    "agents": 12.0,
    "idle": 1.0,
    "waiting": 0.0,
    "in_flight": 14.0,
    "expected_answers": 2.5,
    "expected_free": 3.25,
    "within": 8.0,
    "price": 0.03,
    "answer_rate": 0.25,
    "target": 0.03,
    "budget_left": 6.0,
    "cold": 0.0,
    "mode": "predictive",
    "wanted": 3,
    "bound": "trunks",
    "decisions": 100,
    "decision_s": 0.01,
    "chances": "too_little_data",
}


async def said(api: Api, campaign_id: UUID, figures: dict[str, object]) -> None:
    async with api.db.transaction() as conn:
        await counters.save_pacing(conn, campaign_id, figures, api.clock.now())


async def test_the_worker_says_why_and_its_supervisor_reads_it(api: Api) -> None:
    campaign, other = await api.campaign("mine"), await api.campaign("other")
    watcher = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    address = f"/api/campaigns/{campaign.id}/pacing"
    refused(await watcher.get(address), 404, "pacing_not_found")
    await said(api, campaign.id, FIGURES)
    found = accepted(await watcher.get(address))
    assert (found["expected_answers"], found["expected_free"], found["within_s"]) == (2.5, 3.25, 8.0)
    assert (found["price"], found["budget_left"], found["bound"], found["cold"]) == (
        0.03,
        6.0,
        "trunks",
        False,
    )
    assert any("troncales" in sentence for sentence in found["says"])
    refused(await watcher.get(f"/api/campaigns/{other.id}/pacing"), 403, "campaign_not_yours")
    refused(await watcher.get(f"/api/campaigns/{other.id}/chances"), 403, "campaign_not_yours")
    refused(await (await api.as_role(Role.AGENT)).get(address), 403, "role_too_low")


async def test_a_simple_mode_has_no_estimates(api: Api, operator: httpx.AsyncClient) -> None:
    campaign = await api.campaign()
    simple = {"agents": 2, "idle": 1, "waiting": 0, "in_flight": 1}
    kept = {name: FIGURES[name] for name in ("wanted", "bound", "decisions", "decision_s", "chances")}
    await said(api, campaign.id, {**simple, **kept, "mode": "progressive"})
    found = accepted(await operator.get(f"/api/campaigns/{campaign.id}/pacing"))
    assert (found["mode"], found["price"], found["expected_free"]) == ("progressive", None, None)


async def test_the_model_of_who_answers_is_shown_with_counts_and_words(
    api: Api, operator: httpx.AsyncClient
) -> None:
    campaign = await api.campaign()
    address = f"/api/campaigns/{campaign.id}/chances"
    assert accepted(await operator.get(address))["levels"] == []
    model = Chances()
    for n in range(2000):
        model.learn(("phone=mobile",) if n % 2 else ("phone=work",), n % 2 == 0 or n % 7 == 0)
    async with api.db.transaction() as conn:
        memory = {counters.CHANCES: model.snapshot()}
        await counters.save_memory(conn, campaign.id, memory, api.clock.now())
    found = accepted(await operator.get(address))
    assert (found["standing"], found["calls"]) == ("used", 2000)
    odds = {level["level"]: level["odds"] for level in found["levels"]}
    assert odds["work"] > 1 > odds["mobile"]
    assert all(level["calls"] == 1000 and level["says"] for level in found["levels"])
    off = msgspec.structs.replace(campaign.settings, answer_chances="off")
    async with api.db.transaction() as conn:
        await campaigns.edit(conn, campaign.id, settings=off)
    assert accepted(await operator.get(address))["standing"] == "off"
