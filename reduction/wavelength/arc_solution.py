"""Find the wavelength solution of an arc.

The grating equation predicts every setup to some tens of pixels (`reduction.wavelength.grating`);
the line pattern then fixes shift and stretch (`reduction.wavelength.alignment`); centred lines are
matched to the laboratory lines and a small smooth correction is fitted robustly
(`reduction.wavelength.line_match`). The result is accepted only if it passes
the checks of `reduction.wavelength.verification`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.lines.line_list import lamp_lines
from reduction.notice_codes import NoticeCode
from reduction.wavelength.alignment import Alignment, Pattern, align, compress
from reduction.wavelength.arc_lines import find_lines
from reduction.wavelength.blends import resolved
from reduction.wavelength.lamp_templates import expected_patterns
from reduction.wavelength.line_match import Fit, fit_lines
from reduction.wavelength.line_problem import Problem, Setup
from reduction.wavelength.verification import Check, Limits, verify

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WHOLE_DETECTOR_PX = 4000
"""A narrower read-out window may begin anywhere on the detector, pixels."""
WINDOW_REACH_PX = 600.0


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """Options of the search for a solution.

    Parameters
    ----------
    order : int
        Order of the Chebyshev polynomial.
    reach : float
        Largest shift from the predicted position, unbinned pixels.
    limits : Limits
        Requirements on a solution.
    without : frozenset of str
        Names of published lamps to leave out (to test the library on its own lamps).
    """

    order: int = 3
    reach: float = 150.0
    limits: Limits = field(default_factory=Limits)
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Solution:
    """A wavelength solution in unbinned raw detector columns.

    Parameters
    ----------
    function : Chebyshev
        Column (0-based; pixel centres of an unbinned frame are whole) → air wavelength, Å.
    lamp : str
        Name of the lamp.
    pixel, wavelength, residual, height : (n,) float64
        Matched lines: column, laboratory wavelength (Å), fitted minus laboratory (Å), and height
        in units of the noise.
    used : (n,) bool
        False for the lines that were rejected as outliers.
    fwhm : float
        Width of a line in the middle of the range, Å.
    check : Check
        Results of the checks.
    """

    function: np.polynomial.Chebyshev
    lamp: str
    pixel: Floats
    wavelength: Floats
    residual: Floats
    height: Floats
    used: Bools
    fwhm: float
    check: Check

    @property
    def rms(self) -> float:
        """Rms of the used lines about the solution, Å, corrected for the number of fitted terms."""
        freedom = max(self.n_used - self.function.degree() - 1, 1)
        return float(np.sqrt(np.sum(self.residual[self.used] ** 2) / freedom))

    def shifted(self, offset: float) -> Solution:
        """Return the solution moved along the detector so that wavelengths fall by `offset`, Å.

        Flexure shifts the spectrum along the detector, not in wavelength. The shift in pixels is
        calculated at the middle column.
        """
        middle = 0.5 * float(np.sum(self.function.domain))
        pixels = offset / float(self.function.deriv()(middle))
        moved = np.polynomial.Chebyshev(self.function.coef, domain=self.function.domain + pixels)
        return replace(self, function=moved, pixel=self.pixel + pixels)

    @property
    def n_used(self) -> int:
        """Number of lines that the fit used."""
        return int(self.used.sum())

    @property
    def n_rejected(self) -> int:
        """Number of matched lines that were outliers."""
        return int((~self.used).sum())


def solve(
    flux: Floats,
    column: Floats,
    setup: Setup,
    lamp: str,
    *,
    saturated: Bools | None = None,
    options: SolveOptions | None = None,
) -> Solution:
    """Find the wavelength solution of an extracted arc.

    Parameters
    ----------
    flux : (n,) float
        Extracted arc, any unit; NaN where there is no value.
    column : (n,) float
        Raw unbinned detector column (0-based) of each pixel's centre, evenly spaced, ascending.
    setup : Setup
        Grating and angles.
    lamp : str
        A key of `reduction.lines.lamps.LAMP_ELEMENTS`.
    saturated : (n,) bool, optional
        Pixels whose value is only a lower limit.
    options : SolveOptions, optional
        Order, search range and limits.

    Returns
    -------
    Solution

    Raises
    ------
    NoWavelengthSolution
        No lines, wrong lamp, or too few or too scattered lines; the notice gives the reason.
    """
    options = options or SolveOptions()
    problem = make_problem(flux, column, setup, lamp, saturated=saturated, without=options.without)
    best: tuple[Fit, Check] | None = None
    for start in alignments(problem, lamp, options):
        fit = fit_lines(problem, start, options.order)
        if fit is None or (best is not None and fit.score <= best[0].score):
            continue
        check = verify(problem, fit, lamp, options.limits, options.without)
        best = fit, check
        if check.objection is None and check.is_certain(options.limits):
            break
    if best is None:
        raise NoWavelengthSolution(
            NoticeCode.NO_SHIFT_FITS,
            lamp=lamp,
            lines=problem.pixel.size,
            grating=setup.grating,
            cam_targ=setup.cam_targ,
            grt_targ=setup.grt_targ,
        )
    fit, check = best
    if check.objection is not None:
        raise NoWavelengthSolution(check.objection)
    return _solution(problem, fit, check, lamp, options)


def make_problem(
    flux: Floats,
    column: Floats,
    setup: Setup,
    lamp: str,
    *,
    saturated: Bools | None = None,
    without: frozenset[str] = frozenset(),
) -> Problem:
    """Detect the lines of an arc and collect the laboratory lines of its lamp.

    Parameters
    ----------
    flux, column, setup, lamp, saturated
        As in `solve`.
    without : frozenset of str
        Names of published lamps that are not used to judge which lines blend.

    Returns
    -------
    Problem

    Raises
    ------
    NoWavelengthSolution
        The arc shows fewer than three lines.
    """
    laboratory, strength = lamp_lines(lamp)
    step = (column[-1] - column[0]) / (column.size - 1)
    lines = find_lines(flux, saturated)
    if lines.pixel.size < 3:
        raise NoWavelengthSolution(NoticeCode.ARC_WITHOUT_LINES, lines=lines.pixel.size)
    problem = Problem(
        pixel=column[0] + step * lines.pixel,
        height=lines.height,
        clean=lines.clean,
        flat=lines.flat,
        fwhm=lines.fwhm * step,
        extent=(float(column[0]), float(column[-1])),
        setup=setup,
        laboratory=laboratory,
        strength=strength,
        single=np.zeros(laboratory.size, dtype=bool),
    )
    return resolved(problem, lamp, without)


def alignments(problem: Problem, lamp: str, options: SolveOptions) -> list[Alignment]:
    """Cross-correlate the arc with the laboratory lines and with published lamps of its kind."""
    templates = expected_patterns(problem, lamp, options.without)
    whole = problem.extent[1] - problem.extent[0] > WHOLE_DETECTOR_PX
    return align(
        Pattern(problem.pixel, compress(problem.height)),
        templates,
        extent=problem.extent,
        reach=options.reach if whole else max(options.reach, WINDOW_REACH_PX),
        sigma=max(0.6 * problem.fwhm, 1.5),
    )


def _solution(
    problem: Problem, fit: Fit, check: Check, lamp: str, options: SolveOptions
) -> Solution:
    """Express the corrected grating equation as one Chebyshev polynomial of the column."""
    dense = np.linspace(*problem.extent, 400)
    scale = problem.predicted(fit.model(problem, dense))
    # Weighted as Chebyshev nodes, so that the polynomial is close to the minimax one.
    weight = 1 / np.sqrt(np.sqrt(1.0005 - problem.scaled(dense) ** 2))
    function = np.polynomial.Chebyshev.fit(
        dense, scale, options.order, domain=list(problem.extent), w=weight
    )
    pixel, laboratory = problem.pixel[fit.line], problem.laboratory[fit.laboratory]
    residual = function(pixel) - laboratory
    dispersion = abs(float(function.deriv()(problem.centre)))
    solution = Solution(
        function,
        lamp,
        pixel,
        laboratory,
        residual,
        problem.height[fit.line],
        fit.used,
        problem.fwhm * dispersion,
        check,
    )
    if solution.rms > options.limits.maximum_rms * solution.fwhm:
        raise NoWavelengthSolution(
            NoticeCode.ORDER_TOO_LOW,
            order=options.order,
            rms=solution.rms,
            lines=solution.n_used,
        )
    return solution
