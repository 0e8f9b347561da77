"""Doing a run: open what it needs, run its block, and bring the products in, or the reason why not.

The attempt number fences: a worker that was thought dead can't finish a run that another has taken
over, because the first statement of the finishing transaction asks for its own attempt.
"""

from __future__ import annotations

import errno
import logging
from functools import partial
from pathlib import Path
from typing import Any

from peewee import IntegrityError, InterfaceError, OperationalError
from pydantic import ValidationError

from db.models import File, Run, utc_now
from reduction.errors import ReductionError, UnusableFrame
from reduction.fits import frame_io
from reduction.frames import DataType, FrameKind, Product
from reduction.registry import Block, BlockInputs, CalibrationRole, all_blocks
from services import logs
from services.calibration import arc_selection, out_of_date, selection, trace_selection
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.calibration.supersede import Succession, newest_file, outrun
from services.errors import Unavailable
from services.files import ingredients, products, rows
from services.files.file_integrity import Stamp, sha256
from services.runs import scheduling
from services.runs.lease import Cancelled, Fenced, Lease, mine
from services.unit_of_work import WORKER_PATIENCE_S, Effects, transaction

log = logging.getLogger(__name__)

NO_ROOM = "the disk of the products is full or read-only; it goes on by itself when there is room"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def execute(run: Run) -> None:
    """Do a run that was claimed, to its end: done, failed, cancelled, or waiting again.

    Raises
    ------
    Exception
        What nobody expected of a block, after the run was marked as failed.
    """
    try:
        with Lease(run) as lease:
            known = newest_file()
            block, inputs, settings = _prepare(run)
            lender = trace_selection.TraceLender(run.file)
            made = block.run(_open(run.file, inputs, lender), settings, lease.report)
            lease.check()
            _finish(run, block, inputs, made, known=known, lent=lender.lent)
    except Fenced:
        log.warning("run %d, attempt %d: another worker has it", run.id, run.attempt)
    except Cancelled:
        _end(run, "cancelled", "")
    except _Park as parked:
        _end(run, "waiting", str(parked))
    except ReductionError as error:
        _fail(run, str(error))
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _fail(run, f"internal error ({type(error).__name__})")
            raise
        _end(run, "waiting", NO_ROOM)
    except (OperationalError, InterfaceError, Unavailable):
        raise  # the database is away: the reconciler gives the run to another attempt
    except Exception as error:
        _fail(run, f"internal error ({type(error).__name__}); the log of the workers tells more")
        raise
    finally:
        products.discard(run)


class _Park(Exception):
    """The run has to wait after all; the text says for what."""


