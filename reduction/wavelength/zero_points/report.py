"""The zero point of a spectrum as a correction, notices, header cards and quality numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from astropy.io import fits

from reduction.fits import headers, provenance, vocabulary
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.slits import Source, ZeroPointEvidence, mask_of
from reduction.wavelength.arc_solution import Solution
from reduction.wavelength.zero_points import own_sky
from reduction.wavelength.zero_points.line_profile import centring_limit, target_fwhm
from reduction.wavelength.zero_points.own_sky import SlitFrames
from reduction.wavelength.zero_points.sky_check import SkyOffset
from reduction.wavelength.zero_points.zero_point import (
    NOTICED_A,
    Circumstances,
    ZeroPoint,
    determine,
)

NOTIFIED_FROM: Final = 0.3
"""Least offset that the observer is notified of, widths of a line of the arc; smaller ones are only
recorded."""

Treatment = Literal["apply", "warn", "ignore"]
Number = float | int | str


@dataclass(frozen=True, slots=True)
class ZeroPointReport:
    """What became of the zero point of a spectrum.

    Parameters
    ----------
    zero : ZeroPoint or None
        None for an arc, which is its own reference.
    own : SkyOffset or None
        Measured on the spectrum's own sky.
    dispersion : float
        Å per unbinned pixel.
    resolution, arc_fwhm : float
        Widths (FWHM) of a line of the spectrum and of the arc, Å.
    arc_slit : str
        Normalised name of the slit of the arcs, ``""`` if it is unknown or they differ.
    notices : tuple of Notice
    """

    zero: ZeroPoint | None
    own: SkyOffset | None
    dispersion: float
    resolution: float
    arc_fwhm: float
    arc_slit: str = ""
    notices: tuple[Notice, ...] = field(default=())

    @property
    def correction(self) -> float:
        """What is subtracted from the wavelengths, Å."""
        return self.zero.offset if self.zero is not None and self.zero.corrected else 0.0

    def record(self, header: fits.Header) -> None:
        """Write zero point and resolution to a header."""
        for keyword, width, comment in (
            (vocabulary.GSP_RESO, self.resolution, "resolution of the spectrum, FWHM, A"),
            (vocabulary.GSP_LWID, self.arc_fwhm, "width of the lines of the arc, FWHM, A"),
        ):
            provenance.put(header, keyword, round(width, 3), comment)
        if self.own is not None:
            is_own = self.zero is not None and self.zero.source is Source.SKY
            done = "corrected" if is_own and self.correction else "not corrected"
            offset = round(self.own.offset, 3)
            provenance.put(header, vocabulary.GSP_SKYO, offset, f"sky minus arc scale, A, {done}")
            provenance.put(header, vocabulary.GSP_SKYE, round(self.own.error, 3), "its error, A")
        if self.zero is None:
            return
        for keyword, value, comment in (
            (vocabulary.GSP_ZSRC, str(self.zero.source), "what the zero point rests on"),
            (vocabulary.GSP_ZOFF, round(self.correction, 3), "subtracted from the arc scale, A"),
            (vocabulary.GSP_ZERR, round(self.zero.error, 3), "uncertainty of the zero point, A"),
            (vocabulary.GSP_ZNUM, self._others, "other spectra that it rests on"),
        ):
            provenance.put(header, keyword, value, comment)
        if self.zero.limit is not None:
            limit = round(self.zero.limit, 3)
            comment = "zero point uncertain by up to this, A"
            provenance.put(header, vocabulary.GSP_ZLIM, limit, comment)

    @property
    def siblings(self) -> tuple[str, ...]:
        """File names of the other spectra of the night that the zero point rests on."""
        evidence = self.zero.evidence if self.zero is not None else ()
        return tuple(one.name for one in evidence if one.source is Source.SIBLING)

    @property
    def _others(self) -> int:
        return sum(one.spectra for one in self.zero.evidence) if self.zero is not None else 0

    @property
    def quality(self) -> dict[str, Number]:
        """The quality numbers.

        ``sky_offset_pixel`` and its error, in unbinned pixels, are what other spectra take as
        evidence.
        """
        numbers: dict[str, Number] = {"resolution_angstrom": round(self.resolution, 3)}
        if self.zero is None:
            return numbers
        numbers["arc_line_width_angstrom"] = round(self.arc_fwhm, 3)
        if self.own is not None:
            numbers["sky_offset_angstrom"] = round(self.own.offset, 3)
            numbers["sky_offset_error_angstrom"] = round(self.own.error, 3)
            numbers["sky_offset_pixel"] = round(self.own.offset / self.dispersion, 3)
            numbers["sky_offset_error_pixel"] = round(self.own.error / self.dispersion, 3)
        if self.arc_slit:
            numbers["arc_slit"] = self.arc_slit
        numbers["zero_point"] = str(self.zero.source)
        numbers["zero_point_error_angstrom"] = round(self.zero.error, 3)
        if self.zero.limit is not None:
            numbers["zero_point_limit_angstrom"] = round(self.zero.limit, 2)
        return numbers


def arc_report(solution: Solution) -> ZeroPointReport:
    """Return the report on an arc, which is calibrated with itself."""
    dispersion = own_sky.dispersion_of(solution)
    return ZeroPointReport(None, None, dispersion, solution.fwhm, solution.fwhm)


def report_on(
    spectrum: Spectrum,
    solution: Solution,
    arcs: Sequence[fits.Header],
    *,
    evidence: Sequence[ZeroPointEvidence],
    slit_frames: SlitFrames | None,
    treatment: Treatment,
) -> ZeroPointReport:
    """Determine the zero point of a spectrum.

    Parameters
    ----------
    spectrum : Spectrum
        Extracted.
    solution : Solution
        Of its arcs.
    arcs : sequence of fits.Header
        Headers of the arcs, at least one.
    evidence : sequence of ZeroPointEvidence
        What other spectra say.
    slit_frames : callable or None
        Opens the frames with the sky of the whole slit.
    treatment : str
        ``"apply"`` corrects the offset, ``"warn"`` only measures it, ``"ignore"`` does neither.
    """
    dispersion = own_sky.dispersion_of(solution)
    given = own_sky.circumstances(spectrum.header, arcs, dispersion)
    profile = own_sky.profile_of(spectrum.header, arcs, solution)
    own = None
    if treatment != "ignore":
        own = own_sky.measure(spectrum, solution, profile, given, slit_frames)
    slits = [own_sky.slit_of(header) for header in (*arcs, spectrum.header)]
    masks = {mask_of(slit) for slit in slits[:-1]}
    known = [one for one in evidence if {mask_of(one.arc_slit)} == masks]
    zero = determine(
        own, known if treatment == "apply" else (), given, correct=treatment == "apply"
    )
    seeing = headers.number(spectrum.header, vocabulary.Card(vocabulary.GSP_FWAS, float, "FWHM"))
    return ZeroPointReport(
        zero,
        own,
        dispersion,
        target_fwhm(profile, dispersion, seeing),
        float(solution.fwhm),
        slits[0] if len(masks) == 1 else "",
        (
            *_notices(zero, own, given, slits, float(solution.fwhm)),
            *_on_centring(slits[-1], seeing, dispersion),
        ),
    )


def _on_centring(slit: str, seeing: float | None, dispersion: float) -> tuple[Notice, ...]:
    """Warn of the shift of a point source in a wide slit, which no arc and no sky shows."""
    shift = centring_limit(slit, seeing, dispersion)
    if shift < NOTICED_A:
        return ()
    return (notice(NoticeCode.SLIT_WIDER_THAN_TARGET, slit=slit, offset=shift),)


def _notices(
    zero: ZeroPoint, own: SkyOffset | None, given: Circumstances, slits: Sequence[str], fwhm: float
) -> tuple[Notice, ...]:
    """Return the notices for the observer; the last of `slits` is that of the spectrum."""
    notices: list[Notice] = []
    *theirs, ours = slits
    other = next((slit for slit in theirs if mask_of(slit) != mask_of(ours)), ours)
    names = {"arc_slit": other or "unknown", "slit": ours or "unknown"}
    if given.slits_differ and zero.source is not Source.UNCERTAIN:
        notices.append(notice(NoticeCode.SLITS_DIFFER, **names))
    if own is not None and (given.slits_differ or abs(own.offset) > NOTIFIED_FROM * fwhm):
        code = NoticeCode.SKY_CORRECTED if zero.corrected else NoticeCode.SKY_OFFSET
        measured = {"offset": own.offset, "error": own.error}
        notices.append(notice(code, features=own.features, **measured))
    applied = {"offset": zero.offset if zero.corrected else 0.0, "error": zero.error}
    if zero.source is Source.SIBLING:
        files = [one.name for one in zero.evidence]
        code = NoticeCode.ZERO_POINT_FROM_SIBLINGS
        notices.append(notice(code, files=files, **applied))
    elif zero.source is Source.LEARNT:
        number = sum(one.spectra for one in zero.evidence)
        nights = sum(one.nights for one in zero.evidence)
        last = max(one.last for one in zero.evidence)
        code = NoticeCode.ZERO_POINT_LEARNT
        notices.append(notice(code, number=number, nights=nights, last=last, **applied))
    elif zero.source is Source.UNCERTAIN:
        notices.append(notice(NoticeCode.ZERO_POINT_UNCERTAIN, limit=zero.limit, **names))
    elif zero.source is Source.ARC and 3 * zero.error > NOTICED_A:
        notices.append(notice(NoticeCode.ZERO_POINT_FROM_ARC, error=zero.error))
    return tuple(notices)
