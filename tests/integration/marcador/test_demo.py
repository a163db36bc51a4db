"""`marcador demo`: a whole contact centre, ended by its time, by Ctrl-C, or by one sentence."""

import asyncio
import re
import signal
import socket
from pathlib import Path

import pytest

from ami.simulator import SimulatedAsterisk
from tests.integration.marcador.command import marcador, running

FIELDS = {
    *("contacts", "placed", "answered", "connected", "abandoned", "popped", "typified"),
    *("contacts_by_state", "attempts_by_outcome"),
}


def test_the_demo_dials_pops_and_typifies_and_prints_one_json_object_at_its_end(tmp_path: Path) -> None:
    ran = marcador("demo", "--for", "20s", "--json", cwd=tmp_path)

    assert ran.code == 0, ran.err
    figures = ran.json
    assert figures.keys() >= FIELDS
    assert figures["contacts"] == sum(figures["contacts_by_state"].values()) == 500
    assert figures["placed"] == sum(figures["attempts_by_outcome"].values())
    assert figures["placed"] >= figures["answered"] >= figures["connected"] >= figures["typified"] > 0
    assert figures["popped"] >= figures["typified"]
    assert "Calling hours are OFF" in ran.err
    assert "Traceback" not in ran.err
    assert "[error" not in ran.err
    # The credentials stand in the lines that hand them out, and in no record of the log.
    handed_out = re.findall(r"^log in with (\S+) / (\S+)$", ran.err, re.MULTILINE)
    assert [login for login, _ in handed_out] == ["admin", "agent-1001"]
    for _, password in handed_out:
        assert ran.err.count(password) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_demo_cleanly_and_still_tells_its_figures(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running("demo", "--json", "--contacts", "30", "--agents", "2", cwd=tmp_path) as demo:
        demo.until_said("dialling:")
        demo.signal(number)
        ran = demo.ended(30)

    assert ran.code == 0, ran.err
    assert ran.json["contacts"] == 30
    assert "Traceback" not in ran.err


def test_ctrl_c_while_the_demo_is_being_built_ends_it_too(tmp_path: Path) -> None:
    with running("demo", "--json", cwd=tmp_path) as demo:
        demo.until_said("migrated")
        demo.signal(signal.SIGINT)
        ran = demo.ended(30)

    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in ran.err


def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = marcador("demo", "--port", str(port), cwd=tmp_path)

    assert (ran.code, ran.out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}: it is in use" in ran.sentence()
    assert "--port" in ran.sentence()


async def test_an_asterisk_that_refuses_the_demo_or_is_not_there_is_told_within_seconds(
    tmp_path: Path,
) -> None:
    async with SimulatedAsterisk() as asterisk:
        address = f"127.0.0.1:{asterisk.port}"
        wanted = ("demo", "--asterisk", address, "--for", "1s", "--json")
        ran = await asyncio.to_thread(marcador, *wanted, cwd=tmp_path, MARCADOR_AMI_SECRET="wrong")
    assert (ran.code, ran.out) == (2, "")
    assert "Authentication failed" in ran.sentence()
    assert "wrong" not in ran.err

    ran = await asyncio.to_thread(marcador, *wanted, cwd=tmp_path, MARCADOR_AMI_SECRET="any")
    assert ran.code == 2
    assert "no link to Asterisk" in ran.sentence()


def test_the_demo_stays_away_from_a_database_that_is_in_use(tmp_path: Path, database_dsn: str) -> None:
    assert marcador("user", "add", "ana", cwd=tmp_path, DATABASE_URL=database_dsn).code == 0

    ran = marcador("demo", "--for", "1s", cwd=tmp_path, DATABASE_URL=database_dsn)

    assert ran.code == 2
    assert "this database is in use" in ran.sentence()