def _prepare(run: Run) -> tuple[Block, Inputs, Any]:
    answer = selection.resolve(run)
    if isinstance(answer, Refused):
        raise ReductionError(answer.sentence)
    if isinstance(answer, Waiting):
        raise _Park(answer.sentence)
    block = all_blocks()[run.block]
    try:
        settings = block.request.model_validate(run.settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ReductionError(f"{name}: {first['msg']}") from error
    with transaction(WORKER_PATIENCE_S):
        if Run.select().where(mine(run)).exists():
            ingredients.record_run(run, answer)
    return block, answer, settings


# --- opening ----------------------------------------------------------------------------------


def _as_indexed(file: File) -> Path:
    """Return the path of a raw frame whose bytes are still those that were indexed."""
    path = Path(file.full_path)
    if not path.is_file():
        raise UnusableFrame(f"{file.file_name} is no longer where it was indexed.")
    if sha256(path) != file.checksum:
        raise UnusableFrame(f"{file.file_name} was changed after it had been indexed.")
    return path


def _open_frame(file: File) -> Any:
    """Open a frame in memory; a raw one that is replaced meanwhile is refused."""
    if file.data_type != DataType.RAW:
        path = Path(file.full_path)
        if not path.is_file():
            raise UnusableFrame(f"{file.file_name} is missing on disk.")
        return frame_io.read_product(path)
    path = _as_indexed(file)
    before = Stamp.of(path)
    frame = frame_io.read_raw(path)
    if Stamp.of(path) != before:
        raise UnusableFrame(f"{file.file_name} was changed while it was read.")
    return frame


def _open(file: File, inputs: Inputs, lender: trace_selection.TraceLender) -> BlockInputs:
    given = {role: _open_frame(calibration) for role, calibration in inputs.given.items()}
    return BlockInputs(
        frame=None if inputs.members else _open_frame(file),
        file_name="" if inputs.members else file.file_name,
        kind=FrameKind(file.kind),
        members=tuple(_as_indexed(member) for member in inputs.members),
        master_bias=given.get(CalibrationRole.MASTER_BIAS),
        master_flat=given.get(CalibrationRole.MASTER_FLAT),
        arc=given.get(CalibrationRole.ARC),
        second_arc=given.get(CalibrationRole.SECOND_ARC),
        names={role: calibration.file_name for role, calibration in inputs.given.items()},
        brighter=lender,
        notes=inputs.notes,
    )


# --- ending -----------------------------------------------------------------------------------


def _finish(
    run: Run,
    block: Block,
    inputs: Inputs,
    made: list[Product],
    *,
    known: int,
    lent: File | None,
) -> None:
    """Bring the products in; a name that another run has just taken is chosen anew.

    `known` is the newest file of the time when the inputs were chosen; `lent` is the spectrum whose
    trace the products may have borrowed.
    """
    night = (inputs.anchor or run.file).night
    for attempt in range(3):
        written = products.write(run, made, night)
        files = [products.draft(run, one, inputs) for one in written]
        successions = [Succession(file) for file in files if block.produces is DataType.MASTER]
        outdone = arc_selection.outdone_by(run.file) if _makes_arc(run, block) else []
        try:
            with transaction(WORKER_PATIENCE_S) as effects:
                _bring_in(effects, run, block, inputs, files, known=known)
                for file, product in zip(files, made, strict=True):
                    ingredients.record_product(file, run, product, inputs, lent)
                for succession in successions:
                    succession.take_place(effects)
                out_of_date.mark(outdone, effects)
                products.reveal(written)
        except IntegrityError:
            if attempt == 2:
                raise
        else:
            break
    if block.produces is DataType.MASTER or run.file.kind == str(FrameKind.ARC):
        scheduling.wake(run.file.camera)


def _makes_arc(run: Run, block: Block) -> bool:
    return run.file.kind == str(FrameKind.ARC) and block.produces is DataType.REDUCED


def _bring_in(
    effects: Effects, run: Run, block: Block, inputs: Inputs, files: list[File], *, known: int
) -> None:
    """Write the rows of the products and of what is due with them, if the run is still ours."""
    now = utc_now()
    ended = Run.update(
        state="done",
        step="",
        progress=1.0,
        message="",
        finished=now,
        heartbeat=now,
    )
    if not ended.where(mine(run)).execute():
        raise Fenced()
    run.state, run.step, run.progress = "done", "", 1.0
    out_of_date = outrun(run, block, inputs, known)
    for file in files:
        file.out_of_date = out_of_date
        file.save(force_insert=True)
        effects.events.append(rows.file_event("file-added", file))
        if file.n_y > 1:
            effects.pictures.append(file.id)
        if block.produces is not DataType.MASTER:
            scheduling.schedule(file, effects, run.priority)
    if inputs.members:  # frames that came while this master was being made
        effects.after.append(partial(scheduling.schedule_master, run.file.series, block))
    effects.events.append(rows.run_event(run))


def _end(run: Run, state: str, message: str) -> None:
    """End this attempt without products."""
    values: dict[str, Any] = {"state": state, "message": message, "heartbeat": utc_now()}
    if state != "waiting":
        values["finished"] = utc_now()
    with transaction(WORKER_PATIENCE_S) as effects:
        if Run.update(**values).where(mine(run)).execute():
            run.state, run.message = state, message
            effects.events.append(rows.run_event(run))


def _fail(run: Run, sentence: str) -> None:
    now = utc_now()
    with transaction(WORKER_PATIENCE_S) as effects:
        failed = Run.update(state="failed", message=sentence, finished=now, heartbeat=now)
        if not failed.where(mine(run)).execute():
            return
        run.state, run.message = "failed", sentence
        label = all_blocks()[run.block].label if run.block in all_blocks() else run.block
        said = f"{run.file.file_name}: {label} failed: {sentence}"
        effects.events += [
            rows.run_event(run),
            logs.write("error", said, proposal=run.proposal, file=run.file, run=run),
        ]
    scheduling.wake(run.file.camera)
