"""What a spectrum and a sensitivity were taken with, and in what they differ."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from astropy.io import fits

from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.errors import HeaderError
from reduction.fits import header_values, headers, vocabulary
from reduction.fits.derivation.cards import usable_number, usable_text
from reduction.flux.telluric.expectation import seeing_of
from reduction.frames import night_of
from reduction.slits import mask_of, width_arcsec
from reduction.suitability import ANGLE_TOLERANCE

__all__ = [
    "SlitAndNight",
    "differences",
    "off_parallactic",
    "seeing_of",
    "throughput_of",
    "zero_point_of",
]


def differences(spectrum: fits.Header, sensitivity: fits.Header) -> tuple[Difference, ...]:
    """Return in what the setups differ that a sensitivity depends on.

    Camera, grating, both angles and both filters; each of them forbids its use. What one of the two
    headers does not state is not compared.
    """
    found: list[Difference] = []
    for quantity, card, name in (
        (Quantity.CAMERA, vocabulary.INSTCONF, str),
        (Quantity.GRATING, vocabulary.GRATING, header_values.grating_name),
        (Quantity.FILTER, vocabulary.FILTER, header_values.filter_name),
        (Quantity.ORDER_FILTER, vocabulary.FILTER2, header_values.filter_name),
    ):
        texts = [name(usable_text(header, card)) for header in (spectrum, sensitivity)]
        if all(texts):
            found += text_differences(quantity, texts[0], texts[1], Effect.FATAL)
    for quantity, card in (
        (Quantity.CAMERA_ANGLE, vocabulary.CAM_TARG),
        (Quantity.GRATING_ANGLE, vocabulary.GRT_TARG),
    ):
        numbers = [usable_number(header, card) for header in (spectrum, sensitivity)]
        if None not in numbers:
            found += number_differences(
                quantity, numbers[0], numbers[1], Effect.FATAL, tolerance=ANGLE_TOLERANCE
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SlitAndNight:
    """The slit of an exposure, its width in arcsec (None if it is not known), and its night."""

    slit: str
    width: float | None
    night: dt.date | None

    @classmethod
    def of(cls, header: fits.Header) -> SlitAndNight:
        """Return slit and night of a header."""
        slit = header_values.slit_name(usable_text(header, vocabulary.SLIT))
        try:
            night = night_of(headers.read_date(header))
        except HeaderError:
            night = None
        return cls(slit, width_arcsec(slit), night)

    def differs_in_slit(self, other: SlitAndNight) -> bool:
        """Return whether the two were taken through different slits, or one is not known."""
        masks = mask_of(self.slit), mask_of(other.slit)
        return masks[0] != masks[1] or not masks[0]


def zero_point_of(sensitivity: fits.Header) -> float | None:
    """Return the zero point of a standard star minus the median of its setup, magnitudes."""
    return usable_number(sensitivity, vocabulary.Card(vocabulary.GSP_ZMED, float, "", "mag"))


def throughput_of(sensitivity: fits.Header) -> float | None:
    """Return the throughput that a standard star showed, as a fraction of the expected one."""
    return usable_number(sensitivity, vocabulary.Card(vocabulary.GSP_TRAT, float, ""))


def off_parallactic(header: fits.Header, parallactic: float | None) -> float | None:
    """Return the angle between slit and vertical while nothing corrects the dispersion, degrees.

    Parameters
    ----------
    header : fits.Header
        With the position angle of the slit (``POSANGLE``) and the state of the atmospheric
        dispersion corrector (``ADCSTAT``: ``IN``, ``OUT`` or ``PARK``).
    parallactic : float or None
        Parallactic angle at the middle of the exposure, degrees.

    Returns
    -------
    float or None
        0 to 90; None with the corrector in the beam, or if an angle or its state is not known.
    """
    state = usable_text(header, vocabulary.ADC_STATE).upper()
    angle = usable_number(header, vocabulary.POSITION_ANGLE)
    if state not in {"PARK", "OUT"} or angle is None or parallactic is None:
        return None
    turned = math.fmod(abs(angle - parallactic), 180.0)
    return min(turned, 180.0 - turned)
