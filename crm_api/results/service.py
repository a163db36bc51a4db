"""Results: who may edit which, and the warning where an action holds for some of the campaigns only."""

from collections.abc import Collection, Sequence
from uuid import UUID

from crm_api.access import Call
from crm_api.errors import conflict
from crm_api.results.schemas import ActionOut, EditedTreeOut, OneOut, ResultOut, RootOut, nodes
from crm_api.words import service as words
from crm_api.words.schemas import Language
from dialer import campaigns
from storage.database import Connection
from typifications import results
from typifications.model import Action, Result

EXPLAINED = tuple(
    ActionOut(
        action=action,
        es=words.said("action", action, Language.ES),
        en=words.said("action", action, Language.EN),
    )
    for action in Action
)


async def tree(conn: Connection, campaign_id: UUID, *, offered: bool) -> EditedTreeOut:
    found = await results.tree(conn, campaign_id, offered=offered)
    campaigns_of = await results.campaigns_by_root(conn, [root.result.id for root in found.roots])
    roots = [
        RootOut(**node.model_dump(), campaign_ids=campaigns_of[node.result.id]) for node in nodes(found.roots)
    ]
    return EditedTreeOut(roots=roots, actions=EXPLAINED)


async def shown(conn: Connection, result: Result) -> OneOut:
    plain = ResultOut.model_validate(result)
    return OneOut(**plain.model_dump(), campaign_ids=tuple(await results.campaigns_of(conn, result.id)))


async def must_edit(call: Call, result_id: UUID) -> Sequence[UUID]:
    """A supervisor edits the results whose campaigns are all among those watched. Which: those of the first
    level above it."""
    root, *_ = await results.path_to(call.conn, result_id)
    campaign_ids = await results.campaigns_of(call.conn, root.id)
    for campaign_id in campaign_ids:
        call.must_watch(campaign_id)
    return campaign_ids


async def must_fit(
    call: Call, campaign_ids: Collection[UUID], actions: Collection[Action | None], *, confirmed: bool
) -> None:
    """Voice campaigns have no list to put a contact back to: the supervisor is told so, once."""
    acts = sorted(action for action in actions if action is not None)
    kinds = set()
    for campaign_id in campaign_ids:
        call.must_watch(campaign_id)
        kinds.add((await campaigns.get(call.conn, campaign_id)).kind)
    if len(kinds) > 1 and acts and not confirmed:
        raise conflict(
            "mixed_campaigns",
            "the action will hold for the dialer campaigns only: send confirm=true to go on",
            action=acts[0],
        )
