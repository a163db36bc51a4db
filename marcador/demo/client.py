"""A client of Marcador's own API, as a browser would be: session cookie, CSRF token, idempotency keys."""

import json
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from marcador.errors import CannotGoOn

TIMEOUT_S = 20.0


class Refused(CannotGoOn):
    """The API said no; `error_id` is stable."""

    def __init__(self, status: int, error_id: str, message: str) -> None:
        super().__init__(f"the API refused: {message} ({error_id}, {status})")
        self.status = status
        self.error_id = error_id


class ApiClient:
    """`async with ApiClient(address) as api: await api.log_in(login, password)`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = httpx.AsyncClient(base_url=address, timeout=TIMEOUT_S)
        self._csrf = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def cookie(self) -> str:
        """The session as a Cookie header, for the live socket."""
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    async def log_in(self, login: str, password: str) -> dict[str, Any]:
        """Opens the session and answers who we are."""
        me: dict[str, Any] = await self.send(
            "POST", "/api/auth/login", json={"login": login, "password": password}
        )
        self._csrf = me["csrf"]
        return me

    async def get(self, path: str, **params: str) -> Any:
        return await self.send("GET", path, params=params)

    async def post(self, path: str, body: object | None = None, *, key: str | None = None) -> Any:
        """POST with an Idempotency-Key; give `key` to send the same request again safely."""
        return await self.send("POST", path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    async def send(self, method: str, path: str, **options: Any) -> Any:
        """The decoded answer, None where there is none. Raises `Refused`."""
        headers = {"X-CSRF-Token": self._csrf, **options.pop("headers", {})}
        answer = await self._http.request(method, path, headers=headers, **options)
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            said = answer.json()
            about = f": {json.dumps(said['params'], ensure_ascii=False)}" if said["params"] else ""
            raise Refused(answer.status_code, said["error_id"], said["message"] + about)
        except (ValueError, KeyError, TypeError):
            raise Refused(answer.status_code, "no_answer", answer.text[:200]) from None
