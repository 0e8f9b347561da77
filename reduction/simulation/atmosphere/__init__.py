"""The atmosphere above the simulated telescope: extinction, O2 and H2O bands, seeing, refraction.

It is made from the physics, not from the tables and templates that the flux calibration uses, so
that the two differ as the real atmosphere differs from any model of it.
"""

from reduction.simulation.atmosphere.starlight import Sight, Starlight, starlight, through_slit
from reduction.simulation.atmosphere.weather import Weather

__all__ = ["Sight", "Starlight", "Weather", "starlight", "through_slit"]
