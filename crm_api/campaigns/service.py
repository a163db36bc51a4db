"""Campaigns as the API shows and changes them. The engine sees a change by the campaign's revision."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_api.access import Call, Role, Visit
from crm_api.campaigns.schemas import CampaignOut, FiguresOut, StatusOut
from crm_api.errors import forbidden, invalid
from dialer import agents, campaigns, live, settings, trunks
from storage.database import Connection

SORTS = ("name", "kind", "desired", "created_at")
MOST = 10_000  # campaigns are made by hand: read whole


async def visible(call: Call) -> frozenset[UUID] | None:
    """The campaigns this caller may see: None for all, a supervisor's, an agent's own."""
    if call.who.role is Role.AGENT:
        own = call.who.agent_id  # a token of role agent is nobody's, and sees nothing
        return (await agents.get(call.conn, own)).campaign_ids if own is not None else frozenset()
    return call.who.campaigns


async def must_see(call: Call, campaign_id: UUID) -> campaigns.Campaign:
    """The campaign. Refuses the unknown, and what is not the caller's to see."""
    found = await campaigns.get(call.conn, campaign_id)
    seen = await visible(call)
    if seen is not None and campaign_id not in seen:
        raise forbidden("campaign_not_yours", "this campaign is not among yours", id=str(campaign_id))
    return found


async def must_watch_all(conn: Connection, visit: Visit, campaign_ids: Collection[UUID]) -> None:
    """What several campaigns share is a supervisor's who watches all of them, what none has anybody's. A
    campaign that was deleted has nobody left to ask."""
    watched = visit.who.campaigns
    if watched is not None and (others := set(campaign_ids) - watched):
        for one in await campaigns.page(conn, ids=list(others), limit=1):
            visit.must_watch(one.id)


async def every(call: Call) -> list[campaigns.Campaign]:
    seen = await visible(call)
    ids = list(seen) if seen is not None else None
    return await campaigns.page(call.conn, ids=ids, limit=MOST)


async def read_settings(conn: Connection, raw: Mapping[str, Any]) -> settings.Settings:
    """Raises the dialer's `BadValue`, or 422 for a trunk that is not there."""
    read = settings.decode(raw)
    known = {trunk.id for trunk in await trunks.page(conn, ids=read.trunks, limit=MOST)}
    if missing := [str(trunk_id) for trunk_id in read.trunks if trunk_id not in known]:
        raise invalid(
            "bad_value", "the settings name a trunk that is not there", field="trunks", trunks=missing
        )
    return read


async def change_live(call: Call, campaign_id: UUID, changes: Mapping[str, Any]) -> campaigns.Campaign:
    """Hold from the next decision of its worker on."""
    found = await must_see(call, campaign_id)
    if not changes:
        raise invalid("nothing_to_change", "name at least one of channels, ratio, target")
    changed = settings.changed(found.settings, changes)
    return await campaigns.edit(call.conn, campaign_id, settings=changed, revision=found.revision)


async def figures(call: Call, campaign_id: UUID, since: datetime) -> FiguresOut:
    await must_see(call, campaign_id)
    counted = await live.figures(call.conn, campaign_ids=[campaign_id], since=since)
    if not counted:
        counted = [live.Figures(campaign_id, 0, 0, 0, 0, 0, 0)]
    return with_ratio(counted[0], since)


def with_ratio(counted: live.Figures, since: datetime) -> FiguresOut:
    served = counted.connected + counted.abandoned
    return FiguresOut(
        campaign_id=counted.campaign_id,
        since=since,
        attempts=counted.attempts,
        answered=counted.answered,
        machines=counted.machines,
        connected=counted.connected,
        abandoned=counted.abandoned,
        gone=counted.gone,
        abandonment=counted.abandoned / served if served else None,
    )


def shown(campaign: campaigns.Campaign) -> CampaignOut:
    return CampaignOut(
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        desired=campaign.desired,
        settings=settings.encode(campaign.settings),
        revision=campaign.revision,
        status=StatusOut.model_validate(campaign.status),
        created_at=campaign.created_at,
    )
