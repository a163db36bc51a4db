"""A due "Para mí" event whose agent is away, on the real Asterisk."""

from datetime import timedelta
from uuid import UUID

import pytest

from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.settings import AgendaAway
from tests.helpers import until
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.desk import Desk
from typifications import agenda
from typifications.model import EventFields

pytestmark = pytest.mark.asterisk

MAIN = number(1)


async def an_event_for_an_absent_agent(centre: Centre, away: AgendaAway) -> tuple[Campaign, Desk, UUID]:
    campaign = await centre.campaign(settings(agenda_away=away, agenda_grace_s=1))
    people = await centre.list_(campaign.id)
    ana = await centre.desk("201", campaign, log_in=False)
    contact = await centre.contact(people, MAIN, state="scheduled")
    customer = (await centre.contact_row(contact))["customer_id"]
    now = centre.clock.now()
    given = EventFields(
        customer_id=customer,
        campaign_id=campaign.id,
        contact_id=contact,
        agent_id=ana.agent.id,
        e164=MAIN,
        due_at=now - timedelta(seconds=2),
        zone="UTC",
    )
    async with centre.db.transaction() as conn:
        await agenda.create(conn, given, may_be_past=True, now=now)
    return campaign, ana, contact


async def test_for_the_next_log_in_the_customer_is_called_when_the_agent_comes(centre: Centre) -> None:
    campaign, ana, contact = await an_event_for_an_absent_agent(centre, AgendaAway.NEXT_LOGIN)
    bea = await centre.desk("202", campaign)

    async def waits_for_ana() -> bool:
        row = await centre.contact_row(contact)
        return (row["state"], row["agent_id"]) == ("pending", ana.agent.id)

    await until(waits_for_ana, 10, "it is due, for its agent alone", every=0.1)
    await ana.ask(Kind.AGENT_LOGIN)
    attempt = await ana.talks(20)
    assert not bea.offers
    row = await centre.row("SELECT kind, agent_id FROM attempt WHERE id = $1", attempt)
    assert row == {"kind": "agent_bound", "agent_id": ana.agent.id}
    assert await centre.dialled() == [MAIN]


async def test_for_a_supervisor_nobody_is_called_until_it_is_given_to_another_agent(centre: Centre) -> None:
    campaign, ana, contact = await an_event_for_an_absent_agent(centre, AgendaAway.SUPERVISOR)
    bea = await centre.desk("202", campaign)

    async def orphans() -> list[UUID]:
        async with centre.db.connection() as conn:
            return [event.id for event in await agenda.orphaned(conn)]

    found = await until(orphans, 15, "it is in the supervisors' queue", every=0.1)
    assert found is not None
    assert (await centre.contact_row(contact))["state"] == "scheduled"
    assert not await centre.dialled()
    async with centre.db.transaction() as conn:
        await agenda.reassign(conn, found, bea.agent.id, now=centre.clock.now())
    await bea.talks(20)
    assert not ana.offers
    assert await centre.dialled() == [MAIN]
