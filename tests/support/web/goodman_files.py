"""Goodman frames in the place of the small files of `web_site`."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits

from db.models import File
from services.files.visualization import previews
from tests.support import builders


def write_goodman_cards(file: Any) -> None:
    """Give the small frame the cards that a Goodman frame is read with."""
    cards = {
        "INSTRUME": "ghts_red",
        "INSTCONF": "Red",
        "OBSTYPE": "SPECTRUM",
        "CCDSUM": "2 2",
        "DATE-OBS": "2022-07-05T03:00:00.000",
        "GAIN": 1.48,
        "RDNOISE": 3.89,
        "ROI": "Spectroscopic 2x2",
    }
    with fits.open(file.full_path, mode="update") as hdus:
        hdus[0].header.update(cards)


def prepare_image(file: File) -> None:
    """Put a real Goodman frame in the file's place, and make its pyramid."""
    pixels = np.arange(240, dtype=np.int16).reshape(6, 40)
    fits.PrimaryHDU(pixels, builders.header()).writeto(file.full_path, overwrite=True)
    previews.build(file.id)
