"""How soon after the answer a customer is joined to an agent, on a real Asterisk, by calls a second.

    python -m benchmarks.bridging [--rates 10 30 100] [--seconds 20] [--json]

SIPp's customers answer over PJSIP, the agents hold Local lines, the engine dials progressively as fast as its
trunk allows, with a real PostgreSQL. Measured from the moment the dialplan notes the answer (Asterisk's
clock) to the moment Asterisk's events say, on the dialer's own link, that both legs are in one conversation.
Beside it stand the processor milliseconds each process used for a call. It needs `make asterisk` and SIPp.
"""

import argparse
import asyncio
import json
import logging
import math
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import _processes as processes
from benchmarks._witness import Witness
from dialer import agents, commands
from dialer.agents import AgentFields
from dialer.campaigns import Campaign
from dialer.commands import Kind
from lists import customers, dial_lists
from lists.settling import last_position
from storage.database import connect
from storage.embedded import EmbeddedPostgres
from storage.ids import uuid7
from storage.migrate import migrate
from storage.throw_away import throw_away_postgres
from tests.helpers import until
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.installation import find, why_not
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, open_centre, settings

RATES = (10, 30, 100)
SECONDS = 20
TALK_S = 1.0
BUSY_S = TALK_S + 1.0
"""From an agent's reservation to being free again: ring, talk, and the bookkeeping of both."""
SPARE = 1.4
PASSED_OVER_S = 0.02
CONTACT = """
    INSERT INTO contact (id, dial_list_id, campaign_id, customer_id, position, next_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
"""
SPAN = "SELECT extract(epoch FROM max(begun_at) - min(begun_at)) AS s FROM attempt"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one rate. Milliseconds from the answer to the conversation."""

    asked_per_s: int
    reached_per_s: float
    agents: int
    answered: int
    joined: int
    missed: int
    """Answered and never joined: abandoned, or gone before an agent came. Times are of the others only."""
    passed_over: int
    """Of the missed, those who waited for more than 20 ms while there was a held line for each who waited."""
    median_ms: float
    p99_ms: float
    worst_ms: float
    cpu_ms_a_call: dict[str, float]
    """Processor milliseconds. The dialer's include this benchmark's own, which waits meanwhile."""
    events_a_call: float


# --- the floor ------------------------------------------------------------------------------------


async def seat(centre: Centre, campaign: Campaign, count: int) -> None:
    """So many agents with open lines."""
    now = centre.clock.now()
    async with centre.db.transaction() as conn:
        for n in range(count):
            fields = AgentFields(code=str(2000 + n), name="", dial=f"Local/{2000 + n}@phone/n")
            await agents.create(conn, fields, campaign_ids=[campaign.id], now=now)
    commands.wake(centre.bus)
    (last,) = await centre.rows("SELECT id FROM agent ORDER BY code DESC LIMIT 1")
    await centre.knows(last["id"])
    async with centre.db.transaction() as conn:
        for row in await conn.fetch("SELECT id FROM agent"):
            await commands.submit(conn, Kind.AGENT_LOGIN, row["id"], now=centre.clock.now())
    commands.wake(centre.bus)

    async def seated() -> bool:
        row = await centre.row("SELECT count(*) AS n FROM agent_presence WHERE state = 'ready'")
        return bool(row["n"] == count)

    await until(seated, 60, f"{count} agents are ready", every=0.2)


async def enlist(centre: Centre, campaign: Campaign, count: int) -> None:
    """So many contacts, visible at once."""
    people, now = await centre.list_(campaign.id), centre.clock.now()
    async with centre.db.transaction() as conn:
        target = await dial_lists.get(conn, people)
        for n in range(count):
            phone = customers.NewPhone(f"+33199{n:04d}{Customer.ANSWERS}")
            made = await customers.create(conn, centre.base_id, key=str(n), phones=[phone], now=now)
            await conn.execute(
                CONTACT,
                uuid7(now), people, target.campaign_id, made.id, last_position(now) + n, now,
            )  # fmt: skip


async def at_rate(asterisk: Asterisk, carrier: Carrier, rate: int, seconds: int) -> Figures:
    """Dial at this rate for so long."""
    seats = math.ceil(rate * BUSY_S * SPARE) + 5
    contacts = rate * seconds
    with throw_away_postgres() as server:
        async with connect(server.dsn) as conn:
            await migrate(conn)
        async with open_centre(server.dsn, asterisk, carrier) as centre:
            name = carrier.trunk.name
            trunk = await centre.trunk(
                name="measured", dial=f"PJSIP/{{number}}@{name}", calls_per_s=rate, channels=10 * rate
            )
            campaign = await centre.campaign(settings(trunks=(trunk,), wrapup_s=0, channels=10 * rate))
            witness = Witness()
            centre.link.subscribe(witness.hear)
            await seat(centre, campaign, seats)
            await enlist(centre, campaign, contacts)
            witness.events.clear()
            before = used(asterisk, carrier, server)
            commands.wake(centre.bus)
            await centre.finished(seconds * 4 + 60, but=("awaiting_typification",))
            after = used(asterisk, carrier, server)
            span = await centre.row(SPAN)
    return figures(
        witness,
        rate,
        seats,
        (contacts - 1) / float(span["s"]),
        {name: 1000 * (after[name] - before[name]) / contacts for name in before},
    )


def used(asterisk: Asterisk, carrier: Carrier, server: EmbeddedPostgres) -> dict[str, float]:
    """Processor seconds so far, by who used them."""
    assert server.pid is not None
    return {
        "dialer": time.process_time(),
        "asterisk": processes.seconds(asterisk.pid),
        "postgresql": processes.family(server.pid),
        "carrier": processes.seconds(carrier.pid),
    }


def figures(witness: Witness, rate: int, seats: int, reached: float, cpu_ms: dict[str, float]) -> Figures:
    customers = list(witness.customers.values())
    took = sorted(1000 * (customer.joined - customer.at) for customer in customers if customer.joined)
    return Figures(
        asked_per_s=rate,
        reached_per_s=round(reached, 1),
        agents=seats,
        answered=len(customers),
        joined=len(took),
        missed=len(customers) - len(took),
        passed_over=sum(c.passed_over_s > PASSED_OVER_S for c in customers if not c.joined),
        median_ms=round(took[len(took) // 2], 1),
        p99_ms=round(took[math.ceil(len(took) * 0.99) - 1], 1),
        worst_ms=round(took[-1], 1),
        cpu_ms_a_call={name: round(ms, 2) for name, ms in cpu_ms.items()},
        events_a_call=round(witness.events.total() / len(customers), 1),
    )


def measured(rates: list[int], seconds: int) -> dict[str, Any]:
    installation = find()
    assert installation is not None
    carrier = Carrier("carrier", talk_ms=round(TALK_S * 1000))
    asterisk = Asterisk(installation, (carrier.trunk,))
    try:
        carrier.start()
        asterisk.start()
        found = [asyncio.run(at_rate(asterisk, carrier, rate, seconds)) for rate in rates]
    finally:
        asterisk.remove()
        carrier.remove()
    return {
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 1),
        "talk_s": TALK_S,
        "rates": [asdict(figures) for figures in found],
    }


def show(found: dict[str, Any]) -> None:
    print(f"{found['cores']} cores, load {found['load_1min']}, a talk takes {found['talk_s']:g} s")
    print(
        "calls/s  reached  agents  answered  joined  missed  passed over  median ms  p99 ms  worst ms"
        "  ms a call: " + "  ".join(found["rates"][0]["cpu_ms_a_call"])
    )
    for one in found["rates"]:
        used = "  ".join(f"{ms:>{len(name)}}" for name, ms in one["cpu_ms_a_call"].items())
        print(
            f"{one['asked_per_s']:>7}  {one['reached_per_s']:>7}  {one['agents']:>6}  {one['answered']:>8}"
            f"  {one['joined']:>6}  {one['missed']:>6}  {one['passed_over']:>11}  {one['median_ms']:>9}"
            f"  {one['p99_ms']:>6}  {one['worst_ms']:>8}             {used}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), help="calls a second")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long each is dialled")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 3
    found = measured(options.rates, options.seconds)
    if options.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
