"""The engine does with a campaign what the simulator says: the same pacing, customers and wrap-ups."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dialer.pacing import make
from dialer.simulate import Mix, run, simple_mix
from dialer.simulate.shift import Shift as Simulated
from tests.helpers.likeness import interval
from tests.integration.dialer.house import House, in_virtual_time
from tests.integration.dialer.likeness import Found, Shift, population

TARGET = 0.03
SIMULATED_SHIFTS = 20
Record = Callable[[str, object], None]


def simulated(mix: Mix, seed: int) -> Simulated:
    return run(mix, make("predictive", target=TARGET), seed)


def dialled(dsn: str, mix: Mix, seed: int, folder: Path, contacts: int) -> Found:
    """The shift as the engine runs it, with the customers the simulator draws from this seed."""
    found: list[Found] = []

    async def story(house: House) -> None:
        shift = Shift(house, mix, seed, target=TARGET)
        await shift.prepare(folder / "todos.csv", contacts)
        found.append(await shift.run())

    in_virtual_time(dsn, story, population=population(mix, seed, contacts))
    return found[0]


def test_ten_agents_meet_the_same_customers_in_engine_and_simulator(
    database_dsn: str, tmp_path: Path
) -> None:
    mix = simple_mix(agents=10, p=0.25, talk=60, wrapup=10, hours=0.2)
    told = simulated(mix, 1)
    found = dialled(database_dsn, mix, 1, tmp_path, told.dialed + 200)
    assert found.occupancy == pytest.approx(told.occupancy, abs=0.04)
    assert found.connected == pytest.approx(told.connected, rel=0.1)
    assert found.abandoned <= told.abandoned + 5


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_thirty_agents_for_four_hours_lie_within_the_simulators_interval(
    database_dsn: str, tmp_path: Path, record_property: Record
) -> None:
    mix = simple_mix(agents=30, p=0.25, talk=120, wrapup=20, hours=4)
    told = [simulated(mix, seed) for seed in range(1, SIMULATED_SHIFTS + 1)]
    most = max(shift.dialed for shift in told)
    found = dialled(database_dsn, mix, 1, tmp_path, most + 1000)
    occupancy = interval([shift.occupancy for shift in told])
    abandonment = interval([shift.abandonment for shift in told])
    for name, value in (
        ("occupancy", found.occupancy),
        ("occupancy_simulated", told[0].occupancy),
        ("occupancy_interval", occupancy),
        ("abandonment", found.abandonment),
        ("abandonment_simulated", told[0].abandonment),
        ("abandonment_interval", abandonment),
        ("dialed", found.dialed),
        ("connected", found.connected),
        ("abandoned", found.abandoned),
    ):
        record_property(name, value)
        print(name, value)
    assert occupancy[0] <= found.occupancy <= occupancy[1]
    assert abandonment[0] <= found.abandonment <= abandonment[1]
