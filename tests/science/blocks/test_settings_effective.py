"""Every setting of every block changes what comes out, and is recorded in the product's header.

A new setting without a row in `CASES` fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reduction.errors import (
    MissingCalibration,
    NoWavelengthSolution,
    ReductionError,
    TargetNotFound,
)
from reduction.fits import frame_io
from reduction.frames import Product, Spectrum
from reduction.registry import BlockInputs, all_blocks
from tests.support.goodman_frames import header, write
from tests.support.paths import ROOT
from tests.support.science import flat_series, flux_scenes
from tests.support.science.block_scenes import (
    biases,
    flats,
    quiet,
    raw,
    spectrum_and_arc,
    standard_star,
    two_targets,
)

Outcome = list[Product] | ReductionError


SCENES: dict[str, tuple[Callable[[], BlockInputs], dict[str, Any]]] = {
    "master_bias": (biases, {"minimum": 3}),
    "master_flat": (flats, {"minimum": 3}),
    "reduce": (raw, {}),
    "extract": (two_targets, {}),
    "wavelength": (spectrum_and_arc, {"sky": "ignore"}),
    "sensitivity": (standard_star, {}),
    "flux": (flux_scenes.inputs, {}),
}


@lru_cache(maxsize=64)
def outcome(block: str, changes: tuple[tuple[str, Any], ...] = ()) -> Outcome:
    scene, usual = SCENES[block]
    settings = all_blocks()[block].settings(**(usual | dict(changes)))
    try:
        return all_blocks()[block].run(scene(), settings, quiet)
    except ReductionError as error:
        return error


def card(keyword: str) -> Callable[[Outcome], object]:
    """What a card of the first product's header says."""

    def read(found: Outcome) -> object:
        assert not isinstance(found, ReductionError), found
        data = found[0].data
        return (data.header if hasattr(data, "header") else data.meta).get(keyword)

    return read


def pixels(found: Outcome) -> object:
    """The first product's pixels, as something that can be compared."""
    assert not isinstance(found, ReductionError), found
    data = found[0].data
    values = data.data if hasattr(data, "data") else data.flux
    return np.asarray(values).round(4).tobytes()


def sensitivity(found: Outcome) -> object:
    """The first product's fitted response, to six digits."""
    assert not isinstance(found, ReductionError), found
    return np.log10(found[0].data.flux).round(6).tobytes()


def pixels_of_flux(found: Outcome) -> object:
    """The first product's flux, of which no digit is lost by rounding."""
    assert not isinstance(found, ReductionError), found
    data = found[0].data
    assert isinstance(data, Spectrum)
    return data.flux.tobytes()


def flagged(found: Outcome) -> object:
    assert not isinstance(found, ReductionError), found
    return int(np.count_nonzero(frame_io.flags_of(found[0].data) & 4))


def count(found: Outcome) -> object:
    return 0 if isinstance(found, TargetNotFound) else len(found)  # type: ignore[arg-type]


def refusal(found: Outcome) -> object:
    return type(found) if isinstance(found, ReductionError) else None


@dataclass(frozen=True)
class Case:
    """A changed value, what it changes (or the test that shows it), and where it is recorded.

    `expected` is what the effect comes to, `instead_of` a value to compare with when the usual one
    does the same.
    """

    value: Any
    effect: Callable[[Outcome], object] | str
    keyword: str = ""
    expected: object = None
    instead_of: Any = None


CALIBRATIONS = (
    "tests/services/calibration/test_calibrations.py::TestArcs::test_the_choice_of_arcs_is_obeyed"
)
CASES = {
    ("master_bias", "minimum"): [Case(4, refusal, "GSP_NMIN", MissingCalibration)],
    ("master_flat", "minimum"): [Case(5, refusal, "GSP_NMIN", MissingCalibration)],
    ("master_flat", "saturation_threshold"): [Case(100.0, card("GSP_NCOM"), "GSP_STHR", 4)],
    ("master_flat", "normalization"): [
        Case("mean", pixels, "GSP_NORM"),
        Case("full", pixels, "GSP_NORM"),
    ],
    ("master_flat", "order"): [Case(2, pixels, "GSP_NORD")],
    ("reduce", "cosmic_rays"): [
        Case("none", flagged, "GSP_CRSE", 0),
        Case("dcr", card("GSP_COSM"), "GSP_CRSE", "DCR"),
        Case("dcr", flagged, "GSP_CRSE"),
        Case("lacosmic", card("GSP_COSM"), "GSP_CRSE", "LACosmic", "dcr"),
    ],
    ("reduce", "technique"): [Case("Imaging", card("GSP_SLIT"), "GSP_TECH", "none")],
    ("reduce", "ignore_bias"): [Case(True, card("GSP_BIAS"), "GSP_IGNB", "none")],
    ("reduce", "ignore_flats"): [Case(True, card("GSP_FLAT"), "GSP_IGNF", "none")],
    ("extract", "extraction_type"): [Case("fractional", card("GSP_LOSS"), "GSP_EXTY")],
    ("extract", "target_model"): [Case("gaussian", card("GSP_BETA"), "GSP_PMOD", None)],
    ("extract", "max_targets"): [Case(1, count, "GSP_TMAX", 1)],
    ("extract", "threshold"): [Case(900.0, count, "GSP_THRE", 0)],
    ("extract", "aperture_width"): [Case(3.0, card("GSP_THI"), "GSP_APW")],
    ("extract", "background_offset"): [Case(1.0, card("GSP_BKG1"), "GSP_BOFF")],
    ("extract", "background_width"): [Case(4.0, card("GSP_BKG1"), "GSP_BWID")],
    ("extract", "trace_degree"): [Case(1, card("GSP_TORD"), "GSP_TDEG", 1)],
    ("wavelength", "order"): [Case(4, card("GSP_ORDR"), "GSP_ORDR", 4)],
    ("wavelength", "minimum_lines"): [Case(60, refusal, "GSP_WMIN", NoWavelengthSolution)],
    ("wavelength", "maximum_rms"): [Case(0.01, refusal, "GSP_WMAX", NoWavelengthSolution)],
    ("wavelength", "maximum_shift"): [Case(10.0, refusal, "GSP_WSHI", NoWavelengthSolution)],
    ("wavelength", "arc_choice"): [Case("nearest", CALIBRATIONS, "GSP_ARCC")],
    ("wavelength", "arc_name"): [Case("0012_comp.fits", CALIBRATIONS, "GSP_ARCN")],
    ("wavelength", "step"): [Case(5.0, card("CDELT1"), "GSP_WSTE", 5.0)],
    ("wavelength", "medium"): [Case("vacuum", card("CTYPE1"), "GSP_WMED", "WAVE")],
    ("wavelength", "sky"): [
        Case("warn", card("GSP_SKYO"), "GSP_SKYC"),
        Case("apply", card("CRVAL1"), "GSP_SKYC"),
    ],
    ("sensitivity", "stiffness"): [Case(8.0, sensitivity, "GSP_SFST")],
    ("sensitivity", "mask_lines"): [Case(False, sensitivity, "GSP_SFLM")],
    ("flux", "telluric"): [Case("off", pixels_of_flux, "GSP_TELC")],
}


