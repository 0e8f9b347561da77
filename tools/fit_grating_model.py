"""Fit the constants of ``reduction/wavelength/grating.py`` to the published lamps and print them.

Lamps with fewer than nine matched lines are left out: several of those are misidentified. Run::

    PYTHONPATH=. python tools/fit_grating_model.py
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from reduction.lines.lamps import Lamp, grooves_per_mm, library
from reduction.wavelength.grating import CENTRE_PX

DENSITIES = (400, 600, 930, 1200, 2100)


def wavelength(pixel: np.ndarray, lamp: Lamp, p: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Evaluate the grating equation with trial constants (scaled to be of order one)."""
    alpha = np.radians(lamp.grt_targ) + p[1] / 100
    beta = np.radians(lamp.cam_targ - lamp.grt_targ) + p[2] / 100
    u = (pixel - CENTRE_PX) / (p[0] * 1000)
    nominal = grooves_per_mm(lamp.grating)
    grooves = nominal * (1 + p[4 + DENSITIES.index(int(nominal))] / 100)
    return 1e7 / grooves * (np.sin(alpha) + np.sin(beta + np.arctan(u) + p[3] * u**3))


def main() -> None:
    """Fit robustly, in pixels, each lamp with equal weight; weak priors break the degeneracies."""
    lamps = [one for one in library().lamps if one.first_column >= 0 and one.pixel.size >= 9]

    def residuals(p: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        parts = []
        for one in lamps:
            miss = wavelength(one.pixel + one.first_column, one, p) - one.wavelength
            dispersion = 1e7 / grooves_per_mm(one.grating) / 25000
            parts.append(miss / dispersion / np.sqrt(one.pixel.size))
        return np.concatenate([*parts, p[4:] * 3, p[1:3] * 2])

    start = np.array([25.0, 0, 0, 0, *np.zeros(len(DENSITIES))])
    p = least_squares(residuals, start, loss="soft_l1", f_scale=5).x
    print(f"focal length {p[0] * 1000:.1f} px; zero points {p[1] / 100:.6f}, {p[2] / 100:.6f} rad")
    factors = dict(zip(DENSITIES, np.round(1 + p[4:] / 100, 6).tolist(), strict=True))
    print(f"distortion {p[3]:.4f}; groove factors {factors}")


if __name__ == "__main__":
    main()
