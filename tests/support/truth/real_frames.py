"""Real frames, reduced: what the extraction is measured on besides the simulations."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import CCDData

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.blocks.wavelength import WavelengthSettings, wavelength
from reduction.fits import frame_io
from reduction.frames import FrameKind, Product
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.paths import SHARED_DATA

STANDARD_NIGHT = SHARED_DATA / "soar-blue-2014-12-18"
SETTINGS = {"blue": "*QuartzFlat*blue*", "red": "*DomeFlat*red*"}
"""Settings of that night, and their flats."""


def quiet(_step: str, _fraction: float) -> None:
    """Report nothing."""


def _copies(folder: Path, pattern: str) -> list[Path]:
    """Copy frames as one plane each, with the card of the camera that headers of 2014 lack."""
    copied = []
    for path in sorted(STANDARD_NIGHT.glob(pattern)):
        with fits.open(path) as opened:
            header, data = opened[0].header, np.squeeze(opened[0].data)
        header["INSTCONF"] = "Blue"
        copy = folder / path.name.removesuffix(".gz")
        fits.PrimaryHDU(data, header).writeto(copy, output_verify="fix", overwrite=True)
        copied.append(copy)
    return copied


@lru_cache(maxsize=2)
def _masters(setting: str) -> tuple[CCDData, CCDData]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        [bias] = master_bias(
            BlockInputs(members=tuple(_copies(folder, "*Zero*"))),
            MasterBiasSettings(minimum=2),
            quiet,
        )
        assert isinstance(bias.data, CCDData)
        [flat] = master_flat(
            BlockInputs(
                members=tuple(_copies(folder, SETTINGS[setting])),
                master_bias=bias.data,
                names={CalibrationRole.MASTER_BIAS: bias.file_name},
            ),
            MasterFlatSettings(minimum=2),
            quiet,
        )
    assert isinstance(flat.data, CCDData)
    return bias.data, flat.data


@lru_cache(maxsize=2)
def _arc(setting: str) -> CCDData:
    bias, _ = _masters(setting)
    with tempfile.TemporaryDirectory() as made:
        [path] = _copies(Path(made), f"*0010.Fe*{setting}*")
        frame = frame_io.read_raw(path)
    [product] = reduce(
        BlockInputs(
            frame=frame,
            file_name=path.name,
            kind=FrameKind.ARC,
            master_bias=bias,
            names={CalibrationRole.MASTER_BIAS: "bias"},
        ),
        ReduceSettings(ignore_flats=True),
        quiet,
    )
    assert isinstance(product.data, CCDData)
    return product.data


@lru_cache(maxsize=8)
def calibrated_standard(setting: str, exposure: int = 0) -> Product:
    """Reduce, extract and wavelength-calibrate an exposure of LTT3218, as `reduced_standard`."""
    reduced = reduced_standard(setting, exposure)
    [extracted] = extract(
        BlockInputs(frame=reduced.data, file_name=reduced.file_name), ExtractSettings(), quiet
    )
    [calibrated] = wavelength(
        BlockInputs(
            frame=extracted.data,
            file_name=extracted.file_name,
            arc=_arc(setting),
            names={CalibrationRole.ARC: "arc.fits"},
        ),
        WavelengthSettings(),
        quiet,
    )
    return calibrated


@lru_cache(maxsize=8)
def reduced_standard(setting: str, exposure: int = 0) -> Product:
    """Reduce an exposure of the spectrophotometric standard LTT3218; skip where it is absent.

    Parameters
    ----------
    setting : {"blue", "red"}
    exposure : int
        0 or 1.
    """
    if not STANDARD_NIGHT.exists():
        pytest.skip(f"the real frames of {STANDARD_NIGHT.name} are not on this machine")
    bias, flat = _masters(setting)
    with tempfile.TemporaryDirectory() as made:
        path = _copies(Path(made), f"*LTT3218*{setting}*")[exposure]
        frame = frame_io.read_raw(path)
    [product] = reduce(
        BlockInputs(
            frame=frame,
            file_name=path.name,
            master_bias=bias,
            master_flat=flat,
            names={CalibrationRole.MASTER_BIAS: "bias", CalibrationRole.MASTER_FLAT: "flat"},
        ),
        ReduceSettings(),
        quiet,
    )
    return product
