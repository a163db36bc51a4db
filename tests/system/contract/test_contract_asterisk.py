"""The contract's scenarios on a real Asterisk; tests/integration/ami runs them on the simulated one."""

import pytest

from tests.contract.bench import Bench
from tests.contract.control_scenarios import CONTROL_SCENARIOS
from tests.contract.opt_out_scenarios import OPT_OUT_SCENARIOS
from tests.contract.scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.asterisk

EVERY = (*SCENARIOS, *CONTROL_SCENARIOS, *OPT_OUT_SCENARIOS)


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.__name__)
async def test_a_real_asterisk_keeps_the_contract(scenario: Scenario, bench: Bench) -> None:
    await scenario(bench)
