"""A reduced frame with a known trace, and windows around it for a manual extraction."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, VarianceUncertainty

from reduction.detector import geometry
from reduction.extraction import manual
from tests.support import builders

N_X, N_Y, SKY, LIGHT = 300, 120, 40.0, 5000.0
TRACE = (50.25, 0.03)


def frame(seed: int = 1) -> CCDData:
    """A uniform sky that rises along the slit, and a box of light eight rows high on a trace."""
    rng = np.random.default_rng(seed)
    rows = np.arange(N_Y)[:, None] - np.polynomial.Polynomial(TRACE)(np.arange(N_X))
    inside = np.clip(np.minimum(rows + 0.5, 4) - np.maximum(rows - 0.5, -4), 0, 1)
    truth = SKY + 0.1 * np.arange(N_Y)[:, None] + LIGHT / 8 * inside
    header = builders.header("OBJECT", CCDSUM="1 1")
    geometry.set_physical(header, truth.shape)
    flags = np.zeros(truth.shape, np.uint8)
    return CCDData(
        rng.normal(truth, np.sqrt(truth)).astype(np.float32),
        unit=u.electron,
        mask=flags != 0,
        flags=flags,
        meta=header,
        uncertainty=VarianceUncertainty(truth.astype(np.float32)),
    )


def windows(**changes: object) -> manual.Windows:
    told = {"trace": TRACE, "low": -6.0, "high": 6.0, "zones": ((-30.0, -12.0), (12.0, 30.0))}
    return manual.Windows.model_validate({**told, **changes})
