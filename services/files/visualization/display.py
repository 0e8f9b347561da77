"""What the viewer in the browser needs to know to show a file, before any pixel or flux."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from db.models import File
from figures import image
from figures.layout import title_lines
from reduction.fits import frame_io, headers
from reduction.frames import DataType, Technique
from services.files.contents import open_path, reading_header

SPECTRA = frozenset({DataType.EXTRACTED, DataType.WAVELENGTH, DataType.FLUX})

_TITLE_PX = 32
"""Room above the plot for the title, which is the page's: it changes with every file, and the rest
of the frame with few."""

EMPTY = {
    "data": [],
    "layout": {"margin": {"l": 68, "r": 92, "t": 62, "b": 46, "autoexpand": False}},
}
"""Before there is an image. With its margins: Plotly keeps those of the first figure it draws."""


def facts(file: File) -> dict[str, Any]:
    """Return what a file is shown by: ``kind``, ``id``, ``checksum``, ``heading`` (its lines).

    `file` comes from a loader that has checked who asks. Of an image also ``n_x``, ``n_y``,
    ``unit``, the ``figure`` its pixels are painted behind, the figure's ``uirevision``, and
    ``home``, the edges of the whole. A spectrum is drawn by the browser alone, from its numbers.

    Raises
    ------
    Unacceptable, Unavailable
        The file can't be read; the sentence says why.
    """
    soar_id = file.proposal.soar_id if file.proposal else ""
    made: dict[str, Any] = {
        "kind": "spectrum",
        "id": file.id,
        "checksum": file.checksum[:16],
        "heading": title_lines(file.obstype, file.object, soar_id),
    }
    if DataType(str(file.data_type)) in SPECTRA:
        return made
    n_x, n_y, unit = file.n_x, file.n_y, "ADU"
    if DataType(str(file.data_type)) is not DataType.RAW:
        n_x, n_y, unit = _shape_and_unit(file)
    figure = json.loads(_frame(n_x, n_y, unit, spectroscopic=file.technique != Technique.IMAGING))
    layout = figure["layout"]
    return made | {
        "kind": "image",
        "n_x": n_x,
        "n_y": n_y,
        "unit": unit,
        "figure": figure,
        "uirevision": layout["uirevision"],
        "home": [*layout["xaxis"]["range"], *layout["yaxis"]["range"]],
    }


@lru_cache(maxsize=64)  # nothing of a file or a person in it
def _frame(n_x: int, n_y: int, unit: str, *, spectroscopic: bool) -> str:
    figure = image.frame(n_x, n_y, unit=unit, spectroscopic=spectroscopic)
    figure.update_layout(margin_t=figure.layout.margin.t + _TITLE_PX)
    return str(figure.to_json())


def _shape_and_unit(file: File) -> tuple[int, int, str]:
    with reading_header(file):
        header, (n_y, n_x) = frame_io.read_header(open_path(file))
    unit = headers.text(header, headers.BUNIT).strip() or "ADU"
    return n_x, n_y, "ADU" if unit.lower() == "adu" else unit
