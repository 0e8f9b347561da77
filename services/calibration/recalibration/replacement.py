"""Replacement of products in place: the row of a product gets other bytes.

Its id, its name, its comments and the time when it was first made stay. The new bytes have a path
of their own, in a folder of the run, so that the row names one complete file or the other whenever
the process is killed; the old ones are removed after the commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from db import clock
from db.models import File, Run
from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.frames import Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.wavelength.spectral_wcs import shift_between_solutions
from services import access, logs
from services.calibration import out_of_date
from services.calibration.recalibration import consideration
from services.files import ingredients, products, rows
from services.runs.lifecycle import RunState
from services.unit_of_work import UnitOfWork

KEPT = ("id", "file_name", "original", "parent", "proposal", "created", "state")
"""What a product that is replaced keeps."""


class Replacement:
    """The products of an earlier run, whose place those of a run take.

    Parameters
    ----------
    run : Run
        Its `replaces` names the earlier run; without one nothing is replaced.
    made : sequence of Product
        What it has made. The old files are read, so this belongs outside of transactions.
    """

    def __init__(self, run: Run, made: Sequence[Product]) -> None:
        self.run = run
        self.before: dict[str, File] = {}
        if run.replaces is None:
            return
        # A shared calibration has no parent.
        of_file = (File.parent == run.file) | File.parent.is_null()
        for file in File.select().where(File.run_id == run.replaces, of_file):
            self.before[products.bare_name(file.file_name)] = file
        new = {products.bare_name(product.file_name): product for product in made}
        self._gone = [file.id for bare, file in self.before.items() if bare not in new]
        self._entries = {
            bare: _entry(file, new[bare]) for bare, file in self.before.items() if bare in new
        }

    @property
    def names(self) -> dict[str, str]:
        """The names that products keep, by what the block calls them, without a version."""
        return {bare: file.file_name for bare, file in self.before.items()}

    def take_place(self, work: UnitOfWork, file: File) -> File | None:
        """Give the row of an earlier product the bytes and facts of a new one.

        Parameters
        ----------
        work : UnitOfWork
        file : File
            The row of the new product, not saved.

        Returns
        -------
        File or None
            The row. None when the product was deleted or changed meanwhile, or what was everybody's
            would not be any more: nothing is done then.
        """
        bare = products.bare_name(file.file_name)
        number, entry = self.before[bare].id, self._entries[bare]
        row = File.get_or_none(File.id == number, File.run_id == self.run.replaces)
        if row is None or access.is_shared(row) != access.is_shared(file):
            return None
        old = Path(row.full_path)
        work.removed.append(old)
        if products.is_of_a_run(old.parent):
            work.after.append(partial(products.remove_if_empty, old.parent))
        for name, value in file.__data__.items():
            if name not in KEPT:
                setattr(row, name, value)
        row.last_modified = clock.now()
        row.save()
        ingredients.forget(row)
        work.events.append(rows.file_event("file-changed", row))
        work.events.append(logs.write(entry, proposal=row.proposal, file=row, run=self.run))
        work.after.append(partial(consideration.consider, [row]))
        return row

    def leave(self, work: UnitOfWork) -> None:
        """Mark the earlier products that have no successor as out of date."""
        if self.before and self._gone:
            out_of_date.mark(File.select().where(File.id.in_(self._gone)), work)


def _entry(before: File, product: Product) -> Notice:
    angstrom, pixels = _shift(before, product) or (None, None)
    return notice(
        NoticeCode.RECALIBRATED,
        file=before.file_name,
        inputs=list(product.inputs),
        shift=angstrom,
        pixels=pixels,
    )


def _shift(before: File, product: Product) -> tuple[float, float] | None:
    if not isinstance(product.data, Spectrum) or product.data.wavelength is None:
        return None
    try:
        old = frame_io.read_product(Path(before.full_path))
    except (ReductionError, OSError):
        return None
    if not isinstance(old, Spectrum):
        return None
    return shift_between_solutions(old.header, product.data.header)


# --- what a killed process left ---------------------------------------------------------------


def clean_up(since: dt.timedelta) -> None:
    """Remove the bytes that no row names, of products that were replaced lately."""
    ended = (
        Run.select(Run, File)
        .join(File)
        .where(
            Run.replaces.is_null(False),
            Run.state.in_([RunState.DONE, RunState.FAILED, RunState.CANCELLED]),
            Run.finished > clock.now_expression(-since),
        )
    )
    for run in ended:
        folder = products.folder_of(run.file.night)
        new = _present(products.replacement_folder(folder, run.id))
        old = _present(products.replacement_folder(folder, run.replaces))
        names = [row.file_name for row in File.select().where(File.run_id == run.id)]
        first = [folder / name for name in names if (folder / name).is_file()]
        for path in (*new, *old, *first):
            if not File.select().where(File.full_path == str(path)).exists():
                path.unlink(missing_ok=True)
        for number in (run.id, run.replaces):
            products.remove_if_empty(products.replacement_folder(folder, number))


def _present(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.fits")) if folder.is_dir() else []
