"""A whole night: what is exposed when, under which name; and its files, one after another."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy.io import fits

from reduction.errors import ReductionError
from reduction.simulation.cards import Facts, Pointing, sidereal_time
from reduction.simulation.detector import Detector, camera, detector
from reduction.simulation.exposures import READ_TIME, Exposure, Frame, expose, slit_width
from reduction.simulation.optics import Setup, find_setup
from reduction.simulation.sources import Source

DEFAULT_START = dt.datetime(2026, 7, 6, 19, 30, tzinfo=dt.UTC)

ARC_SECONDS = {"HgArNe": 2.0, "HgAr": 2.0, "Ne": 5.0, "Ar": 15.0, "CuHeAr": 60.0, "FeHeAr": 60.0}

SCIENCE_SECONDS = 300.0

Progress = Callable[[int, int], None]
"""``progress(done, total)``, called after each file."""


@dataclass(frozen=True)
class NightPlan:
    """Everything that determines a simulated night; equal plans make equal bytes.

    Parameters
    ----------
    seed : int
        Of everything random, zero or more.
    setup : str
        A mode of `reduction.simulation.setup_names`.
    binning : (int, int)
        Columns and rows per pixel.
    camera : str
        ``Red`` or ``Blue``. The library's modes were taken with Red; Blue is given the same
        wavelength map.
    n_bias, n_flat, n_science : int
        Frames of each kind. Every science frame is followed by an arc at the same pointing, and an
        arc is taken in the afternoon.
    old_headers : bool
        Headers as before 2019.
    proposal : str
        Proposal of every frame.
    rows : int, optional
        Binned rows to read; the standard region of interest when None.
    start : datetime
        Shutter opening of the first frame; UTC when it has no zone. The sky is dark four hours on.
    lamp : str
        Arc lamp; the richest of the setup when empty.
    slit : str
        Slit of all frames.
    flexure : float
        Unbinned columns by which light moves between the afternoon and the night; a science frame
        and its own arc differ by about a tenth of a column.
    arc_binning : (int, int), optional
        Binning of the arcs, when it differs.
    first_number : int
        Number of the first file.
    """

    seed: int
    setup: str = "400_M2"
    binning: tuple[int, int] = (2, 2)
    camera: str = "Red"
    n_bias: int = 10
    n_flat: int = 10
    n_science: int = 3
    old_headers: bool = False
    proposal: str = "SOAR2026B-001"
    rows: int | None = None
    start: dt.datetime = DEFAULT_START
    lamp: str = ""
    slit: str = "1.0_LONG_SLIT"
    flexure: float = 1.5
    arc_binning: tuple[int, int] | None = None
    first_number: int = 1

    def __post_init__(self) -> None:
        if self.seed < 0 or self.first_number < 0:
            raise ReductionError("The seed and the first file number are zero or more.")
        if min(self.n_bias, self.n_flat, self.n_science) < 0:
            raise ReductionError("The number of frames of a kind is zero or more.")
        try:
            width = slit_width(self.slit)
        except ValueError:
            width = 0.0
        if not 0.2 <= width <= 10:
            raise ReductionError(f"Slit {self.slit!r} is not a name such as 1.0_LONG_SLIT.")
        camera(self.camera)

    @cached_property
    def optics(self) -> Setup:
        """The grating mode."""
        return find_setup(self.setup, self.lamp)

    def detector(self, kind: str) -> Detector:
        """The detector as it is read for a kind of frame."""
        if kind == "arc" and self.arc_binning is not None:
            rows = None if self.rows is None else self.rows * self.binning[1] // self.arc_binning[1]
            return detector(self.camera, self.arc_binning, rows)
        return detector(self.camera, self.binning, self.rows)

    @cached_property
    def exposures(self) -> tuple[Exposure, ...]:
        """The night in order: biases, flats, an arc, then each target with its arc."""
        return tuple(_Scheduler(self).night())


class _Scheduler:
    """Goes through the night, keeping the clock and the file number."""

    def __init__(self, plan: NightPlan) -> None:
        self.plan = plan
        self.rng = np.random.default_rng([plan.seed, 0])
        zone = plan.start if plan.start.tzinfo else plan.start.replace(tzinfo=dt.UTC)
        self.clock = zone.astimezone(dt.UTC)
        self.date = (self.clock - dt.timedelta(hours=15)).strftime("%d-%m-%Y")
        self.number = plan.first_number
        self.level = camera(plan.camera).level + self.rng.normal(0, 1.5)

    def night(self) -> Iterator[Exposure]:
        plan, lamp = self.plan, self.plan.optics.lamp.lamp
        dark = self.clock + dt.timedelta(hours=4)
        afternoon = float(self.rng.uniform(-0.8, 0.8))
        park = Pointing((sidereal_time(self.clock) + 1) % 360, -30.0)
        for _ in range(plan.n_bias):
            yield self.take("bias", "BIAS", 0.0, park, afternoon)
        for _ in range(plan.n_flat):
            yield self.take("flat", "FLAT", 6.0, park, afternoon)
        if plan.n_science:
            yield self.take("arc", "COMP", ARC_SECONDS[lamp], park, afternoon)
        self.clock = max(self.clock, dark)
        side = float(self.rng.choice([-1, 1]))
        for index in range(plan.n_science):
            self.clock += dt.timedelta(seconds=180)  # slew and acquisition
            place = afternoon + side * plan.flexure * self.rng.uniform(0.8, 1.2)
            pointing, sources = self.target(index)
            name = sources[0].name
            yield self.take("science", name, SCIENCE_SECONDS, pointing, place, sources)
            drift = place + float(self.rng.normal(0, 0.1))
            yield self.take("arc", "COMP", ARC_SECONDS[lamp], pointing, drift)

    def take(
        self,
        kind: str,
        word: str,
        exptime: float,
        pointing: Pointing,
        flexure: float,
        sources: tuple[Source, ...] = (),
    ) -> Exposure:
        """Plan one exposure and move the clock on."""
        plan, number = self.plan, self.number
        bx, by = plan.detector(kind).binning
        lamp = plan.optics.lamp.lamp if kind == "arc" else ""
        words = [f"{number:04d}", word]
        words += [plan.optics.wavmode.replace("_", "")] if kind in ("flat", "arc") else []
        words += [lamp] if lamp else []
        file_name = "_".join([*words, f"{bx}x{by}", self.date]) + ".fits"
        named = {"bias": "ZERO", "flat": "Quartz", "arc": lamp, "science": word}[kind]
        facts = Facts(
            kind, named, self.clock, exptime, pointing, plan.slit, lamp, plan.proposal, number,
            file_name, plan.old_headers,
        )  # fmt: skip
        level = self.level + 0.02 * number + float(self.rng.normal(0, 0.15))
        self.clock += dt.timedelta(seconds=exptime + READ_TIME + 1.0)
        self.number += 1
        return Exposure(facts, (plan.seed, number), level, flexure, sources)

    def target(self, index: int) -> tuple[Pointing, tuple[Source, ...]]:
        """Choose what is observed next, near the meridian; every third frame has two sources."""
        ra = (sidereal_time(self.clock) + float(self.rng.uniform(-20, 20))) % 360
        pointing = Pointing(ra, float(self.rng.uniform(-60, -5)))
        seeing = float(self.rng.uniform(0.7, 1.3)) / 0.15
        offset = float(self.rng.uniform(-70, 70))
        faint = index // 3 * 0.7
        kind = ("white dwarf", "galaxy", "supernova")[index % 3]
        if kind == "white dwarf":
            source = Source("WD." + _sky_name(pointing), kind, 16.3 + faint, offset, seeing)
            return pointing, (source,)
        if kind == "galaxy":
            z = float(self.rng.uniform(0.015, 0.05))
            name = "GAL." + _sky_name(pointing)
            return pointing, (
                Source(name, kind, 17.2 + faint, offset, 1.6 * seeing, 2.5, redshift=z),
            )
        letters = "".join(self.rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 3))
        name = f"AT{self.clock.year}{letters}"
        near = float(self.rng.choice([-1, 1]) * self.rng.uniform(70, 110))
        return pointing, (
            Source(name, kind, 16.8 + faint, offset, seeing, redshift=0.01),
            Source(name + "_neighbour", "star", 17.6 + faint, offset + near, seeing),
        )


def _sky_name(pointing: Pointing) -> str:
    """Catalogue style, from the position: J012336m411."""
    seconds = int(pointing.ra / 15 * 3600)
    sign = "m" if pointing.dec < 0 else "p"
    clock = f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
    return f"J{clock}{sign}{int(abs(pointing.dec) * 10):03d}"


def frames(plan: NightPlan) -> Iterator[Frame]:
    """Make the frames of a night one by one, in the order of exposure.

    Yields
    ------
    Frame
        (file_name, header, data, truth); `header` is complete but for the structural cards.
    """
    for exposure in plan.exposures:
        yield expose(exposure, plan.optics, plan.detector(exposure.facts.kind))


def science_frame(seed: int, index: int = 0, setup: str = "400_M2", **choices: object) -> Frame:
    """Make one science frame of a night, without the rest.

    Parameters
    ----------
    seed, setup
        As in `NightPlan`; so are `choices`.
    index : int
        Which science frame, from 0; it is the same frame as in a whole night that has no
        biases and flats.
    """
    if index < 0:
        raise ReductionError("The index of a science frame is zero or more.")
    plan = replace(NightPlan(seed, setup), n_bias=0, n_flat=0, n_science=index + 1, **choices)  # type: ignore[arg-type]
    chosen = [one for one in plan.exposures if one.facts.kind == "science"][index]
    return expose(chosen, plan.optics, plan.detector("science"))


def write_frame(frame: Frame, folder: Path) -> Path:
    """Write a frame's FITS file: a name that is no FITS name first, then the final one.

    Raises
    ------
    OSError
        When the folder can't be written.
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
    """Write a raw night, and the truth about it under ``truth/``.

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
        For a setup, camera, binning or region that can't be simulated.
    """
    plan = NightPlan(
        seed, setup, binning, camera, n_bias, n_flat, n_science, old_headers, proposal, rows,
        start, **choices,  # type: ignore[arg-type]
    )  # fmt: skip
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
