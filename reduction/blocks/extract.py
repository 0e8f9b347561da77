"""Extract Target: one 1-D spectrum per target of a reduced frame; of a lamp, one spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from astropy.nddata import CCDData
from pydantic import Field

from reduction.errors import NoWavelengthSolution, UnusableFrame
from reduction.extraction import apertures as extraction_apertures
from reduction.extraction import identification, manual, target_spectrum, tracing
from reduction.extraction.background_zones import Apertures, FrameSky
from reduction.fits import frame_io, headers, provenance, vocabulary
from reduction.frames import LAMP_KINDS, DataType, FrameKind, PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import BlockInputs, BlockSettings, Report, block
from reduction.wavelength import arc_lines


class ExtractSettings(BlockSettings):
    """How targets are found and their light is summed."""

    extraction_type: Literal["fractional", "optimal"] = Field(
        "optimal",
        title="Extraction Type",
        description="'optimal' weights the pixels of a point source by its profile over the noise "
        "(Horne 1986) and gives all of its light; an extended target is summed. 'fractional' sums "
        "the pixels of the aperture, those at its edges in part.",
    )
    target_model: Literal["moffat", "gaussian"] = Field(
        "moffat",
        title="Target Fit Model",
        description="Mathematical model to fit to the spatial profile of a spectroscopic target.",
    )
    max_targets: int = Field(
        3,
        ge=1,
        le=20,
        title="Maximum Number of Targets",
        description="Maximum number to detect in a single image.",
    )
    threshold: float = Field(
        5.0,
        ge=2,
        le=1000,
        title="Detection Threshold",
        description="How many times a target must stand above the noise of the spatial profile.",
    )
    aperture_width: float = Field(
        2.0,
        gt=0.2,
        le=10,
        title="Aperture Width (FWHM)",
        description="Width of the extraction aperture, in units of the target's FWHM. Optimal "
        "weights reach three times as far.",
    )
    background_offset: float = Field(
        3.0,
        ge=0,
        le=30,
        title="Background Offset (FWHM)",
        description="Distance of the background zones from the edges of the aperture, in FWHM.",
    )
    background_width: float = Field(
        2.0,
        gt=0.2,
        le=30,
        title="Background Width (FWHM)",
        description="Width of each background zone, in FWHM; five times as much is used for "
        "optimal extraction, so that the background adds no noise to it.",
    )
    trace_degree: int = Field(
        2,
        ge=0,
        le=6,
        title="Trace Degree",
        description="Degree of the polynomial fitted to the trace of a target.",
    )

    def effective(self, kind: FrameKind) -> dict[str, Any]:
        """Return the settings that affect the product: none for a lamp, which has no targets."""
        return {} if kind in LAMP_KINDS else super().effective(kind)


class ExtractRunSettings(ExtractSettings):
    """How targets are found and their light is summed, or where one is taken from."""

    by_hand: manual.Windows | None = Field(
        None,
        title="Manual Extraction",
        description="Extract one spectrum from these windows instead of searching for targets.",
    )


@block(
    name="extract",
    label="Extract Target",
    accepts={DataType.REDUCED},
    kinds={FrameKind.SPECTRUM, FrameKind.ARC},
    produces=DataType.EXTRACTED,
    settings=ExtractSettings,
    request=ExtractRunSettings,
    route="spectrum/extract",
)
def extract(inputs: BlockInputs, settings: ExtractSettings, report: Report) -> list[Product]:
    """Identify, trace and extract the targets; extract the middle of the slit of a lamp.

    Raises
    ------
    TargetNotFound
        No target is above the threshold, or none can be traced.
    UnusableFrame
        The frame is not a reduced 2-D frame, or has too few usable pixels.
    """
    frame = inputs.frame
    if not isinstance(frame, CCDData) or frame_io.variance_of(frame) is None:
        raise UnusableFrame(NoticeCode.NOT_REDUCED, file=inputs.file_name)
    if min(frame.shape) < 8:
        raise UnusableFrame(NoticeCode.TOO_FEW_PIXELS, file=inputs.file_name)
    facts = headers.describe(frame.meta, frame.shape, inputs.file_name)
    if isinstance(settings, ExtractRunSettings) and settings.by_hand is not None:
        return [_manual(frame, inputs, settings.by_hand, report)]
    if (inputs.kind or facts.kind) in LAMP_KINDS:
        report("Extract", 0.5)
        spectrum = extraction_apertures.extract_lamp(frame)
        report("Done", 1.0)
        return [_product(spectrum, inputs, "", _lamp_quality(spectrum), ())]
    report("Identify", 0.1)
    search = identification.Search(
        settings.threshold, settings.max_targets, settings.trace_degree, settings.target_model
    )
    traces, left_out = identification.identify(frame, search, inputs.brighter)
    report("Trace", 0.4)
    apertures = Apertures(
        settings.aperture_width, settings.background_offset, settings.background_width
    )
    sky = FrameSky(frame, traces)
    extracted = []
    for number, trace in enumerate(traces, start=1):
        report("Extract", 0.5 + 0.5 * number / (len(traces) + 1))
        others = [other for other in traces if other is not trace]
        one = target_spectrum.extract_target(
            frame,
            trace,
            others,
            apertures,
            optimal=settings.extraction_type == "optimal",
            sky=sky,
        )
        lost = _lost_to_saturation(one, trace)
        if lost is None:
            extracted.append((number, trace, one))
        else:
            left_out.append(notice(NoticeCode.TARGET_LEFT_OUT, reason=lost.notice))
            if number == len(traces) and not extracted:
                raise lost
    products = [
        _of_target(one, trace, number, inputs, settings, tuple(left_out))
        for number, trace, one in extracted
    ]
    report("Done", 1.0)
    return products


def _lost_to_saturation(
    extracted: target_spectrum.TargetSpectrum, trace: tracing.Trace
) -> UnusableFrame | None:
    """Return the error of a target that has no value because of saturation, or None."""
    if extracted.saturated == 0 or np.isfinite(extracted.spectrum.flux).any():
        return None
    row = float(trace.polynomial(extracted.spectrum.flux.size / 2))
    return UnusableFrame(NoticeCode.TARGET_LOST_TO_SATURATION, row=round(row, 1))


def _of_target(  # noqa: PLR0917 (the target, and what it comes from)
    extracted: target_spectrum.TargetSpectrum,
    trace: tracing.Trace,
    number: int,
    inputs: BlockInputs,
    settings: ExtractSettings,
    left_out: tuple[Notice, ...],
) -> Product:
    """Return the product of a target."""
    notices = (
        *inputs.notices,
        *left_out,
        *identification.notices_on(trace),
        *extracted.notices,
    )
    spectrum = extracted.spectrum
    provenance.put(spectrum.header, vocabulary.GSP_TNUM, number, "number of the target")
    quality = _quality(extracted, trace, number)
    _record(spectrum, settings, quality)
    product = _product(spectrum, inputs, f"_target_{number}", quality, notices)
    if trace.source is tracing.TraceSource.OTHER_FRAME:
        product = replace(product, inputs=(trace.guide,), borrows_trace=True)
    return product


def _manual(
    frame: CCDData, inputs: BlockInputs, windows: manual.Windows, report: Report
) -> Product:
    """Return the spectrum of a manual extraction."""
    report("Extract", 0.3)
    spectrum, background = manual.extract_manually(frame, windows)
    header, suffix = spectrum.header, f"_target_{windows.target}" if windows.target else ""
    if windows.target:
        provenance.put(header, vocabulary.GSP_TNUM, windows.target, "number of the target")
    middle = float(windows.centre(spectrum.flux.size)[spectrum.flux.size // 2])
    saturated = float(np.mean((spectrum.mask & np.uint8(PixelFlag.SATURATED)) != 0))
    quality: dict[str, float | int | str] = {
        "target": windows.target,
        "row": round(middle, 2),
        "aperture_pixel": round(windows.high - windows.low, 2),
        "saturated_columns": round(saturated, 4),
        **_levels(spectrum),
    }
    for keyword, name, comment in (
        (vocabulary.GSP_SNR, "median_snr", "median signal over noise per pixel"),
        (vocabulary.GSP_SKY, "sky_electron", "median sky, electron per pixel"),
        (vocabulary.GSP_SATC, "saturated_columns", "part of the columns saturated"),
    ):
        provenance.put(header, keyword, quality[name], comment)
    notices = (
        *inputs.notices,
        notice(NoticeCode.MANUAL_EXTRACTION),
        *([background] if background else []),
        *target_spectrum.saturation_notices(saturated),
    )
    report("Done", 1.0)
    return _product(spectrum, inputs, suffix, quality, notices)


def _levels(spectrum: Spectrum) -> dict[str, float]:
    """Return median signal over noise, and median sky per pixel, of the columns without a flag."""
    usable = np.isfinite(spectrum.flux) & (spectrum.variance > 0) & np.isfinite(spectrum.variance)
    usable &= spectrum.mask == 0
    snr = spectrum.flux[usable] / np.sqrt(spectrum.variance[usable])
    low, high = (float(spectrum.header[k]) for k in (vocabulary.GSP_TLO, vocabulary.GSP_THI))
    sky = np.zeros(0) if spectrum.sky is None else spectrum.sky[usable] / (high - low)
    return {
        "median_snr": round(float(np.median(snr)), 1) if snr.size else 0.0,
        "sky_electron": round(float(np.median(sky)), 2) if sky.size else 0.0,
    }


def _quality(
    extracted: target_spectrum.TargetSpectrum, trace: tracing.Trace, number: int
) -> dict[str, float | int | str]:
    """Return the quality of a spectrum."""
    spectrum = extracted.spectrum
    rows = headers.read_binning(spectrum.header)[1]
    quality: dict[str, float | int | str] = {
        "target": number,
        "row": round(float(trace.polynomial(spectrum.flux.size / 2)), 2),
        "fwhm_pixel": round(trace.fwhm, 2),
        "fwhm_arcsec": round(trace.fwhm * rows * target_spectrum.PLATE_SCALE, 2),
        "trace_rms_pixel": round(trace.rms, 3),
        **_levels(spectrum),
        "aperture_loss": round(float(spectrum.header[vocabulary.GSP_LOSS]), 4),
        "extraction_used": "optimal" if extracted.optimal else "fractional",
        "saturated_columns": round(extracted.saturated, 4),
    }
    if trace.source is not tracing.TraceSource.TARGET:
        quality["trace_from"] = trace.guide
    return quality


def _lamp_quality(spectrum: Spectrum) -> dict[str, float | int | list[float]]:
    """Return number and width of the lines of a lamp, and the positions of the brightest."""
    saturated = (spectrum.mask & np.uint8(PixelFlag.SATURATED)) != 0
    try:
        lines = arc_lines.find_lines(spectrum.flux, saturated)
    except NoWavelengthSolution:
        return {}  # the calibration gives the notice
    return {
        "lines": int(lines.pixel.size),
        "line_width_pixel": round(lines.fwhm, 2),
        "line_positions_pixel": list(arc_lines.landmarks(lines)),
    }


def _record(
    spectrum: Spectrum, settings: ExtractSettings, quality: dict[str, float | int | str]
) -> None:
    """Write the settings and the quality to the header of a spectrum."""
    for keyword, value, comment in (
        (vocabulary.GSP_EXTY, settings.extraction_type, "extraction type"),
        (vocabulary.GSP_EXTU, quality["extraction_used"], "extraction that was used"),
        (vocabulary.GSP_SATC, quality["saturated_columns"], "part of the columns saturated"),
        (vocabulary.GSP_PMOD, settings.target_model, "model of the target's profile"),
        (vocabulary.GSP_TMAX, settings.max_targets, "most targets looked for"),
        (vocabulary.GSP_THRE, settings.threshold, "detection threshold, sigma"),
        (vocabulary.GSP_APW, settings.aperture_width, "aperture width, FWHM"),
        (vocabulary.GSP_BOFF, settings.background_offset, "background offset, FWHM"),
        (vocabulary.GSP_BWID, settings.background_width, "background width, FWHM"),
        (vocabulary.GSP_TDEG, settings.trace_degree, "degree asked of the trace"),
        (vocabulary.GSP_FWAS, quality["fwhm_arcsec"], "FWHM along the slit, arcsec"),
        (vocabulary.GSP_SNR, quality["median_snr"], "median signal over noise per pixel"),
        (vocabulary.GSP_SKY, quality["sky_electron"], "median sky, electron per pixel"),
    ):
        provenance.put(spectrum.header, keyword, value, comment)


def _product(
    spectrum: Spectrum,
    inputs: BlockInputs,
    suffix: str,
    quality: Mapping[str, float | int | str | list[float]],
    notices: tuple[Notice, ...],
) -> Product:
    if not np.isfinite(spectrum.flux).any():
        raise UnusableFrame(NoticeCode.APERTURE_UNUSABLE)
    file_name = provenance.product_name("e", inputs.file_name, suffix)
    provenance.stamp(spectrum.header, parent=inputs.file_name, file_name=file_name)
    spectrum.header[vocabulary.BUNIT.keyword] = "electron"
    return Product(file_name, DataType.EXTRACTED, spectrum, (), dict(quality), notices)
