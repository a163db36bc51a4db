"""Where the demo is shown: a living dashboard on a terminal, plain lines on standard error elsewhere."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from marcador.demo import dashboard
from marcador.demo.dashboard import AgentLine, Header
from marcador.demo.figures import Figures

LINE_EVERY_S = 5.0


class Screen(AbstractContextManager["Screen"], Protocol):
    """Shows the floor as it stands; called about twice a second."""

    def show(
        self,
        figures: Figures,
        doing: str,
        agents: Sequence[AgentLine],
        recent: Iterable[str],
        seconds: float,
    ) -> None: ...


def screen_for(header: Header, console: Console | None) -> Screen:
    """Credentials are written to the screen or to standard error, never to a log."""
    if console is not None and console.is_terminal:
        return Dashboard(header, console)
    return Lines(header)


class Dashboard:
    """For a terminal."""

    def __init__(self, header: Header, console: Console) -> None:
        self._header = header
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(
        self,
        figures: Figures,
        doing: str,
        agents: Sequence[AgentLine],
        recent: Iterable[str],
        seconds: float,
    ) -> None:
        self._live.update(
            dashboard.render(self._header, figures, doing, agents, recent, seconds), refresh=True
        )


class Lines:
    """For a pipe or a log file: the header once, then one line every few seconds, on standard error."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._next = 0.0

    def __enter__(self) -> Self:
        header = self._header
        _say(f"{header.title}: API {header.api}, docs {header.docs}")
        for login, password in header.credentials:
            _say(f"log in with {login} / {password}")
        _say(header.warning)
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(
        self,
        figures: Figures,
        doing: str,
        agents: Sequence[AgentLine],
        recent: Iterable[str],
        seconds: float,
    ) -> None:
        if seconds < self._next:
            return
        self._next = seconds + LINE_EVERY_S
        _say(
            f"{seconds:5.0f} s  {doing}: {figures.placed} placed, {figures.answered} answered, "
            f"{figures.connected} connected, {figures.abandoned} abandoned, {figures.popped} popped, "
            f"{figures.typified} typified"
        )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
