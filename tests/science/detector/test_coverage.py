"""Frame and masters that differ by a row, or in their TRIMSEC: the same pixels of the detector."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.nddata import CCDData

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry
from reduction.errors import MissingCalibration
from reduction.fits import frame_io
from reduction.frames import Product
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import OLD, header, write
from tests.support.notices import codes, params, refused

NX, NY = 2071, 150
GAIN, NOISE = 1.48, 3.89


def quiet(_step: str, _fraction: float) -> None:
    return None


def detector(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return bias structure and response: every pixel is unlike its neighbours."""
    structure = 500 + rng.normal(0, 10, (NY, NX))
    response = 1 + 0.1 * rng.uniform(-1, 1, (NY, NX))
    response[:, :25] = response[:, 2055:] = 0
    return structure, response


BIAS, RESPONSE = detector(np.random.default_rng(1))


def region(first: int, last: int, trim: str | None, **cards: Any) -> dict[str, Any]:
    """Return the cards of a frame of the rows `first` to `last` of the detector."""
    origin = {"PG5_6": (2 * first, "Parallel Origin,"), "PG5_11": (0, "Serial Origin,")}
    return {"TRIMSEC": trim, **origin, **cards}


def drawn(light: float, rows: slice, rng: np.random.Generator) -> np.ndarray:
    electrons = rng.poisson(light * RESPONSE[rows]) + rng.normal(0, NOISE, RESPONSE[rows].shape)
    return np.asarray(BIAS[rows] + electrons / GAIN)


def masters(folder: Path, first: int, last: int, trim: str | None) -> tuple[CCDData, CCDData]:
    rng = np.random.default_rng(2)
    rows = slice(first, last)
    paths: dict[str, list[Path]] = {"BIAS": [], "LAMPFLAT": []}
    for kind, light in (("BIAS", 0.0), ("LAMPFLAT", 40000.0)):
        for i in range(4):
            cards = region(first, last, trim, OBSTYPE=kind, EXPTIME=light / 1e4)
            path = folder / f"{kind}{i}.fits"
            paths[kind].append(write(path, drawn(light, rows, rng), header(**cards)))
    [bias] = master_bias(
        BlockInputs(members=tuple(paths["BIAS"])), MasterBiasSettings(minimum=2), quiet
    )
    [flat] = master_flat(
        BlockInputs(members=tuple(paths["LAMPFLAT"]), master_bias=bias.data),  # type: ignore[arg-type]
        MasterFlatSettings(minimum=2),
        quiet,
    )
    assert isinstance(bias.data, CCDData)
    assert isinstance(flat.data, CCDData)
    return bias.data, flat.data


def reduced(folder: Path, first: int, last: int, trim: str | None, **given: Any) -> Product:
    rng = np.random.default_rng(3)
    cards = region(first, last, trim)
    path = write(folder / "0079_X.fits", drawn(3000, slice(first, last), rng), header(**cards))
    [product] = reduce(
        BlockInputs(frame=frame_io.read_raw(path), file_name=path.name, **given),
        ReduceSettings(cosmic_rays="none"),
        quiet,
    )
    return product


def assert_same_pixels(product: Product, rows: int) -> None:
    """Assert that bias and flat of the same pixels were taken: others leave 10 % of the light."""
    frame = product.data
    assert isinstance(frame, CCDData)
    assert frame.shape[0] == rows
    good = ~frame.mask
    assert good.mean() > 0.99
    level = float(np.median(frame.data[good]))
    assert np.std(frame.data[good]) / level < 0.025  # photon noise is 1.8 %
    assert level == pytest.approx(3000, rel=0.02)


LAST = NY - 2


@pytest.mark.parametrize(
    ("first", "last", "trim", "lost"),
    [
        (2, LAST, f"[26:2055,2:{LAST - 2}]", 0),
        (2, LAST, None, 1),  # the masters' TRIMSEC lacks their first row
        (1, LAST, f"[26:2055,2:{LAST - 1}]", 1),
        (2, LAST + 1, f"[26:2055,1:{LAST - 1}]", 2),
        (3, LAST - 1, None, 0),
        (20, LAST, f"[26:2055,1:{LAST - 20}]", 0),  # a region inside that of the masters
    ],
)
def test_frame_and_masters_share_what_they_share(
    tmp_path: Path, first: int, last: int, trim: str | None, lost: int
) -> None:
    bias, flat = masters(tmp_path, 2, LAST, f"[26:2055,2:{LAST - 2}]")
    product = reduced(tmp_path, first, last, trim, master_bias=bias, master_flat=flat)
    # A flat of Goodman fills the slit to the ends of a narrow region, so no row is outside of it.
    assert_same_pixels(product, min(last, LAST) - max(first, 3))
    said = [n.params for n in product.notices if n.code is NoticeCode.PART_NOT_COVERED]
    assert max((one["rows"] for one in said), default=0) == lost
    assert all(one["columns"] == 0 for one in said)
    cards = product.data.meta  # type: ignore[union-attr]
    # Row 0 of the product is row `max(first, 3)` of the detector, binned by two.
    assert geometry.to_physical(cards, 2, 0.0) == pytest.approx(2 * max(first, 3) + 0.5)


