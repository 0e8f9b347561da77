"""The viewport's numbers are the image's, whatever the zoom."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figures import pyramid
from figures.codec import NOTHING
from figures.pyramid import build, load, save, view


def frame(n_y: int, n_x: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(300, 5, (n_y, n_x)).astype(np.float32)


def test_raw_counts_at_full_resolution_are_exact() -> None:
    counts = np.random.default_rng(2).integers(1, 65535, (200, 300), dtype=np.uint16)
    cut = view(build(counts), (20, 120), (10, 90), 400, 400)
    assert cut.bins == (1, 1)
    assert np.array_equal(cut.codec.decode(cut.numbers), counts[10:90, 20:120])


def test_real_values_keep_the_background_and_the_peaks() -> None:
    image = frame(64, 64)
    image[5, 5], image[6, 6] = 61234.5, -2000.0
    cut = view(build(image), (0, 64), (0, 64), 64, 64)
    decoded = cut.codec.decode(cut.numbers)
    assert np.abs(decoded - image)[10:].max() < 0.05  # a hundredth of the noise
    assert decoded[5, 5] == pytest.approx(61234.5, rel=1e-3)
    assert decoded[6, 6] == pytest.approx(-2000.0, rel=1e-3)


def test_few_pixels_are_sent_as_they_are() -> None:
    cut = view(build(frame(200, 2071)), (0, 2071), (0, 200), 300, 100)
    assert cut.bins == (1, 1)


@settings(max_examples=60, deadline=None)
@given(
    n_y=st.integers(1, 90),
    n_x=st.integers(1, 1500),
    edges=st.tuples(*[st.floats(-50, 1600, allow_nan=False)] * 4),
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    afford=st.sampled_from([0, 1_000_000]),
)
def test_every_number_is_the_mean_of_the_pixels_its_box_says(
    *, n_y: int, n_x: int, edges: tuple[float, ...], width: int, height: int, afford: int
) -> None:
    image = frame(n_y, n_x, seed=n_x)
    with mock.patch.object(pyramid, "_AFFORDABLE", afford):
        cut = view(build(image), edges[:2], edges[2:], width, height)
    (bin_x, bin_y), box = cut.bins, cut.box
    assert cut.numbers.shape == ((box.y1 - box.y0) // bin_y, (box.x1 - box.x0) // bin_x)
    decoded = cut.codec.decode(cut.numbers)
    assert np.isfinite(decoded).all()
    corner = image[box.y0 : box.y0 + bin_y, box.x0 : box.x0 + bin_x]
    assert decoded[0, 0] == pytest.approx(corner.mean(), abs=0.05)
    last = image[box.y1 - bin_y : box.y1, box.x1 - bin_x : box.x1]
    # A pyramid's mean of means weighs a partial bin at the edge as a whole one.
    assert decoded[-1, -1] == pytest.approx(last.mean(), abs=25)
    low, high = sorted(edges[:2])
    assert box.x0 <= max(low, 0) or box.x0 <= n_x - 1
    assert box.x1 >= min(max(high, 0), n_x)


def test_a_view_is_never_coarser_than_the_screen() -> None:
    made = build(frame(1000, 4142))
    for width, height in ((1000, 400), (300, 100), (37, 11)):
        cut = view(made, (0, 4142), (0, 1000), width, height)
        assert cut.numbers.shape[1] >= width
        assert cut.numbers.shape[0] >= height
        assert cut.numbers.size <= 4 * 2 * width * 2 * height


def test_unknown_pixels_stay_unknown_and_do_not_spread() -> None:
    image = frame(1600, 800)
    image[:, 400:600] = np.nan
    image[10, 10] = np.inf
    cut = view(build(image), (0, 800), (0, 1600), 100, 200)
    decoded = cut.codec.decode(cut.numbers)
    unknown = cut.numbers == NOTHING
    assert unknown[:, 51:74].all()
    assert not unknown[:, :50].any()
    assert np.nanmax(np.abs(decoded - 300)) < 10


def test_one_saturated_pixel_is_seen_from_afar() -> None:
    counts = np.full((2000, 2000), 1000, dtype=np.uint16)
    flags = np.zeros(counts.shape, dtype=np.uint8)
    flags[1234, 567], flags[1235, 567], flags[3, 1999] = 2, 4, 16
    cut = view(build(counts, flags), (0, 2000), (0, 2000), 500, 500)
    assert cut.flags is not None
    bins = cut.bins
    seen = {
        (int(r), int(c)): int(cut.flags[r, c]) for r, c in zip(*np.nonzero(cut.flags), strict=True)
    }
    assert seen == {(1234 // bins[1], 567 // bins[0]): 6, (3 // bins[1], 1999 // bins[0]): 16}
    assert view(build(counts), (0, 9), (0, 9), 9, 9).flags is None


@given(
    n_y=st.integers(1, 40), n_x=st.integers(1, 40), bin_y=st.integers(1, 9), bin_x=st.integers(1, 9)
)
def test_a_bin_has_the_flags_of_all_its_pixels(n_y: int, n_x: int, bin_y: int, bin_x: int) -> None:
    flags = np.random.default_rng(n_y * n_x).choice([0, 0, 0, 1, 2, 8], (n_y, n_x)).astype("u1")
    found = pyramid._any(flags, bin_x, bin_y)
    for row, line in enumerate(found):
        for column, value in enumerate(line):
            cell = flags[row * bin_y : (row + 1) * bin_y, column * bin_x : (column + 1) * bin_x]
            assert value == np.bitwise_or.reduce(cell, axis=None)


def test_a_saved_pyramid_is_the_same(tmp_path) -> None:
    flags = np.zeros((700, 900), dtype=np.uint8)
    flags[3, 4] = 4
    made = build(frame(700, 900), flags, np.full((700, 900), 12.34))
    save(made, tmp_path)
    opened = load(tmp_path)
    assert opened.limits == made.limits
    assert len(opened.levels) == len(made.levels) == 2
    for left, right in zip(
        (*opened.levels, *opened.flags), (*made.levels, *made.flags), strict=True
    ):
        assert np.array_equal(left, right)
    assert opened.histogram == made.histogram
    assert np.allclose(opened.noise, 12.34, rtol=5e-4)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((5, 5), np.uint16),
        np.full((5, 5), np.nan),
        np.full((5, 5), np.inf),
        np.ones((1, 1)),
    ],
)
def test_flat_and_empty_images_have_limits(image: np.ndarray) -> None:
    made = build(image)
    assert all(high > low for low, high in made.limits.values())
    view(made, (0, 5), (0, 5), 10, 10)


def test_limits_hold_background_and_signal() -> None:
    image = frame(300, 300)
    image[100] += 4000
    limits = build(image).limits
    assert limits["zscale"][0] < 300 < limits["zscale"][1] < 1000
    assert limits["minmax"][1] > 4200


def test_the_histogram_counts_every_pixel_where_it_is() -> None:
    image = frame(200, 200)
    image[:10] = 20_000
    image[50, 50] = np.nan
    made = build(image).histogram
    edges = made.edges()
    assert sum(made.counts) == image.size - 1
    assert edges[0] == pytest.approx(np.nanmin(image))
    assert edges[-1] == pytest.approx(20_000)
    assert sum(n for n, low in zip(made.counts, edges, strict=False) if low > 5000) == 2000
    below = sum(n for n, high in zip(made.counts, edges[1:], strict=True) if high < 300)
    assert below == pytest.approx(np.count_nonzero(image < 300), rel=0.05)


def test_what_is_no_plane_is_refused() -> None:
    with pytest.raises(ValueError, match="rows and columns"):
        build(np.zeros((2, 3, 4)))
