"""What is noted of a calibrated spectrum: medium, second order and barycentric velocity."""

from __future__ import annotations

import numpy as np

from reduction.fits import header_values, headers, provenance, vocabulary
from reduction.frames import PixelFlag, Spectrum
from reduction.wavelength.axis.medium import Medium, in_air
from reduction.wavelength.axis.second_order import SecondOrder, second_order


def flag_second_order(spectrum: Spectrum, medium: Medium) -> SecondOrder:
    """Flag where the second order may overlie a calibrated spectrum, in its mask and header.

    Parameters
    ----------
    spectrum : Spectrum
        With wavelengths; its mask and header are changed.
    medium : {"air", "vacuum"}
        Of its wavelengths.
    """
    assert spectrum.wavelength is not None  # it is calibrated
    air = in_air(spectrum.wavelength, medium)
    names = [
        header_values.filter_name(headers.text(spectrum.header, card))
        for card in (vocabulary.FILTER, vocabulary.FILTER2)
    ]
    found = second_order(air, *names)
    spectrum.mask = np.where(
        found.flagged(air), spectrum.mask | np.uint8(PixelFlag.SECOND_ORDER), spectrum.mask
    )
    value: float | str = "none" if found.first is None else round(found.first, 1)
    comment = "air A from which second order is possible"
    written = value if found.is_known else "unknown"
    provenance.put(spectrum.header, vocabulary.GSP_SORD, written, comment)
    return found


def quality(spectrum: Spectrum, orders: SecondOrder) -> dict[str, float | int | str]:
    """Return the numbers of the second order, medium and velocity that are shown with a product."""
    header = spectrum.header
    shown: dict[str, float | int | str] = {"wavelengths_in": str(header["AIRORVAC"])}
    if orders.first is not None:
        shown["second_order_from_angstrom"] = round(orders.first, 1)
    if vocabulary.BARYCORR in header:
        shown["barycentric_correction_km_s"] = round(float(header[vocabulary.BARYCORR]), 3)
    return shown
