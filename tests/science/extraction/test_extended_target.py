"""A target that is no point source is summed, not weighted with a profile that does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.blocks.extract import ExtractSettings, extract
from reduction.errors import TargetNotFound
from reduction.extraction.apertures import read_trace
from reduction.frames import Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.notices import codes, refused
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


@pytest.mark.parametrize(("kind", "magnitude"), [("star", 15.0), ("nebula", 18.0)])
def test_a_source_that_fills_the_slit_leaves_no_sky(kind: str, magnitude: float) -> None:
    reduced = science(Mode(), 31, 0, (Source("wide", kind, magnitude, 20, 500.0, 2.5),))
    with refused(TargetNotFound, NoticeCode.SLIT_FILLED):
        extracted(reduced)


def test_a_faint_target_is_still_called_faint() -> None:
    reduced = science(Mode(), 31, 0, (Source("faint", "star", 30.0, 20, SEEING),))
    with refused(TargetNotFound, NoticeCode.NO_TARGET):
        extracted(reduced)


def test_a_source_that_nearly_fills_the_slit_has_an_uncertain_flux() -> None:
    reduced = science(Mode(), 31, 0, (Source("wide", "star", 15.0, 20, 250.0, 2.5),))
    product, spectrum = extracted(reduced)
    assert NoticeCode.TARGET_IN_BACKGROUND in codes(product.notices)
    source = reduced.truth.sources[0]
    _, edges = read_trace(spectrum.header)
    inside = moffat_share(source.fwhm / 2, source.beta, *edges)
    truth = expected_electrons(reduced, source) * inside
    good = spectrum.mask == 0
    off = ((spectrum.flux - truth) / np.sqrt(spectrum.variance))[good]
    assert np.mean(np.abs(off) < 3) > 0.95
