"""The sky beside an extended source, along its tilted lines, against the truth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from reduction.blocks.extract import ExtractSettings, extract
from reduction.frames import Spectrum
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.truth.accuracy import expected_electrons
from tests.support.truth.nights import Mode, Reduced, quiet, science

MODE = Mode(rows=700)
WIDE = 70.0
"""FWHM of the source, unbinned rows: 10.5 arcsec."""


@lru_cache(maxsize=4)
def exposed(offset: float, seed: int) -> Reduced:
    source = Source("wide", "star", 17.0, offset, WIDE, 2.5)
    return science(MODE, seed, 0, (source,))


def pulls(reduced: Reduced, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (flux − truth) / σ of the unmasked columns, and which of them are on sky lines."""
    inputs = BlockInputs(frame=reduced.frame, file_name="cfzst_0001_X.fits")
    [product] = extract(inputs, ExtractSettings(extraction_type=kind), quiet)  # type: ignore[arg-type]
    spectrum = product.data
    assert isinstance(spectrum, Spectrum)
    assert spectrum.loss is not None
    assert spectrum.sky is not None
    truth = expected_electrons(reduced, reduced.truth.sources[0]) * (1 - spectrum.loss)
    good = spectrum.mask == 0
    off = ((spectrum.flux - truth) / np.sqrt(spectrum.variance))[good]
    sky = spectrum.sky[good]
    return off, sky > 2 * np.median(sky)


@pytest.mark.parametrize(("offset", "seed"), [(60.0, 31), (-120.0, 33)])
@pytest.mark.parametrize("kind", ["optimal", "fractional"])
def test_sky_lines_beside_an_extended_source_are_subtracted(
    offset: float, seed: int, kind: str
) -> None:
    off, on_lines = pulls(exposed(offset, seed), kind)
    assert off.size > 1900
    assert np.count_nonzero(np.abs(off) > 5) <= 5
    assert np.count_nonzero(on_lines) > 150
    for part in (on_lines, ~on_lines):
        low, high = np.percentile(off[part], [15.87, 84.13])
        assert 0.85 < (high - low) / 2 < 1.1
        assert abs(np.mean(np.clip(off[part], -5, 5))) < 0.3
