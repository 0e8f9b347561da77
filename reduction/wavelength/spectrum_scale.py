"""The wavelength scale of a spectrum from the arcs that are offered, the best of each side first.

An arc that gives no solution (a dark one, a wrong lamp, a quartz lamp left on) is not used: the
next one of its side in time is tried. Only when no arc of either side gives one, the others are
tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reduction.errors import NoWavelengthSolution, ReductionError
from reduction.frames import ArcSide, OfferedArc, Spectrum, TriedArc
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.wavelength.arc_solution import Solution, SolveOptions
from reduction.wavelength.wavelength_solution import (
    extract_arc,
    interpolate_solutions,
    shift_between,
    solve_arc,
    weight_of_second,
)

NextArc = Callable[[ArcSide], OfferedArc | None]
"""Return the next arc of a side; None when there is no further one."""

UNCERTAIN_END = 0.07
"""Uncertainty at an end of the spectrum from which the observer is warned, line widths (one sigma);
half an unbinned pixel with a slit of 1 arcsec."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The wavelength solution of a spectrum.

    Parameters
    ----------
    solution : Solution
        Detector column → air wavelength.
    arcs : tuple of str
        File names of the arcs that were used.
    notices : tuple of Notice
    shift : float or None
        Of the second arc's lines relative to the first's, unbinned pixels; None with one arc.
    extracted : tuple of (Spectrum, Solution)
        The arcs along the spectrum's aperture, with the headers of their frames, and their own
        solutions.
    tried : tuple of TriedArc
        Those that were used and those that were not, in the order of each side.
    """

    solution: Solution
    arcs: tuple[str, ...]
    notices: tuple[Notice, ...]
    shift: float | None = None
    extracted: tuple[tuple[Spectrum, Solution], ...] = ()
    tried: tuple[TriedArc, ...] = ()


@dataclass(frozen=True, slots=True)
class _Solved:
    """An arc that gave a solution."""

    name: str
    arc: Spectrum
    solution: Solution
    notices: tuple[Notice, ...]


def lamp_scale(lamp: Spectrum, options: SolveOptions) -> Scale:
    """Return the scale of an extracted arc from its own lines.

    Raises
    ------
    HeaderError, NoWavelengthSolution
        As for `solve_arc`.
    """
    solution, notices = solve_arc(lamp, options)
    return Scale(solution, (), (*notices, *_ends(solution)))


def scale_of(spectrum: Spectrum, next_arc: NextArc, options: SolveOptions) -> Scale | None:
    """Return the scale of a spectrum from the first arc of each side that gives a solution.

    Parameters
    ----------
    spectrum : Spectrum
        With trace, aperture and detector coordinates in its header.
    next_arc : callable
        Offers the arcs of a side one after the other.
    options : SolveOptions

    Returns
    -------
    Scale or None
        Interpolated in time between two arcs, or that of one. None when no arc is offered.

    Raises
    ------
    ReductionError
        No arc gives a solution. With several: NoWavelengthSolution, with the reason of the best.
    """
    tried: list[TriedArc] = []
    failures: list[ReductionError] = []

    def best_of(side: ArcSide) -> _Solved | None:
        while (offered := next_arc(side)) is not None:
            try:
                arc = extract_arc(spectrum, offered.open(), offered.name)
                solution, notices = solve_arc(arc, options)
            except ReductionError as error:
                tried.append(TriedArc(side, offered.name, error.notice))
                failures.append(error)
                continue
            tried.append(TriedArc(side, offered.name))
            return _Solved(offered.name, arc, solution, notices)
        return None

    sides = (best_of(ArcSide.FIRST), best_of(ArcSide.SECOND))
    solved = [one for one in sides if one is not None]
    if not solved and (other := best_of(ArcSide.OTHER)) is not None:
        solved = [other]
    if not solved:
        if not failures:
            return None
        raise _none_of(tried, failures)
    return _combined(spectrum, solved, tuple(tried))


def _none_of(tried: list[TriedArc], failures: list[ReductionError]) -> ReductionError:
    if len(failures) == 1:
        return failures[0]
    names = [one.name for one in tried]
    return NoWavelengthSolution(
        NoticeCode.NO_ARC_SOLVED, files=names, file=names[0], reason=failures[0].notice
    )


def _combined(spectrum: Spectrum, solved: list[_Solved], tried: tuple[TriedArc, ...]) -> Scale:
    """Return the scale of one arc, or of two interpolated to the middle of the exposure."""
    solution, shift = solved[0].solution, None
    if len(solved) == 2:
        first, second = solved
        share = weight_of_second(spectrum.header, first.arc.header, second.arc.header)
        solution = interpolate_solutions(first.solution, second.solution, share)
        shift = shift_between(first.solution, second.solution)
    unused = [
        notice(NoticeCode.ARC_NOT_USED, file=one.name, reason=one.refused)
        for one in tried
        if one.refused is not None
    ]
    about = dict.fromkeys(each for one in solved for each in one.notices)
    return Scale(
        solution,
        tuple(one.name for one in solved),
        (*unused, *about, *_ends(solution)),
        shift,
        tuple((one.arc, one.solution) for one in solved),
        tried,
    )


def _ends(solution: Solution) -> tuple[Notice, ...]:
    """Warn of uncertain ends, where the solution extrapolates with the grating equation."""
    if solution.check.uncertainty <= UNCERTAIN_END:
        return ()
    used = solution.wavelength[solution.used]
    return (
        notice(
            NoticeCode.ENDS_UNCERTAIN,
            first=float(used.min()),
            last=float(used.max()),
            offset=2 * solution.check.uncertainty * solution.fwhm,
        ),
    )
