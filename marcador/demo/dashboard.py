"""The demo's terminal: one screen that shows the floor as a supervisor would see it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from marcador.demo.figures import Figures

RECENT = 8
_COLOURS = {"talking": "green", "ready": "cyan", "wrapup": "yellow", "paused": "magenta"}


@dataclass(frozen=True, slots=True)
class Header:
    """What stays the same during a run."""

    title: str
    api: str
    docs: str
    credentials: Sequence[tuple[str, str]]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent on the dashboard; `doing` is the state's own word."""

    name: str
    doing: str
    customer: str = ""


def render(
    header: Header,
    figures: Figures,
    doing: str,
    agents: Sequence[AgentLine],
    recent: Iterable[str],
    seconds: float,
) -> RenderableType:
    """The whole screen; pure, so that a test can read it."""
    return Group(
        _head(header, seconds),
        Columns([_calls(figures, doing), _agents(agents)], expand=True),
        Columns(
            [
                _counts("Outcomes", figures.attempts_by_outcome),
                _counts("Contacts", figures.contacts_by_state),
                Panel(Text("\n".join(recent)), title="Pops and results", width=64),
            ]
        ),
    )


def _head(header: Header, seconds: float) -> RenderableType:
    lines = [Text(f"API {header.api}   docs {header.docs}")]
    users = "   ".join(f"{login} / {password}" for login, password in header.credentials)
    lines.append(Text(f"Log in with  {users}"))
    if header.warning:
        lines.append(Text(header.warning, style="bold black on yellow"))
    return Panel(Group(*lines), title=f"{header.title} · {seconds:.0f} s", border_style="blue")


def _calls(figures: Figures, doing: str) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    share = figures.abandonment
    rows: list[tuple[str, str]] = [
        ("campaign", doing),
        ("contacts finished", f"{figures.finished} of {figures.contacts}"),
        ("calls placed", str(figures.placed)),
        ("answered", str(figures.answered)),
        ("connected", str(figures.connected)),
        ("abandoned", f"{figures.abandoned}" + (f"  ({share:.1%})" if share is not None else "")),
        ("screens popped", str(figures.popped)),
        ("typified", str(figures.typified)),
    ]
    for name, value in rows:
        table.add_row(Text(name, style="dim"), value)
    return Panel(table, title="Calls")


def _agents(agents: Sequence[AgentLine]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for agent in agents:
        table.add_row(agent.name, Text(agent.doing, style=_COLOURS.get(agent.doing, "")), agent.customer)
    return Panel(table, title="Agents")


def _counts(title: str, counts: Mapping[str, int]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        table.add_row(name, str(count))
    return Panel(table, title=title)
