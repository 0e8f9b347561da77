"""Sentences about runs that wait or fail."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Sentence

SENTENCES: dict[C, Sentence] = {
    C.NOT_EXAMINED: "Looking for calibrations.",
    C.WAITING_FOR_CAMERA: ("The header does not identify the camera: staff have to decide."),
    C.WAITING_FOR_FRAMES: "Waiting for a {role} ({found} of {needed} frames so far).",
    C.WAITING_FOR_MASTER: "Waiting for the {role} ({frames} frames).",
    C.WAITING_FOR_SERIES: "Waiting until the series is complete.",
    C.WAITING_FOR_NIGHT: "Waiting for the rest of the frames of the night.",
    C.WAITING_FOR_ARC: "Waiting for the arc {file} to be reduced.",
    C.WAITING_FOR_NAMED_ARC: "Waiting for {file}: no arc of this name has arrived.",
    C.WAITING_FOR_DISK: (
        "The disk of the products is full or read-only. The run continues when there is room."
    ),
    C.BLOCK_UNKNOWN: "{block} is not a process of this release.",
    C.BLOCK_TAKES_OTHER_FILES: (
        lambda p: (
            f"{p['block']} takes {' or '.join(p['accepted'])} files, this one is {p['found']}."
        )
    ),
    C.BLOCK_TAKES_OTHER_FRAMES: "{block} is not for {kind} frames.",
    C.SETTING_INVALID: "{name}: {problem}",
    C.FILE_MOVED: "{file} is no longer where it was indexed.",
    C.FILE_CHANGED: "{file} was changed after it had been indexed.",
    C.FILE_CHANGED_WHILE_READ: "{file} was changed while it was read.",
    C.FILE_MISSING: "{file} is missing on disk.",
    C.INTERNAL_ERROR: "Internal error ({exception}). The log of the workers has the details.",
    C.WORKER_LOST: "The worker stopped {times} times during this run. It is not tried again.",
}
