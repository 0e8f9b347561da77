"""The grating equation of the Goodman spectrograph: the wavelength of detector columns.

The transmission gratings (Clemens, Crain & Anderson 2004, SPIE 5492, 331) turn with the grating
angle α and the camera follows at α + β, so that λ = (sin α + sin β) / G. The constants below were
fitted once to the matched lines of the published lamps (``tools/fit_grating_model.py``). They
predict the positions of lines in all setups of the Red camera to about 20 unbinned pixels, and the
dispersion to 0.3 per cent, which suffices as the start of a solution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.lines.lamps import grooves_per_mm
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]

FOCAL_LENGTH_PX = 24830.4
"""Camera focal length, unbinned pixels of 15 µm."""
GRATING_ZERO_RAD = 0.011961
CAMERA_ZERO_RAD = -0.011215
"""Zero points of the encoder angles α and β, radian."""
DISTORTION = -0.0282
"""Cubic term of the camera's distortion, per (x/f)³."""
CENTRE_PX = 2080.0
"""Raw unbinned column (0-based) of the optical axis of the camera."""
GROOVE_FACTOR = {400: 1.007658, 600: 1.015239, 930: 1.012127, 1200: 1.008793, 2100: 1.011545}
"""True over nominal groove density; includes the alignment of each grating in its cell."""
DEFAULT_GROOVE_FACTOR = 1.011


def predicted_wavelength(pixel: Floats, grating: str, cam_targ: float, grt_targ: float) -> Floats:
    """Predict the wavelength of detector columns from the angles alone.

    Parameters
    ----------
    pixel : (n,) float
        Raw detector columns, unbinned, 0-based, prescan included; pixel centres are whole.
    grating : str
        Name of the grating; its number is the groove density per mm.
    cam_targ, grt_targ : float
        Camera and grating angle, degrees.

    Returns
    -------
    (n,) float
        Air wavelength, Å, accurate to some tens of pixels.

    Raises
    ------
    NoWavelengthSolution
        The name of the grating contains no groove density, or the wavelength at the detector's
        centre is outside 2500–11500 Å.
    """
    nominal = grooves_per_mm(grating)
    grooves = nominal * GROOVE_FACTOR.get(int(nominal), DEFAULT_GROOVE_FACTOR)
    alpha = np.radians(grt_targ) + GRATING_ZERO_RAD
    beta = np.radians(cam_targ - grt_targ) + CAMERA_ZERO_RAD
    centre = 1e7 / grooves * (np.sin(alpha) + np.sin(beta))
    if not 2500 <= centre <= 11500:
        raise NoWavelengthSolution(
            NoticeCode.GRATING_OUT_OF_RANGE,
            grating=grating,
            cam_targ=cam_targ,
            grt_targ=grt_targ,
            centre=centre,
        )
    u = (np.asarray(pixel, dtype=float) - CENTRE_PX) / FOCAL_LENGTH_PX
    ray = np.sin(beta + np.arctan(u) + DISTORTION * u**3)
    return np.asarray(1e7 / grooves * (np.sin(alpha) + ray), dtype=float)
