"""Files are examined in other processes, which what is in a file can end, but nothing else."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from db.models import File
from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services.errors import Unacceptable
from services.files import ingest, upload
from services.files.arrivals import inspection, inspector, inspector_program, outcomes
from services.files.arrivals.inspector import InspectionFailed, Inspectors
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


def refusal(path: Path) -> NoticeCode:
    with pytest.raises(ReductionError) as refused:
        inspector.inspect(path)
    return refused.value.notice.code


def test_an_inspector_tells_what_the_examination_finds(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits", "COMP", GAIN=9.9)
    assert inspector.inspect(path) == inspection.inspect(path)
    assert inspector.inspect(path).frame.notices
    with pytest.raises(FileNotFoundError):
        inspector.inspect(raw / "absent.fits")


def test_many_files_are_examined_by_few_inspectors(raw: Path) -> None:
    made = Inspectors()
    paths = [builders.write_frame(raw / f"{n}.fits") for n in range(5)]
    for path in paths:
        made.inspect(path)
    (idle,) = made._idle
    assert idle.uses == 5


Work = Callable[[Path, object], None]


def _loop(path: Path, given: object) -> None:
    while True:
        pass


def _allocate(path: Path, given: object) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def _overflow(path: Path, given: object) -> None:
    raise OverflowError


def _serve(connection: socket.socket, other: socket.socket, work: Work) -> None:
    other.close()
    inspection.inspect = work
    inspector_program.serve(connection)


def _answer(path: Path, work: Work) -> object:
    ours, theirs = socket.socketpair()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, ours, work))
    process.start()
    theirs.close()
    answer = inspector._Inspector(ours).ask(path, 1.0 if work is _loop else 30.0)
    ours.close()
    process.join(20)
    assert process.exitcode is not None
    return answer


@pytest.mark.parametrize(
    ("work", "answer"),
    [
        (_loop, None),
        (_allocate, {"limit": "memory"}),
        (_overflow, {"unexpected": "OverflowError"}),
    ],
)
def test_an_inspector_has_limits(raw: Path, work: Work, answer: object) -> None:
    assert _answer(builders.write_frame(raw / "0001.fits"), work) == answer


def test_an_inspector_that_ended_is_replaced(raw: Path) -> None:
    made = Inspectors()
    path = builders.write_frame(raw / "0001.fits")
    first = made.inspect(path)
    made._idle[0].connection.shutdown(socket.SHUT_RDWR)
    assert made.inspect(path) == first
    made._control.shutdown(socket.SHUT_RDWR)  # the program itself ends
    made._idle.clear()
    assert made.inspect(path) == first


def test_the_program_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}
    monkeypatch.setenv("GSP_SECRET_KEY", "secret")
    monkeypatch.setattr(
        inspector.subprocess, "Popen", lambda *_args, **options: given.update(options)
    )
    inspector._start_program().close()
    assert "PATH" in given["env"]
    assert not [name for name in given["env"] if "GSP_" in name]


@pytest.mark.parametrize("name", ["bomb.fits", "bomb.fits.gz"])
def test_a_bomb_is_quarantined(raw: Path, name: str) -> None:
    header = builders.header()
    header["NAXIS"], header["BITPIX"], header["SIMPLE"] = 0, 8, True
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8"]
    cards += ["NAXIS   =                    0", "END"]
    start = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    path = raw / name
    with gzip.open(path, "wb") as stream:
        stream.write(start)
        for _ in range(300):
            stream.write(bytes(1 << 20))
    arrival = ingest.ingest(path)
    assert arrival.outcome == "quarantined"
    assert File.select().count() == 0
    assert Notice.from_json(arrival.notice["params"]["reason"]).code in {
        NoticeCode.GZIP_TOO_LARGE,
        NoticeCode.NO_IMAGE,
    }


@pytest.mark.parametrize("value", ["9" * 18, "9" * 60])
def test_absurd_sizes_are_refused_by_every_way_in(raw: Path, value: str) -> None:
    whole = builders.write_frame(raw / "whole.fits").read_bytes()
    at = whole.index(b"NAXIS1  =")
    path = raw / "0001.fits"
    path.write_bytes(whole[:at] + f"NAXIS1  = {value}".ljust(80).encode() + whole[at + 80 :])
    staff = builders.person("staff", is_staff=True)
    with pytest.raises(Unacceptable) as refused:
        upload.register(staff, str(path))
    assert refused.value.field == "NAXIS1"
    with path.open("rb") as stream, pytest.raises(Unacceptable) as refused:
        upload.upload(staff, "0001.fits", stream)
    assert refused.value.field == "NAXIS1"
    assert ingest.ingest(path).outcome == "quarantined"


def test_what_was_not_foreseen_is_said(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = builders.write_frame(raw / "0001.fits")
    monkeypatch.setattr(inspector._Inspector, "ask", lambda *_: {"unexpected": "OverflowError"})
    with pytest.raises(InspectionFailed) as failed:
        ingest.ingest(path)
    arrival = outcomes.give_up(path, failed.value)
    reason = Notice.from_json(arrival.notice["params"]["reason"])
    assert reason.code is NoticeCode.UNEXPECTED_FAILURE
    assert reason.params["exception"] == "OverflowError"
    assert ingest.ingest(path).id == arrival.id  # not examined again until it changes
    monkeypatch.undo()
    os.utime(path, ns=(1, 1))
    assert ingest.ingest(path).outcome == "indexed"
