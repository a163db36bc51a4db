"""The help teaches, and comes at once."""

import subprocess
import sys
from unittest.mock import Mock

import pytest
import typer

from marcador import cli, commands
from marcador.commands import COMMANDS

HEAVY = ("fastapi", "numpy", "asyncpg", "pydantic_settings", "dialer", "crm_api", "lists", "ami")


def only(name: str) -> typer.Typer:
    """An application with this command alone, as `marcador NAME` has it."""
    app = typer.Typer(callback=lambda: None)
    commands.register(app, [name])
    return app


def test_the_help_of_the_whole_names_every_command_without_importing_one() -> None:
    program = (
        "import sys; sys.argv = ['marcador', '--help']\n"
        "from marcador.cli import main\n"
        "try: main()\n"
        f"finally: print('IMPORTED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    shown, _, imported = ran.stdout.partition("IMPORTED")
    assert imported.split() == []
    in_one_line = " ".join(shown.replace("│", " ").split())
    for name, (_, line) in COMMANDS.items():
        assert f"{name} {line}" in in_one_line


def test_ctrl_c_while_a_command_is_being_imported_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "register", Mock(side_effect=KeyboardInterrupt))

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 130
    assert ended.value.__cause__ is None
    assert ended.value.__suppress_context__


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_every_option_what_it_is_for(name: str) -> None:
    group = typer.main.get_command(only(name))
    command = group.commands[name]  # type: ignore[attr-defined]

    assert command.help
    for one in getattr(command, "commands", {"": command}).values():
        assert len(one.help.splitlines()[0]) > 10
        for option in one.params:
            assert option.help or option.name == "login", f"{name}: --{option.name} says nothing"
