"""`marcador user`: the first administrator, and a way in when a password is lost."""

import json
import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from crm_api.access import Role
from crm_api.errors import ApiError
from crm_api.passwords import Passwords
from crm_api.users import service as users
from crm_api.users.schemas import UserIn
from marcador.cli import JsonOption, run, settings
from marcador.config import Config
from marcador.errors import CannotGoOn
from marcador.wiring import opened_database

_RULES = {
    "login": "a login has 1 to 80 letters (without accents), digits or any of . _ @ -",
    "name": "a name has 1 to 120 characters",
}
Login = Annotated[str, typer.Argument(help="What the user logs in with.")]


def fresh_password() -> str:
    """A password nobody chose and nobody has seen."""
    return secrets.token_urlsafe(12)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Users: add, list, give a new password.")
    app.add_typer(group, name="user")

    @group.command("add")
    def add(
        login: Login,
        role: Annotated[
            Role, typer.Option(help="Agents, who have a line too, are added through the API.")
        ] = Role.ADMIN,
        name: Annotated[str, typer.Option(help="Default: the login.")] = "",
        as_json: JsonOption = False,
    ) -> None:
        """Add a user; a fresh password is printed once and stored nowhere."""
        if role is Role.AGENT:
            raise CannotGoOn("an agent has a line, too: POST /api/agents, then POST /api/users with its id")
        run(_add(settings(), login, role, name or login, as_json))

    @group.command("password")
    def password(login: Login, as_json: JsonOption = False) -> None:
        """Give a fresh password; every session of the user ends."""
        run(_password(settings(), login, as_json))

    @group.command("list")
    def list_users() -> None:
        """Who may log in."""
        run(_list(settings()))


async def _add(config: Config, login: str, role: Role, name: str, as_json: bool) -> None:
    password = fresh_password()
    try:
        UserIn(login=login, name=name, role=role, password=password)  # the API's own rules
    except ValidationError as error:
        wrong = {problem["loc"][0] for problem in error.errors()}
        raise CannotGoOn("; ".join(rule for field, rule in _RULES.items() if field in wrong)) from error
    hashed = await Passwords().hash(password)
    async with opened_database(config) as db, db.transaction() as conn:
        try:
            fields = users.UserFields(name=name, role=role)
            await users.create(conn, login, hashed, fields, now=datetime.now(UTC))
        except ApiError as error:
            raise CannotGoOn(error.detail) from error
    _show(login, password, as_json)


async def _password(config: Config, login: str, as_json: bool) -> None:
    password = fresh_password()
    hashed = await Passwords().hash(password)
    async with opened_database(config) as db, db.transaction() as conn:
        found = [user for user in await users.every(conn) if user.login == login]
        if not found:
            raise CannotGoOn(f"there is no user {login!r}: see 'marcador user list'")
        await users.set_password(conn, found[0].id, hashed)
    _show(login, password, as_json)


async def _list(config: Config) -> None:
    async with opened_database(config) as db, db.connection() as conn:
        for user in await users.every(conn):
            state = "" if user.enabled else "  (disabled)"
            typer.echo(f"{user.login}\t{user.role}\t{user.name}{state}")


def _show(login: str, password: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"login": login, "password": password}))
    else:
        typer.echo(f"{login}  {password}")
