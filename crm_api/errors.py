"""Every refusal has one shape, `{error_id, message, params}`.

The id is stable, the message is English for people who read logs, and the client translates by id and params.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException


class ApiError(HTTPException):
    """A request refused. An HTTPException, so that the framework lets it through wherever it is raised."""

    def __init__(self, status: int, error_id: str, message: str, **params: Any) -> None:
        super().__init__(status_code=status, detail=message)
        self.error_id = error_id
        self.params = params

    def body(self) -> dict[str, Any]:
        return shape(self.error_id, self.detail, self.params)


def shape(error_id: str, message: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"error_id": error_id, "message": message, "params": dict(params or {})}


def invalid(error_id: str, message: str, **params: Any) -> ApiError:
    return ApiError(422, error_id, message, **params)


def conflict(error_id: str, message: str, **params: Any) -> ApiError:
    return ApiError(409, error_id, message, **params)


def forbidden(error_id: str, message: str, **params: Any) -> ApiError:
    return ApiError(403, error_id, message, **params)


def not_found(what: str, key: UUID | str) -> ApiError:
    """`not_found("campaign", id)` is `campaign_not_found`."""
    return ApiError(404, f"{what}_not_found", f"there is no {what.replace('_', ' ')} {key}", id=str(key))
