"""Groups of marked pixels, against OpenCV's labels of every pixel."""

import cv2
import numpy as np
import pytest

from reduction.cosmic_rays.events import events


@pytest.mark.parametrize("part", [0.0, 0.002, 0.05, 0.3, 1.0])
def test_the_groups_are_those_of_opencv(part: float) -> None:
    marks = np.random.default_rng(1).random((70, 90)) < part
    marks[10, :] |= part > 0  # from edge to edge: the next row begins at the other one
    found = events(marks)
    number, labels, stats, middles = cv2.connectedComponentsWithStats(marks.astype(np.uint8))
    assert found.count == number - 1
    theirs = labels.ravel()[found.places] - 1
    pairs = np.unique(np.stack([found.label, theirs]), axis=1)
    assert pairs.shape[1] == found.count
    ours, order = pairs
    order = order + 1
    np.testing.assert_array_equal(found.size[ours], stats[order, cv2.CC_STAT_AREA])
    for position, extent, axis in (
        (found.column, cv2.CC_STAT_WIDTH, 0),
        (found.row, cv2.CC_STAT_HEIGHT, 1),
    ):
        np.testing.assert_array_equal(found.extent(position)[ours], stats[order, extent])
        np.testing.assert_allclose(found.middle(position)[ours], middles[order, axis])
