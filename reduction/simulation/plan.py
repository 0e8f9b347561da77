"""The plan of a night: the times, targets and names of its exposures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.simulation.cards import Facts, Pointing, sidereal_time
from reduction.simulation.detector import Detector, camera, detector
from reduction.simulation.exposures import READ_TIME, Exposure, slit_width
from reduction.simulation.modes import Setup, find_setup
from reduction.simulation.sources import Source

DEFAULT_START = dt.datetime(2026, 7, 6, 19, 30, tzinfo=dt.UTC)

ARC_SECONDS = {"HgArNe": 2.0, "HgAr": 2.0, "Ne": 5.0, "Ar": 15.0, "CuHeAr": 60.0, "FeHeAr": 60.0}

SCIENCE_SECONDS = 300.0

MASK_OFFSET = 35.0
"""Displacement of the slit mask of 0.45 arcsec from the others, unbinned columns: that of 2014 and
2018 in the Blue camera."""

WORDS = {"bias": "BIAS", "flat": "FLAT", "arc": "COMP"}
"""Second word of the file names; a science frame has its target's name."""


@dataclass(frozen=True)
class NightPlan:
    """All parameters of a simulated night; equal plans give equal bytes.

    Parameters
    ----------
    seed : int
        Seed of the random numbers, zero or more.
    setup : str
        A mode of `reduction.simulation.setup_names`.
    binning : (int, int)
        Columns and rows per pixel.
    camera : str
        ``Red`` or ``Blue``. The library's modes were taken with the Red camera; the same
        wavelength map is used for the Blue one.
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
        Start of the first exposure; UTC when it has no zone. The sky is dark four hours later.
    lamp : str
        Arc lamp; when empty, a lamp with enough lines in the setup.
    slit : str
        Slit of all frames.
    arc_slit : str
        Slit of the arcs, if it differs. The mask of 0.45 arcsec is displaced from all others along
        the dispersion (`MASK_OFFSET`).
    flexure : float
        Shift of the light between the afternoon and the night, unbinned columns; a science frame
        and its arc differ by about a tenth of a column.
    arc_binning : (int, int), optional
        Binning of the arcs, if it differs.
    fainter : float
        Magnitudes by which all sources are fainter than usual (16 to 18 mag).
    sky_magnitude : float
        Continuum of the night sky, AB per arcsec² at 5500 Å: 22 without the Moon, 19 with it.
    first_number : int
        Number of the first file.

    Raises
    ------
    ReductionError
        A number is negative, or the slit or the camera does not exist.
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
    arc_slit: str = ""
    flexure: float = 1.5
    arc_binning: tuple[int, int] | None = None
    fainter: float = 0.0
    sky_magnitude: float = 22.0
    first_number: int = 1

    def __post_init__(self) -> None:
        if self.seed < 0 or self.first_number < 0:
            raise ReductionError(
                NoticeCode.SIMULATION_NEGATIVE, quantity="seed or first file number"
            )
        if min(self.n_bias, self.n_flat, self.n_science) < 0:
            raise ReductionError(
                NoticeCode.SIMULATION_NEGATIVE, quantity="number of frames of a kind"
            )
        for slit in filter(None, (self.slit, self.arc_slit)):
            try:
                width = slit_width(slit)
            except ValueError:
                width = 0.0
            if not 0.2 <= width <= 10:
                raise ReductionError(NoticeCode.SIMULATION_SLIT, slit=slit)
        camera(self.camera)

    @cached_property
    def optics(self) -> Setup:
        """The grating mode."""
        return find_setup(self.setup, self.lamp)

    def detector(self, kind: str) -> Detector:
        """Return the detector with the read-out of a kind of frame."""
        if kind == "arc" and self.arc_binning is not None:
            rows = None if self.rows is None else self.rows * self.binning[1] // self.arc_binning[1]
            return detector(self.camera, self.arc_binning, rows)
        return detector(self.camera, self.binning, self.rows)

    @cached_property
    def exposures(self) -> tuple[Exposure, ...]:
        """The night in order: biases, flats, an arc, then each target with its arc."""
        return tuple(_Scheduler(self).night())


class _Scheduler:
    """Plans the exposures one after another, with their times and file numbers."""

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
        parked = Pointing((sidereal_time(self.clock) + 1) % 360, -30.0)
        for _ in range(plan.n_bias):
            yield self.take("bias", 0.0, parked, afternoon)
        for _ in range(plan.n_flat):
            yield self.take("flat", 6.0, parked, afternoon)
        if plan.n_science:
            yield self.take("arc", ARC_SECONDS[lamp], parked, afternoon)
        self.clock = max(self.clock, dark)
        side = float(self.rng.choice([-1, 1]))
        for index in range(plan.n_science):
            self.clock += dt.timedelta(seconds=180)  # slew and acquisition
            night_flexure = afternoon + side * plan.flexure * self.rng.uniform(0.8, 1.2)
            pointing, sources = self.target(index)
            yield self.take("science", SCIENCE_SECONDS, pointing, night_flexure, sources)
            drift = night_flexure + float(self.rng.normal(0, 0.1))
            yield self.take("arc", ARC_SECONDS[lamp], pointing, drift)

    def take(
        self,
        kind: str,
        exptime: float,
        pointing: Pointing,
        flexure: float,
        sources: tuple[Source, ...] = (),
    ) -> Exposure:
        """Plan one exposure and advance the clock."""
        plan, number = self.plan, self.number
        word = sources[0].name if sources else WORDS[kind]
        bx, by = plan.detector(kind).binning
        lamp = plan.optics.lamp.lamp if kind == "arc" else ""
        words = [f"{number:04d}", word]
        words += [plan.optics.wavmode.replace("_", "")] if kind in ("flat", "arc") else []
        words += [lamp] if lamp else []
        file_name = "_".join([*words, f"{bx}x{by}", self.date]) + ".fits"
        named = {"bias": "ZERO", "flat": "Quartz", "arc": lamp, "science": word}[kind]
        slit = plan.arc_slit if kind == "arc" and plan.arc_slit else plan.slit
        facts = Facts(
            kind,
            named,
            self.clock,
            exptime,
            pointing,
            slit,
            lamp,
            plan.proposal,
            number,
            file_name,
            plan.old_headers,
        )
        level = self.level + 0.02 * number + float(self.rng.normal(0, 0.15))
        self.clock += dt.timedelta(seconds=exptime + READ_TIME + 1.0)
        self.number += 1
        displaced = flexure + (MASK_OFFSET if 0.44 < slit_width(slit) < 0.47 else 0.0)
        return Exposure(facts, (plan.seed, number), level, displaced, sources, plan.sky_magnitude)

    def target(self, index: int) -> tuple[Pointing, tuple[Source, ...]]:
        """Choose the next target, near the meridian; every third frame has two sources."""
        ra = (sidereal_time(self.clock) + float(self.rng.uniform(-20, 20))) % 360
        pointing = Pointing(ra, float(self.rng.uniform(-60, -5)))
        seeing = float(self.rng.uniform(0.7, 1.3)) / 0.15
        used = self.plan.detector("science")
        room = min(used.shape[0] * used.binning[1] / 2, 280.0)  # unbinned rows either way
        offset = room * float(self.rng.uniform(-0.25, 0.25))
        faint = index // 3 * 0.7 + self.plan.fainter
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
        near = room * float(self.rng.choice([-1, 1]) * self.rng.uniform(0.25, 0.45))
        return pointing, (
            Source(name, kind, 16.8 + faint, offset, seeing, redshift=0.01),
            Source(name + "_neighbour", "star", 17.6 + faint, offset + near, seeing),
        )


def _sky_name(pointing: Pointing) -> str:
    """Return a name made of the position, as in catalogues: J012336m411."""
    seconds = int(pointing.ra / 15 * 3600)
    sign = "m" if pointing.dec < 0 else "p"
    clock = f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
    return f"J{clock}{sign}{int(abs(pointing.dec) * 10):03d}"
