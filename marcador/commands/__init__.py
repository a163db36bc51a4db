"""The subcommands. Only the module of the one that was typed is imported: help must not wait for a dialer."""

from collections.abc import Mapping
from importlib import import_module

import typer

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "A whole contact centre at work. Nothing to install, nothing asked; Ctrl-C ends it."),
    "simulate": ("simulate", "Predict occupancy, abandonment, contacts an hour and lines before you dial."),
    "load": ("load", "Load a client file into a campaign; rejected rows go to a file with the reason."),
    "export": ("export", "Write a dial list with every contact's state, attempts and last outcome."),
    "run": ("serve", "The whole of Marcador in one process: API, live socket and dialer."),
    "api": ("serve", "The API alone; needs REDIS_URL and DATABASE_URL, shared with the dialers."),
    "dialer": ("serve", "A dialer alone; needs REDIS_URL and DATABASE_URL, shared with the API."),
    "doctor": (
        "doctor",
        "Check PostgreSQL, Redis, Asterisk, trunks, phones, hours; say how to mend them.",
    ),
    "migrate": ("migrate", "Bring the database up to date. Safe to run at any time, and twice."),
    "user": ("user", "Users: add, list, give a new password."),
}
"""By name, in the order help shows them: the module, and the line of help that stands for it."""


def register(app: typer.Typer, arguments: list[str]) -> None:
    """Add what `arguments` need: the module of the command that is typed, or a line of help for each."""
    typed = next((argument for argument in arguments if not argument.startswith("-")), "")
    if typed in COMMANDS:
        import_module(f"marcador.commands.{COMMANDS[typed][0]}").register(app)
        return
    for name, (_, line) in COMMANDS.items():
        app.command(name, help=line)(_only_a_line)


def _only_a_line() -> None:
    raise AssertionError("a command that is typed is registered whole")
