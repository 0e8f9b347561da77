"""A simulated night, frame by frame, and its files."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.simulation.exposures import Frame, expose
from reduction.simulation.plan import DEFAULT_START, NightPlan

Progress = Callable[[int, int], None]
"""``progress(done, total)``, called after each file."""


def frames(plan: NightPlan) -> Iterator[Frame]:
    """Simulate the frames of a night one by one, in the order of exposure.

    Yields
    ------
    Frame
        (file_name, header, data, truth); `header` lacks only the structural cards.
    """
    for exposure in plan.exposures:
        yield expose(exposure, plan.optics, plan.detector(exposure.facts.kind))


def science_frame(seed: int, index: int = 0, setup: str = "400_M2", **choices: object) -> Frame:
    """Simulate a single science frame of a night.

    Parameters
    ----------
    seed, setup
        As in `NightPlan`; so are `choices`.
    index : int
        Number of the science frame, from 0. The frame is the same as in a night without biases and
        flats.

    Returns
    -------
    Frame

    Raises
    ------
    ReductionError
        `index` is negative, or the night can't be simulated.
    """
    if index < 0:
        raise ReductionError(NoticeCode.SIMULATION_NEGATIVE, quantity="index of a science frame")
    plan = replace(NightPlan(seed, setup), n_bias=0, n_flat=0, n_science=index + 1, **choices)  # type: ignore[arg-type]
    chosen = [exposure for exposure in plan.exposures if exposure.facts.kind == "science"][index]
    return expose(chosen, plan.optics, plan.detector("science"))


def standard_frame(seed: int, star: str, setup: str = "400_M2", **choices: object) -> Frame:
    """Simulate a single frame of a standard star.

    Parameters
    ----------
    seed, setup
        As in `NightPlan`; so are `choices`.
    star : str
        Name of the star.

    Returns
    -------
    Frame

    Raises
    ------
    ReductionError
        The library has no such star, it is too low when the night begins, or the night can't be
        simulated.
    """
    plan = replace(NightPlan(seed, setup), n_bias=0, n_flat=0, n_science=0, standards=(star,))
    plan = replace(plan, **choices)  # type: ignore[arg-type]
    [chosen] = [exposure for exposure in plan.exposures if exposure.facts.kind == "science"]
    return expose(chosen, plan.optics, plan.detector("science"))


def write_frame(frame: Frame, folder: Path) -> Path:
    """Write a frame to a FITS file: under a temporary name without ``.fits`` first, then renamed.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OSError
        The file can't be written.
    """
    path = folder / frame.file_name
    temporary = folder / f".{frame.file_name}.part"
    try:
        with temporary.open("wb") as stream:
            fits.PrimaryHDU(frame.data, frame.header).writeto(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def simulate_night(
    out: Path,
    *,
    seed: int,
    setup: str = "400_M2",
    binning: tuple[int, int] = (2, 2),
    camera: str = "Red",
    n_bias: int = 10,
    n_flat: int = 10,
    n_science: int = 3,
    old_headers: bool = False,
    proposal: str = "SOAR2026B-001",
    rows: int | None = None,
    start: dt.datetime = DEFAULT_START,
    progress: Progress | None = None,
    **choices: object,
) -> list[Path]:
    """Simulate and write a raw night, with the truth about it under ``truth/``.

    The parameters are those of `NightPlan` (further ones may be given as `choices`). The truth of
    ``NAME.fits`` is ``truth/NAME.npz`` (`load_truth`), written before the frame itself; the bias
    structure and pixel response are in ``truth/detector_2x2.npz``, the plan in
    ``truth/night.json``.

    Returns
    -------
    list of Path
        The raw frames in the order of exposure.

    Raises
    ------
    ReductionError
        The setup, camera, binning or region can't be simulated.
    """
    plan = NightPlan(
        seed,
        setup,
        binning,
        camera,
        n_bias,
        n_flat,
        n_science,
        old_headers,
        proposal,
        rows,
        start,
        **choices,  # type: ignore[arg-type]
    )
    total = len(plan.exposures)
    truth = out / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    (truth / "night.json").write_text(json.dumps(asdict(plan), default=str, indent=1) + "\n")
    for kind in ("science", "arc"):
        used = plan.detector(kind)
        with (truth / f"detector_{used.binning[0]}x{used.binning[1]}.npz").open("wb") as stream:
            np.savez(stream, bias=used.bias, response=used.response)
    paths = []
    for done, frame in enumerate(frames(plan), start=1):
        frame.truth.save(truth / Path(frame.file_name).with_suffix(".npz").name)
        paths.append(write_frame(frame, out))
        if progress is not None:
            progress(done, total)
    return paths
