"""`docs/first-day.md` as a stranger would follow it: every line of it, in one shell."""

import os
import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from storage import ports
from tests.integration.marcador.command import ROOT, environment

PAGE = ROOT / "docs" / "first-day.md"
LINE = "    "
NOT_HERE = ("make setup",)  # the test's own environment is that already
DEADLINE_S = 240


def lines() -> list[str]:
    """What the page has to be pasted."""
    shown = (line.removeprefix(LINE) for line in PAGE.read_text().splitlines() if line.startswith(LINE))
    return [line for line in shown if not line.startswith(NOT_HERE)]


@pytest.mark.slow
@pytest.mark.timeout(DEADLINE_S + 60)
def test_every_line_of_the_first_day_works_as_printed(tmp_path: Path, data_dir: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not there")
    (port,) = islice(filter(ports.is_free, ports.ours()), 1)
    settings = {"MARCADOR_DATA_DIR": str(data_dir), "MARCADOR_HTTP_PORT": str(port)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ending = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"

    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join([ending, *lines()])],
        cwd=tmp_path,
        env=environment(**settings, PATH=path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )

    log = (tmp_path / "marcador.log").read_text()
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}\n{log[-3000:]}"
    assert "Traceback" not in ran.stderr + log
    assert "error_id" not in ran.stdout.partition('"kind":"call.click"')[0]
    assert re.search(r"^rejected: 1$", ran.stdout, re.MULTILINE)
    assert re.search(r"^do not call: 0$", ran.stdout, re.MULTILINE), "the alternative is still allowed"
    assert '"action":"schedule"' in ran.stdout
    exported = (tmp_path / "lista.csv").read_text().splitlines()
    assert len(exported) == 1 + 40
