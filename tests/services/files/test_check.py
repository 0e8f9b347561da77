from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import pytest

from db.models import File, utc_now
from reduction.frames import DataType
from services.context import Site
from services.files import check
from services.files.file_integrity import sha256
from tests.support import builders


@pytest.fixture
def product(site: Site) -> File:
    raw = builders.row("0001.fits", builders.proposal("A"))
    path = site.products_dir / "2024-03-10" / "r0001.fits"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"made")
    return builders.row(
        path.name,
        raw.proposal,
        data_type=DataType.REDUCED,
        parent=raw,
        full_path=str(path),
        checksum=sha256(path),
    )


def test_all_is_well(product: File) -> None:
    assert check.breaches() == []


def test_a_product_that_is_missing_or_changed_is_named(product: File) -> None:
    Path(product.full_path).write_bytes(b"else")
    (breach,) = check.breaches()
    assert breach == f"r0001.fits (file {product.id}) has other bytes than when it was made"
    Path(product.full_path).unlink()
    (breach,) = check.breaches()
    assert "is missing on disk" in breach


def test_a_file_of_no_row_is_named_once_it_is_old(product: File) -> None:
    stray = Path(product.full_path).with_name("stray.fits")
    stray.write_bytes(b"?")
    assert check.breaches() == []
    past = time.time() - 3600
    os.utime(stray, (past, past))
    assert check.breaches() == ["2024-03-10/stray.fits belongs to no row"]


def test_lost_parents_and_silent_runs_are_named(product: File) -> None:
    builders.run(product, "extract", state="running", heartbeat=utc_now() - dt.timedelta(minutes=1))
    builders.run(product, "extract", state="waiting", automatic=False)
    File.update(parent=None).where(File.id == product.id).execute()
    breaches = check.breaches()
    assert len(breaches) == 3
    assert any("has no parent" in breach for breach in breaches)
    assert any("without a heartbeat" in breach for breach in breaches)
    assert any("waits for nothing" in breach for breach in breaches)


def test_a_master_without_members_is_named(site: Site) -> None:
    path = site.products_dir / "2024-03-10" / "master_bias.fits"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"combined")
    builders.row(
        path.name,
        data_type=DataType.MASTER,
        kind="bias",
        full_path=str(path),
        checksum=sha256(path),
    )
    (breach,) = check.breaches()
    assert "has no members" in breach
