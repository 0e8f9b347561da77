"""Where the telescope stands."""

from __future__ import annotations

from typing import Final

LONGITUDE: Final = -70.7337
"""East longitude of the SOAR telescope on Cerro Pachón, degrees."""
LATITUDE: Final = -30.238
"""Degrees north."""
HEIGHT: Final = 2738.0
"""Metres above the sea."""
