"""What the page computes from spectra, in a real browser, against truths from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.paths import ROOT

SCRIPT = ROOT / "assets" / "spectrum_math.js"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sheet(chromium: Any) -> Iterator[Any]:
    """An empty page with the functions in it."""
    page = chromium.new_page()
    page.add_script_tag(path=str(SCRIPT))
    yield page
    page.close()


def run(sheet: Any, body: str, given: Any) -> Any:
    return sheet.evaluate(f"(given) => {{ const m = window.gspSpectrum.math; {body} }}", given)


def test_air_and_vacuum_are_those_of_published_tables(sheet: Any) -> None:
    # SDSS DR7, "vacuum wavelengths": the strong lines in vacuum and in air
    vacuum = [2803.53, 3728.30, 4862.69, 4960.30, 5008.24, 6549.86, 6564.61, 6585.27, 6718.29]
    air = [2802.70, 3727.24, 4861.33, 4958.92, 5006.84, 6548.05, 6562.80, 6583.45, 6716.44]
    ours = run(sheet, "return given.map(m.toAir);", vacuum)
    np.testing.assert_allclose(ours, air, atol=0.02)
    again = run(sheet, "return given.map((w) => m.toVacuum(m.toAir(w)));", vacuum)
    np.testing.assert_allclose(again, vacuum, atol=1e-6)


def test_the_vacuum_wavelength_is_stretched(sheet: Any) -> None:
    # H alpha at z = 0.1: 6564.614 Å × 1.1 = 7221.075 Å in vacuum, where n − 1 = 2.754e-4
    seen, back = run(
        sheet, "const at = m.observed(6562.80, 0.1); return [at, m.rest(at, 0.1)];", None
    )
    assert seen == pytest.approx(7219.086, abs=0.01)
    assert seen != pytest.approx(6562.80 * 1.1, abs=0.001)
    assert back == pytest.approx(6562.80, abs=1e-6)
    z = [-0.01, -1e-4, 0, 2e-3, 0.0712, 3.5]
    there = run(sheet, "return given.map((z) => m.toRedshift(m.toPlace(z)));", z)
    np.testing.assert_allclose(there, z, atol=1e-12)


@pytest.mark.parametrize(("kind", "n"), [("box", 5), ("box", 4), ("gauss", 3.5), ("gauss", 12)])
def test_the_band_of_a_smoothed_spectrum_is_its_scatter(sheet: Any, kind: str, n: float) -> None:
    random = np.random.default_rng(8)
    sigma = np.linspace(1, 9, 36)
    sigma[20] = np.nan  # an unknown pixel takes no part
    drawn = random.normal(0, np.nan_to_num(sigma), (4000, 36))
    drawn[:, 20] = np.nan
    body = """const sigma = given.sigma.map(read);
        const all = given.flux.map((f) => m.smooth(f.map(read), sigma, ...given.w));
        return [all.map((s) => Array.from(s.flux)), Array.from(all[0].sigma)];
        function read(v) { return v === null ? NaN : v; }"""
    flux = [[None if np.isnan(v) else v for v in row] for row in drawn.tolist()]
    given = {"flux": flux, "sigma": [None if np.isnan(v) else v for v in sigma], "w": [kind, n]}
    means, stated = (np.array(part, dtype=float) for part in run(sheet, body, given))
    known = np.delete(np.arange(36), 20)
    np.testing.assert_allclose(means.std(axis=0)[known], stated[known], rtol=0.05)
    assert np.isnan(means[:, 20]).all()


def test_a_box_is_a_running_mean_and_a_gaussian_keeps_the_light(sheet: Any) -> None:
    values = [0.0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0]
    body = "return Array.from(m.smooth(given, given.map(() => 1), '{}', 5).flux);"
    box = run(sheet, body.format("box"), values)
    assert box == [0, 0, 0, 0, 6, 6, 6, 6, 6, 0, 0, 0, 0]
    far = [0.0] * 30
    gauss = np.array(run(sheet, body.format("gauss"), [*far, 30.0, *far]))
    assert gauss.sum() == pytest.approx(30, rel=1e-3)
    half = np.interp(0.5 * gauss[30], gauss[30:36][::-1], np.arange(6)[::-1])
    assert 2 * half == pytest.approx(5, abs=0.2)  # the full width at half maximum is n


def test_ratio_and_difference_have_the_errors_of_their_parts(sheet: Any) -> None:
    random = np.random.default_rng(4)
    one = {"x": [1, 2, 3, 9], "flux": [10, 20, 30, 5], "sigma": [0.2, 0.3, 0.4, 0.1]}
    other = {"x": [0, 2, 4], "flux": [4, 8, 16], "sigma": [0.1, 0.2, 0.3]}
    body = (
        "const r = m.compare(given.mode, given.one, given.other);return [[...r.flux],[...r.sigma]];"
    )
    f = random.normal(one["flux"], one["sigma"], (200_000, 4))[:, :3]
    g = random.normal(other["flux"], other["sigma"], (200_000, 3))
    there = np.column_stack([g[:, :2].mean(axis=1), g[:, 1], g[:, 1:].mean(axis=1)])
    for mode, drawn in (("ratio", f / there), ("difference", f - there)):
        flux, sigma = run(sheet, body, {"mode": mode, "one": one, "other": other})
        np.testing.assert_allclose(flux[:3], drawn.mean(axis=0), rtol=2e-3)
        np.testing.assert_allclose(sigma[:3], drawn.std(axis=0), rtol=1e-2)
        assert np.isnan(flux[3])  # the other does not reach there


def test_a_spectrum_is_normalised_by_its_median(sheet: Any) -> None:
    body = """const r = m.normalised({ x: [1, 2, 3, 4], flux: Float64Array.from(given),
        sigma: Float64Array.from(given) }); return [[...r.flux], [...r.sigma]];"""
    flux, sigma = run(sheet, body, [2, 4, 6, 100])
    assert flux == sigma == [0.4, 0.8, 1.2, 20]
    assert run(sheet, "return m.normalised({ flux: Float64Array.from(given) }).flux[0];", [0]) == 0
