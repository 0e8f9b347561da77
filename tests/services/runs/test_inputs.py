"""What the next block of a worker is given: the same as another worker reads from the disk."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db import database
from db.models import File, Run
from reduction.fits import frame_io
from reduction.frames import DataType, Spectrum
from reduction.registry import BlockInputs, all_blocks
from reduction.simulation import simulate_night
from services.calibration import master_selection
from services.context import Site
from services.files import ingest
from services.runs import claiming, execution, requests
from services.runs.inputs import ahead, handover
from tests.support import builders


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A short night of narrow frames: two exposures between arcs."""
    folder = tmp_path_factory.mktemp("night")
    return simulate_night(folder, seed=4, n_bias=0, n_flat=0, n_science=2, rows=160)


@pytest.fixture
def science(site: Site, frames: list[Path], monkeypatch: pytest.MonkeyPatch) -> File:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    raw = site.raw_roots[0]
    for path in frames:
        (raw / path.name).write_bytes(path.read_bytes())
        ingest.ingest(raw / path.name)
    spectra = File.select().where(File.kind == "spectrum").order_by(File.id)
    return next(iter(spectra))


def execute_all() -> None:
    while (run := claiming.claim("w")) is not None:
        execution.execute(run)
        while (run := claiming.claim("w", following=run)) is not None:
            execution.execute(run)
    builders.drain()


def planes(file: File) -> dict[str, Any]:
    frame = frame_io.read_product(Path(file.full_path))
    assert isinstance(frame, Spectrum)
    names = ("flux", "variance", "mask", "sky", "wavelength", "arcs")
    return {name: getattr(frame, name) for name in names}


def assert_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_a_spectrum_computed_ahead_equals_one_from_the_disk(
    science: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    real = ahead.products_of

    def spy(*given: Any) -> Any:
        products = real(*given)
        served.extend([given[0].name] if products is not None else [])
        return products

    monkeypatch.setattr(ahead, "products_of", spy)
    execute_all()
    assert "extract" in served
    assert "reduce" not in served
    first = File.get(File.original == science, File.data_type == DataType.EXTRACTED)
    staff = builders.person("staff", is_staff=True)
    run = requests.request(staff, "extract", first.parent_id)
    handover._held.clear()
    ahead._current.clear()
    execution.execute(claiming.claim("another"))
    again = File.get(File.run_id == run.id)
    assert (again.parent, again.id) != (first.parent, first.id)
    assert_equal(planes(first), planes(again))


def test_other_settings_are_not_served_from_what_was_computed_ahead(science: File) -> None:
    run = claiming.claim("w")
    while run.block != "reduce" or run.file != science:
        execution.execute(run)
        run = claiming.claim("w")
    execution.execute(run)
    (following,) = Run.select().where(
        Run.block == "extract",
        Run.state == "queued",
        Run.file.in_(File.select(File.id).where(File.run_id == run.id)),
    )
    Run.update(settings=following.settings | {"max_targets": 1, "aperture_width": 1.5}).where(
        Run.id == following.id
    ).execute()
    execution.execute(claiming.claim("w", following=run))
    spectrum = File.get(File.run_id == following.id)
    header = frame_io.read_product(Path(spectrum.full_path)).header
    assert header["GSP_APW"] == 1.5


@pytest.mark.parametrize("name", ["extract", "wavelength"])
def test_a_block_leaves_its_input_as_it_was(science: File, name: str) -> None:
    execute_all()
    block = all_blocks()[name]
    parent = File.get(File.original == science, File.data_type.in_(list(block.accepts)))
    frame, untouched = (frame_io.read_product(Path(parent.full_path)) for _ in range(2))
    arc = None
    if name == "wavelength":
        reduced = File.get(File.kind == "arc", File.data_type == DataType.REDUCED)
        arc = frame_io.read_product(Path(reduced.full_path))
    block.run(BlockInputs(frame, parent.file_name, arc=arc), block.request(), lambda *_: None)
    for plane in ("data", "flags", "mask", "flux", "variance", "sky"):
        if getattr(frame, plane, None) is not None:
            np.testing.assert_array_equal(getattr(frame, plane), getattr(untouched, plane))
    cards = [(one.header if isinstance(one, Spectrum) else one.meta) for one in (frame, untouched)]
    assert cards[0].tostring() == cards[1].tostring()


def test_a_forked_process_computes_with_a_thread_of_its_own(science: File) -> None:
    run = claiming.claim("w")
    while run.file != science:
        execution.execute(run)
        run = claiming.claim("w")
    execution.execute(run)  # the thread of this process has been at work
    database.close()
    child = multiprocessing.get_context("fork").Process(target=execute_all)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    database.connect()
    assert File.select().where(File.data_type == DataType.WAVELENGTH).count() >= 2
