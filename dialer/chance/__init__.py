"""How likely this contact is to answer now: a small model of each campaign, learned from its closed calls.

Pure. `traits` says what is known of a call before it is placed, `Chances` gives its answer probability and
learns how it ended. The pacer is told the probability with the dial, once the model has shown that it knows
more than the average.
"""

from dialer.chance.model import Chances, Level, Standing
from dialer.chance.traits import FEATURES, traits

__all__ = ["FEATURES", "Chances", "Level", "Standing", "traits"]
