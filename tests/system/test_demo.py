"""`marcador demo` on a list and an Asterisk of one's own: to its end, through the command itself."""

import csv
from pathlib import Path

from tests.integration.marcador.command import marcador
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.server import Asterisk

PEOPLE = (Customer.ANSWERS, Customer.BUSY, Customer.UNKNOWN, Customer.GONE_AT_ONCE)
ROWS = 48


def people(file: Path) -> Path:
    """A list with other headings than the demo's own; what a customer does is in the last two digits."""
    with file.open("w", newline="") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(["dni", "movil", "apellido"])
        rows.writerows([n, f"019900{n:02d}{PEOPLE[n % len(PEOPLE)]}", f"Persona {n}"] for n in range(ROWS))
    return file


def test_the_demo_dials_an_operators_own_list_on_an_operators_own_asterisk_to_the_end(
    tmp_path: Path, asterisk: Asterisk, carrier: Carrier
) -> None:
    before = len(carrier.invites())
    ran = marcador(
        *("demo", "--for", "40s", "--json", "--agents", "4", "--mode", "progressive"),
        *("--list", str(people(tmp_path / "mios.csv")), "--map", "phone=movil,key=dni,name=apellido"),
        *("--asterisk", f"127.0.0.1:{asterisk.config.ami_port}", "--ami-user", asterisk.config.ami_user),
        *("--trunk", f"PJSIP/{{number}}@{carrier.trunk.name}", "--agent-phone", "Local/{code}@phone/n"),
        cwd=tmp_path,
        MARCADOR_AMI_SECRET=asterisk.config.ami_secret,
    )

    assert ran.code == 0, ran.err
    figures, outcomes = ran.json, ran.json["attempts_by_outcome"]
    assert figures["contacts"] == ROWS
    assert outcomes["busy"] > 0 < outcomes["invalid_number"]
    assert figures["placed"] >= figures["answered"] >= figures["connected"] >= figures["typified"] > 0
    assert figures["popped"] >= figures["typified"]
    assert figures["abandoned"] == 0
    # The carrier's own count: every call it saw is an attempt of ours, and no number was called twice.
    invites = carrier.invites()[before:]
    assert figures["placed"] == len(invites) == len({invite.number for invite in invites})
    assert "Traceback" not in ran.err
    assert "[error" not in ran.err
