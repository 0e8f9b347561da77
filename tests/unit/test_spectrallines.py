"""The lines an observer looks for, against wavelengths published elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.lamps import library
from reduction.spectrallines import features

# Vacuum wavelengths, Å, from NIST's Atomic Spectra Database as other surveys use them (SDSS, DESI).
VACUUM = {
    "H": (3890.158, 3971.195, 4102.892, 4341.684, 4862.683, 6564.613),
    "He": (4472.729, 5877.249, 4687.015, 6679.995),
    "neb": (
        3346.783, 3426.864, 3727.092, 3729.875, 3869.861, 4364.435, 4960.294, 5008.238, 5756.189,
        6302.044, 6313.806, 6365.536, 6549.858, 6585.270, 6718.291, 6732.671, 7137.757, 7321.731,
        7332.199, 7753.19, 9071.103, 9533.227,
    ),
    "star": (3934.777, 3969.591, 5891.583, 5897.558, 8500.36, 8544.44, 8664.52),
    "ism": (3934.777, 3969.591, 5891.583, 5897.558),
}  # fmt: skip


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
