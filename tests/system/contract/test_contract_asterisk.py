"""The contract's scenarios on a real Asterisk; tests/integration/ami runs them on the simulated one."""

import pytest

from tests.contract.bench import Bench
from tests.contract.every import EVERY
from tests.contract.scenarios import Scenario

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.__name__)
async def test_a_real_asterisk_keeps_the_contract(scenario: Scenario, bench: Bench) -> None:
    await scenario(bench)
