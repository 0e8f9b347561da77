"""Open the inputs of a run: side by side, and only those whose bytes are the indexed ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from astropy.io import fits

from db.models import File
from reduction.errors import ReductionError, UnusableFrame
from reduction.fits import frame_io
from reduction.frames import ArcSide, DataType, FrameKind, OfferedArc, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, CalibrationRole
from services.calibration.outcomes import Inputs
from services.files import rows
from services.files.file_integrity import Stamp, sha256
from services.runs.inputs import handover

OPENED = (
    CalibrationRole.MASTER_BIAS,
    CalibrationRole.MASTER_FLAT,
    CalibrationRole.SENSITIVITY,
)
"""Roles whose calibrations are opened before a block begins."""
N_THREADS = 3
"""A raw frame and its two masters: reading and converting pixels leave the interpreter free."""


def open_inputs(
    file: File,
    inputs: Inputs,
    brighter: Callable[[], tuple[str, fits.Header] | None],
    next_arc: Callable[[ArcSide], OfferedArc | None],
) -> tuple[BlockInputs, list[File]]:
    """Return what a block is given, and the frames of a master that cannot be opened.

    Parameters
    ----------
    file : File
        The file that the block runs on.
    inputs : Inputs
        Its members and calibrations.
    brighter, next_arc : callable
        Provide the trace of a brighter spectrum and the arcs, which are opened only when they are
        tried; see `reduction.registry.BlockInputs`.

    Raises
    ------
    UnusableFrame
        A file was moved, changed or damaged.
    """
    members, absent = _members(inputs)
    with ThreadPoolExecutor(N_THREADS) as pool:
        frame = None if inputs.members else pool.submit(open_frame, file)
        opening = {
            role: pool.submit(open_frame, given)
            for role, given in inputs.given.items()
            if role in OPENED
        }
        library = pool.submit(_site_library, inputs.site_library)
    given = {role: future.result() for role, future in opening.items()}
    opened = BlockInputs(
        frame=None if frame is None else frame.result(),
        file_name="" if inputs.members else file.file_name,
        kind=FrameKind(file.kind),
        members=tuple(members),
        n_absent=len(absent),
        decided=members,
        master_bias=given.get(CalibrationRole.MASTER_BIAS),
        master_flat=given.get(CalibrationRole.MASTER_FLAT),
        next_arc=next_arc,
        slit_frames=partial(_slit_frames, file, inputs),
        zero_points=inputs.zero_points,
        sensitivity=given.get(CalibrationRole.SENSITIVITY),
        site_library=library.result(),
        names={role: calibration.file_name for role, calibration in inputs.given.items()},
        brighter=brighter,
        notices=inputs.notices,
    )
    return opened, absent


def open_frame(file: File) -> Any:
    """Return the frame of a file, in memory; a raw one that is replaced meanwhile is refused.

    Raises
    ------
    UnusableFrame
        The file was moved, changed or damaged.
    """
    if file.data_type != DataType.RAW:
        return _product(file)
    path = _as_indexed(file)
    before = Stamp.of(path)
    frame = frame_io.read_raw(path, rows.decided(file))
    if Stamp.of(path) != before:
        raise UnusableFrame(NoticeCode.FILE_CHANGED_WHILE_READ, file=file.file_name)
    return frame


def _members(inputs: Inputs) -> tuple[dict[Path, dict[str, Any]], list[File]]:
    """Return the members with the cards that a person decided, and those that are not there."""
    members: dict[Path, dict[str, Any]] = {}
    absent: list[File] = []
    for member in inputs.members:
        try:
            members[_as_indexed(member)] = rows.decided(member)
        except (UnusableFrame, FileNotFoundError):
            absent.append(member)
    return members, absent


def _site_library(files: Sequence[File]) -> tuple[Spectrum, ...]:
    """Open the sensitivities of earlier nights; one that cannot be read is left out."""
    opened = []
    for file in files:
        with suppress(ReductionError, OSError):
            frame = open_frame(file)
            if isinstance(frame, Spectrum):
                opened.append(frame)
    return tuple(opened)


def _slit_frames(file: File, inputs: Inputs, arc_name: str) -> tuple[Any, Any] | None:
    """Open the reduced frame that an extracted spectrum was made from, and the arc of a name."""
    arcs = [one.file for side in inputs.arcs.values() for one in side]
    arc = next((one for one in arcs if one.file_name == arc_name), None)
    parent = file.parent
    if parent is None or parent.data_type != DataType.REDUCED or arc is None:
        return None
    try:
        return open_frame(parent), open_frame(arc)
    except (ReductionError, OSError):
        return None  # it was moved or deleted meanwhile


def _product(file: File) -> Any:
    held = handover.frame_of(file)
    if held is not None:
        return held
    return frame_io.read_product(_present(file))


def _present(file: File) -> Path:
    """Return the path of a product, which may have been replaced since its row was read."""
    path = Path(file.full_path)
    if not path.is_file():
        now = File.get_or_none(File.id == file.id)
        path = Path(now.full_path if now is not None else file.full_path)
        if not path.is_file():
            raise UnusableFrame(NoticeCode.FILE_MISSING, file=file.file_name)
        file.full_path, file.checksum = now.full_path, now.checksum
    return path


def _as_indexed(file: File) -> Path:
    """Return the path of a raw frame whose bytes are still those that were indexed."""
    path = Path(file.full_path)
    if not path.is_file():
        raise UnusableFrame(NoticeCode.FILE_MOVED, file=file.file_name)
    if sha256(path) != file.checksum:
        raise UnusableFrame(NoticeCode.FILE_CHANGED, file=file.file_name)
    return path
