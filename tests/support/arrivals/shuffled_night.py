"""A night whose frames come in any order while workers are at work, and what comes of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from db.models import TABLES, File, Ingredient, Run
from reduction.frames import DataType
from services.calibration import master_selection
from services.files import ingest
from services.runs import claiming, execution
from tests.support import builders


def data_checksum(path: Path) -> str:
    """Return the checksum of all arrays of a FITS file; its headers have times."""
    digest = hashlib.sha256()
    with fits.open(path) as hdus:
        for hdu in hdus:
            if hdu.data is not None:
                digest.update(hdu.name.encode() + np.ascontiguousarray(hdu.data).tobytes())
    return digest.hexdigest()


def products(*, versions: bool = True) -> dict[str, tuple[Any, ...]]:
    """Return what there is of each product: by its name, or that of its newest version.

    Checksum of the arrays, what it was made of with what was refused, and the codes of its notices.
    """
    found = {}
    query = File.select().where(
        File.data_type > DataType.RAW, File.state == "current", ~File.out_of_date
    )
    for file in query.order_by(File.id):
        name = _named(file.file_name, versions=versions)
        made_of = sorted(
            (one.role, _named(one.name, versions=versions), one.refused is not None)
            for one in Ingredient.select().where(Ingredient.product == file)
        )
        said = sorted(one["code"] for one in file.notices)
        found[name] = (data_checksum(Path(file.full_path)), made_of, said)
    return found


def _named(name: str, *, versions: bool) -> str:
    return name if versions else re.sub(r"_v\d+", "", name)


def empty(raw: Path) -> None:
    """Forget all frames and products."""
    for table in reversed(TABLES):
        table.delete().execute()
    for folder in (raw, execution.products.site().products_dir):
        for path in folder.rglob("*.fits"):
            path.unlink()


def arrive_in_any_order(
    frames: list[Path], monkeypatch: Any, seed: int, *, patience: dt.timedelta
) -> None:
    """Index frames in an order of their own, while runs are executed in between and inside others.

    `patience` is for how long late frames wait for the rest of their night while it comes.
    """
    rng = random.Random(seed)
    order = list(frames)
    rng.shuffle(order)
    monkeypatch.setattr(master_selection, "SETTLE", patience)
    with overlapping(rng):
        for path in order:
            assert ingest.ingest(path).outcome == "indexed"
            for _ in range(rng.choice((0, 0, 1, 3))):
                _work()
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    builders.drain(20)
    live = Run.select().where(Run.state.in_(["queued", "running"]))
    assert not live.exists()


def _work() -> None:
    run = claiming.claim("test")
    if run is not None:
        execution.execute(run)


@contextmanager
def overlapping(rng: random.Random) -> Iterator[None]:
    """Let other runs begin and end between the work of a run and its end."""
    real: Callable[..., Any] = execution.products.write
    depth = 0

    def write(*given: Any, **named: Any) -> Any:
        nonlocal depth
        depth += 1
        for _ in range(rng.choice((0, 0, 1, 2)) if depth < 4 else 0):
            _work()
        depth -= 1
        return real(*given, **named)

    execution.products.write = write
    try:
        yield
    finally:
        execution.products.write = real
