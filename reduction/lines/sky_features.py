"""The brighter airglow lines, to be marked in a spectrum."""

from __future__ import annotations

from typing import Final

import numpy as np

AIRGLOW: Final = np.array(
    [
        (5577.34, 1.0, 0.0),
        (5889.95, 0.25, 0.0),
        (5895.92, 0.15, 0.0),
        (6300.30, 0.8, 0.0),
        (6363.78, 0.3, 0.0),
        (6533.04, 0.08, 0.0),
        (6553.62, 0.06, 0.0),
        (6863.96, 0.3, 0.0),
        (6923.22, 0.3, 0.0),
        (7276.41, 0.4, 0.0),
        (7316.28, 0.5, 0.0),
        (7340.89, 0.5, 0.0),
        (7750.64, 0.6, 0.0),
        (7794.11, 0.6, 0.0),
        (7821.50, 0.5, 0.0),
        (7913.71, 0.7, 0.0),
        (7964.65, 0.7, 0.0),
        (7993.33, 0.7, 0.0),
        (8344.60, 0.7, 0.0),
        (8399.17, 0.8, 0.0),
        (8430.17, 0.8, 0.0),
        (8465.36, 0.6, 0.0),
        (8777.75, 0.7, 0.0),
        (8827.10, 0.9, 0.0),
        (8885.85, 1.0, 0.0),
        (8919.64, 0.9, 0.0),
    ]
)
"""Airglow lines, (n, 3): wavelength in air (Å), relative strength, width of the line itself (Å).

Osterbrock et al. 1996, PASP 108, 277, and Hanuschik 2003, A&A 407, 1157. OH doublets are given as
unresolved blends.
"""
