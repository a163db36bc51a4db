"""A PBX that speaks AMI over TCP, with our dialplan, customers and agents' phones, for tests and the demo."""

from ami.simulator.pbx import Placed, Settings
from ami.simulator.population import Amd, Behaviour, Fate, Phone, Population, Shares, Spread, past_talks
from ami.simulator.server import SimulatedAsterisk

__all__ = [
    "Amd",
    "Behaviour",
    "Fate",
    "Phone",
    "Placed",
    "Population",
    "Settings",
    "Shares",
    "SimulatedAsterisk",
    "Spread",
    "past_talks",
]
