"""Simulation of a physically realistic raw night with known truth.

The simulation is independent of the reduction code; it uses only the published lamps
(`reduction.lines.lamps`) and the properties of the instrument. `simulate_night` writes the files,
`frames` yields the frames one by one for a replay, and `science_frame` returns a single frame.
"""

from reduction.simulation.atmosphere import Weather
from reduction.simulation.exposures import Frame
from reduction.simulation.modes import setup_names
from reduction.simulation.night import (
    frames,
    science_frame,
    simulate_night,
    standard_frame,
    write_frame,
)
from reduction.simulation.plan import NightPlan
from reduction.simulation.truth import SourceTruth, Truth, load_truth

__all__ = [
    "Frame",
    "NightPlan",
    "SourceTruth",
    "Truth",
    "Weather",
    "frames",
    "load_truth",
    "science_frame",
    "setup_names",
    "simulate_night",
    "standard_frame",
    "write_frame",
]
