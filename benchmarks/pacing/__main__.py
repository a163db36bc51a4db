"""python -m benchmarks.pacing [--quick] [--cells TEXT] [--policies TEXT] [--parts TEXT] [--write]"""

import argparse
import sys
from pathlib import Path

from benchmarks.pacing.cells import matrix
from benchmarks.pacing.kept import Job, Kept
from benchmarks.pacing.matrix import (
    OURS,
    RESULTS,
    fingerprints,
    held_out_tasks,
    policies,
    run_all,
    run_ours,
    tasks,
)
from benchmarks.pacing.report import chart, held_out_table, summary, table
from benchmarks.pacing.signals import fingerprints as signal_fingerprints
from benchmarks.pacing.signals import run_signals, signal_table
from benchmarks.pacing.speed import decision, simulator

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- figures: python -m benchmarks.pacing --write -->", "<!-- end of figures -->"
QUICK_CELLS = (
    "5, p 0.25, talk 120",
    "10, p 0.25, talk 120",
    "10, jump",
    "50, p 0.25, talk 120",
    "50, bimodal",
)
QUICK_POLICIES = (OURS, "1:1", "ratio 1.5", "ratio 2.0", "vicidial stock", "issabel", "full knowledge")

PARTS = ("matrix", "held-out", "signals", "speed")


def tell(done: int, of: int, job: Job) -> None:
    print(f"\r{done} of {of} shifts: {job.policy}, {job.cell}\033[K", end="", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pacing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five cells, few shifts: under five minutes")
    parser.add_argument(
        "--cells", default="", help="only cells whose name contains this, or one of several, by semicolon"
    )
    parser.add_argument("--policies", default="", help="only these, by comma")
    parser.add_argument(
        "--others", type=int, help="shifts of each policy but ours, where 8, 4, 1 are not enough"
    )
    parser.add_argument(
        "--first",
        type=int,
        default=0,
        help="number of the matrix's first shift: other luck, kept in a file of its own",
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="forget the shifts already run")
    parser.add_argument("--parts", default=",".join(PARTS), help="which to run, by comma (default: all)")
    parser.add_argument("--report", action="store_true", help="run nothing, print what is there")
    parser.add_argument("--write", action="store_true", help="put tables and chart into docs/pacing.md")
    chosen = parser.parse_args()
    if chosen.first and (chosen.write or chosen.parts != "matrix"):
        parser.error("--first goes with --parts matrix, and without --write")
    end = f"{'-quick' if chosen.quick else ''}{f'-from-{chosen.first}' if chosen.first else ''}.jsonl"
    paths = RESULTS / f"pacing{end}", RESULTS / f"pacing-signals{end}"
    if (chosen.fresh or chosen.quick) and not chosen.report:
        for path in paths:
            path.unlink(missing_ok=True)
    kept, kept_signals = Kept(paths[0], fingerprints()), Kept(paths[1], signal_fingerprints())
    words = chosen.cells.split(";")
    cells = [c for word in words for c in matrix() if word in c.name]
    cells = [c for c in dict.fromkeys(cells) if not chosen.quick or c.name in QUICK_CELLS]
    names = chosen.policies.split(",") if chosen.policies else QUICK_POLICIES if chosen.quick else policies()
    parts = () if chosen.report else chosen.parts.split(",")
    if "matrix" in parts:
        if OURS in names:
            run_ours(cells, kept, chosen.quick, chosen.processes, tell, chosen.first)
        others = [name for name in names if name != OURS]
        run_all(tasks(cells, others, chosen.quick, chosen.others, chosen.first), kept, chosen.processes, tell)
    if "held-out" in parts:
        run_all(held_out_tasks(chosen.quick), kept, chosen.processes, tell)
    if "signals" in parts:
        run_signals(chosen.quick, kept_signals, chosen.processes, tell)
    report = f"{summary(kept, chosen.quick)}\n\n{table(kept, chosen.quick)}\n"
    report += f"\n{held_out_table(kept)}\n\n{signal_table(kept_signals)}\n"
    if "speed" in chosen.parts:
        median, late, count = decision()
        report += (
            f"\nA decision with 300 agents and 550 to 650 calls in flight: {median:.3f} ms at the median, "
            f"{late:.3f} ms at the 99th percentile ({count} decisions). "
            f"The simulator without decisions: {simulator():,.0f} calls/s on one core.\n"
        )
    print(report)
    if chosen.write:
        write(report, chart(kept))


def write(report: str, picture: str) -> None:
    page = DOCS / "pacing.md"
    text = page.read_text()
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    page.write_text(f"{head}{BEGIN}\n\n{report}\n{END}{tail}")
    (DOCS / "pacing.svg").write_text(picture + "\n")


if __name__ == "__main__":
    main()
