"""A reduced frame of which every pixel is known, put among the demo night's files."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.polynomial import Polynomial

from reduction.extraction import apertures
from reduction.fits import frame_io, vocabulary
from reduction.frames import DataType, PixelFlag, Product, Spectrum
from tests.support import builders

N_X, N_Y = 2400, 1800
TRACE = Polynomial([905.3, 0.04, -1.2e-5])
HALF = 30.0
WIDTH = 3.0
SATURATED, COSMIC = (1203, 1456), (700, 400)
FIRST_ANGSTROM, STEP_ANGSTROM = 4000.0, 0.75


@dataclass(frozen=True)
class Planted:
    """Ids of the planted files."""

    reduced: int
    extracted: int


def frame() -> CCDData:
    """A star's light along `TRACE`, 1000 electrons at its peak, and two marked pixels."""
    rows = np.arange(N_Y)[:, None] - TRACE(np.arange(N_X))
    data = (1000 * np.exp(-0.5 * (rows / WIDTH) ** 2)).astype(np.float32)
    flags = np.zeros(data.shape, dtype=np.uint8)
    flags[SATURATED[1], SATURATED[0]] = PixelFlag.SATURATED
    flags[COSMIC[1], COSMIC[0]] = PixelFlag.COSMIC_RAY
    return CCDData(
        data,
        unit=u.electron,
        mask=flags != 0,
        flags=flags,
        meta=_header(),
        uncertainty=VarianceUncertainty(np.full_like(data, 25.0)),
    )


def _header() -> fits.Header:
    header = builders.header(OBJECT="planted", CCDSUM="1 1")
    for axis in (1, 2):
        header[f"LTM{axis}_{axis}"], header[f"LTV{axis}"] = 1.0, 0.0
    return header


def _spectrum(*, calibrated: bool) -> Spectrum:
    header = _header()
    apertures.record_trace(header, TRACE, (-HALF, HALF), 0.0)
    header[vocabulary.GSP_TNUM] = 1
    header[vocabulary.GSP_BKG1] = header[vocabulary.GSP_BKG2] = "none"
    if calibrated:
        header[vocabulary.GSP_ORDR], header[vocabulary.GSP_NPIX] = 1, N_X
        header[f"{vocabulary.GSP_C}000"], header[f"{vocabulary.GSP_C}001"] = (
            FIRST_ANGSTROM,
            STEP_ANGSTROM,
        )
    flux = np.full(N_X, 1000 * WIDTH * np.sqrt(2 * np.pi))
    return Spectrum(flux, np.full(N_X, 25.0), np.zeros(N_X, np.uint8), header)


def plant(home: Path) -> Planted:
    """Write the frame and its spectra, and their rows beside those of a real reduced frame."""
    reduced = _row(home, Product("planted.fits", DataType.REDUCED, frame()), None, N_Y)
    spectrum = _spectrum(calibrated=False)
    extracted = _row(home, Product("eplanted.fits", DataType.EXTRACTED, spectrum), reduced, 1)
    solved = _spectrum(calibrated=True)
    _row(home, Product("weplanted.fits", DataType.WAVELENGTH, solved), extracted, 1)
    return Planted(reduced, extracted)


def _row(home: Path, product: Product, parent: int | None, n_y: int) -> int:
    path = home / "products" / product.file_name
    frame_io.write(product, path)
    facts = {"n_x": N_X, "n_y": n_y, "data_type": product.data_type}
    return insert(home, path, facts | ({} if parent is None else {"parent_id": parent}))


def insert(home: Path, path: Path, facts: dict[str, Any]) -> int:
    """Write the row of a file, the rest of it as that of a real reduced frame; return its id."""
    with sqlite3.connect(home / "gsp.db", timeout=20) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM file WHERE data_type = 2 AND kind = 'spectrum' ORDER BY id LIMIT 1"
        row: dict[str, Any] = dict(connection.execute(query).fetchone())
        del row["id"]
        row |= {
            "file_name": path.name,
            "full_path": str(path),
            "size": path.stat().st_size,
            "checksum": hashlib.sha256(path.read_bytes()).hexdigest(),
            **facts,
        }
        marks = ", ".join("?" * len(row))
        names = ", ".join(f'"{name}"' for name in row)
        made = connection.execute(
            f"INSERT INTO file ({names}) VALUES ({marks})", list(row.values())
        )
        return int(made.lastrowid or 0)


def show(page: Any, edges: tuple[float, ...] | None) -> None:
    """Zoom, and wait until the sharp image of that zoom is painted and its axes are drawn."""
    page.evaluate(
        """async (edges) => {
            const { viewer, viewReceived } = await pageModule("viewer/state.js");
            const { zoomTo } = await pageModule("viewer/zoom.js");
            await new Promise((done) => {
                // An answer to what was on show before may still come.
                const span = Math.abs(edges[1] - edges[0]);
                const stop = viewReceived.listen(() => {
                    const { box } = viewer.view;
                    if (Math.abs(box[1] - box[0] - span) > 0.2 * span + 2) return;
                    stop();
                    rest();
                });
                const rest = () => {
                    const { xaxis, yaxis } = viewer.graph._fullLayout;
                    const drawn = [...xaxis.range, ...yaxis.range];
                    const differs = drawn.some((edge, k) => edge !== edges[k]);
                    if (differs) return requestAnimationFrame(rest);
                    requestAnimationFrame(() => requestAnimationFrame(done));
                };
                zoomTo(edges);
            });
        }""",
        list(edges or (-0.5, N_X - 0.5, -0.5, N_Y - 0.5)),
    )
