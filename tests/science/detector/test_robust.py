"""Medians by sorting networks are the medians numpy gives; patches answer as the frame would."""

import numpy as np
import pytest

from reduction.cosmic_rays.patches import CORE, MARGIN, Patches
from reduction.detector import robust


@pytest.mark.parametrize("n", [*range(1, 18), 33, 50])
def test_planes_are_sorted(n: int) -> None:
    stack = np.random.default_rng(n).normal(size=(n, 3, 40)).astype(np.float32)
    stack[:, 0, 0] = 1
    stack[0, 1, 1] = np.inf
    ordered = robust.sort_planes(stack.copy())
    assert np.array_equal(ordered, np.sort(stack, axis=0))
    finite = robust.middle(ordered)[2]
    assert np.allclose(finite, np.median(stack, axis=0)[2], rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (5, 7), (130, 333)])
def test_medians_of_blocks_follow_a_smooth_scene(shape: tuple[int, int]) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    scene = 5 + 0.5 * x + 0.25 * y
    rows = robust.row_medians(scene, 16)
    columns = robust.column_medians(scene, 16)
    along = rows @ robust.interpolation(shape[1], rows.shape[1]).T
    across = robust.interpolation(shape[0], len(columns)) @ columns
    assert along.shape == across.shape == shape
    if shape[1] >= 64:
        assert np.abs(along - scene).max() < 1.25  # blocks begin at whole pairs of columns
    if shape[0] >= 64:
        assert np.abs(across - scene).max() < 0.5


def test_a_few_hits_do_not_move_a_block() -> None:
    image = np.full((64, 64), 7, np.float32)
    image[::9, ::11] = 1e5
    assert (robust.column_medians(image, 32) == 7).all()
    assert (robust.row_medians(image, 32) == 7).all()


def test_marks_on_patches_come_back_where_they_were() -> None:
    marks = np.zeros((100, 90), bool)
    marks[[0, 99, 50, 15, 16], [0, 89, 3, 31, 33]] = True
    image = np.arange(9000, dtype=np.float32).reshape(100, 90)
    patches = Patches(marks)
    assert np.array_equal(patches.frame(patches.cut(marks)), marks)
    cut = patches.cut(image).reshape(patches.count, CORE + 2 * MARGIN, CORE + 2 * MARGIN)
    assert cut[0, MARGIN, MARGIN] == image[0, 0] and cut[0, 0, 0] == image[0, 0]
    assert patches.edge.shape == patches.cut(image).shape


def test_nothing_marked_is_no_patch() -> None:
    patches = Patches(np.zeros((30, 30), bool))
    assert patches.count == 0


@pytest.mark.parametrize("axis", [0, 1])
def test_a_median_leaves_nan_out(axis: int) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(30, 41)).astype(np.float32)
    values[rng.uniform(size=values.shape) < 0.3] = np.nan
    values[4] = np.nan
    values[:, 7] = np.nan
    found = robust.known_median(values, axis)
    empty = 7 if axis == 0 else 4
    assert np.isnan(found[empty])
    others = np.arange(len(found)) != empty
    expected = np.nanmedian(np.delete(values, empty, 1 - axis), axis=axis)
    assert np.allclose(found[others], expected)
