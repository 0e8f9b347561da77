"""Execution of a run: open what it needs, run its block, and record the products or the failure.

The attempt number fences: a worker that was thought lost can't finish a run that another has taken
over, because the first statement of the finishing transaction compares the attempt.
"""

from __future__ import annotations

import errno
import logging
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
from services.calibration import (
    arc_selection,
    out_of_date,
    selection,
    trace_selection,
)
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.calibration.supersede import Succession, newest_file, outrun
from services.errors import Unavailable
from services.files import ingredients, products, rows
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
    try:
        with Lease(run) as lease:
            known = newest_file()
            block, inputs, settings = _prepare(run)
            lender = trace_selection.TraceLender(run.file)
            opened, absent = opening.open_inputs(run.file, inputs, lender)
            made = ahead.products_of(block, opened, settings)
            if made is None:
                made = block.run(opened, settings, lease.report)
            lease.check()
            ahead.begin(run.file, made)
            _finish(run, block, inputs, made, known=known, lent=lender.lent, absent=absent)
    except Fenced:
        log.warning("run %d, attempt %d: another worker has it", run.id, run.attempt)
    except Cancelled:
        _end(run, Trigger.STOP)
    except _Park as parked:
        _end(run, Trigger.PARK, parked.notice)
    except ReductionError as error:
        _fail(run, error.notice)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _fail(run, _internal(error))
            raise
        _end(run, Trigger.PARK, notice(NoticeCode.WAITING_FOR_DISK))
    except (OperationalError, InterfaceError, Unavailable):
        raise  # the database is away: the reconciler gives the run to another attempt
    except Exception as error:
        _fail(run, _internal(error))
        raise
    finally:
        products.discard(run)


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
            ingredients.record_run(run, answer)
    return block, answer, settings


# --- ending -----------------------------------------------------------------------------------


def _finish(
    run: Run,
    block: Block,
    inputs: Inputs,
    made: list[Product],
    *,
    known: int,
    lent: File | None,
    absent: list[File],
) -> None:
    """Record the products; when another run has just taken a name, another one is chosen.

    `known` is the newest file of the time when the inputs were chosen; `lent` is the spectrum whose
    trace the products may have borrowed, `absent` are the frames of a master that were not there.
    """
    night = (inputs.anchor or run.file).night
    for attempt in range(3):
        written = products.write(run, made, night)
        files = [products.draft(run, one, inputs) for one in written]
        is_master = block.produces is DataType.MASTER
        for file in files if is_master else ():
            changed = member_reports.level_change(file)
            file.notices += notices.dump_all([changed] if changed else [])
        successions = [Succession(file) for file in files if is_master]
        outdone = arc_selection.outdone_by(run.file) if _makes_arc(run, block) else []
        try:
            with transaction(WORKER_PATIENCE_S) as work:
                _bring_in(work, run, block, inputs, files, known=known)
                for file, product in zip(files, made, strict=True):
                    ingredients.record_product(file, run, product, inputs, lent)
                    member_reports.tell_owners(work, product, inputs, absent)
                    member_reports.tell_users(work, file, inputs)
                for succession in successions:
                    succession.take_place(work)
                out_of_date.mark(outdone, work)
                products.reveal(written)
        except IntegrityError:
            if attempt == 2:
                raise
        else:
            break
    handover.keep(written)
    if block.produces is DataType.MASTER or run.file.kind == str(FrameKind.ARC):
        waiting.wake(run.file.camera)


def _makes_arc(run: Run, block: Block) -> bool:
    return run.file.kind == str(FrameKind.ARC) and block.produces is DataType.REDUCED


def _bring_in(
    work: UnitOfWork, run: Run, block: Block, inputs: Inputs, files: list[File], *, known: int
) -> None:
    """Write the rows of the products and of what is due with them, if the run is still ours."""
    if transition(run, Trigger.FINISH, work) is None:
        raise Fenced()
    out_of_date = outrun(run, block, inputs, known)
    for file in files:
        file.out_of_date = out_of_date
        file.save(force_insert=True)
        work.events.append(rows.file_event("file-added", file))
        if file.n_y > 1:
            work.previews.append(file.id)
        if block.produces is not DataType.MASTER:
            scheduling.schedule(file, work, run.priority)
    if inputs.members:  # frames that arrived while this master was being made
        work.after.append(partial(schedule_master, run.file.series, block))


def _end(run: Run, trigger: Trigger, reason: Notice | None = None) -> bool:
    """End this attempt without products; return whether it was still the current attempt."""
    if reason is not None and run.proposal_id is None:
        reason = member_reports.without_names(reason)
    with transaction(WORKER_PATIENCE_S) as work:
        ended = transition(run, trigger, work, reason=reason)
    return ended is not None


def _fail(run: Run, reason: Notice) -> None:
    if _end(run, Trigger.FAIL, reason):
        waiting.wake(run.file.camera)
