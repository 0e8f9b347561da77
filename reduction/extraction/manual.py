"""Manual extraction: trace, aperture and background zones are set by the user."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from reduction.detector.strip import Strip, cut_strip
from reduction.extraction import aperture_sums, background_zones, trace_cards
from reduction.fits import provenance, vocabulary
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import BlockSettings
from reduction.sky.background import Background, background_beside

Array = NDArray[np.float64]

MANUAL = "manual"
"""Value of ``GSP_EXTY`` in the header of such a spectrum."""
_EARLIER = "by hand"  # the value that earlier releases wrote

NARROWEST = 0.5
"""Least height of an aperture, rows."""

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e5, le=1e5)]


class Windows(BlockSettings):
    """The windows of a manual extraction, in 0-based rows and columns of the reduced frame."""

    trace: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        min_length=1,
        max_length=8,
        title="Trace",
        description="Coefficients of row(column), rising powers.",
    )
    low: Number = Field(title="Lower Edge", description="Of the aperture, rows from the trace.")
    high: Number = Field(title="Upper Edge", description="Of the aperture, rows from the trace.")
    zones: tuple[tuple[Number, Number], ...] = Field(
        (),
        max_length=2,
        title="Background Zones",
        description="Lower and upper edge of each, rows from the trace; none: no background is "
        "subtracted.",
    )
    target: int = Field(1, ge=0, le=99, title="Target", description="Number in the product's name.")

    @field_validator("zones")
    @classmethod
    def _ordered(cls, zones: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if any(high - low < 1 for low, high in zones):
            raise ValueError("a background zone must be at least one row high")
        return zones

    @model_validator(mode="after")
    def _wide(self) -> Windows:
        if self.high - self.low < NARROWEST:
            raise ValueError(f"the aperture must be at least {NARROWEST} rows high")
        return self

    def reach(self, n_columns: int) -> tuple[float, float]:
        """Return the lowest and the highest row of the windows."""
        centre = self.centre(n_columns)
        edges = [self.low, self.high, *(edge for zone in self.zones for edge in zone)]
        return float(centre.min()) + min(edges), float(centre.max()) + max(edges)

    def centre(self, n_columns: int) -> Array:
        """Return the row of the trace at every column, (n_columns,) float."""
        return np.asarray(Polynomial(self.trace)(np.arange(n_columns, dtype=float)))


def is_manual(header: fits.Header) -> bool:
    """Return whether a spectrum was extracted from windows set by the user."""
    return header.get(vocabulary.GSP_EXTY) in {MANUAL, _EARLIER}


def extract_windows(
    strip: Strip, windows: Windows
) -> tuple[aperture_sums.ExtractedFlux, Background | None, Notice | None]:
    """Sum the light in the aperture, column by column, and subtract the background of the zones.

    Parameters
    ----------
    strip : Strip
        Contains all windows, as far as they are on the frame.
    windows : Windows
        Aperture and background zones.

    Returns
    -------
    flux : ExtractedFlux
        Electron per column, with variance and flags.
    background : Background or None
        None without zones, or without a usable pixel in them.
    warning : Notice or None
        Set when there are zones, but no usable pixel in them.
    """
    centre = windows.centre(strip.data.shape[1])
    background = background_beside(strip, centre, windows.zones, None) if windows.zones else None
    unusable = windows.zones and background is None
    warning = notice(NoticeCode.BACKGROUND_ZONES_UNUSABLE) if unusable else None
    return (
        aperture_sums.boxcar_extract(strip, centre, (windows.low, windows.high), background),
        background,
        warning,
    )


def extract_manually(frame: CCDData, windows: Windows) -> tuple[Spectrum, Notice | None]:
    """Extract a spectrum from windows set by the user.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance and flags.
    windows : Windows
        Trace, aperture and background zones, in pixels of `frame`.

    Returns
    -------
    spectrum : Spectrum
        Electron per column. The trace, the aperture and the zones are in its header.
    warning : Notice or None
        Set when the background could not be measured.

    Raises
    ------
    UnusableFrame
        The windows are outside the frame, or it has no variance.
    """
    strip = cut_strip(frame, *windows.reach(frame.shape[1]))
    flux, background, warning = extract_windows(strip, windows)
    header = frame.meta.copy()
    trace = Polynomial(windows.trace)
    trace_cards.record_trace(header, trace, (windows.low, windows.high), 0.0)
    zones = () if background is None else background.zones
    background_zones.record_zones(header, float(trace(0.0)), zones)
    provenance.put(header, vocabulary.GSP_EXTY, MANUAL, "extraction type")
    return Spectrum(flux.flux, flux.variance, flux.flags, header, flux.sky), warning
