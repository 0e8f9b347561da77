"""How far frames have come, and who may know."""

from __future__ import annotations

import pytest

from reduction.frames import DataType
from services.data_page import reduction_progress
from tests.support import builders

pytestmark = pytest.mark.usefixtures("database")


def test_the_furthest_product_of_the_newest_run_and_the_first_target() -> None:
    pi = builders.person("pi")
    own = builders.proposal("SOAR2024A-001", pi)
    raw = builders.row("a.fits", own)
    reduced = builders.row("ra.fits", own, data_type=DataType.REDUCED, parent=raw, run_id=1)
    for name, run_id in (("t1", 2), ("t2", 2), ("t1_v2", 3), ("t2_v2", 3)):
        builders.row(
            f"{name}.fits", own, data_type=DataType.EXTRACTED, parent=reduced, run_id=run_id
        )
    lonely = builders.row("b.fits", own)
    seen = reduction_progress.frames(pi, [raw.id, lonely.id])
    assert set(seen) == {raw.id}
    assert seen[raw.id].data_type is DataType.EXTRACTED
    chosen = seen[raw.id].file_id
    assert type(raw).get_by_id(chosen).file_name == "t1_v2.fits"


def test_a_superseded_product_does_not_count() -> None:
    pi = builders.person("pi")
    own = builders.proposal("SOAR2024A-001", pi)
    raw = builders.row("a.fits", own)
    builders.row("ra.fits", own, data_type=DataType.REDUCED, parent=raw, state="superseded")
    assert reduction_progress.frames(pi, [raw.id]) == {}


def test_what_failed_and_was_then_done_is_done_and_failures_come_first() -> None:
    pi = builders.person("pi")
    own = builders.proposal("SOAR2024A-001", pi)
    raw = builders.row("a.fits", own)
    builders.run(raw, "reduce", state="failed")
    assert reduction_progress.frames(pi, [raw.id])[raw.id].state == "failed"
    builders.run(raw, "reduce", state="done")
    assert reduction_progress.frames(pi, [raw.id]) == {}
    reduced = builders.row("ra.fits", own, data_type=DataType.REDUCED, parent=raw)
    builders.run(reduced, "extract", state="waiting")
    builders.run(raw, "other", state="running")
    assert reduction_progress.frames(pi, [raw.id])[raw.id].state == "running"


def test_an_outsider_sees_neither_products_nor_states() -> None:
    own = builders.proposal("SOAR2024A-001", builders.person("pi"))
    raw = builders.row("a.fits", own)
    builders.row("ra.fits", own, data_type=DataType.REDUCED, parent=raw)
    builders.run(raw, "reduce", state="failed")
    assert reduction_progress.frames(builders.person("other"), [raw.id]) == {}
    assert reduction_progress.frames(builders.person("nobody"), []) == {}
