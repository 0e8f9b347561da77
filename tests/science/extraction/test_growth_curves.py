"""The aperture loss of every column, against growth curves of real and simulated stars."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.nddata import CCDData

from reduction.blocks.extract import ExtractSettings, extract
from reduction.frames import Spectrum
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.truth.accuracy import expected_electrons
from tests.support.truth.nights import Mode, quiet, science
from tests.support.truth.real_frames import reduced_standard

SEGMENTS = 6


def extracted(frame: CCDData, **chosen: object) -> Spectrum:
    inputs = BlockInputs(frame=frame, file_name="cfzst_0001_X.fits")
    spectrum = extract(inputs, ExtractSettings(**chosen), quiet)[0].data  # type: ignore[arg-type]
    assert isinstance(spectrum, Spectrum)
    return spectrum


def per_segment(ratio: np.ndarray) -> np.ndarray:
    return np.array([np.nanmedian(part) for part in np.array_split(ratio[60:-60], SEGMENTS)])


def light_within(frame: CCDData, spectrum: Spectrum, half: float) -> np.ndarray:
    """Plain photometry: the sum of whole rows about the trace, the sky from rows far away."""
    columns = np.arange(frame.shape[1])
    trace = np.polynomial.Polynomial(
        [spectrum.header[f"GSP_TC{n:02d}"] for n in range(spectrum.header["GSP_TORD"] + 1)]
    )
    far = np.abs(np.arange(frame.shape[0])[:, None] - trace(columns))
    data = np.where(frame.mask, np.nan, frame.data)
    sky = np.nanmedian(np.where((far > 40) & (far < 75), data, np.nan), axis=0)
    return np.asarray(np.nansum(np.where(far < half, data - sky, 0.0), axis=0))


@pytest.mark.parametrize("setting", ["blue", "red"])
@pytest.mark.parametrize("exposure", [0, 1])
def test_a_real_standard_has_its_light_at_any_aperture(setting: str, exposure: int) -> None:
    frame = reduced_standard(setting, exposure).data
    assert isinstance(frame, CCDData)
    best = extracted(frame)
    # The wings end at 30 rows; the sky is known well enough for a tilt within 20.
    whole, most = (light_within(frame, best, half) for half in (30, 20))
    spectra = [
        extracted(frame, extraction_type="fractional", aperture_width=width)
        for width in (1.5, 2.0, 3.0, 4.0, 6.0)
    ]
    for spectrum in (best, *spectra):
        assert spectrum.loss is not None
        light = spectrum.flux / (1 - spectrum.loss)
        assert per_segment(light / whole) == pytest.approx(np.ones(SEGMENTS), abs=0.01)
        assert np.ptp(per_segment(light / most)) < 0.005


def test_the_loss_follows_the_seeing_along_the_dispersion() -> None:
    star = Source("star", "star", 14.0, 20, 5.0, seeing_power=-0.4)
    reduced = science(Mode(), 71, 0, (star,))
    truth = expected_electrons(reduced, reduced.truth.sources[0])
    for width in (1.0, 1.5, 2.0, 4.0):
        plain = extracted(reduced.frame, extraction_type="fractional", aperture_width=width)
        assert plain.loss is not None
        assert np.ptp(plain.loss) > 0.003
        ratio = per_segment(plain.flux / (1 - plain.loss) / truth)
        assert ratio == pytest.approx(np.ones(SEGMENTS), abs=0.01), width
        assert np.ptp(ratio) < 0.005, width


def test_optimal_extraction_states_no_loss() -> None:
    reduced = science(Mode(), 71, 0, (Source("star", "star", 15.0, 20, 6.5),))
    spectrum = extracted(reduced.frame)
    assert spectrum.header["GSP_EXTU"] == "optimal"
    assert spectrum.loss is not None
    assert not spectrum.loss.any()
