"""What the viewer in the browser has to know of a file before it gets pixels or fluxes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from db.models import File, User
from figures import image
from figures.layout import title_lines
from reduction.fits import frame_io, headers, vocabulary
from reduction.fits.card_repair import repair
from reduction.frames import DataType, Technique
from services import access
from services.access import Action
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


@dataclass(frozen=True, slots=True)
class ImageFrame:
    """What an image is drawn in.

    `figure` is the Plotly figure that the pixels are painted behind, `uirevision` its own; `home`
    are the edges of the whole image (x0, x1, y0, y1) in pixels.
    """

    n_x: int
    n_y: int
    unit: str
    figure: Mapping[str, Any]
    uirevision: str
    home: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FileDisplay:
    """What the viewer displays: an image, a spectrum or a sensitivity, by its `kind`.

    `heading` are the lines of the title, `image` what an image is drawn in. A spectrum is drawn by
    the browser from its numbers, a sensitivity from a figure that it asks for.
    """

    id: int
    checksum: str
    heading: tuple[str, ...]
    image: ImageFrame | None
    kind: Literal["image", "spectrum", "sensitivity"] = "image"

    def as_dict(self) -> dict[str, Any]:
        """Return what the browser is sent, as JSON has it."""
        values = {
            "kind": self.kind,
            "id": self.id,
            "checksum": self.checksum,
            "heading": list(self.heading),
        }
        if self.image is None:
            return values
        return values | {
            "n_x": self.image.n_x,
            "n_y": self.image.n_y,
            "unit": self.image.unit,
            "figure": self.image.figure,
            "uirevision": self.image.uirevision,
            "home": list(self.image.home),
        }


def of_file(user: User, file_id: int) -> FileDisplay:
    """Return what a file is displayed as.

    Raises
    ------
    NotFound
        No such file for this person.
    Unacceptable, Unavailable
        The file cannot be read; the message says why.
    """
    return describe(access.file_for(user, Action.VIEW, file_id))


def describe(file: File) -> FileDisplay:
    """Return what a file is displayed as; `file` comes from a loader that has checked access.

    Raises
    ------
    Unacceptable, Unavailable
        The file cannot be read; the message says why.
    """
    soar_id = file.proposal.soar_id if file.proposal else ""
    kind = _kind(DataType(file.data_type))
    return FileDisplay(
        id=file.id,
        checksum=file.checksum[:16],
        heading=tuple(title_lines(file.obstype, file.object, soar_id)),
        image=_image(file) if kind == "image" else None,
        kind=kind,
    )


def _kind(data_type: DataType) -> Literal["image", "spectrum", "sensitivity"]:
    if data_type is DataType.SENSITIVITY:
        return "sensitivity"
    return "spectrum" if data_type in SPECTRA else "image"


def _image(file: File) -> ImageFrame:
    n_x, n_y, unit = file.n_x, file.n_y, "ADU"
    if DataType(file.data_type) is not DataType.RAW:
        n_x, n_y, unit = _shape_and_unit(file)
    figure = json.loads(_frame(n_x, n_y, unit, spectroscopic=file.technique != Technique.IMAGING))
    layout = figure["layout"]
    return ImageFrame(
        n_x=n_x,
        n_y=n_y,
        unit=unit,
        figure=figure,
        uirevision=layout["uirevision"],
        home=(*layout["xaxis"]["range"], *layout["yaxis"]["range"]),
    )


@lru_cache(maxsize=64)  # nothing of a file or a person in it
def _frame(n_x: int, n_y: int, unit: str, *, spectroscopic: bool) -> str:
    figure = image.frame(n_x, n_y, unit=unit, spectroscopic=spectroscopic)
    figure.update_layout(margin_t=figure.layout.margin.t + _TITLE_PX)
    return str(figure.to_json())


def _shape_and_unit(file: File) -> tuple[int, int, str]:
    with reading_header(file):
        header, (*_, n_y, n_x) = frame_io.read_header(open_path(file))
    card = header[f"{vocabulary.BUNIT.keyword}*"]  # to repair all cards takes milliseconds
    unit = headers.text(repair(card).header, vocabulary.BUNIT).strip()
    if not unit:
        unit = "σ" if DataType(file.data_type) is DataType.SKY_SUBTRACTED else "ADU"
    return n_x, n_y, "ADU" if unit.lower() == "adu" else unit
