"""Campaigns: operators build them, supervisors run those assigned to them."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, Operator, OperatorOnce, Supervisor, SupervisorOnce
from crm_api.campaigns import service
from crm_api.campaigns.schemas import (
    CampaignEdit,
    CampaignIn,
    CampaignOut,
    FiguresOut,
    KeyOut,
    LiveChange,
    OutcomeOut,
    PresetOut,
)
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged, When
from dialer import campaigns, commands, presets
from dialer.campaigns import Desired
from lists import tallies

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=Guarded)


@router.get("")
async def every(call: Agent, paging: Paged) -> Page[CampaignOut]:
    """Those the caller may see: all, a supervisor's, an agent's."""
    shown = [service.shown(campaign) for campaign in await service.every(call)]
    return paging.cut(shown, service.SORTS, "name")


@router.post("", status_code=201)
async def create(body: CampaignIn, call: OperatorOnce) -> CampaignOut:
    """Made stopped."""
    settings = await service.read_settings(call.conn, body.settings)
    made = await campaigns.create(call.conn, body.name, settings, kind=body.kind, now=call.now)
    call.note(made.id, name=made.name)
    return service.shown(made)


@router.get("/presets")
async def legal_presets(call: Agent, paging: Paged) -> Page[PresetOut]:
    """Presets of legal calling hours: help, and no legal advice."""
    found = {name: presets.get(name) for name in presets.names()}
    shown = [
        PresetOut(name=name, title=it.title, as_of=it.as_of.isoformat(), sources=it.sources, note=it.note)
        for name, it in found.items()
    ]
    return paging.cut(shown, ("name", "title", "as_of"), "name")


@router.get("/{campaign_id}")
async def one(campaign_id: UUID, call: Agent) -> CampaignOut:
    return service.shown(await service.must_see(call, campaign_id))


@router.put("/{campaign_id}")
async def edit(campaign_id: UUID, body: CampaignEdit, call: Operator) -> CampaignOut:
    """Also while it dials: its worker takes the new settings at once."""
    settings = None if body.settings is None else await service.read_settings(call.conn, body.settings)
    edited = await campaigns.edit(
        call.conn, campaign_id, name=body.name, settings=settings, revision=body.revision
    )
    call.note(changed=sorted(body.model_fields_set))
    engine.wake(call)
    return service.shown(edited)


@router.patch("/{campaign_id}/live")
async def change_live(campaign_id: UUID, body: LiveChange, call: Supervisor) -> CampaignOut:
    """Channels, over-dial ratio, target abandonment: what is given changes."""
    changes = body.model_dump(exclude_none=True)
    changed = await service.change_live(call, campaign_id, changes)
    call.note(**changes)
    engine.wake(call)
    return service.shown(changed)


@router.post("/{campaign_id}/start")
async def start(campaign_id: UUID, call: SupervisorOnce) -> CampaignOut:
    """Its status then says what it does, or what it waits for."""
    return await _desire(call, campaign_id, Desired.RUNNING)


@router.post("/{campaign_id}/pause")
async def pause(campaign_id: UUID, call: SupervisorOnce) -> CampaignOut:
    """No new calls; those under way go on."""
    return await _desire(call, campaign_id, Desired.PAUSED)


@router.post("/{campaign_id}/drain")
async def drain(campaign_id: UUID, call: SupervisorOnce) -> CampaignOut:
    """No new calls; stopped by itself when the last one is over."""
    return await _desire(call, campaign_id, Desired.DRAINING)


@router.post("/{campaign_id}/stop")
async def stop(campaign_id: UUID, call: SupervisorOnce) -> CampaignOut:
    """No new calls; conversations go on."""
    return await _desire(call, campaign_id, Desired.STOPPED)


@router.post("/{campaign_id}/emergency-stop", status_code=202)
async def emergency_stop(campaign_id: UUID, call: SupervisorOnce) -> CommandOut:
    """Nothing new, and everything not yet talking is hung up."""
    await service.must_see(call, campaign_id)
    return await engine.submit(call, commands.Kind.EMERGENCY_STOP, campaign_id)


@router.delete("/{campaign_id}", status_code=204)
async def remove(campaign_id: UUID, call: Operator) -> None:
    """Stopped and hidden; its history stays."""
    await campaigns.remove(call.conn, campaign_id, now=call.now)
    engine.wake(call)


@router.get("/{campaign_id}/figures")
async def figures(campaign_id: UUID, call: Supervisor, since: When) -> FiguresOut:
    """Counts of whole hours since `since`."""
    return await service.figures(call, campaign_id, since)


@router.get("/{campaign_id}/outcomes")
async def outcomes(campaign_id: UUID, call: Supervisor, since: When, paging: Paged) -> Page[OutcomeOut]:
    """What became of the calls begun since `since`."""
    await service.must_see(call, campaign_id)
    found = await tallies.outcomes(call.conn, campaign_id, since)
    shown = [
        OutcomeOut(outcome=name, placed=it.placed, answered=it.answered, connected=it.connected)
        for name, it in found.items()
    ]
    return paging.cut(shown, ("outcome", "placed", "answered", "connected"), "-placed")


@router.get("/{campaign_id}/keys")
async def keys(campaign_id: UUID, call: Supervisor, since: When, paging: Paged) -> Page[KeyOut]:
    """What was pressed in a broadcast's calls begun since `since`."""
    campaign = await service.must_see(call, campaign_id)
    found = await tallies.keys(call.conn, campaign_id, since)
    shown = [
        KeyOut(key=key, meaning=campaign.settings.broadcast.meaning(key), calls=n) for key, n in found.items()
    ]
    return paging.cut(shown, ("key", "calls"), "key")


async def _desire(call: SupervisorOnce, campaign_id: UUID, desired: Desired) -> CampaignOut:
    await service.must_see(call, campaign_id)
    changed = await campaigns.set_desired(call.conn, campaign_id, desired)
    engine.wake(call)
    return service.shown(changed)
