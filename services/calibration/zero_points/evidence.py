"""What the skies of other spectra say of the zero point of a spectrum.

Only offsets that a spectrum showed on its own sky count. Siblings are of the proposal of the
spectrum or of one that everybody sees, as its arcs; the mean of earlier nights is a property of the
instrument and rests on all spectra of the camera.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from db.models import File, Ingredient, Proposal, ZeroPoint
from reduction import suitability
from reduction.frames import DataType, FrameKind
from reduction.slits import Source, ZeroPointEvidence, mask_of
from reduction.wavelength.zero_points.separation import (
    OTHER_NIGHT,
    OTHER_POINTING,
    Separation,
    flexure,
    same_orientation,
    same_pointing,
)

LEARNT_DAYS = 730
"""Earlier nights count for this long: masks are moved when the instrument is serviced."""
N_SIBLINGS = 12
"""Of a night that count for a spectrum: those nearest in time."""
BY_OTHERS = (str(Source.SIBLING), str(Source.LEARNT), str(Source.UNCERTAIN), str(Source.ARC))
"""Sources of zero points that another spectrum may change."""


def record(file: File, known: Iterable[ZeroPointEvidence] = ()) -> None:
    """Keep the zero point of a calibrated spectrum whose row was just saved; in a transaction.

    Parameters
    ----------
    file : File
    known : iterable of ZeroPointEvidence
        What its run was given.
    """
    ZeroPoint.delete().where(ZeroPoint.file == file).execute()
    quality = file.quality or {}
    arc_mask = mask_of(str(quality.get("arc_slit", "")))
    if file.data_type != DataType.WAVELENGTH or "zero_point" not in quality:
        return
    arc = Ingredient.select(File.original).join(File, on=(Ingredient.input == File.id))
    used = (Ingredient.role == "arc") & Ingredient.refused.is_null()
    arc = arc.where(Ingredient.product == file, used)
    arc = arc.order_by(Ingredient.id)
    originals = [original for (original,) in arc.limit(1).tuples()]
    ZeroPoint.create(
        file=file,
        arc=originals[0] if originals else None,
        camera=file.camera,
        night=file.night,
        mask=mask_of(file.slit),
        arc_mask=arc_mask,
        evidence=_fingerprint(known, arc_mask),
        source=str(quality["zero_point"]),
        offset=quality.get("sky_offset_pixel"),
        error=quality.get("sky_offset_error_pixel"),
    )


def _fingerprint(known: Iterable[ZeroPointEvidence], arc_mask: str) -> str:
    """Return a text that is the same for the same evidence on a pair of masks."""
    used = sorted(repr(one) for one in known if mask_of(one.arc_slit) == arc_mask)
    return hashlib.sha256("\n".join(used).encode()).hexdigest() if used else ""


def differs(file: File, known: Iterable[ZeroPointEvidence]) -> bool:
    """Return whether a calibrated spectrum was given other evidence that may have mattered.

    Parameters
    ----------
    file : File
        One that has shown its zero point on its own sky needs none.
    known : iterable of ZeroPointEvidence
        What it would be given now.
    """
    row = ZeroPoint.get_or_none(ZeroPoint.file == file, ZeroPoint.source.in_(BY_OTHERS))
    return row is not None and row.evidence != _fingerprint(known, row.arc_mask)


# --- evidence ---------------------------------------------------------------------------------


def evidence_for(
    file: File, arc: File | None
) -> tuple[tuple[ZeroPointEvidence, ...], tuple[File, ...]]:
    """Return what other spectra say of the zero point of an extracted spectrum, and the siblings.

    Parameters
    ----------
    file : File
        The extracted spectrum.
    arc : File or None
        The reduced arc that it is calibrated with.
    """
    if arc is None or file.data_type != DataType.EXTRACTED or file.kind != FrameKind.SPECTRUM:
        return (), ()
    mask = mask_of(file.slit)
    if not mask:
        return (), ()
    found = [(_sibling(file, arc, row), row.file) for row in _siblings(file, mask)]
    evidence = (*(one for one, _ in found), *_learnt(file, mask))
    return evidence, tuple(sibling for _, sibling in found)


def _measured(camera: str, mask: str) -> Any:
    """Return the query of the offsets that current spectra of a mask showed on their own sky."""
    return (
        ZeroPoint.select(ZeroPoint, File)
        .join(File)
        .where(
            ZeroPoint.camera == camera,
            ZeroPoint.mask == mask,
            ZeroPoint.arc_mask != "",
            ZeroPoint.offset.is_null(False),
            File.state == "current",
        )
        .order_by(File.date_obs, File.file_name)
    )


def _siblings(file: File, mask: str) -> list[ZeroPoint]:
    shared = Proposal.select(Proposal.id).where(Proposal.pi.is_null())
    rows = _measured(file.camera, mask).where(
        ZeroPoint.night == file.night,
        (File.proposal == file.proposal_id) | File.proposal.in_(shared),
    )
    own = _spectrum(file)
    others = [row for row in newest(rows) if _spectrum(row.file) != own]
    nearest = sorted(others, key=lambda row: abs(row.file.date_obs - file.date_obs))[:N_SIBLINGS]
    return sorted(nearest, key=lambda row: (row.file.date_obs, row.file.file_name))


def newest(rows: Iterable[ZeroPoint]) -> list[ZeroPoint]:
    """Return the newest version of each spectrum."""
    newest: dict[tuple[int, str], ZeroPoint] = {}
    for row in rows:
        key = _spectrum(row.file)
        if key not in newest or newest[key].file_id < row.file_id:
            newest[key] = row
    return list(newest.values())


def _spectrum(file: File) -> tuple[int, str]:
    """Return what all versions of a spectrum share: the raw frame and the number of the target."""
    match = re.search(r"_(?:target|ws)_(\d+)", file.file_name)
    return int(file.original_id), match.group(1) if match else ""


def _sibling(file: File, arc: File, row: ZeroPoint) -> ZeroPointEvidence:
    other: File = row.file
    shift = flexure(_separation(file, other))
    if row.arc_id != arc.original_id:
        between = None if row.arc is None else _separation(arc, row.arc)
        # That of the setups is in the first term.
        moved = OTHER_POINTING if between is None else flexure(replace(between, same_setup=True))
        shift = float(np.hypot(shift, moved))
    return ZeroPointEvidence(
        Source.SIBLING,
        float(row.offset),
        float(row.error),
        shift,
        arc_slit=row.arc_mask,
        name=other.file_name,
    )


def _separation(file: File, other: File) -> Separation:
    middle = [one.date_obs + dt.timedelta(seconds=one.exptime / 2) for one in (file, other)]
    directions = [
        None if one.ra_deg is None or one.dec_deg is None else (one.ra_deg, one.dec_deg)
        for one in (file, other)
    ]
    return Separation(
        abs((middle[1] - middle[0]).total_seconds()) / 3600,
        same_pointing(*directions)
        or same_orientation((file.elevation, file.rotator), (other.elevation, other.rotator))
        or file.original_id == other.original_id,
        same_night=file.night == other.night,
        same_setup=file.grating == other.grating
        and all(
            a is not None and b is not None and abs(a - b) <= suitability.ANGLE_TOLERANCE
            for a, b in ((file.cam_targ, other.cam_targ), (file.grt_targ, other.grt_targ))
        ),
    )


# --- what is learnt ---------------------------------------------------------------------------


def _learnt(file: File, mask: str) -> list[ZeroPointEvidence]:
    """Return the offset of the mask from that of arcs in earlier nights, one for each of theirs."""
    rows = _measured(file.camera, mask).where(
        ZeroPoint.night < file.night,
        ZeroPoint.night >= file.night - dt.timedelta(days=LEARNT_DAYS),
        ZeroPoint.arc_mask != mask,
    )
    by_mask: dict[str, list[ZeroPoint]] = {}
    for row in newest(rows):
        by_mask.setdefault(row.arc_mask, []).append(row)
    return [mean_of(rows) for _, rows in sorted(by_mask.items())]


def mean_of(rows: list[ZeroPoint]) -> ZeroPointEvidence:
    """Return the mean offset of the nights of some spectra behind the same two masks.

    Each night counts once, since its spectra share arc and flexure. The uncertainty for another
    night has the scatter of the nights, which is at least that of flexure.
    """
    by_night: dict[dt.date, list[ZeroPoint]] = {}
    for row in rows:
        by_night.setdefault(row.night, []).append(row)
    nights = np.array([np.mean([row.offset for row in night]) for night in by_night.values()])
    noise = np.array([np.mean([row.error for row in night]) for night in by_night.values()])
    scatter = float(np.std(nights, ddof=1)) if nights.size > 1 else OTHER_NIGHT
    return ZeroPointEvidence(
        Source.LEARNT,
        float(nights.mean()),
        float(np.sqrt(np.sum(noise**2))) / nights.size,
        max(scatter, OTHER_POINTING) * float(np.sqrt(1 + 1 / nights.size)),
        arc_slit=rows[0].arc_mask,
        spectra=len(rows),
        nights=nights.size,
        last=max(by_night).isoformat(),
    )


# --- what a new spectrum changes --------------------------------------------------------------


def concerned_by(file: File) -> list[File]:
    """Return the calibrated spectra whose evidence changes with a newly calibrated one.

    Parameters
    ----------
    file : File
        A calibrated spectrum, kept with `record`.

    Returns
    -------
    list of File
        Current spectra behind the same slit mask, of its night and of later ones, whose zero point
        rests on other spectra or on nothing; none when the new one has not shown its own.
    """
    new = ZeroPoint.get_or_none(ZeroPoint.file == file, ZeroPoint.offset.is_null(False))
    if new is None or not new.arc_mask or not new.mask:
        return []
    rows = (
        ZeroPoint.select(ZeroPoint, File)
        .join(File)
        .where(
            ZeroPoint.camera == new.camera,
            ZeroPoint.mask == new.mask,
            ZeroPoint.arc_mask == new.arc_mask,
            ZeroPoint.night >= new.night,
            ZeroPoint.night <= new.night + dt.timedelta(days=LEARNT_DAYS),
            ZeroPoint.source.in_(BY_OTHERS),
            ZeroPoint.file != file,
            File.state == "current",
        )
        .order_by(File.date_obs, File.id)
    )
    return [row.file for row in rows if _is_concerned(row, file)]


def _is_concerned(row: ZeroPoint, new: File) -> bool:
    if row.night == new.night:
        same = row.file.proposal_id == new.proposal_id
        return same or (new.proposal is not None and new.proposal.pi_id is None)
    return row.source in (str(Source.LEARNT), str(Source.UNCERTAIN))
