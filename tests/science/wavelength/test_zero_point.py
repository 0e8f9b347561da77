"""The decision on the zero point, and the slits and line widths that it rests on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve1d

from reduction.slits import Source, ZeroPointEvidence, mask_of, masks_differ, width_arcsec
from reduction.wavelength.zero_points.line_profile import (
    LineProfile,
    centring_limit,
    sky_profile,
    target_fwhm,
)
from reduction.wavelength.zero_points.separation import Separation, flexure
from reduction.wavelength.zero_points.sky_check import SkyOffset
from reduction.wavelength.zero_points.zero_point import Circumstances, combined, determine

DISPERSION = 0.42
OTHER_SLIT = Circumstances(DISPERSION, slits_differ=True, flexure=2.0)
SAME_SLIT = Circumstances(DISPERSION, slits_differ=False, flexure=0.3)


def own(offset: float, error: float) -> SkyOffset:
    return SkyOffset(offset, error, "airglow", 100.0, 3.0, 10.0, 100.0, 0.9)


def sibling(offset: float, error: float = 0.5, shift: float = 0.5) -> ZeroPointEvidence:
    return ZeroPointEvidence(Source.SIBLING, offset, error, shift, name=f"{offset}.fits")


LEARNT = ZeroPointEvidence(Source.LEARNT, -35.0, 0.2, 2.4, spectra=9, nights=3, last="2014-12-18")


def test_names_of_slits() -> None:
    assert mask_of("0.46_LONG_SLIT") == mask_of("0.45_LONG_SLIT") == "0.45_LONG_SLIT"
    assert mask_of("1_LONG_SLIT") == mask_of("1.0_LONG_SLIT")
    assert mask_of("NO_MASK") == mask_of("") == ""
    assert masks_differ("0.46_LONG_SLIT", "3.0_LONG_SLIT")
    assert not masks_differ("0.46_LONG_SLIT", "0.45_LONG_SLIT")
    assert not masks_differ("", "3.0_LONG_SLIT")
    assert width_arcsec("3.0_LONG_SLIT") == 3.0
    assert width_arcsec("IFU") is None


@pytest.mark.parametrize(("box", "sigma"), [(0.0, 1.0), (3.0, 0.9), (6.7, 1.0), (20.0, 1.1)])
def test_the_width_of_a_profile_is_that_of_its_values(box: float, sigma: float) -> None:
    step = 0.01
    x = np.arange(-30, 30, step)
    line = np.where(np.abs(x) <= box / 2, 1.0, 0.0) if box else (np.abs(x) < step / 2).astype(float)
    kernel = np.exp(-0.5 * (np.arange(-8, 8, step) / sigma) ** 2)
    seen = convolve1d(line, kernel / kernel.sum())
    above = x[seen >= seen.max() / 2]
    assert LineProfile(box, sigma).fwhm == pytest.approx(np.ptp(above), abs=0.03)


def test_the_sky_behind_a_wide_slit_is_as_wide_as_the_slit() -> None:
    narrow = sky_profile(1.5, DISPERSION, "0.45_LONG_SLIT", "0.45_LONG_SLIT")
    assert narrow.fwhm == pytest.approx(1.5, abs=0.02)
    wide = sky_profile(1.5, DISPERSION, "0.45_LONG_SLIT", "3.0_LONG_SLIT")
    assert wide.fwhm == pytest.approx(3.0 / 0.15 * DISPERSION, rel=0.02)
    assert wide.sigma == narrow.sigma
    assert sky_profile(1.5, DISPERSION, "IFU", "3.0_LONG_SLIT").fwhm == pytest.approx(1.5, rel=0.01)
    # a target is as sharp as the seeing, but not wider than the slit
    assert target_fwhm(wide, DISPERSION, 0.7) == pytest.approx(2.3, abs=0.15)
    assert target_fwhm(wide, DISPERSION, 4.0) == wide.fwhm
    assert target_fwhm(wide, DISPERSION, None) == wide.fwhm


def test_a_point_source_may_stand_beside_the_middle_of_a_wide_slit() -> None:
    assert centring_limit("3.0_LONG_SLIT", 0.7, DISPERSION) == pytest.approx(1.15 / 0.15 * 0.42)
    assert centring_limit("1.0_LONG_SLIT", 0.7, DISPERSION) == 0
    assert centring_limit("3.0_LONG_SLIT", None, DISPERSION) == 0


def test_another_slit_without_a_sky_is_uncertain_by_its_displacement() -> None:
    zero = determine(None, (), OTHER_SLIT)
    assert zero.source is Source.UNCERTAIN
    assert zero.limit is not None
    assert zero.limit > 40 * DISPERSION
    assert not zero.corrected


def test_the_order_of_what_settles_it() -> None:
    evidence = (sibling(-36.0), LEARNT)
    assert determine(own(-15.0, 0.4), evidence, OTHER_SLIT).source is Source.SKY
    assert determine(None, evidence, OTHER_SLIT).source is Source.SIBLING
    learnt = determine(None, (LEARNT,), OTHER_SLIT)
    assert (learnt.source, learnt.offset) == (Source.LEARNT, -35.0 * DISPERSION)
    assert learnt.error >= 2.4 * DISPERSION
    assert determine(None, (LEARNT,), SAME_SLIT).source is Source.ARC


def test_a_small_offset_through_the_same_slit_is_left_and_is_part_of_the_error() -> None:
    left = determine(own(0.15, 0.1), (), SAME_SLIT)
    assert (left.source, left.corrected) == (Source.SKY, False)
    assert left.error == pytest.approx(np.hypot(0.15, 0.1))
    assert determine(own(0.25, 0.1), (), SAME_SLIT).corrected
    assert determine(own(0.15, 0.1), (), OTHER_SLIT).corrected


def test_what_is_not_corrected_is_uncertain() -> None:
    zero = determine(own(-15.0, 0.4), (), OTHER_SLIT, correct=False)
    assert (zero.source, zero.corrected) == (Source.UNCERTAIN, False)
    assert zero.limit is not None
    assert zero.limit >= 15
    assert zero.error >= 15


def test_an_arc_of_another_time_and_pointing_says_how_uncertain_it_is() -> None:
    shifts = [
        flexure(Separation(0.05, same_pointing=True)),
        flexure(Separation(0.5, same_pointing=True)),
        flexure(Separation(0.5, same_pointing=False)),
        flexure(Separation(9.0, same_pointing=False, same_night=False)),
    ]
    assert shifts == sorted(shifts)
    assert shifts[0] < 0.4
    assert shifts[-1] >= 3
    zero = determine(None, (), Circumstances(1.0, slits_differ=False, flexure=shifts[-1]))
    assert (zero.source, zero.error) == (Source.ARC, shifts[-1])


def test_siblings_are_combined_and_their_disagreement_counts() -> None:
    agreeing = [sibling(-36.0), sibling(-36.4), sibling(-35.6)]
    offset, error = combined(agreeing)
    assert offset == pytest.approx(-36.0)
    assert 0.5 <= error < 0.7  # what may have moved since is common to all
    differing = [sibling(-36.0), sibling(-40.0), sibling(-32.0)]
    assert combined(differing)[1] > 2 * error
    near, far = sibling(-36.0, shift=0.3), sibling(-30.0, shift=5.0)
    assert combined([near, far])[0] == pytest.approx(-36, abs=0.2)


def test_the_errors_of_combined_siblings_are_true() -> None:
    rng = np.random.default_rng(4)
    pulls = []
    for _ in range(400):
        count = int(rng.integers(1, 8))
        errors, shift = rng.uniform(0.2, 2, count), 0.7
        common = rng.normal(0, shift)  # flexure between the siblings and the spectrum
        evidence = [sibling(rng.normal(common, e), float(e), shift) for e in errors]
        offset, error = combined(evidence)
        pulls.append(offset / error)
    assert 0.8 < np.std(pulls) < 1.15
