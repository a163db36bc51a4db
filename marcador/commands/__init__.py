"""The subcommands, each registered by importing its module."""

import typer

from marcador.commands import demo, doctor, export, load, migrate, serve, user


def register(app: typer.Typer) -> None:
    """Add every subcommand, in the order help shows them."""
    demo.register(app)
    load.register(app)
    export.register(app)
    serve.register(app)
    doctor.register(app)
    migrate.register(app)
    user.register(app)
