"""Which brighter spectrum lends its trace, and that it is named among what went in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from db.models import File
from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from services.calibration.outcomes import Inputs
from services.calibration.trace_selection import brighter_spectrum
from services.files import ingest, ingredients, rows
from services.files.ingredients import Role
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


def reduced(folder: Path, name: str, **cards: Any) -> File:
    """A raw frame's row, standing for its reduced one."""
    frame = ingest.ingest(builders.write_frame(folder / name, "OBJECT", **cards)).file
    return made_of(frame, DataType.REDUCED, f"r{name}", {})


def made_of(frame: File, data_type: DataType, name: str, quality: dict[str, Any]) -> File:
    return File.create(
        file_name=name,
        full_path=f"/nowhere/{frame.id}/{name}",
        size=1,
        checksum=name,
        data_type=data_type,
        original=frame.original or frame,
        parent=frame,
        proposal=frame.proposal,
        quality=quality,
        n_x=10,
        n_y=1,
        **rows.inherited(frame),
    )


def spectrum(frame: File, folder: Path, snr: float, **quality: Any) -> File:
    made = made_of(frame, DataType.EXTRACTED, f"e{frame.file_name}", {"median_snr": snr, **quality})
    path = folder.parent / f"{made.id}.fits"
    header = fits.Header({"GSP_TORD": 0, "GSP_TC00": float(made.id)})
    data = Spectrum(np.ones(10), np.ones(10), np.zeros(10, np.uint8), header)
    frame_io.write(Product(made.file_name, DataType.EXTRACTED, data), path)
    made.full_path = str(path)
    made.save()
    return made


def test_the_nearest_bright_one_of_the_setup_and_night_is_taken(raw: Path) -> None:
    begin = dt.datetime(2026, 7, 6, 3)

    def at(minutes: float) -> str:
        return (begin + dt.timedelta(minutes=minutes)).isoformat()

    faint = reduced(raw, "0010_faint.fits", DATE_OBS=at(0))
    assert brighter_spectrum(faint) is None
    own = File.get_by_id(faint.original_id)
    spectrum(own, raw, 50.0)
    other = {"GRATING": "930_SYZY", "CAM_TARG": 20.6, "GRT_TARG": 10.3}
    spectrum(reduced(raw, "0011_setup.fits", DATE_OBS=at(1), **other), raw, 90.0)
    spectrum(reduced(raw, "0012_weak.fits", DATE_OBS=at(2)), raw, 4.0)
    spectrum(reduced(raw, "0013_lent.fits", DATE_OBS=at(3)), raw, 30.0, trace_from="x.fits")
    spectrum(reduced(raw, "0014_night.fits", DATE_OBS=at(1440)), raw, 90.0)
    assert brighter_spectrum(faint) is None
    far = spectrum(reduced(raw, "0015_far.fits", DATE_OBS=at(200)), raw, 90.0)
    near = spectrum(reduced(raw, "0016_near.fits", DATE_OBS=at(-30)), raw, 20.0)
    found = brighter_spectrum(faint)
    assert found is not None
    assert (found[0], found[1]["GSP_TC00"]) == (near, near.id)
    Path(near.full_path).unlink()
    found = brighter_spectrum(faint)
    assert found is not None
    assert found[0] == far


def test_the_spectrum_whose_trace_was_borrowed_is_an_ingredient(raw: Path) -> None:
    bright = spectrum(reduced(raw, "0020_bright.fits"), raw, 90.0)
    faint = reduced(raw, "0021_faint.fits")
    made = spectrum(faint, raw, 3.0)
    own = spectrum(faint, raw, 4.0)
    run = builders.run(faint, block="extract")
    data = Spectrum(np.ones(10), np.ones(10), np.zeros(10, np.uint8), fits.Header())
    borrowed = Product("x.fits", DataType.EXTRACTED, data, borrows_trace=True)
    ingredients.record_product(made, run, borrowed, Inputs(), bright)
    ingredients.record_product(own, run, replace(borrowed, borrows_trace=False), Inputs(), bright)
    assert list(ingredients.used_in(bright, Role.TRACE)) == [made]
