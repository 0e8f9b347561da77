"""Reduce Raw File: trim, subtract the bias, divide by the flat, and flag cosmic rays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from astropy.nddata import CCDData
from pydantic import Field

from reduction.cosmic_rays import cleaning, plausibility
from reduction.detector import ccd, coverage, flatfield, geometry, read_noise, slit
from reduction.detector.geometry import Section
from reduction.detector.read_noise import ReadNoise
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
        """Return the settings that affect the product: lamps are not searched for cosmic rays."""
        values = super().effective(kind)
        if kind in LAMP_KINDS:
            del values["cosmic_rays"]
        return values


@dataclass(slots=True)
class _Steps:
    """The steps done so far: letters of the file name, header cards, notices, inputs."""

    letters: str = ""
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    bias_adu: float = 0.0
    read_noise: ReadNoise | None = None

    def add_step(self, letter: str, keyword: str, value: str, comment: str) -> None:
        self.letters += letter
        self.cards[keyword] = (value, comment)

    def note_missing(self, role: CalibrationRole) -> None:
        """Add a notice that a calibration was missing, unless there is one with the reason."""
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
    """Reduce a raw frame to electrons.

    The steps are image trim, slit trim (spectra), bias, flat, and cosmic rays (not in lamps).

    Raises
    ------
    HeaderError
        A needed card is missing or implausible.
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
    steps = _Steps(notices=[*inputs.notices])
    frame = frame.copy() if frame.flags is None else _with_meta(frame)
    geometry.set_physical(frame.meta, frame.shape)
    _check_usable(frame)

    report("Image Trim", 0.05)
    bias, covered = _bias(frame, inputs, settings, steps)
    flat = None if settings.ignore_flats else inputs.master_flat
    section, lost = coverage.image_part(frame, covered, flat)
    steps.notices += lost
    steps.add_step("t", vocabulary.GSP_TRIM, str(section), "trim section")
    if spectrum:
        report("Slit Trim", 0.1)
        section = _slit_trim(frame, bias, section, flat, steps, lamp=lamp)

    report("Bias Subtract", 0.2)
    counts = ccd.subtract_bias(ccd.trim(frame, section), _part(bias, section))
    noise = steps.read_noise
    reduced = ccd.to_electrons(counts, None if noise is None else noise.variance)
    _record_bias(inputs, settings, steps)
    if flat is not None:
        report("Flatfielding", 0.4)
        reduced = flatfield.divide_flat(reduced, flat)
        name = inputs.names.get(CalibrationRole.MASTER_FLAT, "given")
        steps.add_step("f", vocabulary.GSP_FLAT, name, "master flat image")
        steps.inputs.append(name)
    elif not settings.ignore_flats:
        steps.note_missing(CalibrationRole.MASTER_FLAT)

    method = _cosmic_ray_method(settings, facts.binning, lamp=lamp)
    n_cosmic = 0
    if method is not None:
        report("Cosmic Ray Removal", 0.55)
        most = plausibility.most_events(reduced.data.size, facts.binning, facts.exptime)
        cleaned = cleaning.clean(reduced, method, spectrum=spectrum, most=most)
        reduced, n_cosmic = cleaned.frame, cleaned.n_pixels
        steps.notices += cleaned.notices
        method_name = "LACosmic" if method == "lacosmic" else "DCR"
        steps.add_step("c", vocabulary.GSP_COSM, method_name, "cosmic ray rejection method")
    report("Done", 1.0)
    for keyword, value, comment in (
        (vocabulary.GSP_IGNB, settings.ignore_bias, "bias to be ignored"),
        (vocabulary.GSP_IGNF, settings.ignore_flats, "flats to be ignored"),
        (vocabulary.GSP_CRSE, settings.cosmic_rays, "cosmic ray rejection asked for"),
    ):
        provenance.put(reduced.meta, keyword, value, comment)
    return [_product(reduced, steps, inputs, technique, n_cosmic)]


def _with_meta(frame: CCDData) -> CCDData:
    """Return the frame with a copy of its header; the pixels, which are only read, are shared."""
    return CCDData(
        frame.data, unit=frame.unit, mask=frame.mask, flags=frame.flags, meta=frame.meta.copy()
    )


def _check_usable(frame: CCDData) -> None:
    flags = frame_io.flags_of(frame)
    if np.count_nonzero(flags) <= 0.9 * flags.size:
        return
    unusable_fraction = np.count_nonzero(flags & (PixelFlag.BAD | PixelFlag.SATURATED)) / flags.size
    if unusable_fraction > 0.9:
        saturated = np.count_nonzero(flags & PixelFlag.SATURATED) / flags.size
        code = NoticeCode.PIXELS_SATURATED if saturated > 0.5 else NoticeCode.PIXELS_WITHOUT_NUMBER
        raise UnusableFrame(code, fraction=unusable_fraction)


def _bias(
    frame: CCDData, inputs: BlockInputs, settings: ReduceSettings, steps: _Steps
) -> tuple[CCDData | float, Section]:
    """Return the bias of the untrimmed frame, ADU: the master, else the overscan level, else 0.

    Its section is the part of the frame that it covers.
    """
    whole = Section(0, frame.shape[1], 0, frame.shape[0])
    known = ccd.overscan_level(frame)
    steps.read_noise = _read_noise(frame, inputs, settings, steps)
    if inputs.master_bias is not None and not settings.ignore_bias:
        if known is not None:
            steps.cards[vocabulary.GSP_OVER] = (str(known[1]), "overscan region")
        bias, covered = ccd.bias_of_frame(frame, inputs.master_bias)
        steps.bias_adu = float(np.median(bias.data[covered.slices][::4, ::4]))
        return bias, covered
    if not settings.ignore_bias:
        steps.note_missing(CalibrationRole.MASTER_BIAS)
    if known is None:
        steps.notices.append(notice(NoticeCode.NO_BIAS_LEVEL))
        return 0.0, whole
    steps.add_step("o", vocabulary.GSP_OVER, str(known[1]), "overscan region")
    steps.bias_adu = known[0]
    return known[0], whole


