"""The read-outs of the two cameras and the level at which each saturates."""

from __future__ import annotations

from typing import Final

SATURATION_ADU: Final[dict[str, tuple[tuple[float, float, float], ...]]] = {
    "Blue": (
        (0.25, 3.33, 279600.0),
        (0.47, 3.35, 148723.0),
        (0.91, 3.41, 76813.0),
        (0.56, 3.69, 124821.0),
        (1.06, 3.72, 65943.0),
        (2.06, 3.99, 33932.0),
        (1.4, 4.74, 49928.0),
        (2.67, 5.12, 26179.0),
        (5.67, 8.62, 12328.0),
    ),
    "Red": (
        (1.54, 3.45, 66558.0),
        (3.48, 5.88, 29454.0),
        (1.48, 3.89, 69257.0),
        (3.87, 7.05, 26486.0),
        (1.47, 5.27, 69728.0),
        (1.45, 5.27, 69728.0),
        (3.77, 8.99, 27188.0),
        (3.78, 8.99, 27188.0),
    ),
}
"""Half-full-well level by camera: gain (electron/ADU), read noise (electron), level (ADU)."""

PLAUSIBLE: Final = (0.01, 1000.0)
"""Range of plausible gains (electron/ADU) and read noises (electron) of a CCD camera."""


def is_plausible(value: float) -> bool:
    """Return whether a gain or a read noise is plausible, for any read-out."""
    return PLAUSIBLE[0] <= value <= PLAUSIBLE[1]


def saturation_adu(camera: str, gain: float | None, rdnoise: float | None) -> float | None:
    """Return the saturation level of a read-out, ADU; None for an unknown read-out.

    Gain and noise may each differ by 5 % from the table, since they are re-measured occasionally.
    """
    if gain is None or rdnoise is None:
        return None
    near = [
        (abs(gain / g - 1) + abs(rdnoise / n - 1), level)
        for g, n, level in SATURATION_ADU.get(camera, ())
        if abs(gain / g - 1) <= 0.05 and abs(rdnoise / n - 1) <= 0.05
    ]
    return min(near)[1] if near else None


def cameras_of(gain: float | None, rdnoise: float | None) -> tuple[str, ...]:
    """Return the cameras that have a read-out with a gain and a read noise.

    Parameters
    ----------
    gain, rdnoise : float or None
        Electron/ADU, electron. Both may differ by 5 % from the table; one alone by 0.5 %.

    Returns
    -------
    tuple of str
        ``"Blue"``, ``"Red"``, both or none.
    """
    if gain is None and rdnoise is None:
        return ()
    tolerance = 0.005 if gain is None or rdnoise is None else 0.05
    return tuple(
        camera
        for camera, readouts in SATURATION_ADU.items()
        if any(
            (gain is None or abs(gain / g - 1) <= tolerance)
            and (rdnoise is None or abs(rdnoise / n - 1) <= tolerance)
            for g, n, _ in readouts
        )
    )


def completed(camera: str, gain: float | None, rdnoise: float | None) -> tuple[float, float] | None:
    """Return gain and read noise of a camera's read-out of which one of them is known.

    Returns
    -------
    (float, float) or None
        Electron/ADU and electron; None if no read-out, or more than one, has the known value
        within 0.5 %.
    """
    if (gain is None) == (rdnoise is None):
        return None
    near = [
        (g, n)
        for g, n, _ in SATURATION_ADU.get(camera, ())
        if (gain is None or abs(gain / g - 1) <= 0.005)
        and (rdnoise is None or abs(rdnoise / n - 1) <= 0.005)
    ]
    if len(near) != 1:
        return None
    return (near[0][0] if gain is None else gain, near[0][1] if rdnoise is None else rdnoise)
