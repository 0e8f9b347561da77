"""A target with saturated pixels: flagged, without a value where its core is gone, and said."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.blocks.extract import ExtractSettings, extract
from reduction.errors import UnusableFrame
from reduction.frames import PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.notices import refused
from tests.support.truth.accuracy import expected_electrons
from tests.support.truth.nights import Mode, Reduced, quiet, science


def exposed(magnitude: float) -> Reduced:
    return science(Mode(), 31, 0, (Source("standard", "star", magnitude, 20.0, 6.5),))


def extracted(reduced: Reduced, kind: str) -> tuple[Product, Spectrum]:
    inputs = BlockInputs(frame=reduced.frame, file_name="cfzst_0001_X.fits")
    settings = ExtractSettings(extraction_type=kind)  # type: ignore[arg-type]
    [product] = extract(inputs, settings, quiet)
    assert isinstance(product.data, Spectrum)
    return product, product.data


@pytest.mark.parametrize("kind", ["optimal", "fractional"])
@pytest.mark.parametrize(
    ("magnitude", "code"),
    [
        (11.54, NoticeCode.TARGET_SATURATED),
        (11.0, NoticeCode.TARGET_MOSTLY_SATURATED),
    ],
)
def test_no_saturated_column_has_a_wrong_value(
    magnitude: float, code: NoticeCode, kind: str
) -> None:
    reduced = exposed(magnitude)
    product, spectrum = extracted(reduced, kind)
    truth = expected_electrons(reduced, reduced.truth.sources[0])
    assert spectrum.loss is not None
    flagged = (spectrum.mask & PixelFlag.SATURATED) != 0
    [told] = [one for one in product.notices if one.code == code]
    assert told.params["fraction"] == pytest.approx(flagged.mean(), abs=0.002)
    assert product.quality["saturated_columns"] == pytest.approx(flagged.mean(), abs=0.002)
    assert (np.isnan(spectrum.flux) <= flagged).all()
    known = np.isfinite(spectrum.flux)
    off = spectrum.flux - truth * (1 - spectrum.loss)
    partly = known & flagged
    assert partly.any()
    assert np.all(np.abs(off[partly]) < 5 * np.sqrt(spectrum.variance[partly]))
    clean = spectrum.mask == 0
    ratio = spectrum.flux[clean] / (truth * (1 - spectrum.loss))[clean]
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    snr = spectrum.flux[clean] / np.sqrt(spectrum.variance[clean])
    assert product.quality["median_snr"] == pytest.approx(np.median(snr), abs=0.1)


@pytest.mark.parametrize("kind", ["optimal", "fractional"])
def test_a_target_saturated_throughout_is_refused(kind: str) -> None:
    with refused(UnusableFrame, NoticeCode.TARGET_LOST_TO_SATURATION):
        extracted(exposed(9.0), kind)


def test_a_saturated_neighbour_leaves_the_target_alone() -> None:
    scene = (Source("faint", "star", 16.0, 40.0, 6.5), Source("bright", "star", 9.0, -120.0, 6.5))
    reduced = science(Mode(), 31, 0, scene)
    product, spectrum = extracted(reduced, "optimal")
    assert NoticeCode.TARGET_LEFT_OUT in [one.code for one in product.notices]
    truth = expected_electrons(reduced, reduced.truth.sources[0])
    assert np.nanmedian(spectrum.flux / truth) == pytest.approx(1, abs=0.02)


def test_an_unsaturated_target_has_no_such_notice() -> None:
    product, _ = extracted(exposed(14.0), "optimal")
    assert product.quality["saturated_columns"] == 0
    assert not product.notices
