"""The plot of a file: a spectrum, or the frame around an image that the browser paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from figures import image, spectrum
from figures.layout import title
from reduction.frames import DataType, PixelFlag, Technique
from services import files

SPECTRA = frozenset({DataType.EXTRACTED, DataType.WAVELENGTH, DataType.FLUX})


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, and what the viewer in the browser needs to know of it."""

    figure: Any
    facts: dict[str, Any]


def plot(user: Any, file: Any) -> Plot:
    """Return the plot of a file.

    Raises
    ------
    services.errors.ServiceError, reduction.errors.ReductionError
        When the file can't be read; the sentence says why.
    """
    soar_id = file.proposal.soar_id if file.proposal else ""
    heading = title(file.obstype, file.object, soar_id)
    made = _spectrum if DataType(str(file.data_type)) in SPECTRA else _image
    figure, facts = made(user, file, heading)
    x, y = figure.layout.xaxis.range, figure.layout.yaxis.range
    facts |= {
        "id": file.id,
        "checksum": file.checksum[:16],
        "uirevision": figure.layout.uirevision,
        "home": [*x, *y] if x and y else None,
    }
    return Plot(figure, facts)


def _spectrum(user: Any, file: Any, heading: str) -> tuple[Any, dict[str, Any]]:
    data = files.spectrum(user, file)
    calibrated = data.wavelength is not None
    figure = spectrum.spectrum(
        np.asarray(data.wavelength if calibrated else data.pixel, dtype=float),
        np.asarray(data.flux, dtype=float),
        np.asarray(data.sigma, dtype=float),
        saturated=(np.asarray(data.mask) & PixelFlag.SATURATED) != 0,
        wavelength=calibrated,
        unit=data.unit,
        heading=heading,
    )
    return figure, {"kind": "spectrum", "unit": data.unit}


def _image(user: Any, file: Any, heading: str) -> tuple[Any, dict[str, Any]]:
    n_x, n_y, unit = file.n_x, file.n_y, "ADU"
    if DataType(str(file.data_type)) is not DataType.RAW:
        n_x, n_y, unit = _shape_and_unit(user, file)
    figure = image.frame(
        n_x,
        n_y,
        heading=heading,
        unit=unit,
        spectroscopic=file.technique != Technique.IMAGING,
    )
    return figure, {"kind": "image", "n_x": n_x, "n_y": n_y, "unit": unit}


def _shape_and_unit(user: Any, file: Any) -> tuple[int, int, str]:
    """Read them from a product's header: its row keeps the raw frame's shape."""
    n_x, n_y, unit = file.n_x, file.n_y, "ADU"
    found: dict[str, Any] = {}
    for card in files.header(user, file):
        if card.keyword in ("NAXIS1", "NAXIS2", "BUNIT"):
            found.setdefault(card.keyword, card.value)  # the first HDU that says it
    if "NAXIS1" in found and "NAXIS2" in found:
        n_x, n_y = int(found["NAXIS1"]), int(found["NAXIS2"])
    unit = str(found.get("BUNIT") or unit).strip()
    return n_x, n_y, "ADU" if unit.lower() == "adu" else unit
