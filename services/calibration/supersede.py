"""What a new master replaces, and whether a new product is out of date when it is finished."""

from __future__ import annotations

from pathlib import Path

from peewee import fn

from db.models import File, Run
from reduction.frames import DataType
from reduction.registry import Block
from services.calibration import out_of_date, provisional, selection
from services.calibration.master_selection import KINDS
from services.calibration.masters import MASTER
from services.calibration.outcomes import Inputs
from services.files import rows
from services.unit_of_work import UnitOfWork


def newest_file() -> int:
    """Return the highest id of all files."""
    return int(File.select(fn.MAX(File.id)).scalar() or 0)


def outrun(run: Run, block: Block, inputs: Inputs, known: int) -> bool:
    """Return whether the products of a run are out of date when it ends.

    `known` is the newest file at the time when the inputs were selected; there is something to
    search only if a master has come since. A better arc replaces the products instead
    (`services.calibration.recalibration`).
    """
    parent = inputs.anchor or run.file
    if block.produces is DataType.MASTER:
        return False
    if File.select().where(File.id == parent.id, File.out_of_date).exists():
        return True
    if not set(block.calibration_roles) & set(KINDS):
        return False
    came = File.select().where(
        File.id > known, File.data_type == MASTER, File.camera == parent.camera
    )
    if not came.exists():
        return False
    better = selection.resolve(run)
    return isinstance(better, Inputs) and better.given != inputs.given


class Succession:
    """A new master takes the place of the older ones; what they were used for is out of date.

    The search through the files is done before the transaction, which then looks only at those
    that have come since.
    """

    def __init__(self, master: File) -> None:
        self.master = master
        self.known = newest_file()
        self.users = {old.id: out_of_date.made_with(old) for old in self._older()}
        self.without = provisional.provisional_files(master)

    def _older(self) -> list[File]:
        older = File.select().where(
            File.series == self.master.series, File.data_type == MASTER, File.state == "current"
        )
        return [old for old in older if old.id != self.master.id]

    def take_place(self, work: UnitOfWork) -> None:
        """Do it, inside the transaction that saved the new master."""
        affected = [*self.without, *provisional.provisional_files(self.master, above=self.known)]
        for old in self._older():
            users = [*self.users.get(old.id, ()), *out_of_date.made_with(old, above=self.known)]
            affected += users
            if users:
                old.state = "superseded"
                old.save(only=[File.state])
                work.events.append(rows.file_event("file-changed", old))
            else:
                work.removed.append(Path(old.full_path))
                work.events.append(rows.file_event("file-deleted", old))
                old.delete_instance()
        affected = [file for file in affected if file.id != self.master.id]
        out_of_date.mark(affected, work)
