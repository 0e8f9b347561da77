"""The core of a sharp bright trace is left alone, and cosmic rays on it are found."""

import pytest

from reduction.cosmic_rays.cleaning import Method
from tests.support.science.sharp_traces import Count, Trace

COURSES = (
    {},
    {"tilt": 0.004, "n_lines": 6},
    {"tilt": -0.008, "bow": 2.0, "n_lines": 8, "n_sky_lines": 6},
)


@pytest.mark.parametrize("method", ["lacosmic", "dcr"])
@pytest.mark.parametrize("snr", [20.0, 60.0, 125.0, 300.0])
def test_a_sharp_trace_is_not_eaten(method: Method, snr: float) -> None:
    for fwhm in (2.0, 2.3, 2.8, 3.5):
        seen = Count()
        for seed, course in enumerate(COURSES):
            seen.add(Trace(fwhm, snr, **course), method, seed)  # type: ignore[arg-type]
        assert seen.touched <= 0.001 * seen.clean
        assert seen.true >= 0.98 * seen.marked
        assert seen.found >= 0.9 * seen.hit


def test_cosmic_rays_on_a_sharp_trace_are_found() -> None:
    seen = Count()
    for seed, (fwhm, snr) in enumerate((f, s) for f in (2.0, 2.3, 2.8, 3.5) for s in (20, 60, 125)):
        seen.add(Trace(fwhm, snr, 0.003, n_lines=4), "lacosmic", seed, seconds=2400)
    assert seen.hit_on_source > 100
    assert seen.found_on_source >= 0.85 * seen.hit_on_source
    assert seen.found >= 0.95 * seen.hit
    assert seen.true >= 0.995 * seen.marked
