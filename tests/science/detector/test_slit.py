"""The rows of a slit without a flat: a step of the sky is its edge, a slow change is not."""

import numpy as np
import pytest

from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import slit
from reduction.fits import frame_io
from reduction.registry import BlockInputs
from tests.support.goodman_frames import NIGHT, REASON

N = 200


def rows_of(light: np.ndarray, seed: int = 1) -> tuple[int, int]:
    """Return the lit rows of integer counts with this light along the slit."""
    rng = np.random.default_rng(seed)
    counts = np.rint(rng.poisson(light[:, None] * np.ones(600)) + rng.normal(0, 3.4, (N, 600)))
    counts = counts.astype(np.float32)
    return slit.lit_rows_of_frame(slit.profile_along_slit(counts, np.ones(counts.shape, bool)))


def test_the_edges_of_a_lit_slit_are_found() -> None:
    light = np.where((np.arange(N) >= 30) & (np.arange(N) < 170), 40.0, 2.0)
    first, last = rows_of(light)
    assert 30 <= first <= 34
    assert 166 <= last <= 170


@pytest.mark.parametrize("sky", [2.0, 19.3, 19.5, 200.0])
def test_a_slit_longer_than_the_region_keeps_all_rows(sky: float) -> None:
    y = np.arange(N)
    target = 150 * np.exp(-0.5 * ((y - 80) / 3) ** 2)
    host = 3 * np.exp(-0.5 * ((y - 80) / 40) ** 2)
    assert rows_of(sky + target + host) == (0, N)
    assert rows_of(sky * (1 + 0.4 * y / N) + target) == (0, N)


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
def test_real_exposures_keep_their_rows_without_a_flat() -> None:
    for path in sorted(NIGHT.glob("*AT2018oh*")):
        inputs = BlockInputs(frame=frame_io.read_raw(path), file_name=path.name)
        [product] = reduce(
            inputs, ReduceSettings(cosmic_rays="none"), lambda _step, _fraction: None
        )
        assert product.data.shape == (200, 2030)  # type: ignore[union-attr]
