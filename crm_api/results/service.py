"""Results: who may edit which, and the warning where an action holds for some of the campaigns only."""

from collections.abc import Collection
from uuid import UUID

from crm_api.access import Call
from crm_api.errors import conflict
from crm_api.results.schemas import ActionOut
from dialer import campaigns
from typifications import results
from typifications.model import Action

EXPLAINED = (
    ActionOut(
        action=Action.RECALL,
        es="Vuelve al final de la lista y se llama otra vez al mismo teléfono.",
        en="Goes to the end of the list and is called again on the same phone.",
    ),
    ActionOut(
        action=Action.RECALL_ALTERNATE,
        es="Vuelve al final de la lista y se llama al siguiente teléfono; tras el último, al primero.",
        en="Goes to the end of the list and is called on the next phone; after the last one comes the first.",
    ),
    ActionOut(
        action=Action.NO_ACTION,
        es="El contacto queda terminado: no se vuelve a llamar en esta campaña.",
        en="The contact is done: not called again in this campaign.",
    ),
    ActionOut(
        action=Action.DO_NOT_CALL,
        es="Sus números no se vuelven a llamar hasta que un supervisor lo permita, con un motivo.",
        en="The numbers are not called again until a supervisor allows it, with a reason.",
    ),
    ActionOut(
        action=Action.SCHEDULE,
        es="El agente elige fecha, hora y teléfono para volver a llamar.",
        en="The agent chooses date, time and phone of the next call.",
    ),
)


async def must_edit(call: Call, result_id: UUID) -> None:
    """A supervisor edits the results whose campaigns are all among those watched."""
    root = await results.get(call.conn, result_id)
    while root.parent_id is not None:
        root = await results.get(call.conn, root.parent_id)
    for campaign_id in await results.campaigns_of(call.conn, root.id):
        call.must_watch(campaign_id)


async def must_fit(
    call: Call, campaign_ids: Collection[UUID], action: Action | None, *, confirmed: bool
) -> None:
    """Voice campaigns have no list to put a contact back to: the supervisor is told so, once."""
    kinds = set()
    for campaign_id in campaign_ids:
        call.must_watch(campaign_id)
        kinds.add((await campaigns.get(call.conn, campaign_id)).kind)
    if len(kinds) > 1 and action is not None and not confirmed:
        raise conflict(
            "mixed_campaigns",
            "the action will hold for the dialer campaigns only: send confirm=true to go on",
            action=action,
        )
