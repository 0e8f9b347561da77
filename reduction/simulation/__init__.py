"""A physically realistic raw night of which the truth is known.

Nothing here uses the code that reduces: only the published lamps (`reduction.lines.lamps`) and the
facts of the instrument. `simulate_night` writes the files, `frames` makes them one by one for a
replay, `science_frame` makes a single one.
"""

from reduction.simulation.exposures import Frame
from reduction.simulation.modes import setup_names
from reduction.simulation.night import frames, science_frame, simulate_night, write_frame
from reduction.simulation.plan import NightPlan
from reduction.simulation.truth import SourceTruth, Truth, load_truth

__all__ = [
    "Frame",
    "NightPlan",
    "SourceTruth",
    "Truth",
    "frames",
    "load_truth",
    "science_frame",
    "setup_names",
    "simulate_night",
    "write_frame",
]
