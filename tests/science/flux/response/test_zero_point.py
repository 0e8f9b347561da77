"""The zero point of a night against earlier ones."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.response.model import Response
from reduction.flux.response.zero_point import offset

AIR = np.arange(4000.0, 9000.0, 4.0)


def response(magnitude: float, first: float = 4000.0, last: float = 9000.0) -> Response:
    shape = 4e15 * np.exp(-0.5 * ((AIR - 6300) / 1500) ** 2)
    values = np.where((AIR >= first) & (AIR <= last), shape * 10 ** (0.4 * magnitude), np.nan)
    return Response(
        wavelength=AIR,
        sensitivity=values,
        variance=np.zeros(AIR.size),
        points=values,
        masked=np.zeros(AIR.size, np.uint8),
        residual=np.zeros(AIR.size),
        systematic=np.full(AIR.size, 0.02),
        first=first,
        last=last,
        rms=0.01,
        star="LTT 3218",
        source="Moehler",
        airmass=1.1,
    )


def test_clouds_make_it_fainter_by_their_extinction() -> None:
    earlier = [response(m) for m in (-0.1, 0.0, 0.05, 0.02, -0.5)]
    assert offset(response(-0.6), earlier) == pytest.approx(-0.6, abs=1e-9)
    assert offset(response(0.0, 5000.0, 7000.0), earlier) == pytest.approx(0.0, abs=1e-9)


def test_two_nights_are_too_few() -> None:
    assert offset(response(-0.6), [response(0.0), response(0.1)]) is None
    apart = [response(0.0, 4000.0, 5000.0)] * 5
    assert offset(response(0.0, 6000.0, 7000.0), apart) is None
    nothing = [response(0.0, 9500.0, 9600.0)] * 5
    assert offset(response(0.0), nothing) is None
