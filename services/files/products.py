"""Products on disk: nothing half-written is ever visible, nothing that a row names is overwritten.

Temporary name → fsync and checksum → rename → fsync of the folder → commit.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from db.models import File, Run, utc_now
from reduction.fits import frame_io, provenance, shared_cards
from reduction.fits.vocabulary import GSP_FNAM, GSP_PROV
from reduction.frames import DataType, FrameKind, Product, Spectrum
from reduction.notices import Notice
from reduction.registry import CalibrationRole
from services import notices
from services.calibration import arc_selection, provisional
from services.calibration.outcomes import Inputs, as_tried
from services.context import site
from services.files import ingredients, lineage, origin, rows
from services.files.file_integrity import sha256, sync_folder
from services.runs import member_reports
from services.runs.lifecycle import RunState

_VERSION = re.compile(r"(?P<stem>.+?)(?:_v(?P<number>\d+))?\.fits")


@dataclass(frozen=True, slots=True)
class Written:
    """A product that is wholly on disk under its temporary name, and where it will be.

    `replaces`: its bytes replace those of an earlier product.
    """

    product: Product
    temporary: Path
    path: Path
    size: int
    checksum: str
    replaces: bool = False
    provisional_until: datetime | None = None


def temporary_dir() -> Path:
    """Return the folder of files that are being written, on the file system of the products."""
    return site().products_dir / ".part"


def folder_of(night: date) -> Path:
    """Return the folder of the products of a night."""
    return site().products_dir / night.isoformat()


def replacement_folder(folder: Path, run_id: int) -> Path:
    """Return the folder of the bytes that replace others, of one run."""
    return folder / f"run-{run_id}"


def is_of_a_run(folder: Path) -> bool:
    """Return whether a folder is that of the bytes of a run that replaced others."""
    return re.fullmatch(r"run-\d+", folder.name) is not None


def bare_name(file_name: str) -> str:
    """Return the name of a product without its version."""
    match = _VERSION.fullmatch(file_name)
    return match["stem"] if match else file_name.removesuffix(".fits")


def _free_path(folder: Path, name: str, taken: set[str]) -> Path:
    """Return a path whose name no row of the night has: a run done again makes the next version."""
    of_night = File.full_path.startswith(f"{folder}{os.sep}") & (File.data_type != DataType.RAW)
    stem = bare_name(name)
    wanted = str(folder / name)
    if wanted not in taken and not File.select().where(File.file_name == name, of_night).exists():
        return folder / name
    similar = File.select(File.file_name).where(File.file_name.startswith(stem), of_night)
    versions = [1]
    for other in [row.file_name for row in similar] + [Path(path).name for path in taken]:
        known = _VERSION.fullmatch(other)
        if known and known["stem"] == stem:
            versions.append(int(known["number"] or 1))
    return folder / f"{stem}_v{max(versions) + 1}.fits"


def write(
    run: Run,
    products: Sequence[Product],
    inputs: Inputs,
    replaced: Mapping[str, str] | None = None,
) -> list[Written]:
    """Write products under temporary names, flushed to the disk, with checksums.

    Parameters
    ----------
    run : Run
    products : sequence of Product
    inputs : Inputs
        Of the run.
    replaced : mapping, optional
        The names of the products that are replaced: without a version → as they are. The bytes that
        replace others have a folder of their own.
    """
    folder = folder_of((inputs.anchor or run.file).night)
    temporary = temporary_dir()
    for needed in (folder, temporary):
        needed.mkdir(parents=True, exist_ok=True)
    written: list[Written] = []
    for number, product in enumerate(products):
        kept = (replaced or {}).get(bare_name(product.file_name))
        if kept is not None:
            path = replacement_folder(folder, run.id) / kept
        else:
            path = _free_path(folder, product.file_name, {str(w.path) for w in written})
        if isinstance(product.data, Spectrum) and is_shared(run, product):
            product.data.header = shared_cards.shared(product.data.header, of_spectrum=True)
        header = product.data.header if isinstance(product.data, Spectrum) else product.data.meta
        provenance.put(header, GSP_FNAM, path.name, "this file's name")
        until = _provisional_until(run, product, inputs)
        if until is not None:
            moment = until.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
            provenance.put(header, GSP_PROV, moment, "provisional until, UTC")
        part = temporary / f"{run.id}-{run.attempt}-{number}.fits"
        part.unlink(missing_ok=True)
        frame_io.write(product, part)
        checksum = _flushed(part)
        size = part.stat().st_size
        written.append(Written(product, part, path, size, checksum, kept is not None, until))
    return written


def _on_arcs(run: Run, product: Product, inputs: Inputs) -> list[Notice]:
    if not product.arcs:
        return []
    return arc_selection.remarks(inputs, as_tried(product.arcs), run.settings)


def _provisional_until(run: Run, product: Product, inputs: Inputs) -> datetime | None:
    """Return until when a better calibration may still come for a product that is replaced then."""
    if not run.automatic:
        return None
    if product.data_type in (DataType.FLUX, DataType.SENSITIVITY):
        return _until_standard(run, inputs)
    if not product.arcs:
        return None
    walked = inputs.walk(as_tried(product.arcs))
    used = [rows.describe(arc.raw) for _, arc, reason in walked if reason is None]
    choice = arc_selection.choice_of(run.settings)
    _, until = provisional.arc_to_come(run.file, used, choice, is_coming=inputs.is_coming)
    return None if until is None or until <= utc_now() else until


def _until_standard(run: Run, inputs: Inputs) -> datetime | None:
    """Return until when spectrum, sensitivity or the choice of it may still change."""
    times = [run.file.provisional_until]
    used = inputs.given.get(CalibrationRole.SENSITIVITY)
    if used is not None and CalibrationRole.SENSITIVITY not in (run.calibrations or {}):
        times += [used.provisional_until, provisional.standard_to_come(run.file, used)[1]]
    return max((time for time in times if time is not None and time > utc_now()), default=None)


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
        if not one.path.parent.exists():
            one.path.parent.mkdir()
            folders.add(one.path.parent.parent)
        os.replace(one.temporary, one.path)
        folders.add(one.path.parent)
    for folder in folders:
        sync_folder(folder)


def remove_if_empty(folder: Path) -> None:
    """Remove the folder of a run's bytes when the last of them has been replaced."""
    with suppress(OSError):
        folder.rmdir()


