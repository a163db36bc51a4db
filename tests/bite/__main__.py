"""`python -m tests.bite`: take each piece out of a copy of the tree, and demand that its test turns red.

Exit status 1 when a test did not notice, or could not be asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from tests.bite.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
LONGEST_S = 300
TEST_S = 30  # a missing deadline shows by a test that hangs
_PASSED, _FAILED = 0, 1  # pytest's exit statuses; the others say that nothing was tested


class Verdict(StrEnum):
    BITES = "bites"
    SURVIVED = "SURVIVED"
    RED_BEFORE = "RED BEFORE"  # the test fails on the tree as it is
    NOT_TESTED = "NOT TESTED"


@dataclass(frozen=True, slots=True)
class Bite:
    what: str
    test: str
    verdict: Verdict


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bite", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here, too")
    parser.add_argument("only", nargs="*", help="words: only what contains one of them")
    asked = parser.parse_args(arguments)
    wanted = [m for m in MUTATIONS if not asked.only or any(word in m.what for word in asked.only)]
    bites = []
    with tempfile.TemporaryDirectory(prefix="marcador-bite-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        for mutation in wanted:
            bites.append(Bite(mutation.what, mutation.test, bite(tree, mutation)))
            print(
                f"{bites[-1].verdict:<10}  {mutation.what}  ({mutation.test.partition('::')[2]})", flush=True
            )
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in bites], indent=2) + "\n")
    dull = [one for one in bites if one.verdict is not Verdict.BITES]
    print(f"{len(bites) - len(dull)} of {len(bites)} bite")
    return 1 if dull or not bites else 0


def copy_tree(to: Path) -> None:
    """The files under version control, as they stand now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)


def bite(tree: Path, mutation: Mutation) -> Verdict:
    """The tree is left as it was."""
    if run_test(tree, mutation.test) != _PASSED:
        return Verdict.RED_BEFORE
    file = tree / mutation.file
    whole = file.read_text()
    assert whole.count(mutation.text) == 1, f"{mutation.file} must hold {mutation.text!r} once"
    try:
        file.write_text(whole.replace(mutation.text, mutation.instead))
        status = run_test(tree, mutation.test)
    finally:
        file.write_text(whole)
    return {_PASSED: Verdict.SURVIVED, _FAILED: Verdict.BITES}.get(status, Verdict.NOT_TESTED)


def run_test(tree: Path, test: str) -> int:
    """pytest's exit status for one test in the tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", str(TEST_S), test]
    ran = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if ran.returncode not in (_PASSED, _FAILED):
        print(ran.stdout[-2000:], ran.stderr[-2000:], file=sys.stderr)
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
