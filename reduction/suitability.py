"""What differs between a frame and a calibration that could serve it."""

from __future__ import annotations

from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.frames import FrameDescription, Technique

ANGLE_TOLERANCE = 0.05
"""Largest difference of two angles of one setup, degrees; the stages repeat to about 0.02."""
EDGE_PIXELS = 2
"""Rows or columns by which the sizes of a frame and its master may differ."""
ARC_DAYS = 30.0
ARC_WARNING_DAYS = 1.0
"""An arc from another night is used with a notice, since the optics have moved in between."""


def binning_of(frame: FrameDescription) -> str:
    """Return the binning as text: ``2x2``."""
    return "x".join(str(n) for n in frame.binning)


def size_of(frame: FrameDescription) -> str:
    """Return the size of the read-out as text, columns first."""
    return f"{frame.shape[1]}x{frame.shape[0]}"


def region_name(frame: FrameDescription) -> str:
    """Return the name of the read-out region, "" for one that is known by its size alone."""
    # The control software calls any region "user-defined"; the size then identifies it.
    return "" if frame.roi.lower() in {"user-defined", "custom"} else frame.roi.upper()


def _size_differences(frame: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Compare the sizes: which pixels two frames share is found by the reduction.

    A row or two more or less are no matter; a larger frame, which can hold the region, is used on
    request.
    """
    steps = [theirs - ours for ours, theirs in zip(frame.shape, other.shape, strict=True)]
    effect = Effect.ON_REQUEST if min(steps) >= -EDGE_PIXELS else Effect.FATAL
    if max(abs(step) for step in steps) <= EDGE_PIXELS:
        effect = Effect.USABLE
    return text_differences(Quantity.SIZE, size_of(frame), size_of(other), effect)


def of_readout(frame: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Compare the read-outs, as for a bias."""
    on_request, fatal = Effect.ON_REQUEST, Effect.FATAL
    differences = (
        *text_differences(Quantity.CAMERA, frame.camera, other.camera, fatal),
        *number_differences(Quantity.GAIN, frame.gain, other.gain, on_request, tolerance=0.015),
        *number_differences(
            Quantity.READ_NOISE, frame.rdnoise, other.rdnoise, on_request, tolerance=0.015
        ),
        *text_differences(Quantity.BINNING, binning_of(frame), binning_of(other), fatal),
        *_size_differences(frame, other),
    )
    names = region_name(frame), region_name(other)
    if not differences and all(names) and names[0] != names[1]:
        return (Difference(Quantity.REGION, frame.roi, other.roi, on_request),)
    return differences


def of_setup(
    frame: FrameDescription,
    other: FrameDescription,
    effect: Effect,
    of_filter: Effect = Effect.ON_REQUEST,
) -> tuple[Difference, ...]:
    """Compare the setups; a different filter has an effect of its own."""
    near = ANGLE_TOLERANCE
    return (
        *text_differences(Quantity.GRATING, frame.grating, other.grating, effect),
        *number_differences(
            Quantity.CAMERA_ANGLE, frame.cam_targ, other.cam_targ, effect, tolerance=near
        ),
        *number_differences(
            Quantity.GRATING_ANGLE, frame.grt_targ, other.grt_targ, effect, tolerance=near
        ),
        *text_differences(Quantity.ORDER_FILTER, frame.filter_2, other.filter_2, of_filter),
    )


def of_flat(frame: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Compare read-out, filters and, for spectra, setup and slit."""
    on_request = Effect.ON_REQUEST
    differences = (
        *text_differences(Quantity.TECHNIQUE, frame.technique, other.technique, Effect.FATAL),
        *of_readout(frame, other),
        *text_differences(Quantity.FILTER, frame.filter, other.filter, on_request),
    )
    if frame.technique is Technique.IMAGING:
        filters = (frame.filter_2, other.filter_2)
        return (*differences, *text_differences(Quantity.ORDER_FILTER, *filters, on_request))
    return (
        *differences,
        *of_setup(frame, other, on_request),
        *text_differences(Quantity.SLIT, frame.slit, other.slit, Effect.USABLE),
    )


def of_arc(frame: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Compare what determines the wavelengths, and the times."""
    differences = (
        *text_differences(Quantity.CAMERA, frame.camera, other.camera, Effect.FATAL),
        *of_setup(frame, other, Effect.FATAL),
    )
    if other.technique is Technique.IMAGING:
        techniques = (Technique.SPECTROSCOPY, other.technique)
        differences += text_differences(Quantity.TECHNIQUE, *techniques, Effect.FATAL)
    gap = abs(other.date_obs - frame.date_obs).total_seconds() / 86400
    if ARC_WARNING_DAYS < gap <= ARC_DAYS:
        differences += (
            Difference(Quantity.DAYS_APART, ARC_WARNING_DAYS, round(gap, 1), Effect.USABLE),
        )
    return differences


def of_sensitivity(frame: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Compare what the sensitivity depends on: camera, setup and filters; the slit; the night.

    Another slit passes another part of the light, and another night has another atmosphere: the
    level is less certain, the shape nearly the same. Binning and read-out are no matter, since a
    sensitivity counts electrons for each Å.
    """
    fatal = Effect.FATAL
    differences = (
        *text_differences(Quantity.CAMERA, frame.camera, other.camera, fatal),
        *of_setup(frame, other, fatal, of_filter=fatal),
        *text_differences(Quantity.FILTER, frame.filter, other.filter, Effect.ON_REQUEST),
        *text_differences(Quantity.SLIT, frame.slit, other.slit, Effect.USABLE),
    )
    nights = frame.night.isoformat(), other.night.isoformat()
    return (*differences, *text_differences(Quantity.NIGHT, *nights, Effect.USABLE))
