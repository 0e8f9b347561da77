"""Standard stars observed with Goodman, against their references and against other nights."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from astropy.io import fits

from reduction.astrometry.airmass import Airmass
from reduction.blocks.flux import FluxSettings, flux
from reduction.blocks.sensitivity import SensitivityRunSettings, sensitivity
from reduction.errors import NoSensitivity
from reduction.flux.references.library import Star, star_of, stars
from reduction.flux.response import site_library
from reduction.flux.response.response import Response, measure
from reduction.frames import Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.notices import codes, params
from tests.support.paths import SHARED_DATA
from tests.support.truth.real_frames import calibrated_standard

STORED = SHARED_DATA / "goodman-standards" / "red-400-2025-2026.npz"
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


@lru_cache
def stored() -> dict[str, np.ndarray]:
    if not STORED.exists():
        pytest.skip("the standard stars of 2025 and 2026 are not on this machine")
    with np.load(STORED) as opened:
        return {name: opened[name] for name in opened.files}


def observation(row: int) -> tuple[Spectrum, Star, Airmass]:
    """Return a stored observation as a calibrated spectrum."""
    table = stored()
    wave = table["wave"][row].astype(float)
    step = float(np.median(np.diff(wave)))
    axis = wave[0] + step * np.arange(wave.size)
    electrons = np.interp(axis, wave, table["counts"][row].astype(float)) * step
    mode = str(table["mode"][row])
    header = fits.Header()
    header["EXPTIME"], header["AIRORVAC"] = float(table["exptime"][row]), "vacuum"
    header["GSP_RESO"], header["GRATING"], header["SLIT"] = 6.0, "400_SYZY", "1.0_LONG_SLIT"
    header["CAM_TARG"], header["GRT_TARG"] = {"400_M1": (11.6, 5.8), "400_M2": (16.1, 7.5)}[mode]
    variance = np.maximum(electrons, 0) + 100.0
    mask = np.zeros(electrons.size, dtype=np.uint8)
    spectrum = Spectrum(electrons, variance, mask, header, wavelength=axis)
    star = star_of(str(table["std_name"][row]))
    assert star is not None
    return spectrum, star, Airmass(float(table["airmass"][row]), 0.01, "header")


@lru_cache
def responses(mode: str) -> dict[int, Response]:
    found = {}
    for row in np.flatnonzero(stored()["mode"] == mode):
        try:
            found[int(row)] = measure(*observation(int(row)))
        except NoSensitivity:
            continue
    return found


def at(response: Response, wavelengths: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.interp(wavelengths, response.wavelength, values)


def against_the_others(rows: np.ndarray) -> np.ndarray:
    """Return each row minus the median of the others, without its own median."""
    left = [row - np.nanmedian(np.delete(rows, i, axis=0), axis=0) for i, row in enumerate(rows)]
    return np.array(left) - np.nanmedian(left, axis=1, keepdims=True)


def scatter(residuals: np.ndarray) -> np.ndarray:
    return 1.4826 * np.nanmedian(np.abs(residuals), axis=0)


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
        """The scatter between nights is no larger than that of the fits stored with the data."""
        found, wavelengths = responses(mode), AT[mode]
        ours = np.array([np.log(at(one, wavelengths, one.sensitivity)) for one in found.values()])
        left = against_the_others(ours)
        table = stored()
        theirs = against_the_others(
            np.array(
                [
                    np.interp(wavelengths, table["wave"][row].astype(float), table["fit"][row])
                    for row in found
                ]
            )
        )
        assert np.median(scatter(2.5 / np.log(10) * left) / scatter(theirs)) < 1.05
        assert np.all(scatter(2.5 / np.log(10) * left) < scatter(theirs) + 0.035)
        sigma = np.array([at(one, wavelengths, one.systematic) for one in found.values()])
        inside = np.abs(left) < sigma
        assert 0.58 < np.mean(inside[np.isfinite(left)]) < 0.80

    @pytest.mark.parametrize("mode", AT)
    def test_points_of_a_night_against_the_site_library(self, mode: str) -> None:
        """The site library predicts a night better than the fits of the nights agree."""
        found, wavelengths = responses(mode), AT[mode]
        residuals = []
        for row, own in found.items():
            library = site_library.combine(own, [o for r, o in found.items() if r != row])
            assert library is not None
            there = (own.points > 0) & (own.masked == 0)
            ratio = np.log(np.where(there, own.points, 1.0) / library.sensitivity)
            near = [there & (np.abs(own.wavelength - w) < 40) for w in wavelengths]
            residuals.append([np.median(ratio[n]) if n.any() else np.nan for n in near])
        left = 2.5 / np.log(10) * np.array(residuals)
        table = stored()
        theirs = scatter(
            against_the_others(
                np.array(
                    [
                        np.interp(wavelengths, table["wave"][row].astype(float), table["fit"][row])
                        for row in found
                    ]
                )
            )
        )
        assert np.all(scatter(left) <= np.maximum(theirs, 0.02))
        assert np.all(scatter(left) < 0.1)


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
