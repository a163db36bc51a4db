"""Loads run after their request has been answered; their rows tell every process how far they are."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from crm_api.access import Visit
from crm_api.errors import ApiError, invalid
from crm_api.loads.schemas import LoadOut, LoadQuery, LoadStage, StartedOut
from crm_api.loads.spool import remove
from crm_api.words.schemas import Language
from crm_api.words.service import catalogue, said
from dialer import agents, campaigns, commands
from lists import dial_lists
from lists.bases import templates
from lists.errors import LoadError, NotFound
from lists.loading import load as loading
from lists.loading.load import RejectWords
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec, LoadStatus
from storage.database import Connection
from storage.ids import uuid7

MOST = 100_000
STARTS_WITHIN_S = 10.0
_LOOK_S = 0.5


async def spec_of(conn: Connection, visit: Visit, asked: LoadQuery) -> LoadSpec:
    """What to load and into what, checked before a byte of the file is read."""
    region, theirs = asked.region, {}
    if asked.dial_list_id is not None:
        asked = await _of_list(conn, asked, asked.dial_list_id)
    if asked.campaign_id is not None:
        visit.must_watch(asked.campaign_id)
        region = region or (await campaigns.get(conn, asked.campaign_id)).settings.region
    else:
        watched = visit.who.campaigns
        ids = list(watched) if watched is not None else None
        theirs = {one.name: one.id for one in await campaigns.page(conn, ids=ids, limit=MOST)}
    if not region:
        raise invalid("region_missing", "say by which country national numbers are to be read")
    spec = LoadSpec(
        path=Path(),
        region=region,
        campaign_id=asked.campaign_id,
        campaigns=theirs,
        mapping=ColumnMap.parse(asked.mapping) if asked.mapping else None,
        agents={one.code: one.id for one in await agents.page(conn, limit=MOST)},
        file_name=asked.file_name,
        base=asked.base,
        list_name=asked.list_name,
        dial_list_id=asked.dial_list_id,
        encoding=asked.encoding,
        delimiter=asked.delimiter,
        zone=asked.zone,
        priority=asked.priority,
        reject_invalid=asked.reject_invalid,
        same_customer=asked.same_customer,
        created_by=visit.who.user_id,
    )
    spec = await templates.applied(conn, spec)
    if (spec.mapping is None) != (spec.campaign_id is None):
        raise invalid(
            "mapping_and_campaign",
            "a table needs a campaign, and a mapping or a base that keeps one; a dialer list neither",
        )
    return spec


async def _of_list(conn: Connection, asked: LoadQuery, list_id: UUID) -> LoadQuery:
    """For a list that is there: campaign and base are its own."""
    target = await dial_lists.get(conn, list_id)
    base = await dial_lists.get_base(conn, target.base_id)
    if (
        asked.campaign_id not in (None, target.campaign_id)
        or asked.base not in ("", base.name)
        or asked.list_name
        or asked.zone
    ):
        raise invalid(
            "list_keeps_its_own", "campaign, base, name and zone are those of the list", id=str(list_id)
        )
    return asked.model_copy(update={"campaign_id": target.campaign_id, "base": base.name})


async def start(visit: Visit, spec: LoadSpec) -> StartedOut:
    """Begin to load; a file that cannot be read is refused at once. `spec.path` is removed."""
    hub, load_id = visit.hub, uuid7(visit.now)
    ended: asyncio.Future[LoadResult] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        try:
            result = await loading.load_file(hub.db, spec, now=visit.now, load_id=load_id)
        except Exception as error:
            ended.set_exception(error)  # told to whoever still waits
            ended.exception()
            if not isinstance(error, LoadError):  # that one is stored with the load
                raise
        else:
            ended.set_result(result)
            commands.wake(hub.bus)

    def over() -> None:
        remove(spec.path)
        ended.cancel()  # changes nothing where there is a result

    hub.jobs.start(str(load_id), work(), ended=over)
    shown = await _begun(visit, load_id, ended)
    return shown if shown else _waiting(load_id, spec)


async def _begun(visit: Visit, load_id: UUID, ended: "asyncio.Future[LoadResult]") -> StartedOut | None:
    """How it stands once it has begun; None when others are read first."""
    loop = asyncio.get_running_loop()
    end = loop.time() + STARTS_WITHIN_S
    while loop.time() < end:
        await asyncio.wait({ended}, timeout=_LOOK_S)  # a file that cannot be read says so at once
        if ended.done():
            result = ended.result()  # raises what the load was ended by
            return _started(await _own(visit, result.load_id), already=result.already)
        try:
            return _started(await _own(visit, load_id), already=False)
        except NotFound:
            continue
    return None


async def _own(visit: Visit, load_id: UUID) -> LoadOut:
    """The caller's own upload, which may be of several campaigns."""
    async with visit.hub.db.connection() as conn:
        return _shown(await loading.status(conn, load_id))


async def status(visit: Visit, load_id: UUID) -> LoadOut:
    try:
        async with visit.hub.db.connection() as conn:
            found = await loading.status(conn, load_id)
    except NotFound:
        if not visit.hub.jobs.knows(str(load_id)):
            raise ApiError(404, "load_not_found", f"there is no load {load_id}", id=str(load_id)) from None
        return _waiting(load_id, None)
    _must_see(visit, found)
    return _shown(found)


def _must_see(visit: Visit, found: LoadStatus) -> None:
    """A campaign's load, whoever watches it; one of no campaign, whoever sent it or sees all."""
    if found.campaign_id is not None or found.created_by is None or found.created_by != visit.who.user_id:
        visit.must_watch(found.campaign_id)


async def rejects(visit: Visit, load_id: UUID, language: Language | None) -> AsyncIterator[bytes]:
    """The reject file, as it is read."""
    await status(visit, load_id)
    return reject_file(visit, load_id, language)


def reject_file(visit: Visit, load_id: UUID, language: Language | None) -> AsyncIterator[bytes]:
    """In the language asked for, else in the reader's own."""
    hub, words = visit.hub, reject_words(language or Language(visit.who.language))
    return hub.exports.csv(hub.db, lambda conn: loading.rejects_csv(conn, load_id, words))


def reject_words(language: Language) -> RejectWords:
    """Titles and explanations of a reject file in this language."""

    def explain(reason: str, detail: str) -> str:
        text = said("reject", reason, language)
        # `612 345: too short`: a bad number's detail says which, and what is wrong with it
        why = detail.rpartition(": ")[2].replace(" ", "_") if reason == "bad_phone" else ""
        return f"{text}: {said('bad_phone', why, language)}" if why else text

    line, reason, explanation, detail, columns = catalogue(language)["reject_file"].values()
    return RejectWords((line, reason, explanation, detail, columns), explain)


def _shown(found: LoadStatus) -> LoadOut:
    return LoadOut.model_validate(found)


def _started(shown: LoadOut, *, already: bool) -> StartedOut:
    return StartedOut(**shown.model_dump(), already=already)


def _waiting(load_id: UUID, spec: LoadSpec | None) -> StartedOut:
    return StartedOut(
        id=load_id,
        campaign_id=spec.campaign_id if spec else None,
        base_id=None,
        dial_list_id=None,
        file_name=spec.file_name if spec else "",
        state=LoadStage.WAITING,
        rows=0,
        loaded=0,
        moved=0,
        rejected=0,
        duplicates=0,
        do_not_call=0,
        bad_alternatives=0,
        numbers_not_in_use=0,
        error=None,
        error_reason=None,
        error_params={},
        started_at=None,
        finished_at=None,
        already=False,
    )
