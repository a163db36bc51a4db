"""`marcador doctor`: what is wrong is named, with the way to mend it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import anyio.to_thread
import pytest

from ami.simulator import SimulatedAsterisk
from dialer import agents, campaigns, trunks
from dialer.agents import AgentFields
from dialer.campaigns import Desired
from dialer.settings import Settings
from dialer.trunks import TrunkFields
from storage.clock import SystemClock
from storage.database import Database
from tests.integration.marcador.command import Ran, marcador
