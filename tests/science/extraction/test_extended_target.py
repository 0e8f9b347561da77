"""A target that is no point source is summed, not weighted with a profile that does not fit."""

from __future__ import annotations

import numpy as np

from reduction.blocks.extract import ExtractSettings, extract
from reduction.extraction.apertures import read_trace
from reduction.frames import Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.notices import codes
from tests.support.truth.accuracy import expected_electrons, moffat_share
from tests.support.truth.nights import Mode, Reduced, quiet, science
from tests.support.truth.real_frames import reduced_standard

SEEING = 6.5


def extracted(reduced: Reduced) -> tuple[Product, Spectrum]:
    inputs = BlockInputs(frame=reduced.frame, file_name="cfzst_0001_X.fits")
    [product] = extract(inputs, ExtractSettings(), quiet)
    assert isinstance(product.data, Spectrum)
    return product, product.data


def test_lines_that_are_more_extended_than_the_continuum_are_summed() -> None:
    star = Source("core", "star", 17.5, 20, SEEING)
    nebula = Source("shell", "nebula", 21.5, 20, 24.0, 2.5)
    reduced = science(Mode(), 1, 0, (star, nebula))
    product, spectrum = extracted(reduced)
    assert product.quality["extraction_used"] == "fractional"
    assert spectrum.header["GSP_EXTU"] == "fractional"
    assert NoticeCode.TARGET_EXTENDED in codes(product.notices)
    _, edges = read_trace(spectrum.header)
    inside = sum(
        expected_electrons(reduced, one) * moffat_share(one.fwhm / 2, one.beta, *edges)
        for one in reduced.truth.sources
    )
    line = (spectrum.mask == 0) & (inside > 20 * np.median(inside))
    assert line.any()
    ratio = spectrum.flux[line].sum() / inside[line].sum()
    assert abs(ratio - 1) < 0.02


def test_point_sources_are_weighted() -> None:
    for source in (
        Source("g", "galaxy", 16.5, 20, 10.0, 2.5, redshift=0.02),
        Source("s", "supernova", 18.5, 20, SEEING, seeing_power=-0.3),
        Source("w", "white dwarf", 15.0, 20, 5.0),
    ):
        product, _ = extracted(science(Mode(), 2, 0, (source,)))
        assert product.quality["extraction_used"] == "optimal"
        assert NoticeCode.TARGET_EXTENDED not in codes(product.notices)


def test_a_real_star_is_weighted() -> None:
    for setting in ("blue", "red"):
        frame = reduced_standard(setting).data
        inputs = BlockInputs(frame=frame, file_name="cfzst_0001_X.fits")
        [product] = extract(inputs, ExtractSettings(), quiet)
        assert product.quality["extraction_used"] == "optimal"
