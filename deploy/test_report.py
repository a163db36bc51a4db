"""Turn pytest's report of the long runs into `long-<commit>.json`."""

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree


def main(report: Path, results: Path) -> None:
    """Read the report, and write the outcome of each test beside the commit it was run on."""
    text = report.read_text()
    cases = ElementTree.fromstring(text).iter("testcase") if text else ()
    commit = _git("rev-parse", "HEAD")
    outcome = {
        "commit": commit,
        "changed_since": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "tests": [_case(case) for case in cases],
    }
    (results / f"long-{commit[:12]}.json").write_text(json.dumps(outcome, indent=1) + "\n")


def _case(case: ElementTree.Element) -> dict[str, object]:
    kinds = {child.tag for child in case}
    outcome = next((kind for kind in ("failure", "error", "skipped") if kind in kinds), "passed")
    measured = {each.get("name"): each.get("value") for each in case.iter("property")}
    return {
        "name": f"{case.get('classname')}.{case.get('name')}",
        "outcome": outcome,
        "seconds": float(case.get("time", "0")),
        "measured": measured,
    }


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
