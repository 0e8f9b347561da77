"""Subtract Sky: a 2-D frame without its sky, and what remains in units of its error."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector.strip import Strip, make_strip
from reduction.errors import TargetNotFound, UnusableFrame
from reduction.extraction import background_zones, identification, tracing
from reduction.fits import frame_io, provenance, vocabulary
from reduction.frames import DataType, FrameKind, PixelFlag, Product
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import BlockInputs, BlockSettings, Report, block
from reduction.sky import whole_frame

CORE = 3.0
"""Half range of a target that is not used for the sky, FWHM."""
SEARCH = identification.Search(threshold=5.0, max_targets=20, degree=2, model="moffat")


class SubtractSkySettings(BlockSettings):
    """There is nothing to choose."""


@block(
    name="subtract_sky",
    label="Subtract Sky",
    accepts={DataType.REDUCED},
    kinds={FrameKind.SPECTRUM},
    produces=DataType.SKY_SUBTRACTED,
    settings=SubtractSkySettings,
    route="spectrum/subtract/sky",
    automatic=False,
)
def subtract_sky(
    inputs: BlockInputs,
    settings: SubtractSkySettings,  # noqa: ARG001 (blocks have the same parameters)
    report: Report,
) -> list[Product]:
    """Model the sky of a frame along its tilted lines, and subtract it.

    Two products: the frame without its sky, with the variance of frame and model and the model in
    the extension ``SKY``; and the same in units of its standard deviation.

    Raises
    ------
    UnusableFrame
        The frame is not a reduced 2-D frame, has too few usable pixels, or no row without targets.
    """
    frame = inputs.frame
    if not isinstance(frame, CCDData) or frame_io.variance_of(frame) is None:
        raise UnusableFrame(NoticeCode.NOT_REDUCED, file=inputs.file_name)
    if min(frame.shape) < 8:
        raise UnusableFrame(NoticeCode.TOO_FEW_PIXELS, file=inputs.file_name)
    report("Identify", 0.1)
    traces, remarks = _targets(frame)
    report("Model the sky", 0.3)
    strip, cores = _without_targets(frame, traces)
    curvature = background_zones.FrameSky(frame, traces).curvature
    model = whole_frame.model_frame(strip, cores, curvature)
    if model is None:
        raise UnusableFrame(NoticeCode.NO_FREE_ROWS)
    report("Subtract", 0.8)
    products = _products(frame, model, inputs)
    notices = (*inputs.notices, *remarks)
    quality: dict[str, float | int | str] = {
        "targets": len(traces),
        "sky_electron": round(float(np.median(model.sky[:, model.known])), 2),
        "sky_residual_sigma": _scatter(products[1], cores),
        "sky_follows_lines": "yes" if model.follows_lines else "no",
    }
    report("Done", 1.0)
    return [
        Product(
            name, DataType.SKY_SUBTRACTED, data, quality=quality, notices=notices, planes=planes
        )
        for name, data, planes in products
    ]


def _targets(frame: CCDData) -> tuple[list[tracing.Trace], list[Notice]]:
    """Return the traces of the targets; without any, a notice."""
    try:
        traces, _ = identification.identify(frame, SEARCH, None)
    except TargetNotFound as error:
        return [], [notice(NoticeCode.SKY_WITH_TARGETS, reason=error.notice)]
    return traces, []


def _without_targets(
    frame: CCDData, traces: list[tracing.Trace]
) -> tuple[Strip, NDArray[np.bool_]]:
    """Return the frame without the wings of its targets, and the pixels in their cores."""
    variance = frame_io.variance_of(frame)
    assert variance is not None  # checked by the caller
    strip = make_strip(0, frame.data, variance, frame_io.flags_of(frame))
    cores = np.zeros(frame.shape, dtype=bool)
    columns = np.arange(frame.shape[1], dtype=float)
    for trace in traces:
        strip = background_zones.without_light(strip, trace, columns)
        cores |= np.abs(strip.rows[:, None] - trace.polynomial(columns)) < CORE * trace.fwhm + 1
    return strip, cores


def _products(
    frame: CCDData, model: whole_frame.FrameModel, inputs: BlockInputs
) -> list[tuple[str, CCDData, dict[str, NDArray[np.float32]]]]:
    """Return name, frame and further planes of both products."""
    flags = frame_io.flags_of(frame).copy()
    flags[:, ~model.known] |= np.uint8(PixelFlag.BAD)
    variance = np.asarray(frame_io.variance_of(frame), dtype=np.float32) + model.variance
    data = np.asarray(frame.data, dtype=np.float32) - model.sky
    valid = np.isfinite(data) & np.isfinite(variance) & (variance > 0)
    data = np.where(valid, data, np.float32(0))
    flags[~valid] |= np.uint8(PixelFlag.BAD)
    sigma = np.where(valid, data / np.sqrt(np.where(valid, variance, 1)), np.float32(0))
    ones = np.ones(data.shape, dtype=np.float32)
    made = []
    for suffix, plane, spread, unit, planes in (
        ("", data, np.where(valid, variance, np.float32(0)), u.electron, {"SKY": model.sky}),
        ("_sigma", sigma, ones, u.dimensionless_unscaled, {}),
    ):
        name = provenance.product_name("b", inputs.file_name, suffix)
        header = frame.meta.copy()
        provenance.stamp(header, parent=inputs.file_name, file_name=name)
        lines = "along its lines" if model.follows_lines else "straight lines along the slit"
        provenance.put(header, vocabulary.GSP_SKYM, lines, "model of the sky subtracted")
        made.append(
            (name, frame_io.image_frame(plane, spread, flags, unit=unit, meta=header), planes)
        )
    return made


def _scatter(
    product: tuple[str, CCDData, dict[str, NDArray[np.float32]]], cores: NDArray[np.bool_]
) -> float:
    """Return the robust scatter of what remains beside the targets, sigmas."""
    data = product[1].data[(product[1].flags == 0) & ~cores]
    if not data.size:
        return 0.0
    low, high = np.percentile(data[:: max(data.size // 100_000, 1)], [15.87, 84.13])
    return round(float(high - low) / 2, 3)
