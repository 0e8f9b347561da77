"""Targets that show no trace of their own: too faint, or without continuum; seeing that changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reduction.blocks.extract import ExtractSettings, extract
from reduction.errors import TargetNotFound
from reduction.extraction.apertures import read_trace
from reduction.frames import Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from reduction.simulation.truth import SourceTruth
from tests.support.notices import params, refused
from tests.support.truth.accuracy import expected_electrons
from tests.support.truth.nights import Mode, Reduced, quiet, science

RED = Mode("400_M2", (2, 2), "Red")
BLUE = Mode("1200_M5", (1, 2), "Blue", rows=200)
SEEING = 6.5
LOW = 3.5
"""Sigmas: what is found at so many can't be traced."""


def run(reduced: Reduced, inputs: BlockInputs | None = None, **settings: object) -> list[Product]:
    given = replace(inputs or BlockInputs(), frame=reduced.frame, file_name="cfzst_0001_X.fits")
    chosen = ExtractSettings(extraction_type="optimal", **settings)  # type: ignore[arg-type]
    return extract(given, chosen, quiet)


def spectrum_of(product: Product) -> Spectrum:
    assert isinstance(product.data, Spectrum)
    return product.data


def offsets(reduced: Reduced, product: Product, source: SourceTruth) -> np.ndarray:
    """Trace minus the true one at every column, rows."""
    trace, _ = read_trace(spectrum_of(product).header)
    n = spectrum_of(product).flux.size
    columns = slice(reduced.origin[0], reduced.origin[0] + n)
    return trace(np.arange(n)) - (source.trace[columns] - reduced.origin[1])


@pytest.mark.parametrize("mode", [RED, BLUE], ids=lambda m: m.setup)
@pytest.mark.parametrize("beside_a_star", [False, True])
def test_a_nebula_without_continuum_is_found_and_extracted(mode: Mode, beside_a_star: bool) -> None:
    nebula = Source("nebula", "nebula", 24.5, 20, SEEING)
    star = Source("star", "star", 17.0, -60, SEEING)
    reduced = science(mode, 21, 0, (nebula, star) if beside_a_star else (nebula,))
    products = run(reduced)
    assert len(products) == 1 + beside_a_star
    source = reduced.truth.sources[0]
    [product] = [p for p in products if abs(np.median(offsets(reduced, p, source))) < 3]
    light = expected_electrons(reduced, source)
    lines = light > 0.05 * light.max()
    flux = spectrum_of(product).flux
    assert np.nansum(flux[lines]) == pytest.approx(light[lines].sum(), rel=0.01)
    assert np.abs(offsets(reduced, product, source)[lines]).max() < 0.3
    assert product.quality["fwhm_pixel"] == pytest.approx(SEEING / mode.binning[1], abs=0.1)


def test_what_cosmic_rays_leave_is_no_nebula() -> None:
    star = (Source("star", "star", 18.0, 20, SEEING),)
    for seed in (41, 42, 43, 44):
        assert len(run(science(RED, seed, 0, star))) == 1


class TestBorrowedTrace:
    @pytest.fixture(scope="class")
    def bright(self) -> Spectrum:
        frame = science(RED, 51, 0, (Source("star", "star", 16.0, -40, SEEING),))
        return spectrum_of(run(frame)[0])

    @pytest.fixture(scope="class")
    def faint(self) -> Reduced:
        return science(RED, 52, 0, (Source("faint", "star", 23.9, 30, SEEING),))

    def test_without_a_brighter_one_it_is_refused_with_the_reason(self, faint: Reduced) -> None:
        with refused(TargetNotFound, NoticeCode.TARGET_NOT_TRACED):
            run(faint, threshold=LOW)
        with refused(TargetNotFound, NoticeCode.TARGET_NOT_TRACED):
            run(faint, BlockInputs(brighter=lambda: None), threshold=LOW)

    def test_it_follows_the_brighter_frame_and_says_so(
        self, faint: Reduced, bright: Spectrum
    ) -> None:
        name = "ecfzst_0007_bright_target_1.fits"
        given = BlockInputs(brighter=lambda: (name, bright.header))
        [product] = run(faint, given, threshold=LOW)
        source = faint.truth.sources[0]
        assert np.abs(offsets(faint, product, source)).max() < 0.6
        assert product.inputs == (name,)
        assert product.borrows_trace
        assert product.quality["trace_from"] == name
        assert spectrum_of(product).header["GSP_TFRM"] == name
        assert params(product.notices, NoticeCode.TRACE_OF_OTHER) == {"file": name}
        light = expected_electrons(faint, source)
        spectrum = spectrum_of(product)
        good = np.isfinite(spectrum.flux)
        total, error = spectrum.flux[good].sum(), np.sqrt(spectrum.variance[good].sum())
        assert total == pytest.approx(light[good].sum(), abs=4 * error)
        pulls = (spectrum.flux - light)[good] / np.sqrt(spectrum.variance[good])
        assert np.percentile(np.abs(pulls), 68) == pytest.approx(1, abs=0.1)

    def test_a_bright_target_does_not_ask_for_another_frame(self) -> None:
        def asked() -> None:
            raise AssertionError("asked for")

        frame = science(RED, 53, 0, (Source("star", "star", 17.0, 10, SEEING),))
        [product] = run(frame, BlockInputs(brighter=asked))
        assert product.inputs == ()
        assert not product.borrows_trace
        assert spectrum_of(product).header["GSP_TFRM"] == "own"

    def test_in_a_frame_with_a_brighter_target_it_follows_that(self) -> None:
        scene = (
            Source("star", "star", 20.0, -40, SEEING),
            Source("faint", "star", 23.8, 50, SEEING),
        )
        frame = science(RED, 54, 0, scene)
        products = run(frame, threshold=4)
        assert len(products) == 2
        assert np.abs(offsets(frame, products[1], frame.truth.sources[1])).max() < 0.6
        assert "brightest target" in str(products[1].quality["trace_from"])


@pytest.mark.parametrize("mode", [RED, BLUE], ids=lambda m: m.setup)
def test_the_profile_follows_the_seeing_along_the_dispersion(mode: Mode) -> None:
    # A power four times that of turbulence makes up for the short range of these setups.
    scene = (Source("star", "star", 17.5, 20, SEEING, seeing_power=-0.8),)
    frame = science(mode, 61, 0, scene)
    [product] = run(frame)
    light = expected_electrons(frame, frame.truth.sources[0])
    spectrum = spectrum_of(product)
    good = np.isfinite(spectrum.flux) & (spectrum.mask == 0)
    for part in np.array_split(np.arange(light.size), 5):
        chosen = part[good[part]]
        total, error = spectrum.flux[chosen].sum(), np.sqrt(spectrum.variance[chosen].sum())
        assert total == pytest.approx(
            light[chosen].sum(), abs=0.01 * light[chosen].sum() + 3 * error
        )
    wavelength = frame.truth.wavelength[[60, 2071, 4100]]
    narrower = (wavelength[2] / wavelength[0]) ** -0.8
    told = float(spectrum.header["GSP_FWHI"]) / float(spectrum.header["GSP_FWLO"])
    assert told == pytest.approx(narrower, abs=0.03)
