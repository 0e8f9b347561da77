"""Examine files in processes of their own, with limits of memory, processor time and time.

A small program (`services.files.arrivals.inspector_program`) imports what is needed once and forks
an inspector for each that is asked for; one that met a limit is gone, and the next is there in
milliseconds. What an inspector answers is validated: it has parsed what others wrote.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reduction.errors import ReductionError, UnusableFrame
from reduction.fits.derivation.completion import NOTHING, Given
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services.errors import Unacceptable, Unavailable
from services.files.arrivals.inspection import Inspection
from services.files.arrivals.names import shown
from services.files.file_integrity import IncompleteFile

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "services.files.arrivals.inspector_program"
AT_ONCE = 4
"""Inspectors of one process that work at the same time; further requests wait for one."""
USES = 100
"""Files after which an inspector is replaced."""
WALL_S, BYTES_PER_WALL_S = 30.0, 1 << 20
MAX_ANSWER = 1 << 20

ADAPTER: TypeAdapter[Inspection] = TypeAdapter(Inspection)


class InspectionFailed(Unacceptable):
    """The examination failed in a way that was not foreseen; `exception` names its class."""

    def __init__(self, path: Path, exception: str) -> None:
        self.exception = exception
        super().__init__(f"{shown(path.name)} could not be examined ({exception}).", field="file")


def inspect(path: Path, given: Given = NOTHING) -> Inspection:
    """Examine a file in an inspector; `given` are header cards that a person decided.

    Raises
    ------
    IncompleteFile, ReductionError, OSError
        As `services.files.arrivals.inspection.inspect`.
    InspectionFailed
        Any other exception in the inspector.
    """
    return _of_this_process().inspect(path, given)


def start() -> None:
    """Start the program, so that the first file need not wait for its imports."""
    _of_this_process().warm_up()


@dataclass(slots=True)
class _Inspector:
    """A connection to an inspector."""

    connection: socket.socket
    uses: int = 0

    def ask(self, path: Path, seconds: float, given: Given = NOTHING) -> dict[str, Any] | None:
        """Return the answer about a file; None if the inspector ended or is silent."""
        self.uses += 1
        request = json.dumps({"path": str(path), "seconds": seconds, "given": given}) + "\n"
        self.connection.settimeout(seconds + 5)
        received = bytearray()
        try:
            self.connection.sendall(request.encode("ascii"))
            while not received.endswith(b"\n"):
                block = self.connection.recv(1 << 16)
                if not block or len(received) > MAX_ANSWER:
                    return None
                received += block
        except OSError:  # it ended, or the time is over
            return None
        answer: dict[str, Any] = json.loads(received)
        return answer


class Inspectors:
    """The inspectors of this process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._idle: list[_Inspector] = []
        self._control: socket.socket | None = None

    def inspect(self, path: Path, given: Given = NOTHING) -> Inspection:
        """Examine a file; see `inspect`."""
        seconds = WALL_S + path.stat().st_size / BYTES_PER_WALL_S
        with self._places:
            inspector = self._take()
            answer = inspector.ask(path, seconds, given)
            if answer is None and inspector.uses > 1:
                # It may have ended before it read the request: a new one tells.
                inspector.connection.close()
                inspector = self._new()
                answer = inspector.ask(path, seconds, given)
            self._give_back(inspector, is_well=answer is not None and "limit" not in answer)
        return _result(path, answer)

    def warm_up(self) -> None:
        """Make an inspector ready."""
        self._give_back(self._take(), is_well=True)

    def _take(self) -> _Inspector:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._new()

    def _give_back(self, inspector: _Inspector, *, is_well: bool) -> None:
        if is_well and inspector.uses < USES:
            with self._lock:
                self._idle.append(inspector)
        else:
            inspector.connection.close()

    def _new(self) -> _Inspector:
        """Fork a new inspector; the program is started again when it has ended."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for _ in range(2):
                if self._control is None:
                    self._control = _start_program()
                try:
                    socket.send_fds(self._control, [b"+"], [theirs.fileno()])
                except OSError:
                    self._control.close()
                    self._control = None
                else:
                    return _Inspector(ours)
        ours.close()
        raise Unavailable("Files cannot be examined at the moment.", retry_after=30)


def _start_program() -> socket.socket:
    """Start the program; it ends when the connection that is returned is closed."""
    ours, theirs = socket.socketpair()
    with theirs:
        # It parses what others wrote: it gets no secrets of the deployment.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("GSP_", "_GSP_"))}
        subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(theirs.fileno())],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return ours


def _result(path: Path, answer: dict[str, Any] | None) -> Inspection:
    if answer is None or "limit" in answer:
        raise UnusableFrame(NoticeCode.INSPECTION_STOPPED, file=shown(path.name))
    if "incomplete" in answer:
        raise IncompleteFile(str(answer["incomplete"]))
    if "refused" in answer:
        raise ReductionError(Notice.from_json(answer["refused"]))
    if "errno" in answer:
        raise OSError(int(answer["errno"]), os.strerror(int(answer["errno"])))
    if "unexpected" in answer:
        raise InspectionFailed(path, str(answer["unexpected"])[:80])
    try:
        return ADAPTER.validate_python(answer["inspection"])
    except (ValidationError, KeyError) as error:
        raise InspectionFailed(path, type(error).__name__) from error


_inspectors: list[Inspectors] = []
_creating = threading.Lock()


def _of_this_process() -> Inspectors:
    """Return the inspectors of this process: after a fork, those of the parent are not ours."""
    with _creating:
        if not _inspectors or _inspectors[0].pid != os.getpid():
            _inspectors[:] = [Inspectors()]
        return _inspectors[0]
