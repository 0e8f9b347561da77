"""Sentences about the state of frames."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, reason


def _under_way(params: Params) -> str:
    return f"{params['block']}: {params['step'] or 'starting'}"


def _run_waiting(params: Params) -> str:
    return f"{params['block']}: {reason(params) or 'waiting'}"


def _run_failed(params: Params) -> str:
    return f"{params['block']} failed: {reason(params)}".removesuffix(": ")


def _newer_calibration(params: Params) -> str:
    named = ", ".join(params["files"])
    words = f"A newer calibration is available: {named}" if named else "It can be improved"
    made = f"{words}. This was made from {params['ancestor']}" if params["ancestor"] else words
    return f"{made}. Recalibrate"


_MISSING = {
    "after": "the arc after this exposure has not come yet",
    "before": "the arc before this exposure has not come yet",
    "night": "no arc of this night has come yet",
    "nearer": "a nearer arc may still be taken",
    "reduced": "a nearer arc is being reduced",
    "standard": "no standard star of this night and slit has come yet",
    "nearer_standard": "a nearer standard star may still be observed",
    "spectrum": "the spectrum that it was made from may still be updated",
}
_OF_FLUX = ("standard", "nearer_standard", "spectrum")


def _provisional(params: Params) -> str:
    what = _MISSING.get(params["missing"], "a nearer arc may still come")
    changes = "it" if params["missing"] in _OF_FLUX else "the wavelengths"
    return f"{what[0].upper()}{what[1:]}; {changes} will be updated automatically"


SENTENCES: dict[C, Sentence] = {
    C.RUN_FAILED: _run_failed,
    C.RUN_CANCELLED: "{block} was cancelled.",
    C.RUN_UNDER_WAY: _under_way,
    C.RUN_QUEUED: "{block}: queued.",
    C.RUN_WAITING: _run_waiting,
    C.NO_MASTER_YET: "No master yet: fewer frames than any proposal requires.",
    C.OUT_OF_DATE: "A newer calibration is available. Recalibrate.",
    C.NEWER_CALIBRATION: _newer_calibration,
    C.PROVISIONAL: _provisional,
    C.PROCESSING_NOT_ALLOWED: "Your role does not allow you to process this file.",
}
