"""The lines an observer looks for, against wavelengths published elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.lines.lamps import library
from reduction.lines.spectral_lines import features

# Vacuum wavelengths, Å, from NIST's Atomic Spectra Database as other surveys use them (SDSS, DESI).
VACUUM = {
    "H": (3890.158, 3971.195, 4102.892, 4341.684, 4862.683, 6564.613),
    "He": (4472.729, 5877.249, 4687.015, 6679.995),
    "neb": (
        3346.783,
        3426.864,
        3727.092,
        3729.875,
        3869.861,
        4364.435,
        4960.294,
        5008.238,
        5756.189,
        6302.044,
        6313.806,
        6365.536,
        6549.858,
        6585.270,
        6718.291,
        6732.671,
        7137.757,
        7321.731,
        7332.199,
        7753.19,
        9071.103,
        9533.227,
    ),
    "star": (3934.777, 3969.591, 5891.583, 5897.558, 8500.36, 8544.44, 8664.52),
    "ism": (3934.777, 3969.591, 5891.583, 5897.558),
}

# Air wavelengths, Å, of every line of these lists as another table has them. Nebular lines:
# D. Chojnowski's "Table of emission lines" (from van Hoof's and NIST's), and NIST's levels for
# [Ca II], [Ar III] and [S III] in the far red. Stellar and interstellar lines: VALD and NIST, as
# analyses of spectra at high resolution use them.
AIR = {
    "neb": (
        3345.821,
        3425.881,
        3726.032,
        3728.815,
        3868.760,
        3967.470,
        4068.600,
        4076.349,
        4267.18,
        4363.210,
        4640.640,
        4647.420,
        4658.050,
        4711.260,
        4740.120,
        4958.911,
        5006.843,
        5197.902,
        5200.257,
        5517.709,
        5537.873,
        5754.590,
        5801.330,
        5811.980,
        6087.000,
        6300.304,
        6312.060,
        6363.776,
        6374.510,
        6548.050,
        6583.460,
        6716.440,
        6730.810,
        7135.790,
        7291.468,
        7319.71,
        7323.887,
        7330.19,
        7751.110,
        9068.600,
        9530.61,
    ),
    "star": (
        3933.663,
        3968.469,
        4045.812,
        4077.709,
        4226.728,
        4305.0,
        4383.545,
        4481.180,
        4554.033,
        4923.927,
        4934.077,
        5018.440,
        5167.321,
        5169.033,
        5172.684,
        5183.604,
        5269.541,
        5328.039,
        5889.951,
        5895.924,
        6141.713,
        6347.109,
        6371.371,
        6496.897,
        6578.05,
        6582.88,
        6707.815,
        7771.944,
        7774.166,
        7775.388,
        8183.256,
        8194.824,
        8446.359,
        8498.02,
        8542.09,
        8662.14,
    ),
    "ism": (
        3933.663,
        3957.692,
        3968.469,
        4232.548,
        4300.313,
        5889.951,
        5895.924,
        7664.899,
        7698.965,
    ),
}

# The best known diffuse bands, rounded: their centres differ from star to star.
DIFFUSE = (5780.5, 5797.1, 5850.0, 6196.0, 6203.0, 6283.8, 6613.6)

# Air wavelength and full width at half maximum, Å, of every diffuse band of ours in another survey:
# Jenniskens & Désert 1994, A&AS 106, 39.
MEASURED = (
    (5780.6, 2.07),
    (5797.1, 0.97),
    (5849.8, 1.03),
    (6196.2, 0.65),
    (6203.2, 1.21),
    (6270.1, 1.03),
    (6284.3, 2.58),
    (6379.3, 0.79),
    (6613.7, 1.14),
    (6660.6, 0.84),
)

# Vacuum wavelengths, Å, of blended OH lines at low resolution, computed for other spectrographs
# (PypeIt's sky models for GMOS; 8780.2 is the mean of two lines of its model for X-shooter).
OH_VACUUM = (
    6534.84,
    6555.42,
    6866.06,
    6925.12,
    7278.52,
    7318.29,
    7342.90,
    7752.85,
    7796.25,
    7823.65,
    7916.05,
    7966.84,
    7995.53,
    8347.09,
    8401.48,
    8432.49,
    8467.68,
    8780.20,
    8829.65,
    8888.29,
    8922.08,
)


def in_air(vacuum: float) -> float:
    """Morton (1991, ApJS 77, 119), equation 3: another formula than the page's."""
    s2 = (1e4 / vacuum) ** 2
    return vacuum / (1 + 6.4328e-5 + 2.94981e-2 / (146 - s2) + 2.5540e-4 / (41 - s2))


