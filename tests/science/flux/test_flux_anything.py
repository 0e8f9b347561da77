"""Calibrate Flux on absurd headers and pixels: a sound flux, or a refusal; nothing in silence."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reduction.errors import ReductionError, UnusableFrame
from reduction.frames import PixelFlag, Spectrum
from reduction.notice_codes import NoticeCode, Severity
from reduction.registry import BlockInputs, all_blocks
from tests.support.notices import refused
from tests.support.science import flux_scenes
from tests.support.science.absurd_values import ABSURD
from tests.support.science.block_scenes import quiet

MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
CARDS = [
    *("EXPTIME", "AIRMASS", "MOUNT_EL", "OBSRA", "OBSDEC", "DATE-OBS", "POSANGLE", "ADCSTAT"),
    *("SLIT", "FILTER", "FILTER2", "GRATING", "CAM_TARG", "GRT_TARG", "INSTCONF", "BUNIT"),
    *("GSP_FWAS", "GSP_RESO", "GSP_LWID", "GSP_ZERR", "GSP_ZLIM", "AIRORVAC"),
]
OF_SENSITIVITY = [
    *("GSP_AIRM", "GSP_STAR", "GSP_STRF", "GSP_O2", "GSP_H2O", "GSP_TSHI", "GSP_TWID", "GSP_TWNG"),
    *("GSP_TGAS", "GSP_ZMED", "GSP_TRAT", "SLIT", "DATE-OBS", "AIRORVAC", "GRATING"),
]
AIR = np.arange(6500.0, 8500.0, 4.0)


@lru_cache
def counts() -> np.ndarray:
    return flux_scenes.behind_the_atmosphere(np.random.default_rng(1), air=AIR).flux


def spectrum() -> Spectrum:
    made = flux_scenes.behind_the_atmosphere(air=AIR)
    made.flux = counts().copy()
    return made


def put(frame: Spectrum, keyword: str, value: Any) -> None:
    if value is None:
        frame.header.remove(keyword, ignore_missing=True)
        return
    try:
        frame.header[keyword] = value
    except ValueError:  # no card can hold it
        frame.header.remove(keyword, ignore_missing=True)


def attempt(inputs: BlockInputs) -> None:
    block = all_blocks()["flux"]
    try:
        [product] = block.run(inputs, block.request(), quiet)
    except ReductionError as error:
        assert error.notice.severity is Severity.ERROR
        return
    made = product.data
    assert isinstance(made, Spectrum)
    known = np.isfinite(made.flux)
    assert np.isinf(made.variance[~known]).all()
    assert not np.isinf(made.flux).any()
    assert np.all(np.isfinite(made.variance[known]) & (made.variance[known] >= 0))
    assert np.all(made.planes["SYS"][known] >= 0)
    flagged = (made.mask & PixelFlag.NO_SENSITIVITY) != 0
    assert not np.any(flagged & known)
    passed = made.planes["TRANSM"]
    assert np.all((passed > 0) & (passed <= 1))
    for name, value in product.quality.items():
        if isinstance(value, float):
            assert np.isfinite(value), name
    assert product.quality["grade"] in {"absolute", "relative", "shape only"}


@MANY
@given(keyword=st.sampled_from(CARDS), value=ABSURD)
def test_any_card_of_a_spectrum(keyword: str, value: Any) -> None:
    frame = spectrum()
    put(frame, keyword, value)
    attempt(flux_scenes.inputs(frame))


@MANY
@given(keyword=st.sampled_from(OF_SENSITIVITY), value=ABSURD)
def test_any_card_of_a_sensitivity(keyword: str, value: Any) -> None:
    response = flux_scenes.sensitivity()
    for name, usual in (("GSP_O2", 1.0), ("GSP_H2O", 3.0), ("GSP_TSHI", 0.0), ("GSP_TWNG", 0.1)):
        response.header[name] = usual
    response.header["GSP_TWID"], response.header["GSP_TGAS"] = 6.0, "O2 H2O"
    put(response, keyword, value)
    attempt(flux_scenes.inputs(spectrum(), response))


def test_light_that_is_all_outside_of_the_aperture_gives_no_flux() -> None:
    frame = spectrum()
    frame.loss = np.full(frame.flux.size, 1.0)
    block = all_blocks()["flux"]
    inputs = flux_scenes.inputs(frame)
    with refused(UnusableFrame, NoticeCode.FLUX_NOWHERE, file=inputs.file_name):
        block.run(inputs, block.request(), quiet)


@MANY
@given(
    seed=st.integers(0, 10_000),
    share=st.floats(0, 1),
    value=st.sampled_from([np.nan, 0.0, -1e6, 1e12, 1e-300]),
    where=st.sampled_from(["flux", "variance", "loss", "response", "systematic"]),
)
def test_any_pixels(seed: int, share: float, value: float, where: str) -> None:
    frame, response = spectrum(), flux_scenes.sensitivity()
    assert frame.loss is not None
    target = {
        "flux": frame.flux,
        "variance": frame.variance,
        "loss": frame.loss,
        "response": response.flux,
        "systematic": response.planes["SYS"],
    }[where]
    target[np.random.default_rng(seed).random(target.size) < share] = value
    attempt(flux_scenes.inputs(frame, response))
