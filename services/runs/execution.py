"""Execution of a run: open what it needs, run its block, and record the products or the failure.

The attempt number fences: a worker that was thought lost can't finish a run that another has taken
over, because the first statement of the finishing transaction compares the attempt.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from peewee import IntegrityError, InterfaceError, OperationalError
from pydantic import ValidationError

from db.models import File, Run
from reduction.errors import ReductionError
from reduction.frames import DataType, FrameKind, Product
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import Block, all_blocks
from services import notices
from services.calibration import selection, trace_selection
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.calibration.recalibration import consideration, fluxes
from services.calibration.recalibration.lenders import ArcLender
from services.calibration.recalibration.replacement import Replacement
from services.calibration.supersede import Succession, newest_file, outrun
from services.calibration.zero_points import evidence
from services.errors import Unavailable
from services.files import ingredients, products, rows
from services.files.products import Written
from services.runs import member_reports, scheduling, waiting
from services.runs.inputs import ahead, handover, opening
from services.runs.lease import Cancelled, Fenced, Lease, is_held
from services.runs.lifecycle import Trigger, transition
from services.runs.master_runs import schedule_master
from services.unit_of_work import WORKER_PATIENCE_S, UnitOfWork, transaction

log = logging.getLogger(__name__)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def execute(run: Run) -> None:
    """Execute a run that was claimed, until it is done, failed, cancelled, or waiting again.

    Parameters
    ----------
    run : Run
        Running; its `attempt` is this worker's.

    Raises
    ------
    Exception
        An unexpected error of a block, after the run was marked as failed.
    """
    lenders: _Lenders | None = None
    try:
        with Lease(run) as lease:
            known = newest_file()
            block, inputs, settings = _prepare(run)
            lenders = _Lenders(run.file, inputs)
            opened, absent = opening.open_inputs(run.file, inputs, lenders.trace, lenders.arcs)
            made = ahead.products_of(block, opened, settings)
            if made is None:
                made = block.run(opened, settings, lease.report)
            lease.check()
            ahead.begin(run.file, made)
            _finish(_Result(run, block, lenders, made, known, absent))
    except Fenced:
        log.warning("run %d, attempt %d: another worker has it", run.id, run.attempt)
    except Cancelled:
        _end(run, Trigger.STOP)
    except _Park as parked:
        _end(run, Trigger.PARK if run.replaces is None else Trigger.STOP, parked.notice)
    except ReductionError as error:
        _fail(run, error.notice, lenders)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _fail(run, _internal(error), lenders)
            raise
        _end(run, Trigger.PARK, notice(NoticeCode.WAITING_FOR_DISK))
    except (OperationalError, InterfaceError, Unavailable):
        raise  # the database is away: the reconciler gives the run to another attempt
    except Exception as error:
        _fail(run, _internal(error), lenders)
        raise
    finally:
        products.discard(run)


class _Lenders:
    """What a run is given, and what provides the rest while it is at work."""

    def __init__(self, file: File, inputs: Inputs) -> None:
        self.inputs = inputs
        self.trace = trace_selection.TraceLender(file)
        self.arcs = ArcLender(inputs.arcs, opening.open_frame)

    def record(self, run: Run) -> None:
        """Record what a run that failed was given; inside a transaction."""
        given = ingredients.given_to(run, self.inputs, self.arcs.refusal)
        ingredients.record_run(run, given)
        if self.trace.asked:
            ingredients.record_trace(run, self.trace.lent)


class _Park(Exception):
    """The run has to wait; the notice says for what."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.notice = waiting.notice


def _internal(error: Exception) -> Notice:
    """Return the notice on an unexpected failure, with the name of its class."""
    return notice(NoticeCode.INTERNAL_ERROR, exception=type(error).__name__)


