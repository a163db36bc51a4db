"""A contact centre in simulated time: the engine's own pacing, met by drawn customers and agents."""

from dialer.simulate.mix import (
    Absence,
    Either,
    Lognormal,
    Mix,
    Seen,
    Signals,
    Uniform,
    Weibull,
    always,
    decaying,
    jumping,
    stepping,
    waving,
)
from dialer.simulate.predict import Estimate, Forecast, PastCall, forecast, mix_of_past, simple_mix, what_if
from dialer.simulate.shared import Part, SharedShift, run_shared
from dialer.simulate.shift import Shift, run

__all__ = [
    "Absence",
    "Either",
    "Estimate",
    "Forecast",
    "Lognormal",
    "Mix",
    "Part",
    "PastCall",
    "Seen",
    "SharedShift",
    "Shift",
    "Signals",
    "Uniform",
    "Weibull",
    "always",
    "decaying",
    "forecast",
    "jumping",
    "mix_of_past",
    "run",
    "run_shared",
    "simple_mix",
    "stepping",
    "waving",
    "what_if",
]
