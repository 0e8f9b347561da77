"""What is written of a flux calibration: header cards, numbers and notices of the product."""

from __future__ import annotations

import numpy as np
from astropy.io import fits

from reduction.astrometry.airmass import Airmass
from reduction.fits import vocabulary
from reduction.fits.derivation.cards import usable_text
from reduction.fits.provenance import put
from reduction.flux.calibration import photometry
from reduction.flux.calibration.calibrate import Calibrated
from reduction.flux.references.extinction import SITE, extinction
from reduction.flux.telluric import cards
from reduction.flux.telluric.bands import BANDS, Gas
from reduction.flux.telluric.correction import Correction, Source
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Quality = dict[str, float | int | str | list[float]]

UNKNOWN = "unknown"
OFF = "off"
"""Source of a telluric correction that was not asked for."""


def record(made: Calibrated, sensitivity: Spectrum, airmass: Airmass) -> Quality:
    """Write what a flux rests on to its header; return the numbers shown with it.

    Parameters
    ----------
    made : Calibrated
    sensitivity : Spectrum
    airmass : Airmass
        That was used.
    """
    header = made.spectrum.header
    quality: Quality = {"grade": str(made.grading.grade)}
    put(header, vocabulary.GSP_GRAD, str(made.grading.grade), "grade of the flux")
    for keyword, key, comment in (
        (vocabulary.GSP_STAR, "star", "standard star"),
        (vocabulary.GSP_STRF, "reference", "source of its reference spectrum"),
    ):
        stated = usable_text(sensitivity.header, vocabulary.Card(keyword, str, comment)) or UNKNOWN
        put(header, keyword, stated, comment)
        quality[key] = stated
    quality["airmass"] = round(airmass.value, 4)
    put(
        header,
        vocabulary.GSP_AIRM,
        round(airmass.value, 4),
        "airmass at the middle of the exposure",
    )
    put(header, vocabulary.GSP_AIRS, airmass.source, "where the airmass comes from")
    # One card: programs that do not know continued ones read it whole.
    first_paper = extinction().source.split(";")[0]
    put(header, vocabulary.GSP_EXTI, f"{SITE}: {first_paper}", "extinction curve")
    percent = round(100 * float(np.nanmedian(made.error)), 2)
    put(header, vocabulary.GSP_SSYS, percent, "median systematic error, percent")
    quality["sigma_sys_percent"] = percent
    quality |= _telluric(header, made.telluric)
    quality |= _photometry(header, made)
    return quality


def notices(made: Calibrated) -> tuple[Notice, ...]:
    """Return what is to be said of a flux, the reasons of its grade last."""
    said: list[Notice] = []
    if not made.known.all():
        inside = made.air[made.known]
        ends = {"first": float(inside[0]), "last": float(inside[-1])}
        said.append(notice(NoticeCode.SENSITIVITY_COVERS_PART, **ends))
    if made.telluric is not None:
        said += _of_telluric(made, made.telluric)
    if made.scaling is not None:
        asked = made.scaling.photometry
        facts = {"band": asked.band, "magnitude": asked.magnitude, "factor": made.scaling.factor}
        said.append(notice(NoticeCode.FLUX_SCALED, **facts))
    return (*said, *made.grading.reasons)


def _of_telluric(made: Calibrated, found: Correction) -> list[Notice]:
    said = []
    if found.source is Source.NONE and not found.left_out and _has_band(made):
        said.append(notice(NoticeCode.TELLURIC_NOT_CORRECTED))
    if found.of_standard:
        gases = [str(gas) for gas in found.of_standard]
        said.append(notice(NoticeCode.TELLURIC_FROM_STANDARD, gases=gases))
    if found.left_out:
        said.append(notice(NoticeCode.TELLURIC_LEFT_OUT, bands=list(found.left_out)))
    return said


def _has_band(made: Calibrated) -> bool:
    """Return whether a strong band of oxygen lies in the flux."""
    air = made.air[made.known]
    return any(
        band.gas is Gas.OXYGEN
        and band.degree is not None
        and bool(np.any((air > band.first) & (air < band.last)))
        for band in BANDS
    )


def _telluric(header: fits.Header, found: Correction | None) -> Quality:
    source = OFF if found is None else str(found.source)
    put(header, vocabulary.GSP_TELL, source, "where the telluric absorption comes from")
    quality: Quality = {"telluric": source}
    if found is None or found.telluric is None:
        return quality
    cards.write(header, found.telluric)
    for keyword, key, value, comment in (
        (
            vocabulary.GSP_TBEF,
            "residual_before",
            found.before,
            "before: largest residual of a band",
        ),
        (vocabulary.GSP_TAFT, "residual_after", found.after, "after: fraction of the continuum"),
    ):
        if value is not None:
            quality[key] = round(value, 4)
            put(header, keyword, round(value, 4), comment)
    return quality


def _photometry(header: fits.Header, made: Calibrated) -> Quality:
    quality: Quality = {}
    if made.scaling is not None:
        asked = made.scaling.photometry
        put(header, vocabulary.GSP_PHOT, asked.band, "band of the magnitude of the target")
        put(header, vocabulary.GSP_PMAG, asked.magnitude, "magnitude that the flux was scaled to")
        put(header, vocabulary.GSP_PFAC, made.scaling.factor, "factor of this scaling")
        quality["photometric_factor"] = round(made.scaling.factor, 5)
    for band in photometry.SHOWN:
        value = photometry.magnitude(made.air, made.spectrum.flux, band)
        if value is not None:
            quality[f"magnitude_{band.replace(' ', '_')}"] = round(value, 3)
    return quality
