from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import pytest

from db.models import File, utc_now
from reduction.frames import DataType
from services.context import Site
from services.files.file_integrity import sha256
from services.monitoring import check
from services.monitoring.check import Invariant, Violation
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
    assert check.violations() == []


def test_a_product_that_is_missing_or_changed_is_named(product: File) -> None:
    Path(product.full_path).write_bytes(b"else")
    subject = f"r0001.fits (file {product.id})"
    assert check.violations() == [Violation(Invariant.PRODUCT_UNCHANGED, subject)]
    Path(product.full_path).unlink()
    assert check.violations() == [Violation(Invariant.PRODUCT_ON_DISK, subject)]


def test_a_product_that_is_indexed_as_raw_is_named(site: Site) -> None:
    path = builders.write_frame(site.raw_roots[0] / "0001.fits", GSP_PNAM="0007.fits")
    file = builders.row("0001.fits", builders.proposal("A"), full_path=str(path))
    builders.arrive(site.raw_roots[0], "0002.fits")
    subject = f"0001.fits (file {file.id})"
    found = Violation(Invariant.RAW_IS_NO_PRODUCT, subject, "GSP_PNAM card")
    assert check.violations() == [found]


def test_a_file_of_no_row_is_named_once_it_is_old(product: File) -> None:
    stray = Path(product.full_path).with_name("stray.fits")
    stray.write_bytes(b"?")
    assert check.violations() == []
    past = time.time() - 3600
    os.utime(stray, (past, past))
    assert check.violations() == [Violation(Invariant.FILE_HAS_ROW, "2024-03-10/stray.fits")]


def test_lost_parents_and_silent_runs_are_named(product: File) -> None:
    builders.run(product, "extract", state="running", heartbeat=utc_now() - dt.timedelta(minutes=1))
    builders.run(product, "extract", state="waiting", automatic=False)
    File.update(parent=None).where(File.id == product.id).execute()
    assert [violation.invariant for violation in check.violations()] == [
        Invariant.HAS_PARENT,
        Invariant.RUN_HAS_HEARTBEAT,
        Invariant.RUN_WAITS_FOR_SOMETHING,
    ]


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
    (violation,) = check.violations()
    assert violation.invariant is Invariant.HAS_MEMBERS
    assert str(violation).endswith("has no members")
