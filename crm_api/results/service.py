"""Results: who may edit which, and the warning where an action holds for some of the campaigns only."""

from collections.abc import Collection
from uuid import UUID

from crm_api.access import Call
from crm_api.errors import conflict
from crm_api.results.schemas import ActionOut
from crm_api.words import service as words
from crm_api.words.schemas import Language
from dialer import campaigns
from typifications import results
from typifications.model import Action

EXPLAINED = tuple(
    ActionOut(
        action=action,
        es=words.said("action", action, Language.ES),
        en=words.said("action", action, Language.EN),
    )
    for action in Action
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
