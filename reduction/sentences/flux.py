"""Sentences about flux calibration."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence


def _off_parallactic(params: Params) -> str:
    words = (
        f"The slit was {params['angle']}° off the parallactic angle at airmass "
        f"{params['airmass']:g}, and the dispersion corrector was not in use"
    )
    if params["lost"] is None:
        return f"{words}: light is missing at the ends of the spectrum"
    return f"{words}: up to {params['lost']:.0%} of the light is missing at the ends of the range"


def _other_night(params: Params) -> str:
    when = f"of the night {params['night']}" if params["night"] else "of an unknown night"
    return f"The standard star is {when}: the level of the flux is not known"


def _telluric_left_out(params: Params) -> str:
    bands = ", ".join(params["bands"])
    return f"Telluric bands not corrected, since the correction made them worse: {bands}"


def _unknown(slit: str) -> str:
    return slit or "an unknown slit"


def _slit_differs(params: Params) -> str:
    return (
        f"The standard star was observed through {_unknown(params['standard_slit'])}, the spectrum "
        f"through {_unknown(params['slit'])}: they lose light differently"
    )


SENTENCES: dict[C, Sentence] = {
    C.NOT_WAVELENGTH_CALIBRATED: "{file} is not a wavelength-calibrated spectrum in electrons.",
    C.SENSITIVITY_MISSING: "No sensitivity to calibrate the flux of {file} with.",
    C.FLUX_NOWHERE: (
        "{file} has a flux at no wavelength: nearly all of its light is outside of the aperture."
    ),
    C.SENSITIVITY_EMPTY: "The sensitivity {file} has no usable value.",
    C.SENSITIVITY_NO_OVERLAP: (
        "The sensitivity {file} is known from {lowest:.0f} to {highest:.0f} Å, the spectrum "
        "extends from {first:.0f} to {last:.0f} Å: they have no wavelength in common."
    ),
    C.SENSITIVITY_COVERS_PART: (
        "The sensitivity is known from {first:.0f} to {last:.0f} Å; there is no flux outside of it."
    ),
    C.EXPOSURE_TIME_UNUSABLE: "The exposure time {keyword} is missing or 0: there is no flux.",
    C.AIRMASS_UNKNOWN: (
        "The airmass is not known: the header has neither a usable position and time nor an "
        "elevation ({keyword})."
    ),
    C.FLUX_SLIT_UNKNOWN: (
        "The width of the slit is not known, and so the light that it took: the level of the flux "
        "is not known."
    ),
    C.FLUX_SLIT_NARROW: (
        "A slit of {width:g} arcsec takes an unknown part of the light: the level of the flux is "
        "not known."
    ),
    C.FLUX_SLIT_LOSS: (
        "The slit of {width:g} arcsec is not wider than twice the seeing of {seeing:.1f} arcsec: "
        "the level of the flux is not known."
    ),
    C.FLUX_SEEING_UNKNOWN: (
        "The seeing was not measured on this spectrum, and so the light that the slit took is not "
        "known: the level of the flux is uncertain."
    ),
    C.FLUX_LOSS_UNKNOWN: (
        "The light outside of the aperture is not known: the level of the flux is uncertain."
    ),
    C.FLUX_OTHER_NIGHT: _other_night,
    C.FLUX_ZERO_POINT_OFF: (
        "The zero point of the standard star differs by {offset:+.2f} mag from the median of its "
        "setup, as with clouds: the level of the flux is not known."
    ),
    C.FLUX_SLIT_DIFFERS: _slit_differs,
    C.FLUX_OFF_PARALLACTIC: _off_parallactic,
    C.FLUX_THROUGHPUT_LOW: (
        "The standard star showed {fraction:.0%} of the expected light, as with clouds: the level "
        "of the flux is not known."
    ),
    C.PHOTOMETRY_NOT_COVERED: (
        "The spectrum has a flux from {first:.0f} to {last:.0f} Å, {fraction:.0%} of the band "
        "{band}: it cannot be scaled to this magnitude."
    ),
    C.PHOTOMETRY_TOO_FAINT: (
        "The flux in the band {band} is not above its noise: it cannot be scaled to a magnitude."
    ),
    C.FLUX_SCALED: "Scaled by {factor:.3g} to {band} = {magnitude:.2f} mag.",
    C.TELLURIC_FROM_STANDARD: lambda p: (
        f"The telluric absorption of {' and '.join(p['gases'])} is that of the standard star, "
        "scaled with the airmass, since this spectrum does not show it"
    ),
    C.TELLURIC_LEFT_OUT: _telluric_left_out,
    C.TELLURIC_NOT_CORRECTED: (
        "Telluric bands were not corrected: neither this spectrum nor that of the standard star "
        "shows them."
    ),
}
