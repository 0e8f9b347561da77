"""The plan of a night: all that determines its frames."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.simulation.atmosphere import Weather
from reduction.simulation.detector import Detector, camera, detector
from reduction.simulation.light import Exposure, slit_width
from reduction.simulation.modes import Setup, find_setup
from reduction.simulation.scheduler import Scheduler
from reduction.simulation.standards.spectra import find_star

DEFAULT_START = dt.datetime(2026, 7, 6, 19, 30, tzinfo=dt.UTC)


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
        the dispersion (`reduction.simulation.scheduler`).
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
    standards : tuple of str
        Names of the standard stars: the first half is observed before the targets, the others after
        them, each with an arc.
    weather : Weather, optional
        Conditions of the night. Without them the atmosphere of a night without standard stars takes
        the same light from every target, whatever its altitude.

    Raises
    ------
    ReductionError
        A number is negative, or the slit, the camera or a standard star does not exist.
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
    standards: tuple[str, ...] = ()
    weather: Weather | None = None

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
        for name in self.standards:
            find_star(name)
        if self.standards and self.weather is None:
            object.__setattr__(self, "weather", Weather())

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
        """The night in order: biases, flats, an arc, then each star or target with its arc."""
        return tuple(Scheduler(self).night())
