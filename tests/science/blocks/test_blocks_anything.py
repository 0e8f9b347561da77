"""Masters, extraction and wavelengths of absurd frames: a product, or a sentence that says why not.

`test_reduce_anything` has the same for Reduce, `test_extract_any` for the pixels of Extract.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.nddata import CCDData
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reduction.errors import ReductionError
from reduction.fits.frame_io import variance_of
from reduction.fits.vocabulary import GSP_TLO
from reduction.frames import Product, Spectrum
from reduction.notice_codes import Severity
from reduction.registry import BlockInputs, all_blocks
from tests.support.goodman_frames import MODERN, header, write
from tests.support.science.absurd_values import ABSURD, PATTERNS
from tests.support.science.block_scenes import spectrum_and_arc, two_targets

MANY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
KEYWORDS = sorted(MODERN)
PLACE = ["LTM1_1", "LTV1", "LTM2_2", "LTV2", "GSP_TORD", "GSP_TC00", GSP_TLO, "GSP_THI"]


def attempt(block: str, inputs: BlockInputs, **choices: Any) -> None:
    """Run a block: sound products or a sentence."""
    known = all_blocks()[block]
    try:
        products = known.run(inputs, known.settings(**choices), lambda *_: None)
    except ReductionError as error:
        assert error.notice.severity is Severity.ERROR
        return
    assert products
    for product in products:
        sound(product)


def sound(product: Product) -> None:
    data = product.data
    if isinstance(data, Spectrum):
        assert data.flux.shape == data.variance.shape == data.mask.shape
        assert not np.isinf(data.flux).any()
        if data.wavelength is not None:
            assert np.isfinite(data.wavelength).all()
            assert (np.diff(data.wavelength) > 0).all()
    else:
        variance = variance_of(data)
        assert variance is not None
        assert np.isfinite(data.data).all()
        assert not np.isnan(variance).any()
    for value in product.quality.values():
        if isinstance(value, float):
            assert np.isfinite(value)


@MANY
@given(
    kind=st.sampled_from(["BIAS", "FLAT"]),
    patterns=st.lists(st.sampled_from(sorted(PATTERNS)), min_size=3, max_size=3),
    keyword=st.sampled_from(["", "TRIMSEC", *KEYWORDS]),
    value=ABSURD,
)
def test_masters_of_any_frames(kind: str, patterns: list[str], keyword: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        members = []
        for number, pattern in enumerate(patterns):
            counts = PATTERNS[pattern](np.random.default_rng(number))
            cards = {"OBSTYPE": kind} | ({keyword: value} if keyword and number == 1 else {})
            with np.errstate(invalid="ignore"):
                members.append(
                    write(Path(folder) / f"{number}.fits", np.nan_to_num(counts), header(**cards))
                )
        inputs = BlockInputs(members=tuple(members))
        attempt("master_bias" if kind == "BIAS" else "master_flat", inputs, minimum=2)


def hurt(frame: CCDData | Spectrum, keyword: str, value: Any) -> CCDData | Spectrum:
    """The same with a card changed, or taken out when the value is None."""
    cards = (frame.header if isinstance(frame, Spectrum) else frame.meta).copy()
    if value is None:
        cards.remove(keyword, ignore_missing=True)
    else:
        cards[keyword] = value
    if isinstance(frame, Spectrum):
        return replace(frame, header=cards)
    return CCDData(
        frame.data,
        unit=frame.unit,
        uncertainty=frame.uncertainty,
        mask=frame.mask,
        flags=frame.flags,
        meta=cards,
    )


@MANY
@given(keyword=st.sampled_from([*KEYWORDS, *PLACE[:4]]), value=ABSURD)
def test_extract_with_any_card(keyword: str, value: Any) -> None:
    inputs = two_targets()
    attempt("extract", replace(inputs, frame=hurt(inputs.frame, keyword, value)))


@MANY
@given(keyword=st.sampled_from([*KEYWORDS, *PLACE]), value=ABSURD, of_the_arc=st.booleans())
@example(keyword="EXPTIME", value=503237840040.0, of_the_arc=False)
def test_wavelength_with_any_card(keyword: str, value: Any, of_the_arc: bool) -> None:
    inputs = spectrum_and_arc()
    which = "arc" if of_the_arc else "frame"
    attempt("wavelength", replace(inputs, **{which: hurt(getattr(inputs, which), keyword, value)}))


@pytest.mark.parametrize("value", [0.0, -5.0, 1e6, np.nan, np.inf])
@pytest.mark.parametrize("which", ["arc", "flux", "sky", "variance"])
def test_wavelength_of_any_pixels(which: str, value: float) -> None:
    inputs = spectrum_and_arc()
    if which == "arc":
        arc = inputs.arc
        assert arc is not None
        arc = hurt(arc, "OBJECT", "HgArNe")
        assert isinstance(arc, CCDData)
        arc.data = np.full_like(arc.data, value)
        attempt("wavelength", replace(inputs, arc=arc))
        return
    spectrum = inputs.frame
    assert isinstance(spectrum, Spectrum)
    changed = replace(spectrum, **{which: np.full(spectrum.flux.size, value)})
    attempt("wavelength", replace(inputs, frame=changed))
