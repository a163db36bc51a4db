"""The benchmarks, from which every figure in the README comes.

    python -m benchmarks --list
    python -m benchmarks bridging --json
    python -m benchmarks              all of them, one after another

A benchmark is a module of this package with a `main`. It prints its figures for people, or with --json as one
JSON object where it has that option. Options after the name are the benchmark's own.
"""

import argparse
import importlib.util
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every benchmark there is."""
    found = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]
    return sorted(name for name in found if not name.startswith("_"))


def purpose(name: str) -> str:
    """The first line of its description."""
    spec = importlib.util.find_spec(f"benchmarks.{name}")
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text()
    return text.split('"""')[1].strip().splitlines()[0] if text.startswith('"""') else ""


def command(name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{name}", *options]


def run(name: str, options: list[str]) -> int:
    """Run one benchmark, as it is."""
    return subprocess.run(command(name, *options), check=False).returncode


def figures(name: str, options: list[str]) -> object:
    """What one benchmark prints, as JSON where it can."""
    said = subprocess.run(
        command(name, *with_json(name, options)), check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    try:
        return json.loads(said)
    except ValueError:
        return said


def with_json(name: str, options: list[str]) -> list[str]:
    helped = subprocess.run(command(name, "--help"), check=True, capture_output=True, text=True)
    return [*options, "--json"] if "--json" in helped.stdout else options


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=names(), help="one of them; all where none is named")
    parser.add_argument("--list", action="store_true", help="what there is, and what each measures")
    parser.add_argument("--json", action="store_true", help="one JSON object, by benchmark")
    chosen, options = parser.parse_known_args()
    if chosen.list:
        for name in names():
            print(f"{name:<12} {purpose(name)}")
        return 0
    wanted = [chosen.name] if chosen.name else names()
    if chosen.json:
        print(json.dumps({name: figures(name, options) for name in wanted}, indent=2))
        return 0
    worst = 0
    for name in wanted:
        print(f"== {name}: {purpose(name)}", flush=True)
        worst = max(worst, run(name, options))
    return worst


if __name__ == "__main__":
    sys.exit(main())
