"""The conditions of a simulated night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weather:
    """What the atmosphere does to the light of a star.

    Parameters
    ----------
    water : float
        Precipitable water above the telescope, mm.
    aerosol : float
        Extinction by aerosols at 5500 Å, magnitudes per airmass.
    cloud : float
        Fraction of the light that clouds let through, at all wavelengths.
    slit_loss : bool
        Whether the slit cuts the image of a point source.
    decentred : float
        Distance of the source from the middle of the slit, arcsec.
    seeing_power : float
        Exponent of the dependence of the seeing on the wavelength. Turbulence theory gives -0.2
        (Fried 1966, JOSA 56, 1372).
    refraction : bool
        Whether the atmosphere spreads the light across the slit, with the corrector (ADC) parked.
        The star is guided on the slit at `guided`.
    position_angle : float
        Of the slit, degrees from north to east.
    guided : float
        Air wavelength at which a refracted star is in the middle of the slit, Å.
    """

    water: float = 3.0
    aerosol: float = 0.06
    cloud: float = 1.0
    slit_loss: bool = True
    decentred: float = 0.0
    seeing_power: float = -0.2
    refraction: bool = False
    position_angle: float = 0.0
    guided: float = 5500.0
