"""Reduce: one raw frame into electrons, trimmed, bias- and flat-corrected, cosmic rays marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from astropy.nddata import CCDData
from pydantic import Field

from reduction.cosmic_rays import lacosmic
from reduction.detector import ccd, flatfield, geometry, slit
from reduction.detector.geometry import Section
from reduction.errors import UnusableFrame
from reduction.fits import frame_io, headers, provenance, vocabulary
from reduction.frames import LAMP_KINDS, DataType, FrameKind, PixelFlag, Product, Technique
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block


class ReduceSettings(BlockSettings):
    """The basic reduction of every frame."""

    cosmic_rays: Literal["default", "dcr", "lacosmic", "none"] = Field(
        "default",
        title="Cosmic ray rejection",
        description="Setting 'default' will automatically choose the method that worked best in "
        "our tests: 'dcr' for unbinned frames, 'lacosmic' for binned ones. 'dcr' is a method that "
        "was developed by Wojtek Pych. 'lacosmic' is the Laplacian edge detection of van Dokkum.",
    )
    technique: Literal["auto", "Spectroscopy", "Imaging"] = Field(
        "auto",
        title="Technique",
        description="What observing technique was used; 'auto' judges it from the header.",
    )
    ignore_bias: bool = Field(
        False,
        title="Ignore bias",
        description="If set to True the steps were a BIAS correction is required will be skipped.",
    )
    ignore_flats: bool = Field(
        False,
        title="Ignore flats",
        description="If set to True the steps were a FLAT correction is required will be skipped.",
    )

    def effective(self, kind: FrameKind) -> dict[str, Any]:
        """Return the settings that make a difference: lamps are not searched for cosmic rays."""
        values = super().effective(kind)
        if kind in LAMP_KINDS:
            del values["cosmic_rays"]
        return values


@dataclass(slots=True)
class _Course:
    """What has been done to the frame so far: letters of the name, header cards, notices."""

    letters: str = ""
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    bias_adu: float = 0.0
    read_noise: float | None = None

    def did(self, letter: str, keyword: str, value: str, comment: str) -> None:
        self.letters += letter
        self.cards[keyword] = (value, comment)

    def went_without(self, role: CalibrationRole) -> None:
        """Note that there was no calibration, unless the reason has been given."""
        if all(known.params.get("role") != role for known in self.notices):
            self.notices.append(notice(NoticeCode.MADE_WITHOUT, role=role))


@block(
    name="reduce",
    label="Reduce Raw File",
    accepts={DataType.RAW},
    kinds={FrameKind.ARC, FrameKind.SPECTRUM, FrameKind.IMAGE},
    produces=DataType.REDUCED,
    settings=ReduceSettings,
    calibration_roles=(CalibrationRole.MASTER_BIAS, CalibrationRole.MASTER_FLAT),
    route="reduce",
)
def reduce(inputs: BlockInputs, settings: ReduceSettings, report: Report) -> list[Product]:
    """Image trim, slit trim (spectra), bias, flat, cosmic rays (not in lamps); into electrons.

    Raises
    ------
    HeaderError
        A needed card is missing.
    UnusableFrame
        No usable pixel.
    MissingCalibration
        A master does not fit the frame.
    """
    frame = inputs.frame
    if not isinstance(frame, CCDData):
        raise UnusableFrame(NoticeCode.NOT_TWO_DIMENSIONAL, file=inputs.file_name)
    facts = headers.describe(frame.meta, frame.shape, inputs.file_name)
    technique = facts.technique if settings.technique == "auto" else Technique(settings.technique)
    spectrum = technique is not Technique.IMAGING
    lamp = (inputs.kind or facts.kind) in LAMP_KINDS
    course = _Course(notices=[*inputs.notices])
    frame = frame.copy() if frame.flags is None else _with_meta(frame)
    geometry.set_physical(frame.meta, frame.shape)
    _refuse_useless(frame)

    report("Image Trim", 0.05)
    section = geometry.image_section(frame.meta, frame.shape)
    course.did("t", vocabulary.GSP_TRIM, str(section), "trim section")
    bias = _bias(frame, inputs, settings, course)
    if spectrum:
        report("Slit Trim", 0.1)
        section = _slit_trim(frame, bias, section, inputs, settings, course=course, lamp=lamp)

    report("Bias Subtract", 0.2)
    counts = ccd.subtract_bias(ccd.trim(frame, section), _part(bias, section))
    reduced = ccd.to_electrons(counts)
    _record_bias(inputs, settings, course)
    flat = None if settings.ignore_flats else inputs.master_flat
    if flat is not None:
        report("Flatfielding", 0.4)
        reduced = flatfield.divide_flat(reduced, flat)
        name = inputs.names.get(CalibrationRole.MASTER_FLAT, "given")
        course.did("f", vocabulary.GSP_FLAT, name, "master flat image")
        course.inputs.append(name)
    elif not settings.ignore_flats:
        course.went_without(CalibrationRole.MASTER_FLAT)

    method = _cosmic_ray_method(settings, facts.binning, lamp=lamp)
    n_cosmic = 0
    if method is not None:
        report("Cosmic Ray Removal", 0.55)
        reduced, n_cosmic = lacosmic.clean(reduced, method, spectrum=spectrum)
        shown = "LACosmic" if method == "lacosmic" else "DCR"
        course.did("c", vocabulary.GSP_COSM, shown, "cosmic ray rejection method")
    report("Done", 1.0)
    for keyword, value, comment in (
        (vocabulary.GSP_IGNB, settings.ignore_bias, "bias to be ignored"),
        (vocabulary.GSP_IGNF, settings.ignore_flats, "flats to be ignored"),
        (vocabulary.GSP_CRSE, settings.cosmic_rays, "cosmic ray rejection asked for"),
    ):
        provenance.put(reduced.meta, keyword, value, comment)
    return [_product(reduced, course, inputs, technique, n_cosmic)]


def _with_meta(frame: CCDData) -> CCDData:
    """Return the frame with a header of its own, its pixels shared: raw pixels are only read."""
    return CCDData(
        frame.data, unit=frame.unit, mask=frame.mask, flags=frame.flags, meta=frame.meta.copy()
    )


def _refuse_useless(frame: CCDData) -> None:
    flags = frame_io.flags_of(frame)
    useless = np.count_nonzero(flags & (PixelFlag.BAD | PixelFlag.SATURATED)) / flags.size
    if useless > 0.9:
        saturated = np.count_nonzero(flags & PixelFlag.SATURATED) / flags.size
        code = NoticeCode.PIXELS_SATURATED if saturated > 0.5 else NoticeCode.PIXELS_WITHOUT_NUMBER
        raise UnusableFrame(code, fraction=useless)


def _bias(
    frame: CCDData, inputs: BlockInputs, settings: ReduceSettings, course: _Course
) -> CCDData | float:
    """Return the bias of the untrimmed frame, ADU: from the master, else the overscan, else 0."""
    known = ccd.overscan_level(frame)
    course.read_noise = ccd.measured_read_noise(frame)
    if inputs.master_bias is not None and not settings.ignore_bias:
        if known is not None:
            course.cards[vocabulary.GSP_OVER] = (str(known[1]), "overscan region")
        bias = ccd.bias_of_frame(frame, inputs.master_bias)
        course.bias_adu = float(np.median(bias.data[::4, ::4]))
        return bias
    if not settings.ignore_bias:
        course.went_without(CalibrationRole.MASTER_BIAS)
    if known is None:
        course.notices.append(notice(NoticeCode.NO_BIAS_LEVEL))
        return 0.0
    course.did("o", vocabulary.GSP_OVER, str(known[1]), "overscan region")
    course.bias_adu = known[0]
    return known[0]


def _record_bias(inputs: BlockInputs, settings: ReduceSettings, course: _Course) -> None:
    if inputs.master_bias is None or settings.ignore_bias:
        return
    name = inputs.names.get(CalibrationRole.MASTER_BIAS, "given")
    course.did("z", vocabulary.GSP_BIAS, name, "master bias image")
    course.inputs.append(name)


def _part(bias: CCDData | float, section: Section) -> CCDData | float:
    return bias if isinstance(bias, float) else bias[section.slices]


def _slit_trim(
    frame: CCDData,
    bias: CCDData | float,
    section: Section,
    inputs: BlockInputs,
    settings: ReduceSettings,
    *,
    course: _Course,
    lamp: bool,
) -> Section:
    """Return the section without the rows outside the slit, as the flat or the sky shows them.

    A lamp has no continuum between its lines to tell the slit by, so without a flat it stays whole.
    """
    rows = None
    flat = None if settings.ignore_flats else inputs.master_flat
    if flat is not None:
        lit = flatfield.slit_rows(flat)
        trimmed = frame.meta.copy()
        geometry.shift_physical(trimmed, section.x0, section.y0)
        flatfield.flat_section(
            flat, trimmed, section.shape
        )  # refuses a flat that does not cover it
        if lit is not None:
            edges = [geometry.to_physical(flat.meta, 2, float(row)) for row in lit]
            first, last = (round(float(geometry.to_logical(trimmed, 2, e))) for e in edges)
            rows = max(first, 0), min(last, section.shape[0])
    elif not lamp:
        part = section.slices
        usable = frame_io.flags_of(frame)[part] == 0
        level = bias if isinstance(bias, float) else bias.data[part]
        rows = slit.lit_rows_of_frame(slit.profile_along_slit(frame.data[part] - level, usable))
    if rows is None or rows[1] - rows[0] < 3:
        return section
    lit_section = Section(section.x0, section.x1, section.y0 + rows[0], section.y0 + rows[1])
    said = str(Section(0, section.x1 - section.x0, rows[0], rows[1]))
    course.did("s", vocabulary.GSP_SLIT, said, "slit trim section")
    return lit_section


def _cosmic_ray_method(
    settings: ReduceSettings, binning: tuple[int, int], *, lamp: bool
) -> lacosmic.Method | None:
    """Return how to look for cosmic rays; not at all in a lamp, whose lines look like them."""
    if lamp or settings.cosmic_rays == "none":
        return None
    if settings.cosmic_rays == "default":
        return "dcr" if binning == (1, 1) else "lacosmic"
    return settings.cosmic_rays


def _product(
    reduced: CCDData,
    course: _Course,
    inputs: BlockInputs,
    technique: Technique,
    n_cosmic: int,
) -> Product:
    # The overscan letter comes before the trim's, as in the published names: …to_0317_NAME.
    letters = "".join(sorted(course.letters, key="otszfc".index))
    file_name = provenance.product_name(letters, inputs.file_name)
    provenance.stamp(
        reduced.meta, parent=inputs.file_name, file_name=file_name, technique=technique
    )
    for keyword, comment in (
        (vocabulary.GSP_OVER, "overscan region"),
        (vocabulary.GSP_SLIT, "slit trim section"),
        (vocabulary.GSP_BIAS, "master bias image"),
        (vocabulary.GSP_FLAT, "master flat image"),
        (vocabulary.GSP_COSM, "cosmic ray rejection method"),
    ):
        course.cards.setdefault(keyword, (provenance.NONE, comment))
    for keyword, (value, comment) in course.cards.items():
        provenance.put(reduced.meta, keyword, value, comment)
    quality = _quality(reduced, course, n_cosmic)
    return Product(
        file_name,
        DataType.REDUCED,
        reduced,
        inputs=tuple(course.inputs),
        quality=quality,
        notices=tuple(course.notices),
    )


def _quality(reduced: CCDData, course: _Course, n_cosmic: int) -> dict[str, float | int | str]:
    """Return the numbers shown beside a product; those of the detector go into its header too."""
    flags = frame_io.flags_of(reduced)
    n_saturated = int(np.count_nonzero(flags & PixelFlag.SATURATED))
    quality: dict[str, float | int | str] = {
        "bias_level_adu": round(course.bias_adu, 2),
        "cosmic_ray_pixels": n_cosmic,
        "cosmic_ray_fraction": round(n_cosmic / flags.size, 6),
        "saturated_pixels": n_saturated,
        "saturated_fraction": round(n_saturated / flags.size, 6),
        "background_electron": round(float(np.median(reduced.data[:, ::4])), 2),
    }
    if course.read_noise is not None:
        quality["read_noise_electron"] = round(course.read_noise, 2)
    for keyword, name, comment in (
        (vocabulary.GSP_BLEV, "bias_level_adu", "bias level subtracted, ADU"),
        (vocabulary.GSP_RNOI, "read_noise_electron", "read noise measured, electron"),
        (vocabulary.GSP_SATF, "saturated_fraction", "saturated part of the pixels"),
        (vocabulary.GSP_CRFR, "cosmic_ray_fraction", "part cleaned of cosmic rays"),
    ):
        if name in quality:
            provenance.put(reduced.meta, keyword, quality[name], comment)
    return quality
