"""Nights with headers of other years, indexed through the service."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from db.models import Arrival, File, LogEntry
from reduction.notice_codes import NoticeCode
from services import notices
from services.files import ingest
from tests.support.paths import OLD_NIGHT

pytestmark = [
    pytest.mark.usefixtures("site"),
    pytest.mark.skipif(not OLD_NIGHT.is_dir(), reason="the night of 2014 is not on this machine"),
]


def test_the_night_of_2014_comes_in_whole(raw: Path) -> None:
    for path in sorted(OLD_NIGHT.glob("*.fits.gz")):
        ingest.ingest(Path(shutil.copy(path, raw)))
    assert {row.outcome for row in Arrival.select()} == {"indexed"}
    files = list(File.select())
    assert {file.camera for file in files} == {"Blue"}
    kinds = Counter(file.kind for file in files)
    assert kinds == {"bias": 10, "flat": 20, "arc": 2, "spectrum": 6}
    assert {file.technique for file in files} == {"Spectroscopy"}
    for file in files:
        told = {said.code for said in notices.load_all(file.notices)}
        assert NoticeCode.CAMERA_DERIVED in told
    # One entry of the log is of the camera of all frames of a proposal.
    of_camera = [e for e in LogEntry.select() if "camera_derived" in str(e.notice)]
    assert len(of_camera) == len({file.proposal_id for file in files})