@pytest.mark.parametrize("key", VACUUM)
def test_the_lines_are_where_others_have_them(key: str) -> None:
    (listed,) = [one for one in features().lists if one.key == key]
    ours = np.array([wavelength for _, wavelength in listed.lines])
    for vacuum in VACUUM[key]:
        assert np.abs(ours - in_air(vacuum)).min() < 0.06, vacuum


@pytest.mark.parametrize("key", AIR)
def test_every_line_has_the_wavelength_of_another_table(key: str) -> None:
    (listed,) = [one for one in features().lists if one.key == key]
    ours = [wavelength for name, wavelength in listed.lines if name != "DIB"]
    np.testing.assert_allclose(ours, AIR[key], rtol=0, atol=0.06)


def test_the_diffuse_bands_are_the_known_ones() -> None:
    (listed,) = [one for one in features().lists if one.key == "ism"]
    ours = np.array([wavelength for name, wavelength in listed.lines if name == "DIB"])
    for known in DIFFUSE:
        assert np.abs(ours - known).min() < 0.25
    centre, width = np.array(MEASURED).T
    assert ours.shape == centre.shape
    assert (np.abs(ours - centre) < width / 2).all()


def test_the_sky_lines_are_where_models_of_the_airglow_have_them() -> None:
    ours = [w for _, w in features().sky.lines if w > 6500]
    np.testing.assert_allclose(ours, [in_air(w) for w in OH_VACUUM], rtol=0, atol=0.25)
    atoms = [w for _, w in features().sky.lines if w < 6500]
    known = [5577.338, 5889.951, 5895.924, 6300.304, 6363.78]
    np.testing.assert_allclose(atoms, known, rtol=0, atol=0.01)


def test_hydrogen_and_ionised_helium_follow_rydberg() -> None:
    lists = {one.key: dict.fromkeys(w for _, w in one.lines) for one in features().lists}
    hydrogen = [(2, n) for n in range(3, 15)] + [(3, n) for n in range(8, 19)]
    assert len(lists["H"]) == len(hydrogen)
    for low, high in hydrogen:
        expected = in_air(1e8 / (109677.583 * (1 / low**2 - 1 / high**2)))
        # the fine structure, which the formula leaves out, is up to 0.08 Å
        assert min(abs(w - expected) for w in lists["H"]) < 0.09, (low, high)
    for low, high in ((3, 5), (4, 11), (4, 9), (3, 4), (4, 7), (4, 6), (5, 9)):
        expected = in_air(1e8 / (4 * 109722.274 * (1 / low**2 - 1 / high**2)))
        assert min(abs(w - expected) for w in lists["He"]) < 0.16, (low, high)


def test_neutral_helium_is_the_lamps_helium() -> None:
    nist = library().line_wavelength[library().line_spectrum == "He I"]
    (helium,) = [one for one in features().lists if one.key == "He"]
    for name, wavelength in helium.lines:
        if name == "He I":
            assert np.abs(nist - wavelength).min() < 0.03, wavelength


def test_each_list_has_a_source_and_sense() -> None:
    known = features()
    assert [one.key for one in known.lists] == ["H", "He", "neb", "star", "ism"]
    for one in (*known.lists, known.sky):
        wavelengths = [wavelength for _, wavelength in one.lines]
        assert one.source
        assert all(3000 < wavelength < 10500 for wavelength in wavelengths)
        assert len(set(one.lines)) == len(one.lines)
        assert set(one.strong) <= set(wavelengths)
    assert 5577.34 in [wavelength for _, wavelength in known.sky.lines]
    for _, first, last in known.telluric:
        assert first < last
    # the heads of the oxygen bands (B: 6867 Å, A: 7594 Å) lie in bands, the lines between do not
    inside = [sum(a <= w <= b for _, a, b in known.telluric) for w in (6867.3, 7594.3, 6562.8)]
    assert inside == [1, 1, 0]
