"""Products on disk: nothing half-written is ever visible, nothing that a row names is overwritten.

Temporary name → fsync and checksum → rename → fsync of the folder → commit.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from db.models import File, Run
from reduction.fits import frame_io, provenance
from reduction.fits.vocabulary import GSP_FNAM
from reduction.frames import DataType, FrameKind, Product, Spectrum
from services import notices
from services.calibration.outcomes import Inputs
from services.context import site
from services.files import ingredients, rows
from services.files.file_integrity import sha256, sync_folder
from services.runs.lifecycle import RunState

_VERSION = re.compile(r"(?P<stem>.+?)(?:_v(?P<number>\d+))?\.fits")


@dataclass(frozen=True, slots=True)
class Written:
    """A product that is wholly on disk under its temporary name, and where it will be."""

    product: Product
    temporary: Path
    path: Path
    size: int
    checksum: str


def temporary_dir() -> Path:
    """Return the folder of files that are being written, on the file system of the products."""
    return site().products_dir / ".part"


def _free_path(folder: Path, name: str, taken: set[str]) -> Path:
    """Return a path that no row has: a run done again makes the next version."""
    match = _VERSION.fullmatch(name)
    stem = match["stem"] if match else name.removesuffix(".fits")
    wanted = str(folder / name)
    if wanted not in taken and not File.select().where(File.full_path == wanted).exists():
        return folder / name
    similar = File.select(File.file_name).where(
        File.full_path.startswith(str(folder / stem)), File.data_type != DataType.RAW
    )
    versions = [1]
    for other in [row.file_name for row in similar] + [Path(path).name for path in taken]:
        known = _VERSION.fullmatch(other)
        if known and known["stem"] == stem:
            versions.append(int(known["number"] or 1))
    return folder / f"{stem}_v{max(versions) + 1}.fits"


def write(run: Run, products: Iterable[Product], night: date) -> list[Written]:
    """Write products under temporary names, flushed to the disk, with checksums."""
    folder = site().products_dir / night.isoformat()
    temporary = temporary_dir()
    for needed in (folder, temporary):
        needed.mkdir(parents=True, exist_ok=True)
    written: list[Written] = []
    for number, product in enumerate(products):
        path = _free_path(folder, product.file_name, {str(w.path) for w in written})
        header = product.data.header if isinstance(product.data, Spectrum) else product.data.meta
        provenance.put(header, GSP_FNAM, path.name, "this file's name")
        part = temporary / f"{run.id}-{run.attempt}-{number}.fits"
        part.unlink(missing_ok=True)
        frame_io.write(product, part)
        checksum = _flushed(part)
        written.append(Written(product, part, path, part.stat().st_size, checksum))
    return written


def _flushed(path: Path) -> str:
    """Flush a file to the disk; return its checksum, computed while the disk is busy."""
    with ThreadPoolExecutor(1) as pool:
        checksum = pool.submit(sha256, path)
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        return checksum.result()


def discard(run: Run) -> None:
    """Remove what an attempt of a run left half-done."""
    for part in temporary_dir().glob(f"{run.id}-{run.attempt}-*.fits"):
        part.unlink(missing_ok=True)


def reveal(written: Iterable[Written]) -> None:
    """Give products their names; called inside the transaction that wrote their rows."""
    folders = set()
    for one in written:
        os.replace(one.temporary, one.path)
        folders.add(one.path.parent)
    for folder in folders:
        sync_folder(folder)


def draft(run: Run, one: Written, inputs: Inputs) -> File:
    """Return the row of a product, unsaved; it keeps the facts of the frame it was made from."""
    product = one.product
    parent = inputs.anchor or run.file
    master = product.data_type is DataType.MASTER
    lineage = (
        {"original": None, "parent": None, "proposal": None}
        if master
        else {"original": parent.original_id, "parent": parent, "proposal": parent.proposal_id}
    )
    n_x, n_y = _size(product)
    return File(
        file_name=one.path.name,
        full_path=str(one.path),
        size=one.size,
        checksum=one.checksum,
        data_type=product.data_type,
        run_id=run.id,
        normalized=master and parent.kind == str(FrameKind.FLAT),
        quality=plain(product.quality),
        # What was amiss with the parent is amiss with what is made of it; a master has none.
        notices=notices.dump_all(
            (
                *(() if master else notices.load_all(parent.notices)),
                *inputs.notices,
                *product.notices,
            )
        ),
        n_x=n_x,
        n_y=n_y,
        n_combined=len(ingredients.members_of(product, inputs)) if master else None,
        n_given=len(inputs.members) if master else None,
        **lineage,
        **(rows.shared(parent) if master else rows.inherited(parent)),
    )


def _size(product: Product) -> tuple[int, int]:
    """Return columns and rows of a product; a spectrum has one row."""
    if isinstance(product.data, Spectrum):
        return int(product.data.flux.size), 1
    n_y, n_x = product.data.shape
    return int(n_x), int(n_y)


def plain(value: Any) -> Any:
    """Return numbers and text as JSON has them: no numpy type, no NaN."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def sweep() -> None:
    """Remove temporary files whose run is no longer running."""
    for part in temporary_dir().glob("*.fits"):
        run_id, attempt, *_ = (*part.stem.split("-"), "", "")
        if not (run_id.isdigit() and attempt.isdigit()):
            continue
        running = Run.select().where(
            Run.id == int(run_id), Run.attempt == int(attempt), Run.state == RunState.RUNNING
        )
        if not running.exists():
            part.unlink(missing_ok=True)
