"""Names of calibrations as observers write them, and names of stars that resemble them."""

from __future__ import annotations

import pytest

from reduction.fits.derivation.object_names import is_flat_name, lamps_in
from reduction.fits.header_values import filter_name

LAMPS = {
    "Fe": ("Fe",),
    "Fe 930 red": ("Fe",),
    "Fe_ZZCeti_930_blue": ("Fe",),
    "HgArNe": ("HgAr", "Ne"),
    "HgArNe_400M2_GG455": ("HgAr", "Ne"),
    "Hg Ar Ne": ("HgAr", "Ne"),
    "lamp HgAr": ("HgAr",),
    "CuHeAr 600": ("Cu",),
    "CuHeAr": ("Cu",),
    "FeHeAr930": ("Fe",),
    "Fe lamp": ("Fe",),
    "iron arc": ("Fe",),
    "Ne": ("Ne",),
    "NeAr": ("Ne", "Ar"),
    'Cu 1.0" long slit': ("Cu",),
}
STARS = (
    *("Ne Ser", "Ferrari", "Arcturus", "AR Cas", "AR Lac", "CU Cnc", "CU Virginis 600", "FE Aqr"),
    *("HE 0107-5240", "Neptune", "Arp 220", "Ara", "NGC 104", "Near", "HD 12 Ne", "Hercules A"),
    *("AR Scorpii", "Arne 3", "", "WD0507+045A", "Carina", "Nearby field"),
)


@pytest.mark.parametrize("name", LAMPS)
def test_a_lamp_is_known_by_its_name(name: str) -> None:
    assert lamps_in(name) == LAMPS[name]


@pytest.mark.parametrize("name", STARS)
def test_a_star_is_no_lamp(name: str) -> None:
    assert lamps_in(name) == ()


def test_a_flat_is_known_by_its_name() -> None:
    for name in ("Quartz", "Dome Flat", "Quartz Flat", "Qu", "quartz 930 red", "dome"):
        assert is_flat_name(name), name
    for name in ("Flatland", "NGC 55", "Dome C 3", "sky flat", ""):
        assert not is_flat_name(name), name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("GG-455", "GG455"),
        ("GG 455", "GG455"),
        ("gg455", "GG455"),
        ("<GG_495>", "GG495"),
        ("OG-570", "OG570"),
        ("<NO FILTER>", "NO_FILTER"),
        ("V-Bessel", "V-Bessel"),
        ("u-SDSS", "u-SDSS"),
    ],
)
def test_filters_have_one_spelling(written: str, name: str) -> None:
    assert filter_name(written) == name
