"""Traces as sharp as two pixels, with lines, sky and cosmic rays, whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray
from scipy.special import erf

from reduction.cosmic_rays.cleaning import clean
from reduction.fits.frame_io import flags_of
from reduction.frames import PixelFlag
from reduction.simulation.cosmicrays import cosmic_rays
from reduction.simulation.detector import detector
from tests.support.goodman_frames import reduced

Floats = NDArray[np.floating[Any]]
NY, NX = 160, 1024
READ_NOISE, SKY = 4.0, 20.0


@dataclass(frozen=True)
class Trace:
    """A point source: FWHM in pixels, signal to noise of its peak pixel, course and lines."""

    fwhm: float
    snr: float
    tilt: float = 0.0
    bow: float = 0.0
    n_lines: int = 0
    n_sky_lines: int = 0

    def course(self) -> Floats:
        """Return the row of its centre in every column."""
        across = np.arange(NX) - NX / 2
        return NY / 2 + 0.37 + self.tilt * across + self.bow * (across / (NX / 2)) ** 2

    def light(self, rng: np.random.Generator) -> Floats:
        """Return the electrons expected in every pixel, with the sky."""
        y, x = np.mgrid[:NY, :NX].astype(float)
        profile = _pixels(y - self.course(), self.fwhm)
        noise = READ_NOISE**2 + SKY
        peak = self.snr**2 / 2 + np.sqrt(self.snr**4 / 4 + self.snr**2 * noise)
        spectrum = np.full(NX, peak / profile.max())
        for number in range(self.n_lines):
            centre, strength = rng.uniform(10, NX - 10), 10 ** rng.uniform(-0.5, 1)
            line = _pixels(np.arange(NX) - centre, self.fwhm * rng.uniform(0.9, 1.3))
            line /= line.max()
            if number % 2:
                spectrum *= 1 - min(0.3 * strength, 0.8) * line
            else:
                spectrum += peak / profile.max() * strength * line
        sky = np.full((NY, NX), SKY)
        for _ in range(self.n_sky_lines):
            course = rng.uniform(10, NX - 10) + 6e-5 * (y - NY / 2) ** 2 + 0.01 * (y - NY / 2)
            sky += 10 ** rng.uniform(1.5, 3.7) * _pixels(x - course, self.fwhm)
        return sky + spectrum * profile


def _pixels(offset: Floats, fwhm: float) -> Floats:
    """Return the light of a Gaussian of area 1 in pixels at these distances from its centre."""
    width = fwhm / 2.3548 * np.sqrt(2)
    return np.asarray(0.5 * (erf((offset + 0.5) / width) - erf((offset - 0.5) / width)))


@dataclass
class Count:
    """Pixels hit beyond 5 sigma and found, marked and hit, and clean and touched on the source."""

    hit: int = 0
    found: int = 0
    marked: int = 0
    true: int = 0
    hit_on_source: int = 0
    found_on_source: int = 0
    clean: int = 0
    touched: int = 0

    def add(self, trace: Trace, method: str, seed: int, seconds: float = 1200.0) -> None:
        """Expose the trace, look for cosmic rays and count."""
        rng = np.random.default_rng(seed)
        truth = trace.light(rng)
        flat_charge = np.zeros(truth.size)
        index, electrons = cosmic_rays(detector("Red", (2, 2), NY), seconds, rng)
        rows, columns = np.divmod(index, detector("Red", (2, 2), NY).shape[1])
        inside = columns < NX
        flat_charge[rows[inside] * NX + columns[inside]] = electrons[inside]
        charge = flat_charge.reshape(truth.shape)
        frame = _with_charge(truth, charge, rng)
        cleaned = clean(frame, method, spectrum=True).frame  # type: ignore[arg-type]
        marked = (flags_of(cleaned) & PixelFlag.COSMIC_RAY) != 0
        hit = charge > 5 * np.sqrt(truth + READ_NOISE**2)
        beside = cv2.dilate((charge > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        core = np.abs(np.arange(NY)[:, None] - trace.course()) < trace.fwhm
        pairs = (
            (hit, marked),
            (marked, charge > 0),
            (hit & core, marked),
            (core & ~beside, marked),
        )
        names = list(self.__dataclass_fields__)
        for (among, which), total, part in zip(pairs, names[::2], names[1::2], strict=True):
            setattr(self, total, getattr(self, total) + int(np.count_nonzero(among)))
            setattr(self, part, getattr(self, part) + int(np.count_nonzero(among & which)))


def _with_charge(truth: Floats, charge: Floats, rng: np.random.Generator) -> CCDData:
    """Return the reduced frame; its variance is taken from its counts, as for a real one."""
    frame = reduced(truth, rng, READ_NOISE)
    frame.data += charge.astype(np.float32)
    frame.uncertainty.array += charge.astype(np.float32)
    return frame
