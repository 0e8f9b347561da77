"""The sensitivity of a spectrum, and the site library of a standard star.

What fits is `reduction.matching.rank_sensitivities`. A spectrum is calibrated with a sensitivity
that everybody sees or with one of its own proposal, of the same camera and setup; the same slit and
the same night come first, then the nearest in time. Calibrate Flux never waits: without a
sensitivity there is no automatic run, and a requested one is refused with the reason.

The site library of a sensitivity consists of shared ones of *earlier nights*, so that what comes of
a night does not depend on the order in which its frames arrive.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from db.models import File
from reduction import matching
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole
from reduction.setups import setup_name
from services import access
from services.calibration.arc_selection import alike
from services.calibration.outcomes import Inputs, Refused, degraded
from services.files.rows import describe

SENSITIVITY = DataType.SENSITIVITY
REACH = dt.timedelta(days=matching.SENSITIVITY_DAYS)
N_NEAREST = 40
"""Sensitivities considered on either side in time, of any slit and of the same one."""
MOST_OF_LIBRARY = 30


def sensitivity_for(file: File) -> Inputs | Refused:
    """Find the sensitivity of a wavelength-calibrated spectrum."""
    known = candidates(file)
    ranking = matching.rank_sensitivities(describe(file), [describe(one) for one in known])
    if ranking.best is None:
        return Refused(none_for(file))
    best = known[ranking.best.index]
    differing = ranking.best.differences
    role = CalibrationRole.SENSITIVITY
    remarks = (degraded(role, best.file_name, differing),) if differing else ()
    return Inputs(given={role: best}, notices=remarks)


def none_for(file: File) -> Notice:
    """Return the notice that no standard star was observed with the setup of a spectrum."""
    return notice(
        NoticeCode.NO_STANDARD_STAR,
        mode=setup_name(describe(file)),
        camera=file.camera,
        days=round(matching.SENSITIVITY_DAYS),
    )


def candidates(file: File, reach: dt.timedelta = REACH) -> list[File]:
    """Return the sensitivities of a spectrum's camera and setup that may serve it.

    The nearest in time, in an order that does not depend on when they came.
    """
    alikes = alike(_visible(file, reach), file)
    same_slit = alikes.where(File.slit == file.slit)
    found = {one.id: one for one in (*_nearest(alikes, file), *_nearest(same_slit, file))}
    return _newest(found.values())


def others(file: File, reach: dt.timedelta, limit: int) -> list[File]:
    """Return sensitivities of a camera, of any setup, the nearest in time: to be named only."""
    near = _visible(file, reach).order_by(File.date_obs.desc(), File.id)
    return _newest(near.limit(limit))


def may_serve(sensitivity: File, file: File) -> bool:
    """Return whether a sensitivity is everybody's, or of the proposal of a spectrum."""
    return access.is_shared(sensitivity) or sensitivity.proposal_id == file.proposal_id


def _visible(file: File, reach: dt.timedelta) -> Any:
    return File.select().where(
        File.data_type == SENSITIVITY,
        File.state == "current",
        File.camera == file.camera,
        File.date_obs.between(file.date_obs - reach, file.date_obs + reach),
        access.shared() | (File.proposal == file.proposal_id),
    )


def _nearest(query: Any, file: File) -> list[File]:
    """Return the files of a query that were taken next before and next after a file."""
    before = query.where(File.date_obs <= file.date_obs).order_by(File.date_obs.desc(), File.id)
    after = query.where(File.date_obs > file.date_obs).order_by(File.date_obs, File.id)
    return [*before.limit(N_NEAREST), *after.limit(N_NEAREST)]


def _newest(found: Iterable[File]) -> list[File]:
    """Return the newest of the sensitivities of each exposure, sorted by time."""
    newest: dict[tuple[Any, ...], File] = {}
    for one in sorted(found, key=lambda one: int(one.id)):
        newest[one.camera, one.date_obs] = one
    return sorted(newest.values(), key=lambda one: (one.date_obs, one.file_name))


# --- the site library -------------------------------------------------------------------------


def library_for(standard: File) -> Inputs:
    """Return the sensitivities of earlier nights with the setup and slit of a standard star."""
    return Inputs(site_library=tuple(earlier(standard)))


def earlier(file: File, limit: int = MOST_OF_LIBRARY) -> list[File]:
    """Return shared sensitivities of earlier nights, same setup and slit, the nearest first."""
    query = alike(File.select(), file).where(
        File.data_type == SENSITIVITY,
        File.state == "current",
        File.camera == file.camera,
        File.slit == file.slit,
        File.night < file.night,
        File.night >= file.night - REACH,
        access.shared(),
    )
    # Versions of one exposure count once: more rows are read than are wanted.
    newest = _newest(query.order_by(File.date_obs.desc(), File.id).limit(3 * limit))
    return newest[::-1][:limit]


def later(sensitivity: File) -> list[File]:
    """Return the sensitivities in whose site library a shared one of an earlier night may be."""
    query = alike(File.select(), sensitivity).where(
        File.data_type == SENSITIVITY,
        File.state == "current",
        File.camera == sensitivity.camera,
        File.slit == sensitivity.slit,
        File.night > sensitivity.night,
        File.night <= sensitivity.night + REACH,
    )
    found: list[File] = []
    between: set[dt.datetime] = set()
    for _, night in groupby(query.order_by(File.night, File.date_obs, File.id), _night):
        if len(between) >= MOST_OF_LIBRARY:  # there are enough that are nearer
            break
        of_night = list(night)
        found += of_night
        between |= {one.date_obs for one in of_night if access.is_shared(one)}
    return found


def _night(file: File) -> dt.date:
    night: dt.date = file.night
    return night
