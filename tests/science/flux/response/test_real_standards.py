"""Standard stars observed with Goodman, against their references and against other nights."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from reduction.blocks.flux import FluxSettings, flux
from reduction.blocks.sensitivity import SensitivityRunSettings, sensitivity
from reduction.errors import NoSensitivity
from reduction.flux.references.library import star_of, stars
from reduction.flux.response import site_library
from reduction.flux.response.response import measure
from reduction.frames import Product
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.notices import codes, params
from tests.support.science.standard_nights import (
    MAGNITUDE,
    at,
    observation,
    one_star,
    responses,
    scatter,
    stored,
    stored_fits,
    with_library,
)
from tests.support.truth.real_frames import calibrated_standard

DEFECTIVE = {
    (12, "20250903"),
    (23, "20251108"),
    (26, "20251203"),
    (33, "20251203"),
    (35, "20251225"),
}
"""Rows whose spectra are no standard star's: broken, saturated or without light."""
AT = {
    "400_M1": np.array([3700, 3850, 4000, 4300, 4600, 4900, 5200, 5500, 5800, 6100, 6400, 6700.0]),
    "400_M2": np.array([5100, 5300, 5500, 5800, 6100, 6400, 6700, 7000, 7400, 8000, 8600, 8800.0]),
}


def quiet(_step: str, _fraction: float) -> None:
    return None


class TestNightOf2014:
    """LTT 3218 through a slit of 3 arcsec; the header's airmass is absurd on some frames."""

    @staticmethod
    @lru_cache
    def made(setting: str, exposure: int) -> Product:
        parent = calibrated_standard(setting, exposure)
        parent.data.header["AIRMASS"] = 199.88  # as in other headers of this night
        [product] = sensitivity(
            BlockInputs(frame=parent.data, file_name=parent.file_name),
            SensitivityRunSettings(),
            quiet,
        )
        return product

    @pytest.mark.parametrize("setting", ["blue", "red"])
    def test_sensitivity(self, setting: str) -> None:
        product = self.made(setting, 0)
        assert product.quality["star"] == "LTT 3218"
        assert product.quality["reference"] == "Moehler"
        assert product.quality["airmass"] == pytest.approx(1.11, abs=0.01)
        assert product.quality["response_rms_mag"] < 0.02
        assert 0.2 < product.quality["throughput_peak"] < 0.45
        assert "airmass_differs" in codes(product.notices)

    def test_lines_of_the_star_find_the_shift_of_the_arc(self) -> None:
        """In red the sky shows 15.7 Å against the arc; in blue it is too dark to show any."""
        shift = params(self.made("blue", 0).notices, NoticeCode.STANDARD_SHIFTED)
        assert shift["shift"] == pytest.approx(-15.7, abs=1.5)
        assert "standard_shifted" not in codes(self.made("red", 0).notices)

    @pytest.mark.parametrize("setting", ["blue", "red"])
    def test_an_exposure_calibrated_by_the_other(self, setting: str) -> None:
        parent = calibrated_standard(setting, 1)
        known = self.made(setting, 0)
        [product] = flux(
            BlockInputs(
                frame=parent.data,
                file_name=parent.file_name,
                sensitivity=known.data,
                names={CalibrationRole.SENSITIVITY: known.file_name},
            ),
            FluxSettings(),
            quiet,
        )
        found = product.data
        shift = -16.5 if setting == "blue" else 0.0
        star = star_of("LTT 3218")
        assert star is not None
        reference = star.references[0]
        published = np.interp(found.wavelength - shift, reference.wavelength, reference.flux)
        free = np.isfinite(found.flux) & (found.wavelength < 6860)
        for line in (6562.8, 4861.3, 4340.5, 4101.7, 3970.1, 3889.0, 3835.4, 3797.9, 3770.6):
            free &= np.abs(found.wavelength - shift - line) > 20
        off = (found.flux - published)[free]
        sigma = np.hypot(found.planes["SYS"], np.sqrt(found.variance))[free]
        assert np.mean(np.abs(off) < sigma) > 0.68
        assert abs(np.median(off / published[free])) < 0.02


class TestNightsOf2025And2026:
    def test_only_the_defective_are_refused(self) -> None:
        dates = stored()["date"]
        used = {*responses("400_M1"), *responses("400_M2")}
        refused = {(row, str(dates[row])) for row in range(dates.size)} - {
            (row, str(dates[row])) for row in used
        }
        assert refused == DEFECTIVE

    @pytest.mark.parametrize("mode", AT)
    def test_shape_of_a_night_against_the_others(self, mode: str) -> None:
        """The scatter of one star between nights is that of the fits stored with the data.

        Most of it is real. From 17 nights it is known to 17 %.
        """
        wavelengths = AT[mode]
        left = one_star(mode, wavelengths)
        ours, theirs = scatter(left), scatter(stored_fits(mode, wavelengths))
        assert np.median(ours / theirs) < 1.17
        assert np.all(ours < theirs + 0.05)
        assert np.all(ours < 0.2)
        sigma = [at(one, wavelengths, one.systematic) for one in responses(mode).values()]
        inside = np.abs(left) < MAGNITUDE * np.array(sigma)
        assert 0.58 < np.mean(inside[np.isfinite(left)]) < 0.80

    @pytest.mark.parametrize("mode", AT)
    def test_points_of_a_night_against_the_site_library(self, mode: str) -> None:
        """The site library predicts a night better than the fits of the nights agree."""
        wavelengths = AT[mode]
        ours = scatter(with_library(mode, wavelengths))
        theirs = scatter(stored_fits(mode, wavelengths))
        assert np.all(ours <= np.maximum(theirs, 0.02))
        assert np.all(ours < 0.1)


@pytest.mark.parametrize("mode", AT)
def test_another_star_is_noticed(mode: str) -> None:
    """References of stars of another type do not pass in silence where there are earlier nights."""
    earlier = list(responses(mode).values())
    for row in list(responses(mode))[::5]:
        spectrum, own, airmass = observation(row)
        for other in stars():
            if own.kind in {other.kind, "hot"} or other.kind == "hot":
                continue
            try:
                found = measure(spectrum, other, airmass)
                notices = (*found.notices, *(site_library.judge(found, earlier) or ()))
            except NoSensitivity:
                continue
            assert any(str(c).startswith("throughput") for c in codes(notices)), other.name


@pytest.mark.parametrize("mode", AT)
def test_the_nights_are_usual_for_each_other(mode: str) -> None:
    found = responses(mode)
    said = [
        bool(site_library.judge(own, [o for r, o in found.items() if r != row]))
        for row, own in found.items()
    ]
    assert sum(said) <= 2
