"""The read noise of a frame: measured where the measurement can be trusted, else the header's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData

from reduction import readouts
from reduction.detector import geometry, overscan
from reduction.detector.distribution import core
from reduction.detector.master_members import Member, in_threads
from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

PLAUSIBLE = (0.5, 2.0)
"""Range of a measured noise over the header's in which the measurement is used."""
NOTIFIED_FROM = 0.10
"""Relative difference from the header from which a notice is given."""
AGREE = 0.10
"""Relative difference between a frame and its master bias, besides five of its errors."""
PAIRS, PAIR_ROWS = 3, 128
"""Pairs of biases that are compared, and rows of each: the noise is then good to a thousandth."""


class NoiseSource(StrEnum):
    """Where the read noise of a frame comes from."""

    HEADER = "header"
    OVERSCAN = "overscan"
    BIAS_PAIRS = "bias pairs"


@dataclass(frozen=True, slots=True)
class ReadNoise:
    """The read noise of a frame.

    Parameters
    ----------
    electron : float
        The value that is used.
    source : NoiseSource
        Where it comes from.
    variance : float
        Of a pixel without light, electron²: with the rounding of the counts if it was measured.
    overscan : float or None
        Measured in the overscan of the frame, electron, whether it is used or not.
    notices : tuple of Notice
    """

    electron: float
    source: NoiseSource
    variance: float
    overscan: float | None
    notices: tuple[Notice, ...]


def of_pairs(paths: Sequence[Path], gain: float | None) -> float | None:
    """Return the read noise of bias frames from the differences of pairs.

    Structure that the frames share does not enter. The section is the illuminated one.

    Parameters
    ----------
    paths : sequence of Path
        Raw biases of one read-out.
    gain : float or None
        Electron/ADU.

    Returns
    -------
    float or None
        Electron; None with one frame only, without gain, or when the pairs disagree.
    """
    pairs = list(zip(paths[::2], paths[1::2], strict=False))[:PAIRS]
    if gain is None or not pairs:
        return None
    sigmas = [one for one in in_threads(_of_pair, pairs) if one is not None]
    if not sigmas or max(sigmas) > (1 + AGREE) * min(sigmas):
        return None
    return gain * float(np.mean(sigmas))


def _of_pair(pair: tuple[Path, Path]) -> float | None:
    one, other = (Member.of(path) for path in pair)
    section = geometry.image_section(one.header, one.pixels.shape)
    middle = (section.y0 + section.y1) // 2
    first = max(middle - PAIR_ROWS // 2, section.y0)
    rows = slice(first, min(first + PAIR_ROWS, section.y1))
    columns = section.slices[1]
    difference = one.values(rows, columns) - other.values(rows, columns)
    found = core(difference, overscan.OF_DIFFERENCES)
    return None if found is None or found.sigma <= 0 else found.sigma / float(np.sqrt(2))


def of_frame(
    frame: CCDData, stated: float | None, gain: float, master: CCDData | None
) -> ReadNoise:
    """Return the read noise to use for a raw frame.

    The pairs of biases behind the master are the best measurement, as long as the frame's own
    overscan agrees; otherwise the overscan is used, and without a steady one the header.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, untrimmed.
    stated : float or None
        Of the header, electron.
    gain : float
        Electron/ADU.
    master : CCDData or None
        Master bias; its header may state what was measured.

    Raises
    ------
    HeaderError
        The header has no read noise, and it cannot be measured.
    """
    section = geometry.overscan_section(frame.meta, frame.shape)
    seen = None if section is None else overscan.scatter(frame.data[section.slices])
    own = None if seen is None else gain * seen.adu
    of_master = None if master is None else _of_master(master.meta, stated, gain)
    steady = seen if seen is not None and seen.steady else None
    candidate, source = None, NoiseSource.HEADER
    if of_master is not None and (
        steady is None or abs(gain * steady.adu / of_master - 1) <= AGREE + 5 * steady.error
    ):
        candidate, source = of_master, NoiseSource.BIAS_PAIRS
    elif steady is not None:
        candidate, source = gain * steady.adu, NoiseSource.OVERSCAN
    rounding = gain**2 / 12 if seen is None or seen.rounded else 0.0
    if stated is None:
        if candidate is None or not readouts.is_plausible(candidate):
            card = vocabulary.RDNOISE
            missing = {"keyword": card.keyword, "meaning": card.meaning}
            raise HeaderError(NoticeCode.CARD_MISSING, **missing)
        return ReadNoise(candidate, source, candidate**2 + rounding, own, ())
    if candidate is None:
        return ReadNoise(stated, NoiseSource.HEADER, stated**2, own, ())
    numbers = {"measured": round(candidate, 2), "stated": stated, "source": source}
    if not PLAUSIBLE[0] <= candidate / stated <= PLAUSIBLE[1]:
        unused = notice(NoticeCode.READ_NOISE_NOT_USED, **numbers)
        return ReadNoise(stated, NoiseSource.HEADER, stated**2, own, (unused,))
    differs = abs(candidate / stated - 1) > NOTIFIED_FROM
    notices = (notice(NoticeCode.READ_NOISE_DIFFERS, **numbers),) if differs else ()
    return ReadNoise(candidate, source, candidate**2 + rounding, own, notices)


def _of_master(header: fits.Header, stated: float | None, gain: float) -> float | None:
    """Return what was measured on the biases of a master of the same read-out, electron."""
    measured = header.get(vocabulary.GSP_RNOI)
    its_gain = headers.number(header, vocabulary.GAIN)
    its_noise = headers.number(header, vocabulary.RDNOISE)
    if not isinstance(measured, float) or (its_gain, its_noise) != (gain, stated):
        return None
    return measured if measured > 0 else None