def test_a_displaced_or_short_master_is_refused(tmp_path: Path) -> None:
    bias, flat = masters(tmp_path, 30, NY, None)
    with refused(MissingCalibration, NoticeCode.MASTER_DOES_NOT_FIT, role="master bias"):
        reduced(tmp_path, 0, 120, None, master_bias=bias, master_flat=flat)
    (tmp_path / "0079_X.fits").unlink()
    with refused(MissingCalibration, NoticeCode.MASTER_DOES_NOT_FIT, role="master flat"):
        reduced(tmp_path, 0, 120, None, master_flat=flat)


def test_pixels_displaced_by_half_a_pixel_are_not_shifted(tmp_path: Path) -> None:
    bias, _ = masters(tmp_path, 0, NY, None)
    bias.meta["LTV2"] += 0.5
    with refused(MissingCalibration, NoticeCode.MASTER_DOES_NOT_FIT, role="master bias"):
        reduced(tmp_path, 0, NY, None, master_bias=bias)


def test_a_bias_with_a_row_less_makes_a_flat_of_the_shared_rows(tmp_path: Path) -> None:
    bias, _ = masters(tmp_path, 1, NY, None)
    for path in tmp_path.glob("*.fits"):
        path.unlink()
    rng = np.random.default_rng(4)
    paths = tuple(
        write(
            tmp_path / f"flat{i}.fits",
            drawn(40000, slice(0, NY), rng),
            header(**region(0, NY, None, OBSTYPE="LAMPFLAT")),
        )
        for i in range(4)
    )
    inputs = BlockInputs(members=paths, master_bias=bias)
    [flat] = master_flat(inputs, MasterFlatSettings(minimum=2), quiet)
    assert isinstance(flat.data, CCDData)
    assert flat.data.shape == (NY - 1, 2030)
    seen = flat.data.data / RESPONSE[1:, 25:2055]
    assert np.std(seen) / np.median(seen) < 0.02


@pytest.mark.parametrize(
    ("cards", "shape", "used"),
    [
        ({"TRIMSEC": None}, (948, 2071), "[26:2055,1:948]"),
        ({"TRIMSEC": "[51:4110,3:1896]"}, (948, 2071), "[26:2055,2:948]"),  # unbinned
        ({"TRIMSEC": "[51:4110,3:1896]", "CCDSUM": "1 2"}, (948, 4142), "[51:4110,2:948]"),
        ({"TRIMSEC": "[26:2055,2:474]", "CCDSUM": "1 1"}, (948, 4142), "[51:4110,1:948]"),  # 2x2
        ({"TRIMSEC": "[26:2055,2:948]"}, (200, 2071), "[26:2055,1:200]"),  # a larger region
        ({"TRIMSEC": "[26:2055,2:200]"}, (948, 2071), "[26:2055,1:948]"),  # a smaller one
        ({"TRIMSEC": "[1000:1100,1:948]"}, (948, 2071), "[26:2055,1:948]"),
        ({"TRIMSEC": "[1:400,3:1896]", "CCDSUM": "1 1"}, (1896, 400), "[1:400,3:1896]"),
        ({"TRIMSEC": "[1:150,1:900]", "CCDSUM": "1 1"}, (1896, 400), "[1:400,1:1896]"),
    ],
)
def test_a_stale_trimsec_cuts_nothing_off(
    cards: dict[str, Any], shape: tuple[int, int], used: str
) -> None:
    made = header(**cards)
    assert str(geometry.image_section(made, shape)) == used


def test_a_stale_trimsec_is_said_and_the_old_form_is_not(tmp_path: Path) -> None:
    stale = reduced(tmp_path, 0, NY, "[26:2055,2:60]")
    assert params(stale.notices, NoticeCode.TRIM_NOT_USED)["stated"] == "[26:2055,2:60]"
    (tmp_path / "0079_X.fits").unlink()
    whole = reduced(tmp_path, 0, NY, f"[1:4142,1:{2 * NY}]")
    assert NoticeCode.TRIM_NOT_USED not in codes(whole.notices)
    assert geometry.stale_section(header(OLD, TRIMSEC="[1:4142,1:400]"), (200, 2071)) is None
