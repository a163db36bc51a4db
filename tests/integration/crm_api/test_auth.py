"""Log-in, sessions, CSRF, tokens: who gets in, and for how long."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import httpx
import pytest

from crm_api import sessions
from crm_api.access import Role
from tests.integration.crm_api.given import PASSWORD, Api, accepted, refused

T = TypeVar("T")


async def test_a_login_gives_a_cookie_no_script_can_read_and_no_other_site_can_send(api: Api) -> None:
    await api.as_role(Role.ADMIN)
    client = api.client()
    response = await client.post("/api/auth/login", json={"login": "user1", "password": PASSWORD})
    me = accepted(response)
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (me["role"], me["name"]) == ("admin", "user1")
    assert accepted(await client.get("/api/auth/me"))["csrf"] == me["csrf"]


async def test_a_session_opened_over_https_is_never_sent_without_it(api: Api) -> None:
    await api.as_role(Role.ADMIN)
    known = {"login": "user1", "password": PASSWORD}
    plain = await api.client().post("/api/auth/login", json=known)
    secure = await api.client().post("https://marcador.test/api/auth/login", json=known)
    assert "; secure" not in plain.headers["set-cookie"].lower()
    assert "; secure" in secure.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("login", "password"), [("user1", "wrong"), ("nobody", PASSWORD), ("nobody", "wrong")]
)
async def test_a_wrong_password_and_an_unknown_login_are_one_refusal(
    api: Api, login: str, password: str
) -> None:
    await api.as_role(Role.ADMIN)
    response = await api.client().post("/api/auth/login", json={"login": login, "password": password})
    assert refused(response, 401, "bad_login") == {}


async def test_a_disabled_user_cannot_log_in_and_is_out_at_once(api: Api, admin: httpx.AsyncClient) -> None:
    other = await api.as_role(Role.OPERATOR)
    user_id = other.headers["X-Test-User"]
    edit = {"name": "x", "role": "operator", "enabled": False}
    accepted(await admin.put(f"/api/users/{user_id}", json=edit))
    refused(await other.get("/api/auth/me"), 401, "not_logged_in")
    response = await api.client().post("/api/auth/login", json={"login": "user2", "password": PASSWORD})
    refused(response, 401, "bad_login")


async def test_the_sixth_wrong_password_in_five_minutes_is_not_even_looked_at(api: Api) -> None:
    await api.as_role(Role.ADMIN)
    client, wrong = api.client(), {"login": "user1", "password": "wrong"}
    for _ in range(api.settings.login_failures):
        refused(await client.post("/api/auth/login", json=wrong), 401, "bad_login")
    right = {"login": "user1", "password": PASSWORD}
    refused(await client.post("/api/auth/login", json=right), 429, "too_many_logins")
    accepted(await api.client("10.0.0.2").post("/api/auth/login", json=right))
    api.clock.at += timedelta(seconds=api.settings.login_window_s + 1)
    accepted(await client.post("/api/auth/login", json=right))


async def test_who_sits_down_at_an_open_session_guesses_its_password_no_faster(
    api: Api, admin: httpx.AsyncClient
) -> None:
    new = "another long one"
    for _ in range(api.settings.login_failures):
        wrong = {"current": "wrong", "new": new}
        refused(await admin.post("/api/auth/password", json=wrong), 403, "bad_password")
    right = {"current": PASSWORD, "new": new}
    refused(await admin.post("/api/auth/password", json=right), 429, "too_many_logins")
    api.clock.at += timedelta(seconds=api.settings.login_window_s + 1)
    accepted(await admin.post("/api/auth/password", json=right), 204)


async def test_one_address_guessing_many_logins_is_stopped(api: Api) -> None:
    client = api.client()
    for number in range(api.settings.address_failures):
        body = {"login": f"guess{number}", "password": "wrong"}
        refused(await client.post("/api/auth/login", json=body), 401, "bad_login")
    body = {"login": "another", "password": "wrong"}
    refused(await client.post("/api/auth/login", json=body), 429, "too_many_logins")


async def test_right_passwords_do_not_use_up_the_tries_of_an_address(api: Api) -> None:
    await api.as_role(Role.ADMIN)
    for _ in range(api.settings.address_failures + 1):
        body = {"login": "user1", "password": PASSWORD}
        accepted(await api.client().post("/api/auth/login", json=body))


async def test_a_session_ends_with_its_time_and_with_its_logout(api: Api, admin: httpx.AsyncClient) -> None:
    operator = await api.as_role(Role.OPERATOR)
    accepted(await operator.post("/api/auth/logout"), 204)
    refused(await operator.get("/api/auth/me"), 401, "not_logged_in")
    api.clock.at += timedelta(hours=1)
    refused(await admin.get("/api/auth/me"), 401, "not_logged_in")


async def test_a_change_without_the_csrf_token_is_refused_and_a_read_is_not(
    api: Api, admin: httpx.AsyncClient
) -> None:
    for wrong in ("", "guess"):
        admin.headers[sessions.CSRF_HEADER] = wrong
        refused(await admin.post("/api/auth/logout"), 403, "csrf_missing")
    accepted(await admin.get("/api/auth/me"))


async def test_a_new_password_ends_every_session(api: Api, admin: httpx.AsyncClient) -> None:
    new = "another long one"
    refused(
        await admin.post("/api/auth/password", json={"current": "wrong", "new": new}), 403, "bad_password"
    )
    accepted(await admin.post("/api/auth/password", json={"current": PASSWORD, "new": new}), 204)
    refused(await admin.get("/api/auth/me"), 401, "not_logged_in")
    accepted(await api.client().post("/api/auth/login", json={"login": "user1", "password": new}))


async def _while_it_is_checked(api: Api, act: Callable[[], Awaitable[None]], ask: Awaitable[T]) -> T:
    """Ask for something with a password; `act` while that is being looked at."""
    checked = api.passwords.matches

    async def slow(stored: str | None, password: str) -> bool:
        fits = await checked(stored, password)
        await act()
        return fits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.passwords, "matches", slow)
        return await ask


async def test_a_password_that_is_changed_while_it_is_checked_opens_no_session(
    api: Api, admin: httpx.AsyncClient
) -> None:
    other = await api.as_role(Role.OPERATOR)

    async def change() -> None:
        address = f"/api/users/{other.headers['X-Test-User']}/password"
        accepted(await admin.post(address, json={"password": "another long one"}), 204)

    body = {"login": "user2", "password": PASSWORD}
    response = await _while_it_is_checked(api, change, api.client().post("/api/auth/login", json=body))
    refused(response, 401, "bad_login")


async def test_a_user_who_is_disabled_while_the_password_is_checked_gets_no_session(
    api: Api, admin: httpx.AsyncClient
) -> None:
    other = await api.as_role(Role.OPERATOR)

    async def disable() -> None:
        edit = {"name": "x", "role": "operator", "enabled": False}
        accepted(await admin.put(f"/api/users/{other.headers['X-Test-User']}", json=edit))

    body = {"login": "user2", "password": PASSWORD}
    response = await _while_it_is_checked(api, disable, api.client().post("/api/auth/login", json=body))
    refused(response, 401, "bad_login")


async def test_who_knows_the_old_password_cannot_replace_the_one_an_administrator_just_set(
    api: Api, admin: httpx.AsyncClient
) -> None:
    other = await api.as_role(Role.OPERATOR)

    async def change() -> None:
        address = f"/api/users/{other.headers['X-Test-User']}/password"
        accepted(await admin.post(address, json={"password": "another long one"}), 204)

    body = {"current": PASSWORD, "new": "the intruder's own"}
    response = await _while_it_is_checked(api, change, other.post("/api/auth/password", json=body))
    refused(response, 403, "bad_password")
    right = {"login": "user2", "password": "another long one"}
    accepted(await api.client().post("/api/auth/login", json=right))


async def test_a_token_acts_in_its_role_without_csrf_until_it_is_revoked(
    api: Api, admin: httpx.AsyncClient
) -> None:
    made = accepted(await admin.post("/api/tokens", json={"name": "crm", "role": "admin"}), 201)
    machine = api.client()
    machine.headers["Authorization"] = f"Bearer {made['token']}"
    assert accepted(await machine.get("/api/auth/me"))["is_token"] is True
    accepted(await machine.post("/api/tokens", json={"name": "second", "role": "agent"}), 201)
    listed = accepted(await admin.get("/api/tokens?sort=-name"))["items"]
    assert [token["name"] for token in listed] == ["second", "crm"]
    assert "token" not in listed[0]
    accepted(await admin.delete(f"/api/tokens/{made['id']}"), 204)
    refused(await machine.get("/api/auth/me"), 401, "not_logged_in")


async def test_a_token_of_role_agent_is_nobody_s_and_sees_no_campaign_and_no_call(
    api: Api, admin: httpx.AsyncClient
) -> None:
    await api.campaign()
    made = accepted(await admin.post("/api/tokens", json={"name": "crm", "role": "agent"}), 201)
    machine = api.client()
    machine.headers["Authorization"] = f"Bearer {made['token']}"
    assert accepted(await machine.get("/api/campaigns"))["items"] == []
    refused(await machine.get("/api/attempts"), 403, "too_wide")


async def test_what_is_stored_of_a_secret_is_its_hash(api: Api, admin: httpx.AsyncClient) -> None:
    made = accepted(await admin.post("/api/tokens", json={"name": "crm", "role": "admin"}), 201)
    cookie = admin.cookies[sessions.COOKIE]
    async with api.db.connection() as conn:
        stored = [
            await conn.fetchval("SELECT token_hash FROM api_token"),
            await conn.fetchval("SELECT token_hash FROM session"),
        ]
    assert stored == [sessions.digest(made["token"]), sessions.digest(cookie)]
