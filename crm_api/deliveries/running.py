"""Reports that are due, made and delivered: each time once, whichever of the processes does it.

The row of a time is written when it falls due, and says what is being done before it is done. A file may be
made twice, as nobody sees it; a message goes out once: where it is unknown whether it did, it counts as sent.
"""

import asyncio
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

import structlog
from asyncpg import Record

from crm_api.deliveries import filing, mailing, making, store
from crm_api.deliveries.errors import NotDelivered
from crm_api.deliveries.making import Made
from crm_api.deliveries.model import Delivery, Format, RunState
from crm_api.deliveries.store import QUERIES
from crm_api.errors import ApiError
from crm_api.handlers import translated
from crm_api.hub import Hub
from storage.errors import StorageError

LEASE_S = 600.0
MOST_A_PASS = 20
MOST_TRIES = 5
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
KEPT = timedelta(days=180)
MAIL_BYTES = 15 << 20  # what most mail servers still take, once it is encoded
log = structlog.get_logger(__name__)

_SUBJECT = {"es": "Marcador: {name}, del {first} al {last}", "en": "Marcador: {name}, {first} to {last}"}
_TEXT = {
    "es": "Informe «{name}», del {first} al {last}: {rows} filas en el archivo adjunto.\n",
    "en": "Report “{name}”, {first} to {last}: {rows} rows in the attached file.\n",
}


async def once(hub: Hub) -> None:
    """To be called about once a minute, by any number of processes."""
    now = hub.clock.now()
    async with hub.db.transaction() as conn:
        await store.plan_due(conn, now, MOST_A_PASS)
        await conn.execute(QUERIES.give_up_sending, now)
        await conn.execute(QUERIES.forget_runs, now - KEPT)
    for _ in range(MOST_A_PASS):
        async with hub.db.transaction() as conn:
            claimed = await conn.fetchrow(QUERIES.claim, now, LEASE_S)
        if claimed is None:
            return
        await _run(hub, claimed)


async def _run(hub: Hub, claimed: Record) -> None:
    delivery, tries = store.read(claimed), claimed["tries"]
    run_id, due_at = claimed["run_id"], claimed["due_at"]
    made: Made | None = None
    try:
        if tries > MOST_TRIES:  # whoever made it ended each time without a word
            raise NotDelivered("too_many_tries", f"every one of {MOST_TRIES} tries broke off")
        made = await making.make(hub, delivery, due_at)
        problem = await _deliver(hub, delivery, run_id, tries, made)
    except NotDelivered as error:
        problem = error
    except StorageError:
        raise  # the run stays as it is, and is taken up again when its lease is over
    except Exception as error:  # noqa: BLE001 - a report refused must not stop those behind it
        problem = _refusal(error)
    state, after = _outcome(problem, tries, made)
    now = hub.clock.now()
    async with hub.db.transaction() as conn:
        await conn.execute(
            QUERIES.finish,
            run_id,
            tries,
            state,
            now + after if after else None,
            made.name if made else "",
            made.rows if made else None,
            problem.error_id if problem else None,
            str(problem)[:1000] if problem else "",
            None if after else now,
        )
    if problem:
        log.warning("report_not_delivered", delivery=str(delivery.id), state=state, why=str(problem))


def _outcome(
    problem: NotDelivered | None, tries: int, made: Made | None
) -> tuple[RunState, timedelta | None]:
    """The state, and how long to wait where it is tried again."""
    if problem is None or problem.error_id == "some_refused":
        return RunState.DELIVERED, None
    if problem.unsure:
        return RunState.UNKNOWN, None
    if problem.again and tries < MOST_TRIES:
        return RunState.WAITING, WAITS[tries - 1]
    return RunState.FAILED, None


async def _deliver(hub: Hub, delivery: Delivery, run_id: UUID, tries: int, made: Made) -> NotDelivered | None:
    """None, or that some of the recipients were refused. Raises NotDelivered."""
    if delivery.folder is not None:
        root = hub.settings.report_dir
        if root is None:
            raise NotDelivered("no_report_folder", "no folder for reports is configured any more")
        await asyncio.to_thread(filing.put, root, delivery.folder, made.name, made.content)
        return None
    server = hub.settings.mail
    if server is None:
        raise NotDelivered("no_mail_server", "no mail server is configured any more")
    if len(made.content) > MAIL_BYTES:
        raise NotDelivered("too_large_to_mail", f"{len(made.content) >> 20} MB are too much for an e-mail")
    message = _message(server.sender, delivery, run_id, made, hub.clock.now())
    async with hub.db.transaction() as conn:
        ours = await conn.fetchval(QUERIES.sending, run_id, tries, LEASE_S)
    if not ours:
        raise NotDelivered("taken_over", "another process has taken it over")
    refused = await asyncio.to_thread(mailing.send, server, message, delivery.recipients)
    if not refused:
        return None
    told = "; ".join(f"{who}: {why}" for who, why in refused.items())
    return NotDelivered("some_refused", f"refused were {told}")


def _message(sender: str, delivery: Delivery, run_id: UUID, made: Made, now: datetime) -> EmailMessage:
    language = made.owner.language if made.owner.language in _TEXT else "es"
    words = {"name": delivery.name, "first": made.first, "last": made.last, "rows": made.rows}
    message = EmailMessage()
    message["Subject"] = " ".join(_SUBJECT[language].format(**words).split())
    message["From"], message["To"] = sender, ", ".join(delivery.recipients)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{run_id}@{sender.rpartition('@')[2]}>"
    message.set_content(_TEXT[language].format(**words))
    kind = ("text", "csv") if delivery.format is Format.CSV else ("application", _XLSX)
    message.add_attachment(made.content, maintype=kind[0], subtype=kind[1], filename=made.name)
    return message


_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _refusal(error: Exception) -> NotDelivered:
    answer = error if isinstance(error, ApiError) else translated(error)
    if answer is None:
        log.error("report_failed", exc_info=error)
        return NotDelivered("internal_error", "something went wrong here; it was logged")
    return NotDelivered(answer.error_id, str(answer.detail))