def _prepare(run: Run) -> tuple[Block, Inputs, Any]:
    answer = selection.resolve(run)
    if isinstance(answer, Refused):
        raise ReductionError(answer.notice)
    if isinstance(answer, Waiting):
        raise _Park(answer)
    block = all_blocks()[run.block]
    try:
        settings = block.request.model_validate(run.settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ReductionError(NoticeCode.SETTING_INVALID, name=name, problem=first["msg"]) from error
    with transaction(WORKER_PATIENCE_S):
        if Run.select().where(is_held(run)).exists():
            ingredients.record_run(run, ingredients.given_to(run, answer))
    return block, answer, settings


# --- ending -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Result:
    """What a run has made.

    `known` is the newest file of the time when the inputs were chosen; `absent` are the frames of a
    master that were not there.
    """

    run: Run
    block: Block
    lenders: _Lenders
    made: list[Product]
    known: int
    absent: list[File]

    @property
    def is_master(self) -> bool:
        return self.block.produces is DataType.MASTER


def _finish(result: _Result) -> None:
    """Record the products; when another run has just taken a name, another one is chosen."""
    run, inputs = result.run, result.lenders.inputs
    replacement = Replacement(run, result.made)
    for attempt in range(3):
        written = products.write(run, result.made, inputs, replacement.names)
        files = [products.draft(run, one, inputs) for one in written]
        for file in files if result.is_master else ():
            changed = member_reports.level_change(file)
            file.notices += notices.dump_all([changed] if changed else [])
        successions = [Succession(file) for file in files if result.is_master]
        try:
            with transaction(WORKER_PATIENCE_S) as work:
                if transition(run, Trigger.FINISH, work) is None:
                    raise Fenced()
                kept = _bring_in(work, result, list(zip(written, files, strict=True)), replacement)
                for succession in successions:
                    succession.take_place(work)
                products.reveal(kept)
        except IntegrityError:
            if attempt == 2:
                raise
        else:
            break
    handover.keep(written)
    _consider(run, result.block, files, result.known)


def _bring_in(
    work: UnitOfWork,
    result: _Result,
    drafted: list[tuple[Written, File]],
    replacement: Replacement,
) -> list[Written]:
    """Write the rows of the products and of what is due with them; return those that are wanted."""
    run, inputs, trace = result.run, result.lenders.inputs, result.lenders.trace
    stale = outrun(run, result.block, inputs, result.known)
    kept = []
    for one, file in drafted:
        file.out_of_date = stale
        row = replacement.take_place(work, file) if one.replaces else _added(work, result, file)
        if row is None:
            continue
        ingredients.record_product(row, run, one.product, inputs, trace.lent)
        evidence.record(row, inputs.zero_points)
        member_reports.tell_owners(work, one.product, inputs, result.absent)
        member_reports.tell_users(work, row, inputs)
        kept.append(one)
    replacement.leave(work)
    if trace.asked:
        ingredients.record_trace(run, trace.lent)
    if inputs.members:  # frames that arrived while this master was being made
        work.after.append(partial(schedule_master, run.file.series, result.block))
    return kept


def _added(work: UnitOfWork, result: _Result, file: File) -> File:
    """Write the row of a new product and of what is due with it."""
    file.save(force_insert=True)
    work.events.append(rows.file_event("file-added", file))
    if file.n_y > 1:
        work.previews.append(file.id)
    if not result.is_master:
        scheduling.schedule(file, work, result.run.priority)
    return file


def _consider(run: Run, block: Block, files: list[File], known: int) -> None:
    """Do what the new products make due for others, and what came while they were made."""
    if block.produces is DataType.MASTER or run.file.kind == str(FrameKind.ARC):
        waiting.wake(run.file.camera)
    if run.file.kind == str(FrameKind.ARC):
        if block.produces is DataType.REDUCED:
            consideration.consider([run.file])
    elif block.produces is DataType.EXTRACTED:
        consideration.lend(files)
    elif block.produces is DataType.WAVELENGTH:
        consideration.recheck_new(run, known)
        consideration.zero_points_changed(run)
    elif block.produces is DataType.SENSITIVITY:
        consideration.recheck_new(run, known)
        consideration.consider(File.select().where(File.run_id == run.id))
    elif block.produces is DataType.FLUX:
        consideration.recheck_new(run, known)
        fluxes.follow(run)


def _end(
    run: Run, trigger: Trigger, reason: Notice | None = None, lenders: _Lenders | None = None
) -> bool:
    """End this attempt without products; return whether it was still the current attempt."""
    if reason is not None and run.proposal_id is None:
        reason = member_reports.without_names(reason)
    with transaction(WORKER_PATIENCE_S) as work:
        ended = transition(run, trigger, work, reason=reason)
        if ended is not None and lenders is not None:
            lenders.record(run)
    return ended is not None


def _fail(run: Run, reason: Notice, lenders: _Lenders | None) -> None:
    if not _end(run, Trigger.FAIL, reason, lenders):
        return
    waiting.wake(run.file.camera)
    if run.file.kind == str(FrameKind.ARC):
        consideration.consider([run.file])
    fluxes.follow(run)
