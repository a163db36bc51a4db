"""What a process writes about itself."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from marcador import log


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _fails() -> None:
    secret = "hunter" + "2"
    try:
        raise ValueError(f"a secret of {len(secret)} characters was not taken")
    except ValueError:
        logging.getLogger("somebody").exception("it failed")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_failure_is_logged_with_its_traceback_but_never_with_what_variables_held(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    log.configure(as_json=as_json)

    _fails()

    out, err = capsys.readouterr()
    assert out == ""
    assert "it failed" in err
    assert "ValueError: a secret of 7 characters was not taken" in err
    assert "_fails" in err
    assert "hunter2" not in err


def test_a_record_is_one_json_object_a_line_with_the_room_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(as_json=True)

    structlog.get_logger("marcador.test").info("migrated", migration="0001")
    logging.getLogger("uvicorn").info("a line for every request")

    (line,) = capsys.readouterr().err.splitlines()
    record = json.loads(line)
    assert (record["event"], record["migration"], record["level"]) == ("migrated", "0001", "info")
    assert record["logger"] == "marcador.test"
