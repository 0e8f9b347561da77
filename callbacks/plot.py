"""The plot of a file: a spectrum, or the frame around an image that the browser paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from figures import image
from figures.layout import title
from reduction.frames import DataType, Technique
from services import files

SPECTRA = frozenset({DataType.EXTRACTED, DataType.WAVELENGTH, DataType.FLUX})


@dataclass(frozen=True, slots=True)
class Plot:
    """What the viewer in the browser needs to know; the figure around an image.

    A spectrum has no figure: the browser asks for its numbers (`api.spectra`) and draws it.
    """

    figure: Any
    facts: dict[str, Any]


def plot(user: Any, file: Any) -> Plot:
    """Return the plot of a file.

    Raises
    ------
    services.errors.ServiceError, reduction.errors.ReductionError
        When the file can't be read; the sentence says why.
    """
    facts: dict[str, Any]
    if DataType(str(file.data_type)) in SPECTRA:
        figure, facts = None, {"kind": "spectrum"}
    else:
        soar_id = file.proposal.soar_id if file.proposal else ""
        figure, facts = _image(user, file, title(file.obstype, file.object, soar_id))
        facts |= {
            "uirevision": figure.layout.uirevision,
            "home": [*figure.layout.xaxis.range, *figure.layout.yaxis.range],
        }
    return Plot(figure, facts | {"id": file.id, "checksum": file.checksum[:16]})


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
