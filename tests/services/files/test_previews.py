"""Previews are made in the background: what they are of may be gone meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs import tasks
from reduction.errors import ReductionError
from reduction.frames import DataType
from services.context import Site
from services.files.visualization import previews
from tests.support import builders


def test_a_master_that_was_replaced_needs_no_preview(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "master.fits"
    path.write_bytes(b"SIMPLE")
    master = builders.row("m.fits", data_type=DataType.MASTER, kind="bias", full_path=str(path))
    with pytest.raises(ReductionError):  # a damaged file is told
        previews.build(master.id)
    path.unlink()
    tasks.make_preview(master.id)
    master.delete_instance()
    tasks.make_preview(master.id)
    assert not site.previews_dir.exists()
