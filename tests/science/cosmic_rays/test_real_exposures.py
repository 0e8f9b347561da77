"""Cosmic rays of real exposures: what one of five of a target has and the others have not."""

from functools import lru_cache

import cv2
import numpy as np
import pytest
from astropy.nddata import CCDData

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.cosmic_rays.cleaning import Method
from reduction.fits import frame_io
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag
from reduction.registry import BlockInputs
from tests.support.goodman_frames import NIGHT, REASON


def quiet(_step: str, _fraction: float) -> None:
    return None


@lru_cache(maxsize=1)
def masters() -> tuple[CCDData, CCDData]:
    biases, flats = (tuple(sorted(NIGHT.glob(name)))[:6] for name in ("*Zero*", "*QuFlat*"))
    [bias] = master_bias(BlockInputs(members=biases), MasterBiasSettings(minimum=2), quiet)
    assert isinstance(bias.data, CCDData)
    inputs = BlockInputs(members=flats, master_bias=bias.data)
    [flat] = master_flat(inputs, MasterFlatSettings(minimum=2), quiet)
    assert isinstance(flat.data, CCDData)
    return bias.data, flat.data


def exposures(method: str) -> list[CCDData]:
    frames = []
    bias, flat = masters()
    for path in sorted(NIGHT.glob("*AT2018oh*")):
        inputs = BlockInputs(
            frame=frame_io.read_raw(path), file_name=path.name, master_bias=bias, master_flat=flat
        )
        [product] = reduce(inputs, ReduceSettings(cosmic_rays=method), quiet)  # type: ignore[arg-type]
        assert isinstance(product.data, CCDData)
        frames.append(product.data)
    return frames


def excess(frames: list[CCDData], number: int) -> np.ndarray:
    """Return by how many sigmas a frame exceeds the median of the others, scaled to it."""
    others = np.median([one.data for n, one in enumerate(frames) if n != number], axis=0)
    own, level = (cv2.boxFilter(one, -1, (101, 1)) for one in (frames[number].data, others))
    scale = np.where(level > 50, own / np.maximum(level, 1), 1)
    variance = np.median([variance_of(one) for one in frames], axis=0)
    return np.asarray((frames[number].data - scale * others) / np.sqrt(1.4 * variance))


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
@pytest.mark.parametrize(("method", "least"), [("lacosmic", 0.97), ("dcr", 0.8)])
def test_hits_differ_between_exposures(method: Method, least: float) -> None:
    plain, cleaned = exposures("none"), exposures(method)
    hit = found = marked = wrong = wrong_on_trace = on_trace = 0
    for number, frame in enumerate(cleaned):
        deviation = excess(plain, number)
        marks = (flags_of(frame) & PixelFlag.COSMIC_RAY) != 0
        profile = np.median(frame.data, axis=1)
        trace = np.abs(np.arange(len(profile)) - profile.argmax())[:, None] <= 5
        hit += (deviation > 7).sum()
        found += (marks & (deviation > 7)).sum()
        marked += marks.sum()
        near = cv2.dilate((deviation > 5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        wrong += (marks & ~near).sum()
        wrong_on_trace += (marks & trace & ~near).sum()
        on_trace += trace.sum() * frame.shape[1]
    assert hit > 500
    assert found >= least * hit
    assert wrong <= 0.03 * marked
    assert wrong_on_trace <= 1e-3 * on_trace
