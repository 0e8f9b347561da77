"""Sensitivity: the response of telescope and instrument from a standard star's spectrum."""

from __future__ import annotations

from dataclasses import replace

from astropy.io import fits
from pydantic import Field

from reduction.astrometry.airmass import Airmass, airmass_of
from reduction.errors import HeaderError, NoSensitivity, ReductionError
from reduction.fits import headers, provenance, vocabulary
from reduction.flux.references.extinction import extinction
from reduction.flux.references.library import Star, star_of
from reduction.flux.references.recognition import recognise, recognise_frame
from reduction.flux.response import sensitivity as products
from reduction.flux.response import site_library, zero_point
from reduction.flux.response.model import FitOptions, Response
from reduction.flux.response.response import measure
from reduction.flux.telluric import standard
from reduction.frames import DataType, FrameDescription, FrameKind, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block
from reduction.setups import sensitivity_name


class SensitivitySettings(BlockSettings):
    """How the response is fitted."""

    stiffness: float = Field(
        1.0,
        ge=0.1,
        le=10.0,
        title="Stiffness of the Response",
        description="1 is what follows the response of Goodman best; a larger value makes the "
        "curve through the measured points smoother.",
    )
    mask_lines: bool = Field(
        True,
        title="Mask the Lines of the Star",
        description="Leave the Balmer and helium lines of the standard star out of the fit. "
        "Telluric bands are always left out.",
    )


class SensitivityRunSettings(SensitivitySettings):
    """Settings of one run."""

    star: str = Field(
        "",
        max_length=60,
        title="Standard Star",
        description="Name of the standard star; empty: it is recognised by position and name.",
    )


def is_standard(frame: FrameDescription) -> bool:
    """Return whether a frame shows a standard star, by its position and name."""
    return recognise(frame.object, frame.ra_deg, frame.dec_deg, frame.date_obs).star is not None


@block(
    name="sensitivity",
    label="Sensitivity",
    accepts={DataType.WAVELENGTH},
    kinds={FrameKind.SPECTRUM},
    produces=DataType.SENSITIVITY,
    settings=SensitivitySettings,
    request=SensitivityRunSettings,
    calibration_roles=(CalibrationRole.SITE_LIBRARY,),
    route="spectrum/calibrate/sensitivity",
    suits=is_standard,
)
def sensitivity(
    inputs: BlockInputs, settings: SensitivitySettings, report: Report
) -> list[Product]:
    """Measure the response with a standard star, and combine it with earlier nights.

    Raises
    ------
    HeaderError
        The parent is not a calibrated spectrum, or a needed card is missing.
    NoSensitivity
        It is not a standard star, or its spectrum does not give a response.
    """
    spectrum = inputs.frame
    if not isinstance(spectrum, Spectrum) or spectrum.wavelength is None:
        raise HeaderError(NoticeCode.WAVELENGTHS_MISSING, keyword="CRVAL1")
    report("Recognize the star", 0.1)
    facts = headers.describe(spectrum.header.copy(), (1, spectrum.flux.size), inputs.file_name)
    star, remarks = _star(spectrum.header, facts.object, getattr(settings, "star", ""))
    airmass = _airmass(spectrum.header)
    report("Fit the response", 0.3)
    options = FitOptions(settings.stiffness, settings.mask_lines)
    telluric = standard.measure(spectrum, airmass.value)
    own = measure(spectrum, star, airmass, options, None if telluric is None else telluric.passed)
    report("Combine with earlier nights", 0.7)
    members = _members(inputs)
    earlier = [response for _, response in members]
    own = _judged(own, earlier)
    combined = site_library.combine(own, earlier)
    used = members if combined is not None else []
    product = products.spectrum_of(spectrum, own, combined)
    bands = {} if telluric is None else telluric.record(product)
    off = zero_point.offset(own, earlier)
    if off is not None:
        comment = "zero point minus the median of earlier nights, mag"
        provenance.put(product.header, vocabulary.GSP_ZMED, round(off, 3), comment)
        bands["zero_point_offset_mag"] = round(off, 3)
    file_name = sensitivity_name(facts, star.name)
    _record(product.header, own, airmass, settings, len(used))
    provenance.stamp(product.header, parent=None, file_name=file_name)
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.SENSITIVITY,
            product,
            inputs=tuple(name for name, _ in used),
            quality=products.quality_of(own, combined or own, len(used)) | bands,
            notices=(*inputs.notices, *remarks, *own.notices),
        )
    ]


def _target_number(header: fits.Header) -> int:
    number = header.get(vocabulary.GSP_TNUM, 1)
    return number if isinstance(number, int) else 1


def _star(header: fits.Header, target: str, named: str) -> tuple[Star, tuple[Notice, ...]]:
    """Return the standard star, as named by a person or recognised.

    Position and name are those of the frame, so that only its brightest target is recognised. The
    telescope must point there: the coordinates of an earlier target may be left in the header.

    Raises
    ------
    NoSensitivity
        It is none, its name and position disagree, or another target of the frame is the star.
    """
    remarks: tuple[Notice, ...] = ()
    name: str | None = named.strip()
    if not name:
        found = recognise_frame(header)
        name, remarks = found.star, found.notices
        if name is None and remarks:
            raise NoSensitivity(remarks[0])
        number = _target_number(header)
        if name is not None and number > 1:
            raise NoSensitivity(NoticeCode.STANDARD_NOT_BRIGHTEST, star=name, number=number)
    star = star_of(name) if name else None
    if star is None:
        raise NoSensitivity(NoticeCode.STANDARD_UNKNOWN, name=name or target or "?")
    return star, remarks


def _airmass(header: fits.Header) -> Airmass:
    """Return the airmass of the exposure.

    Raises
    ------
    NoSensitivity
        The header states neither position nor elevation nor airmass.
    """
    airmass = airmass_of(header)
    if airmass is None:
        raise NoSensitivity(NoticeCode.AIRMASS_UNKNOWN, keyword=vocabulary.AIRMASS.keyword)
    return airmass


def _members(inputs: BlockInputs) -> list[tuple[str, Response]]:
    """Return name and response of the sensitivities of earlier nights that can be read."""
    members = []
    for each in inputs.site_library:
        try:
            response = products.response_of(each)
        except ReductionError:  # not one of this software: it is not part of the library
            continue
        members.append((str(each.header.get(vocabulary.GSP_FNAM, "")), response))
    return members


def _judged(own: Response, earlier: list[Response]) -> Response:
    """Return a response with what is said of its shape: by earlier nights, where there are some.

    Raises
    ------
    NoSensitivity
        The shape is that of another star.
    """
    shape = site_library.judge(own, earlier)
    if shape is None:
        return own
    others = [each for each in own.notices if each.code is not NoticeCode.THROUGHPUT_SHAPE]
    return replace(own, notices=(*others, *shape))


def _record(
    header: fits.Header,
    own: Response,
    airmass: Airmass,
    settings: SensitivitySettings,
    members: int,
) -> None:
    """Write what the sensitivity rests on, and the settings, to a header."""
    products.record(header, own, members)
    for keyword, value, comment in (
        (vocabulary.GSP_AIRS, airmass.source, "where the airmass comes from"),
        (vocabulary.GSP_EXTI, extinction().source, "extinction curve"),
        (vocabulary.GSP_SFST, settings.stiffness, "stiffness of the response"),
        (vocabulary.GSP_SFLM, settings.mask_lines, "lines of the star masked"),
    ):
        provenance.put(header, keyword, value, comment)
