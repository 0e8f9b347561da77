"""Products are told from raw frames by what pipelines write; no real raw frame is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from reduction.fits import frame_io, provenance
from reduction.fits.examination import product_marks
from reduction.frames import DataType, Product
from tests.support import builders
from tests.support.paths import SHARED_DATA

FRAMES = sorted(
    path
    for path in SHARED_DATA.rglob("*")
    if path.name.endswith((".fits", ".fits.gz")) and path.parent.name != "goodman-standards"
)
TEXTS = sorted((SHARED_DATA / "headers").glob("*.txt"))


def mark(*headers: fits.Header, shape: tuple[int, ...] = (24, 60)) -> str:
    found = product_marks.find(headers, shape)
    return "" if found is None else found.keyword


@pytest.mark.skipif(not FRAMES, reason="no real frames on this machine")
def test_no_real_raw_frame_has_a_mark() -> None:
    refused = {}
    for path in FRAMES:
        every = [header for _, header in frame_io.read_all_headers(path)]
        found = product_marks.find(every, frame_io.read_header(path)[1])
        if found is not None:
            refused[path.name] = found
    assert refused == {}


@pytest.mark.skipif(not TEXTS, reason="no real headers on this machine")
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_headers_of_real_products_have_marks(path: Path) -> None:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    header = fits.Header.fromstring("".join(line[:80].ljust(80) for line in lines))
    assert mark(header)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("GSP_FNAM", "cfzsto_0001.fits"),
        ("GSP_PNAM", "0001.fits"),
        ("GSP_NCOM", 10),
        ("PIPEVER", "1.22.0"),
        ("L1PUBDAT", "2025-01-01T00:00:00"),
        ("RLEVEL", 91),
        ("RLEVEL", 11),
        ("PYP_SPEC", "soar_goodman_red"),
        ("PYPELINE", "MultiSlit"),
        ("CCDPROC", "Feb  4 10:11 CCD processing done"),
        ("ZEROCOR", "Feb  4 10:11 Zero level correction image is Zero"),
        ("FLATCOR", "Feb  4 10:11 Flat field image is Flat"),
        ("TRIM", "Feb  4 10:11 Trim data section is [1:2071,1:200]"),
        ("OVERSCAN", "Feb  4 10:11 Overscan section is [1:20,1:200]"),
        ("CCDMEANT", 1234567890),
        ("APNUM1", "1 1 95.2 105.1"),
        ("DC-FLAG", 0),
        ("REFSPEC1", "arc.ms"),
        ("WAT0_001", "system=equispec"),
    ],
)
def test_a_card_of_a_pipeline_is_a_mark(keyword: str, value: Any) -> None:
    header = builders.header()
    assert mark(header) == ""
    header[keyword] = value
    assert mark(header) == keyword
    assert mark(fits.Header(), header) == keyword


@pytest.mark.parametrize(
    "cards",
    [
        {"RLEVEL": 0, "L1PUBDAT": "2025-01-01T00:00:00"},
        {"L1PUBDAT": ""},
        {"RLEVEL": "", "PIPEVER": None},
        {"TRIMSEC": "[26:2055,2:948]", "BUNIT": "adu", "ORIGIN": "NOAO-IRAF"},
        {"CTYPE1": "RA---TAN-SIP", "A_ORDER": 2},
    ],
)
def test_cards_that_raw_frames_have_are_none(cards: dict[str, Any]) -> None:
    header = builders.header()
    header.update(cards)
    assert mark(header) == ""


def test_variance_planes_and_single_rows_are_marks() -> None:
    plane = fits.ImageHDU(np.zeros((24, 60)), name="UNCERT").header
    assert mark(builders.header(), plane) == "EXTNAME"
    assert mark(builders.header(), shape=(1, 1, 60)) == "NAXIS"
    assert mark(builders.header(), shape=(1, 24, 60)) == ""


def test_what_this_pipeline_writes_has_a_mark(tmp_path: Path) -> None:
    made = builders.image(3.0)
    provenance.stamp(made.meta, parent="0001.fits", file_name="r0001.fits")
    frame_io.write(Product("r0001.fits", DataType.REDUCED, made), tmp_path / "r0001.fits")
    every = [header for _, header in frame_io.read_all_headers(tmp_path / "r0001.fits")]
    assert mark(*every).startswith("GSP_")
