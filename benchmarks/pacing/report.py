"""Tables with confidence intervals, misses marked, and a chart."""

from collections.abc import Callable

from benchmarks.pacing.cells import Cell, held_out_cells, matrix, shifts
from benchmarks.pacing.figures import Figure, decided, figure
from benchmarks.pacing.kept import Kept
from benchmarks.pacing.matrix import LEVELS, OURS, RATIOS
from dialer.simulate.shift import Shift

LIMIT = 0.03
MISS, UNFINISHED = "**miss**", "unfinished"


def best(kept: Kept, cell: str, names: tuple[str, ...]) -> Figure | None:
    """The busiest of a family that keeps the limit, in hindsight."""
    found = [f for f in (figure(kept.of(cell, name)) for name in names) if f and f.abandonment <= 100 * LIMIT]
    return max(found, key=lambda f: f.occupancy, default=None)


def verdict(cell: Cell, runs: list[Shift], quick: bool) -> str:
    """Of all shifts its rule asks for, or of fewer where they have decided it."""
    wanted, ours = shifts(cell.agents, quick), figure(runs)
    assert ours is not None
    if ours.shifts < wanted and not decided(cell, runs):
        return UNFINISHED
    if ours.shifts > 1 and ours.occupancy + ours.half < cell.target:
        return MISS
    return "reached" if ours.occupancy >= cell.target else "within the interval"


COLUMNS: dict[str, Callable[[Kept, str], Figure | None]] = {
    "ours": lambda kept, cell: figure(kept.of(cell, OURS)),
    "1:1": lambda kept, cell: figure(kept.of(cell, "1:1")),
    "best ratio": lambda kept, cell: best(kept, cell, RATIOS),
    "WombatDialer, boost 2": lambda kept, cell: figure(kept.of(cell, "wombat boost 2")),
    "VICIdial tuned": lambda kept, cell: best(kept, cell, LEVELS),
    "VICIdial stock": lambda kept, cell: figure(kept.of(cell, "vicidial stock")),
    "Issabel": lambda kept, cell: figure(kept.of(cell, "issabel")),
    "full knowledge": lambda kept, cell: figure(kept.of(cell, "full knowledge")),
    "+ free times": lambda kept, cell: figure(kept.of(cell, "free times known")),
}


def worst_start(runs: list[Shift]) -> str:
    """The worst first ten minutes with five calls or more lost."""
    bad = [(r.first_abandoned / r.first_answered, r.first_abandoned) for r in runs if r.first_abandoned >= 5]
    if not bad:
        return "< 5 calls"
    share, lost = max(bad)
    return f"{100 * share:.1f} % ({lost})"


def older(kept: Kept, cell: str) -> str:
    return " (older code)" if kept.stale(cell, OURS) else ""


def table(kept: Kept, quick: bool) -> str:
    """One row a cell; only cells with a shift of ours."""
    lines = [
        f"| agents, mix | target | {' | '.join(COLUMNS)} | over 3 % | worst start | shifts | |",
        f"|---|---|{'---|' * len(COLUMNS)}---|---|---|---|",
    ]
    for cell in matrix():
        runs = kept.of(cell.name, OURS)
        if not runs:
            continue
        figures = " | ".join(str(column(kept, cell.name) or "–") for column in COLUMNS.values())
        over = sum(r.abandonment > LIMIT for r in runs)
        judged = verdict(cell, runs, quick) + older(kept, cell.name)
        lines.append(
            f"| {cell.name} | {cell.target:g} | {figures} | {over} | {worst_start(runs)} |"
            f" {len(runs)} of {shifts(cell.agents, quick)} | {judged} |"
        )
    return "\n".join(lines)


def held_out_table(kept: Kept) -> str:
    """Ours and 1:1 where no constant was chosen; a guard, with nothing to reach but the limit."""
    lines = ["| agents, held out | shifts | ours | 1:1 | worst shift | worst start |", "|---" * 6 + "|"]
    for cell in held_out_cells():
        runs = kept.of(cell.name, OURS)
        if runs:
            worst = f"{100.0 * max(r.abandonment for r in runs):.1f} %"
            plain = figure(kept.of(cell.name, "1:1")) or "–"
            count = f"{len(runs)}{older(kept, cell.name)}"
            cells = (cell.name, count, str(figure(runs)), str(plain), worst, worst_start(runs))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(kept: Kept, quick: bool) -> str:
    cells = [cell for cell in matrix() if kept.of(cell.name, OURS)]
    verdicts = [verdict(cell, kept.of(cell.name, OURS), quick) for cell in cells]
    small = [r for cell in cells if cell.agents <= 50 for r in kept.of(cell.name, OURS)]
    inside = sum(r.abandonment <= LIMIT for r in small) / max(len(small), 1)
    return (
        f"{len(cells)} of {len(matrix())} cells run: {verdicts.count('reached')} reached, "
        f"{verdicts.count('within the interval')} within the interval, {verdicts.count(MISS)} missed, "
        f"{verdicts.count(UNFINISHED)} unfinished; "
        f"{sum(kept.stale(cell.name, OURS) for cell in cells)} of older code. "
        f"{100 * inside:.1f} % of {len(small)} shifts with up to 50 agents end at or below 3.0 %."
    )


COLOURS = {"ours": "#0b6e4f", "best ratio": "#c8553d", "VICIdial tuned": "#588b8b", "1:1": "#9a9a9a"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP = 760, 320, 50, 590, 20
LOW, HIGH = 60.0, 100.0


def y_of(occupancy: float) -> float:
    return TOP + (HIGH - max(occupancy, LOW)) / (HIGH - LOW) * (HEIGHT - TOP - 40)


def text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" {more}>{words}</text>'


def chart(kept: Kept) -> str:
    """Occupancy by floor size (p 0.25, talk 120 s), as SVG."""
    cells = [cell for cell in matrix() if cell.name.endswith("p 0.25, talk 120")]
    across = {cell.name: LEFT + n * (RIGHT - LEFT) / (len(cells) - 1) for n, cell in enumerate(cells)}
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>']
    for level in range(60, 101, 10):
        y = y_of(level)
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y + 4, f"{level} %", 'text-anchor="end"'))
    for cell in cells:
        x = across[cell.name]
        parts.append(text(x, HEIGHT - 20, str(cell.agents), 'text-anchor="middle"'))
        parts.append(f'<circle cx="{x:.0f}" cy="{y_of(cell.target):.1f}" r="5" fill="none" stroke="#333"/>')
    label = 0.0
    for name, colour in COLOURS.items():
        found = [(across[cell.name], COLUMNS[name](kept, cell.name)) for cell in cells]
        points = [(x, y_of(f.occupancy)) for x, f in found if f]
        if points:
            path = " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
            label = max(points[-1][1] + 4, label + 16)
            parts.append(text(points[-1][0] + 10, label, name, f'fill="{colour}"'))
    parts.append(text(LEFT, HEIGHT - 4, "agents; occupancy at about 3 % abandoned; circles: the targets"))
    return "\n".join([*parts, "</svg>"])
