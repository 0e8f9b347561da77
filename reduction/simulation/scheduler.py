"""The exposures of a planned night: their times, targets and names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.simulation.cards import Facts, Pointing, altitude, sidereal_time, weather_cards
from reduction.simulation.detector import ADC_MAX, camera
from reduction.simulation.exposures import READ_TIME
from reduction.simulation.light import Exposure, slit_width
from reduction.simulation.optics import PLATE_SCALE
from reduction.simulation.science import brightest_pixel
from reduction.simulation.sources import STANDARD, Source
from reduction.simulation.standards.places import LOWEST, position
from reduction.simulation.standards.spectra import magnitude

if TYPE_CHECKING:
    from reduction.simulation.plan import NightPlan

ARC_SECONDS = {"HgArNe": 2.0, "HgAr": 2.0, "Ne": 5.0, "Ar": 15.0, "CuHeAr": 60.0, "FeHeAr": 60.0}

SCIENCE_SECONDS = 300.0

STANDARD_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0)
STANDARD_PEAK = 0.5
"""Exposures of a standard star: the longest that fills a pixel to this share of the converter."""

SLEW_SECONDS = 180.0
"""Slew and acquisition."""

MASK_OFFSET = 35.0
"""Displacement of the slit mask of 0.45 arcsec from the others, unbinned columns: that of 2014 and
2018 in the Blue camera."""

WORDS = {"bias": "BIAS", "flat": "FLAT", "arc": "COMP"}
"""Second word of the file names; a science frame has its target's name."""


class Scheduler:
    """Plans the exposures one after another, with their times and file numbers."""

    def __init__(self, plan: NightPlan) -> None:
        self.plan = plan
        self.rng = np.random.default_rng([plan.seed, 0])
        self.standard_rng = np.random.default_rng([plan.seed, 0, 1])
        zone = plan.start if plan.start.tzinfo else plan.start.replace(tzinfo=dt.UTC)
        self.clock = zone.astimezone(dt.UTC)
        self.date = (self.clock - dt.timedelta(hours=15)).strftime("%d-%m-%Y")
        self.number = plan.first_number
        self.level = camera(plan.camera).level + self.rng.normal(0, 1.5)

    def night(self) -> Iterator[Exposure]:
        """Plan the exposures in order."""
        plan, lamp = self.plan, self.plan.optics.lamp.lamp
        real = plan.weather is not None
        dark = self.clock + dt.timedelta(hours=4)
        afternoon = float(self.rng.uniform(-0.8, 0.8))
        parked = Pointing((sidereal_time(self.clock) + 1) % 360, -30.0, real)
        for _ in range(plan.n_bias):
            yield self.take("bias", 0.0, parked, afternoon)
        for _ in range(plan.n_flat):
            yield self.take("flat", 6.0, parked, afternoon)
        if plan.n_science or plan.standards:
            yield self.take("arc", ARC_SECONDS[lamp], parked, afternoon)
        self.clock = max(self.clock, dark)
        side = float(self.rng.choice([-1, 1]))
        half = (len(plan.standards) + 1) // 2
        for name in plan.standards[:half]:
            yield from self.standard(name, afternoon + side * plan.flexure)
        for index in range(plan.n_science):
            self.clock += dt.timedelta(seconds=SLEW_SECONDS)
            night_flexure = afternoon + side * plan.flexure * self.rng.uniform(0.8, 1.2)
            pointing, sources = self.target(index)
            yield from self.with_arc(SCIENCE_SECONDS, pointing, night_flexure, sources)
        for name in plan.standards[half:]:
            yield from self.standard(name, afternoon + side * plan.flexure)

    def with_arc(
        self, seconds: float, pointing: Pointing, flexure: float, sources: tuple[Source, ...]
    ) -> Iterator[Exposure]:
        """Plan a science frame and its arc."""
        yield self.take("science", seconds, pointing, flexure, sources)
        drift = flexure + float(self.rng.normal(0, 0.1))
        lamp = self.plan.optics.lamp.lamp
        yield self.take("arc", ARC_SECONDS[lamp], pointing, drift)

    def standard(self, name: str, flexure: float) -> Iterator[Exposure]:
        """Plan a standard star and its arc, with random numbers of their own.

        So a plan has the same targets with and without standard stars.
        """
        targets, self.rng = self.rng, self.standard_rng
        self.clock += dt.timedelta(seconds=SLEW_SECONDS)
        pointing = position(name, self.clock)
        height = altitude(self.clock, pointing)
        if height < LOWEST:
            raise ReductionError(
                NoticeCode.SIMULATION_STAR_LOW, star=name, altitude=height, least=LOWEST
            )
        seeing = float(self.rng.uniform(0.8, 1.2)) / PLATE_SCALE
        flexure *= float(self.rng.uniform(0.9, 1.1))
        source = Source(name.replace(" ", ""), STANDARD, magnitude(name), 0.0, seeing)
        yield from self.with_arc(self.seconds(source), pointing, flexure, (source,))
        self.rng = targets

    def seconds(self, source: Source) -> float:
        """Return the exposure time of a standard star."""
        used = self.plan.detector("science")
        rate = brightest_pixel(source, self.plan.optics, used)
        most = STANDARD_PEAK * ADC_MAX * used.camera.gain / rate
        return max((one for one in STANDARD_SECONDS if one <= most), default=STANDARD_SECONDS[0])

    def in_weather(self, source: Source) -> Source:
        """Return a source as the seeing of the plan's weather blurs it."""
        if self.plan.weather is None:
            return source
        return replace(source, seeing_power=self.plan.weather.seeing_power)

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
            *weather_cards(plan.weather),
        )
        level = self.level + 0.02 * number + float(self.rng.normal(0, 0.15))
        self.clock += dt.timedelta(seconds=exptime + READ_TIME + 1.0)
        self.number += 1
        displaced = flexure + (MASK_OFFSET if 0.44 < slit_width(slit) < 0.47 else 0.0)
        return Exposure(
            facts,
            (plan.seed, number),
            level,
            displaced,
            tuple(map(self.in_weather, sources)),
            plan.sky_magnitude,
            plan.weather,
        )

    def target(self, index: int) -> tuple[Pointing, tuple[Source, ...]]:
        """Choose the next target, near the meridian; every third frame has two sources."""
        ra = (sidereal_time(self.clock) + float(self.rng.uniform(-20, 20))) % 360
        real = self.plan.weather is not None
        pointing = Pointing(ra, float(self.rng.uniform(-60, -5)), real)
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
