"""A raw frame with its master bias and master flat, of which every electron is known."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, VarianceUncertainty

from reduction.detector import geometry
from reduction.registry import CalibrationRole
from tests.support.goodman_frames import header

GAIN, NOISE, NX, NY = 1.48, 3.89, 2071, 120
NAMES = {CalibrationRole.MASTER_BIAS: "bias.fits", CalibrationRole.MASTER_FLAT: "flat.fits"}


def response() -> np.ndarray:
    made = 1 + 0.03 * np.random.default_rng(1).standard_normal((NY, NX))
    made[60, 900] = 0.02
    return made


def raw(rng: np.random.Generator, electrons: float = 400.0, **cards: object) -> CCDData:
    light = electrons * response()
    light[:, :25] = 0
    counts = 500 + (rng.poisson(light) + rng.normal(0, NOISE, (NY, NX))) / GAIN
    flags = np.zeros((NY, NX), np.uint8)
    meta = header(TRIMSEC=f"[26:2055,2:{NY}]", **cards)
    return CCDData(counts.astype(np.float32), unit=u.adu, mask=flags != 0, flags=flags, meta=meta)


def bias() -> CCDData:
    data = np.full((NY, NX), 499.0, np.float32)  # the level has drifted by one ADU since
    return CCDData(
        data, unit=u.adu, uncertainty=VarianceUncertainty(np.full_like(data, 0.7)), meta=header()
    )


def flat() -> CCDData:
    meta = header()
    geometry.set_physical(meta, (NY, NX))
    geometry.shift_physical(meta, 25, 1)
    meta["GSP_SLO"], meta["GSP_SHI"] = 11, 110
    data = response()[1:, 25:2055].astype(np.float32)
    return CCDData(data, unit=u.dimensionless_unscaled, meta=meta)