def is_test(node_id: str) -> bool:
    """Tell whether there is a test of this id, a function of a class."""
    path, class_name, name = node_id.split("::")
    tree = ast.parse((ROOT / path).read_text())
    return any(
        isinstance(function, ast.FunctionDef) and function.name == name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == class_name
        for function in node.body
    )


def test_every_setting_has_a_row() -> None:
    known = {(b.name, field) for b in all_blocks().values() for field in b.settings.model_fields}
    assert set(CASES) == known


@pytest.mark.parametrize(
    ("block", "name", "case"), [(*key, case) for key, cases in CASES.items() for case in cases]
)
def test_a_setting_is_effective_and_recorded(block: str, name: str, case: Case) -> None:
    usual = () if case.instead_of is None else ((name, case.instead_of),)
    before, after = outcome(block, usual), outcome(block, ((name, case.value),))
    assert not isinstance(before, ReductionError), before
    if isinstance(case.effect, str):
        assert is_test(case.effect)
    else:
        assert case.effect(after) != case.effect(before)
        if case.expected is not None:
            assert case.effect(after) == case.expected
    told = card(case.keyword)
    if isinstance(after, ReductionError):  # then the usual value is recorded where there is one
        settings = all_blocks()[block].settings(**SCENES[block][1])
        assert told(before) == getattr(settings, name)
    else:
        assert told(after) == case.value


@pytest.mark.parametrize("obstype", ["FLAT", "LAMPFLAT", "DFLAT"])
def test_flats_of_every_name_make_a_master(obstype: str, tmp_path: Path) -> None:
    members = flat_series.write_flats(tmp_path, [1.0, 1.1, 0.9])
    for member in members:
        data, meta = frame_io.read_raw(member).data, header(OBSTYPE=obstype)
        member.unlink()
        write(member, data, meta)
    block = all_blocks()["master_flat"]
    [product] = block.run(BlockInputs(members=members), block.settings(minimum=3), quiet)
    assert card("GSP_NCOM")([product]) == 3


NUMBERS = {
    "reduce": {
        "bias_level_adu": "GSP_BLEV",
        "read_noise_electron": "GSP_RNOI",
        "saturated_fraction": "GSP_SATF",
        "cosmic_ray_fraction": "GSP_CRFR",
    },
    "extract": {
        "fwhm_pixel": "GSP_FWHM",
        "median_snr": "GSP_SNR",
        "sky_electron": "GSP_SKY",
        "trace_rms_pixel": "GSP_TERR",
        "aperture_loss": "GSP_LOSS",
        "saturated_columns": "GSP_SATC",
        "fwhm_arcsec": "GSP_FWAS",
    },
    "flux": {
        "airmass": "GSP_AIRM",
        "sigma_sys_percent": "GSP_SSYS",
        "residual_before": "GSP_TBEF",
        "residual_after": "GSP_TAFT",
    },
    "wavelength": {
        "rms_angstrom": "GSP_WRMS",
        "lines": "GSP_WPOI",
        "sky_offset_angstrom": "GSP_SKYO",
        "sky_offset_error_angstrom": "GSP_SKYE",
    },
}
"""Quality numbers: their names in the database, and their cards."""


@pytest.mark.parametrize("block", NUMBERS)
def test_quality_numbers_are_told_in_header_and_database(block: str) -> None:
    found = outcome(block, (("sky", "apply"),) if block == "wavelength" else ())
    assert not isinstance(found, ReductionError), found
    for name, keyword in NUMBERS[block].items():
        number = found[0].quality[name]
        assert isinstance(number, int | float)
        assert np.isfinite(number)
        assert card(keyword)(found) == pytest.approx(number, abs=0.01), name
