"""Forecasts as a picture: an SVG that any browser shows, with nothing to install and nothing fetched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from dialer.simulate import Estimate, Forecast

ROW, NAME, PANEL, GAP, HEAD, FOOT = 30, 150, 170, 34, 56, 30
BAR, WHISKER, TEXT, FAINT = "#9db7d2", "#1d1d1f", "#1d1d1f", "#e8eaee"


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of every scenario, as bars on one scale."""

    title: str
    read: Callable[[Forecast], Estimate]
    form: Callable[[float], str]
    most: float | None = None
    """The scale's end; None: the largest value."""


def _lines(found: Forecast) -> Estimate:
    return Estimate(found.lines, found.lines, found.lines)


PANELS = (
    Panel("occupancy", lambda found: found.occupancy, "{:.1%}".format, 1.0),
    Panel("abandoned", lambda found: found.abandonment, "{:.2%}".format),
    Panel("contacts an hour", lambda found: found.contacts_per_hour, "{:.0f}".format),
    Panel("lines, at most", _lines, "{:.0f}".format),
)


def chart(title: str, found: Sequence[tuple[str, Forecast]]) -> str:
    """Scenarios one below the other, a panel for each figure, whiskers for the 95 % intervals."""
    width = NAME + len(PANELS) * (PANEL + GAP)
    height = HEAD + len(found) * ROW + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="22" font-size="14" font-weight="600">{escape(title)}</text>',
    ]
    for n, (name, _) in enumerate(found):
        parts.append(f'<text x="10" y="{HEAD + n * ROW + 18}">{escape(name)}</text>')
    for k, panel in enumerate(PANELS):
        parts += _panel(panel, NAME + k * (PANEL + GAP), [forecast for _, forecast in found])
    parts.append(
        f'<text x="10" y="{height - 10}" font-size="11">whiskers: 95 % intervals over simulated shifts</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, left: int, found: Sequence[Forecast]) -> list[str]:
    values = [panel.read(forecast) for forecast in found]
    most = panel.most or max((value.high for value in values), default=0.0) or 1.0
    parts = [f'<text x="{left}" y="46" font-weight="600">{escape(panel.title)}</text>']
    for n, value in enumerate(values):
        top = HEAD + n * ROW
        mean, low, high = (PANEL * min(v / most, 1.0) for v in (value.mean, value.low, value.high))
        middle = top + 14
        parts += [
            f'<rect x="{left}" y="{top + 4}" width="{PANEL}" height="20" fill="{FAINT}"/>',
            f'<rect x="{left}" y="{top + 4}" width="{mean:.1f}" height="20" fill="{BAR}"/>',
            f'<path d="M{left + low:.1f} {middle}H{left + high:.1f}" stroke="{WHISKER}"/>',
            f'<text x="{left + 6}" y="{top + 18}">{panel.form(value.mean)}</text>',
        ]
    return parts
