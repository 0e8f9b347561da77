"""The real night of AT2018oh, from the watched folder to wavelengths that other programs read.

Goodman Blue, 930 lines/mm at custom angles: the lamp is 1x2 and the science 2x2, WAVMODE is stale,
no library lamp has this setup, and the flats' slit is another one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from specutils import Spectrum

from tests.support.browser import data_page
from tests.support.browser_window import Window
from tests.support.live_site import LiveSite, until
from tests.support.paths import REAL_NIGHT

NIGHT = REAL_NIGHT

pytestmark = pytest.mark.skipif(not NIGHT.is_dir(), reason=f"no real night in {NIGHT}")


class RealNight:
    """The night after everything that runs by itself has run."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.token = site.staff_token()
        until(self._settled, 300, "the night is reduced")

    def _settled(self) -> bool:
        self.settled_at = time.time()
        live = self.runs("waiting,queued,running")
        return len(self.files(0)) == 32 and len(self.files(4)) == 5 and not live

    def files(self, data_type: int) -> list[dict]:
        answer = self.site.api(f"files/?data_type={data_type}&page_size=100", self.token)
        assert answer["count"] == len(answer["results"])
        return answer["results"]

    def runs(self, states: str) -> list[dict]:
        return self.site.api(f"runs/?state={states}&page_size=100", self.token)["results"]

    def path(self, file: dict) -> Path:
        return Path(file["full_path"])


@pytest.fixture(scope="module")
def night() -> Iterator[RealNight]:
    site = LiveSite(GSP_RAW_DIRS=str(NIGHT))
    try:
        yield RealNight(site.start())
    finally:
        site.clean_up()


def test_every_frame_is_indexed_and_one_master_of_each_kind_is_made(night: RealNight) -> None:
    assert len(night.files(0)) == 32
    masters = sorted(file["obstype"] for file in night.files(1))
    assert len(masters) == 2, masters
    assert {"BIAS"} < set(masters)
    assert night.runs("failed") == []


def test_all_five_spectra_are_calibrated_on_laboratory_lines(night: RealNight) -> None:
    spectra = night.files(4)
    assert {spectrum["object"] for spectrum in spectra} == {"AT2018oh"}
    assert len({spectrum["original_file"] for spectrum in spectra}) == 5
    for spectrum in spectra:
        header = fits.getheader(night.path(spectrum))
        assert header["GSP_WRMS"] <= 0.20
        assert header["GSP_WPOI"] >= 15
        # The range of the lamp's own scale, before the correction by the sky (next test).
        first = header["CRVAL1"] + (1 - header["CRPIX1"]) * header["CDELT1"] + header["GSP_SKYO"]
        last = first + (header["NAXIS1"] - 1) * header["CDELT1"]
        assert first == pytest.approx(3550, abs=30)
        assert last == pytest.approx(5270, abs=30)
        assert 0.84 <= header["CDELT1"] <= 0.85


def test_the_moonlit_sky_has_its_lines_where_they_belong(night: RealNight) -> None:
    # The lamp was taken nine hours before, at another camera angle, and its scale is 14.5 Å off in
    # the science frames. Ca II H and K of the moonlight don't know of our lamps and line lists.
    for spectrum in night.files(4):
        answer = night.site.api(f"files/data/?id={spectrum['id']}", night.token)
        axis, sky = np.array(answer["wavelength"]), np.array(answer["sky"], dtype=float)
        for line in (3933.66, 3968.47):
            near = np.abs(axis - line) < 16
            depth = np.clip(np.median(sky[near]) - sky[near], 0, None)
            assert (axis[near] * depth).sum() / depth.sum() == pytest.approx(line, abs=2.0)
        assert "sky_corrected" in {one["code"] for one in spectrum["notices"]}


def test_a_flat_of_another_slit_is_used_with_a_visible_warning(night: RealNight) -> None:
    for spectrum in (*night.files(2), *night.files(4)):
        if spectrum["object"] == "AT2018oh":
            assert "degraded_match" in {one["code"] for one in spectrum["notices"]}


def test_specutils_and_astropy_read_our_wavelength_axis(night: RealNight) -> None:
    for spectrum in night.files(4):
        path = night.path(spectrum)
        answer = night.site.api(f"files/data/?id={spectrum['id']}", night.token)
        ours = np.array(answer["wavelength"])
        header = fits.getheader(path)
        pixel = np.arange(header["NAXIS1"])
        plain = WCS(header).spectral.pixel_to_world_values(pixel) * 1e10  # SI: metres
        theirs = Spectrum.read(path).spectral_axis.to_value("angstrom")
        np.testing.assert_allclose(plain, ours, atol=0.01)
        np.testing.assert_allclose(theirs, ours, atol=0.01)


def test_raw_frames_are_untouched_and_the_check_is_clean(night: RealNight) -> None:
    raw = {file["file_name"]: file for file in night.files(0)}
    for path in NIGHT.glob("*.fits"):
        assert raw[path.name]["size"] == path.stat().st_size
    checked = night.site.flask("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.browser
def test_the_pages_show_the_night(night: RealNight, chromium: Any) -> None:
    expect, site = data_page.expect, night.site
    who = ("observer", "Quiet-Harbour-81")
    site.add_user(*who, "--staff")
    window = Window(chromium, site)
    try:
        page = window.sign_in(*who)
        window.open("/data")
        expect(page.get_by_role("link", name="Observed 32")).to_be_visible()
        data_page.show_calibrated(page)
        axis = "Wavelength in air (Å)"
        data_page.until(page, lambda: data_page.plotted(page).get("x") == axis, "the spectrum")
        assert data_page.plotted(page)["range"][:2] == pytest.approx([3550, 5270], abs=60)
        page.get_by_role("link", name="Reduced").first.click()
        data_page.until(page, lambda: data_page.painted_shades(page) > 20, "the reduced image")
        page.get_by_role("link", name="Advanced Visualization").click()
        expect(page.get_by_text("these windows, S/N")).to_be_visible()
        expect(page.get_by_text("Along row")).to_be_visible()
        box = page.get_by_label("Histogram of the pixels with the limits").bounding_box()
        page.mouse.move(box["x"] + 0.97 * box["width"], box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.99 * box["width"], box["y"] + 40, steps=3)
        page.mouse.up()
        page.wait_for_url(re.compile("limits=typed"))
        window.open("/search?object_name=2018oh&data_type=4")
        expect(page.locator("#search-count")).to_have_text("5")
        window.open("/night")
        expect(page.locator("#night-rows tr")).to_have_count(32)
        expect(page.locator("#night-rows .step.done").filter(has_text="λ")).to_have_count(5)
        window.open("/logs")
        expect(page.get_by_text("No messages yet.")).to_be_visible()  # a night without failures
    finally:
        window.context.close()
    assert not window.trouble