def _read_noise(
    frame: CCDData, inputs: BlockInputs, settings: ReduceSettings, steps: _Steps
) -> ReadNoise:
    """Return the read noise that the variance is calculated with."""
    stated, gain = ccd.read_noise_and_gain(frame)
    master = None if settings.ignore_bias else inputs.master_bias
    noise = read_noise.of_frame(frame, stated, gain, master)
    steps.notices += noise.notices
    return noise


def _record_bias(inputs: BlockInputs, settings: ReduceSettings, steps: _Steps) -> None:
    if inputs.master_bias is None or settings.ignore_bias:
        return
    name = inputs.names.get(CalibrationRole.MASTER_BIAS, "given")
    steps.add_step("z", vocabulary.GSP_BIAS, name, "master bias image")
    steps.inputs.append(name)


def _part(bias: CCDData | float, section: Section) -> CCDData | float:
    return bias if isinstance(bias, float) else bias[section.slices]


def _slit_trim(
    frame: CCDData,
    bias: CCDData | float,
    section: Section,
    flat: CCDData | None,
    steps: _Steps,
    *,
    lamp: bool,
) -> Section:
    """Return the section without the rows outside the slit, from the flat or from the sky.

    A lamp has no continuum that would show the slit, so without a flat its section is unchanged.
    """
    rows = None
    if flat is not None:
        lit = flatfield.slit_rows(flat)
        if lit is not None:
            edges = [geometry.to_physical(flat.meta, 2, float(row)) for row in lit]
            first, last = (round(float(geometry.to_logical(frame.meta, 2, e))) for e in edges)
            rows = max(first - section.y0, 0), min(last - section.y0, section.shape[0])
    elif not lamp:
        part = section.slices
        usable = frame_io.flags_of(frame)[part] == 0
        level = bias if isinstance(bias, float) else bias.data[part]
        rows = slit.lit_rows_of_frame(slit.profile_along_slit(frame.data[part] - level, usable))
    if rows is None or rows[1] - rows[0] < 3:
        return section
    lit_section = Section(section.x0, section.x1, section.y0 + rows[0], section.y0 + rows[1])
    written_section = str(Section(0, section.x1 - section.x0, rows[0], rows[1]))
    steps.add_step("s", vocabulary.GSP_SLIT, written_section, "slit trim section")
    return lit_section


def _cosmic_ray_method(
    settings: ReduceSettings, binning: tuple[int, int], *, lamp: bool
) -> cleaning.Method | None:
    """Return the method for cosmic rays; None for a lamp, whose lines resemble cosmic rays."""
    if lamp or settings.cosmic_rays == "none":
        return None
    if settings.cosmic_rays == "default":
        return "dcr" if binning == (1, 1) else "lacosmic"
    return settings.cosmic_rays


def _product(
    reduced: CCDData,
    steps: _Steps,
    inputs: BlockInputs,
    technique: Technique,
    n_cosmic: int,
) -> Product:
    # The letter of the overscan precedes that of the trim, as in the published names.
    letters = "".join(sorted(steps.letters, key="otszfc".index))
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
        steps.cards.setdefault(keyword, (provenance.NONE, comment))
    for keyword, (value, comment) in steps.cards.items():
        provenance.put(reduced.meta, keyword, value, comment)
    quality = _quality(reduced, steps, n_cosmic)
    return Product(
        file_name,
        DataType.REDUCED,
        reduced,
        inputs=tuple(steps.inputs),
        quality=quality,
        notices=tuple(steps.notices),
    )


def _quality(reduced: CCDData, steps: _Steps, n_cosmic: int) -> dict[str, float | int | str]:
    """Return the quality of a product; write the values of the detector to its header."""
    flags = frame_io.flags_of(reduced)
    n_saturated = int(np.count_nonzero(flags & PixelFlag.SATURATED))
    quality: dict[str, float | int | str] = {
        "bias_level_adu": round(steps.bias_adu, 2),
        "cosmic_ray_pixels": n_cosmic,
        "cosmic_ray_fraction": round(n_cosmic / flags.size, 6),
        "saturated_pixels": n_saturated,
        "saturated_fraction": round(n_saturated / flags.size, 6),
        "background_electron": round(float(np.median(reduced.data[:, ::4])), 2),
    }
    noise = steps.read_noise
    if noise is not None:
        quality["read_noise_used_electron"] = round(noise.electron, 2)
        quality["read_noise_source"] = noise.source.value
    if noise is not None and noise.overscan is not None:
        quality["read_noise_electron"] = round(noise.overscan, 2)
    for keyword, name, comment in (
        (vocabulary.GSP_BLEV, "bias_level_adu", "bias level subtracted, ADU"),
        (vocabulary.GSP_RNOI, "read_noise_electron", "read noise of the overscan, electron"),
        (vocabulary.GSP_RNUS, "read_noise_used_electron", "read noise used, electron"),
        (vocabulary.GSP_RNSO, "read_noise_source", "where it comes from"),
        (vocabulary.GSP_SATF, "saturated_fraction", "saturated part of the pixels"),
        (vocabulary.GSP_CRFR, "cosmic_ray_fraction", "part cleaned of cosmic rays"),
    ):
        if name in quality:
            provenance.put(reduced.meta, keyword, quality[name], comment)
    return quality
