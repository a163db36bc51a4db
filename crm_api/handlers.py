"""Every error, whoever raised it, leaves in the one shape of `crm_api.errors`."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from crm_api import problems
from crm_api.errors import ApiError, shape
from crm_api.words.schemas import Language
from dialer import errors as dialer
from lists import errors as lists
from lists.fields import BadValue
from lists.filtering.errors import BadFilter
from storage import errors as storage
from typifications import errors as typifications

log = structlog.get_logger(__name__)

_PLAIN = {
    400: ("invalid_body", "the body cannot be read"),
    404: ("no_such_address", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not know that method"),
    413: ("body_too_large", "the request is too large"),
}


_WRONG = {
    "no_key", "bad_number", "reason_needed", "list_of_another_campaign", "bad_name", "bad_schedule",
    "bad_field", "field_twice", "too_many_fields", "no_agents", "too_many_agents",
    "nothing_ticked", "nothing_chosen", "create_needs_key", "same_customer", "unknown_column",
}  # fmt: skip
_TAKEN = {"name_taken", "already_typified", "event_closed", "event_taken", "retired", "parent_retired"}


def install(app: FastAPI) -> None:
    # Looked up by class, the nearest in the error's ancestry first.
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for root in (
        storage.StorageError,
        lists.ListsError,
        dialer.DialerError,
        typifications.TypificationsError,
    ):
        app.add_exception_handler(root, _room)
    app.add_exception_handler(Exception, _unforeseen)


def translated(error: Exception) -> ApiError | None:
    """A room's refusal as an answer; None for what no client could have caused."""
    for kind, translate in _ROOMS.items():
        if isinstance(error, kind):
            return translate(error)
    return None


def _dialer_unknown(error: Any) -> ApiError:
    """`Unknown(campaign_id=...)` is `campaign_not_found`."""
    names = [name for name in error.params if name.endswith("_id")]
    what = names[0].removesuffix("_id") if names else "item"
    return ApiError(404, f"{what}_not_found", str(error), **error.params)


_ROOMS: Mapping[type[Exception], Callable[[Any], ApiError]] = {
    storage.DatabaseDown: lambda e: ApiError(503, "database_unavailable", "the database does not answer"),
    storage.DeadlinePassed: lambda e: ApiError(503, "database_slow", "the database took too long"),
    storage.RetryTransaction: lambda e: ApiError(503, "try_again", "somebody else was in the way: try again"),
    storage.Conflict: lambda e: ApiError(409, "conflict", "somebody else has it already", rule=e.constraint),
    storage.MissingReference: lambda e: ApiError(
        409,
        "missing_reference",
        "it refers to something that is not there, or is still used",
        rule=e.constraint,
    ),
    storage.InvalidValue: lambda e: ApiError(
        422, "invalid_value", "a value the database cannot take", rule=e.constraint
    ),
    dialer.Unknown: _dialer_unknown,
    dialer.NameTaken: lambda e: ApiError(409, e.error_id, str(e), **e.params),
    dialer.StaleRevision: lambda e: ApiError(409, e.error_id, str(e), **e.params),
    dialer.DialerError: lambda e: ApiError(422, e.error_id, str(e), **e.params),
    typifications.NotFound: _dialer_unknown,
    typifications.StaleRevision: lambda e: ApiError(409, e.error_id, str(e), **e.params),
    typifications.Refused: lambda e: ApiError(
        409 if e.error_id in _TAKEN else 422, e.error_id, str(e), **e.params
    ),
    lists.NotFound: lambda e: ApiError(404, "not_found", str(e) or "there is no such thing"),
    BadFilter: lambda e: ApiError(422, e.error_id, str(e), field=e.field),
    BadValue: lambda e: ApiError(422, e.error_id, str(e), field=e.field),
    lists.StaleRevision: lambda e: ApiError(409, e.error_id, str(e), revision=e.revision),
    lists.Refused: lambda e: ApiError(422 if e.error_id in _WRONG else 409, e.error_id, str(e)),
    lists.LoadError: lambda e: ApiError(422, "unreadable_file", str(e), reason=e.reason, **e.params),
}


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, ApiError):
        body = error.body()
    else:
        error_id, message = _PLAIN.get(error.status_code, ("refused", str(error.detail)))
        body = shape(error_id, message)
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    visit = getattr(request.state, "visit", None)  # there is none where nobody was let in yet
    language = Language(visit.who.language) if visit else Language.ES
    fields = problems.told(error.errors(), language)
    return JSONResponse(
        shape("invalid_request", "the request does not fit its description", {"fields": fields}),
        status_code=422,
    )


async def _room(request: Request, error: Exception) -> JSONResponse:
    answer = translated(error)
    return await (_http(request, answer) if answer else _unforeseen(request, error))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    path = request.url.path
    if secret := request.path_params.get("secret"):  # a calendar's: whoever reads it reads the agenda
        path = path.replace(secret, "...")
    log.error("request_failed", method=request.method, path=path, exc_info=error)
    return JSONResponse(shape("internal_error", "something went wrong here; it was logged"), status_code=500)