def is_shared(run: Run, product: Product) -> bool:
    """Return whether a product is a calibration for everybody.

    Every master is. A sensitivity is unless a person had a choice in it
    (`services.files.origin.serves_everybody`).
    """
    if product.data_type is DataType.SENSITIVITY:
        return origin.is_trusted(run) and origin.serves_everybody(run.file)
    return product.data_type is DataType.MASTER


def _facts(product: Product, parent: File, *, shared: bool) -> dict[str, Any]:
    """Return what a product takes over from the frame that it was made from."""
    if not shared:
        return rows.inherited(parent)
    star = product.quality.get("star", "")
    named = {"object": str(star)} if product.data_type is DataType.SENSITIVITY else {}
    return rows.shared(parent) | named


def _said(run: Run, product: Product, *, shared: bool) -> Iterable[Notice]:
    """Return what a block says of a product; of a shared one without names of frame and target."""
    if not shared or run.proposal_id is None:
        return product.notices
    hidden = {one.file_name: member_reports.HIDDEN for one in lineage.ancestors(run.file)}
    target = run.file.object.strip()
    if target not in ("", product.quality.get("star")):
        hidden[target] = member_reports.OTHER_NAME
    return [member_reports.hiding(hidden, one) for one in product.notices]


def draft(run: Run, one: Written, inputs: Inputs) -> File:
    """Return the row of a product, unsaved; it keeps the facts of the frame it was made from."""
    product = one.product
    parent = inputs.anchor or run.file
    master = product.data_type is DataType.MASTER
    shared = is_shared(run, product)
    owned = (
        {"original": None, "parent": None, "proposal": None}
        if shared
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
        # What was amiss with the parent is amiss with what is made of it; a shared one has none.
        notices=notices.dump_all(
            (
                *(() if shared else notices.load_all(parent.notices)),
                *inputs.notices,
                *_on_arcs(run, product, inputs),
                *_said(run, product, shared=shared),
            )
        ),
        parent_version="" if master else parent.checksum,
        provisional_until=one.provisional_until,
        n_x=n_x,
        n_y=n_y,
        n_combined=len(ingredients.members_of(product, inputs)) if master else None,
        n_given=len(inputs.members) if master else None,
        **owned,
        **_facts(product, parent, shared=shared),
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
