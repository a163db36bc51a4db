"""The whole contract."""

from tests.contract.broadcast_scenarios import BROADCAST_SCENARIOS
from tests.contract.control_scenarios import CONTROL_SCENARIOS
from tests.contract.opt_out_scenarios import OPT_OUT_SCENARIOS
from tests.contract.scenarios import SCENARIOS

EVERY = (*SCENARIOS, *BROADCAST_SCENARIOS, *CONTROL_SCENARIOS, *OPT_OUT_SCENARIOS)
