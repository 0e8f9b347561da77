"""Sentences about entries of the log."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.notices import Notice
from reduction.sentences.base import Params, Sentence, of_file, reason, text


def _several_files(params: Params) -> str:
    first = text(Notice.from_json(params["reason"]))
    further = params["count"] - 1
    shown = params["files"][1:]
    rest = ", and others" if further > len(shown) else ""
    named = f": {', '.join(shown)}{rest}" if shown else ""
    return f"{first} The same holds for {further:,} more{named}"


def _recalibrated(params: Params) -> str:
    made = f"{params['file']} was updated"
    if params["inputs"]:
        made = f"{made}, now with {' and '.join(params['inputs'])}"
    if params["shift"] is None:
        return made
    return f"{made}: shift {params['shift']:.2f} Å ({params['pixels']:.2f} pixel)"


def _file_run_failed(params: Params) -> str:
    return f"{params['file']}: {params['block']} failed: {reason(params)}"


def _changes(params: Params) -> str:
    return "; ".join(
        f"{change['title']}: {change['before']} → {change['after']}" for change in params["changes"]
    )


def _account_created(params: Params) -> str:
    kind = "a staff account" if params["staff"] else "an account"
    return f"{params['person']} created {kind} for {params['name']} ({params['email']})"


SENTENCES: dict[C, Sentence] = {
    C.FILE_NOTICE: of_file,
    C.RECALIBRATED: _recalibrated,
    C.RECALIBRATION_FAILED: (
        lambda p: f"{p['file']} stays as it is: {p['block']} failed again. {reason(p)}"
    ),
    C.CHANGE_ACCEPTED: (
        "{person} accepted the changed content of {file}. What was made of it is made again"
    ),
    C.SEVERAL_FILES: _several_files,
    C.FOLDER_UNREADABLE: "The folder {file} cannot be read: {problem}",
    C.FOLDER_READABLE: "The folder {file} can be read again",
    C.FILE_RUN_FAILED: _file_run_failed,
    C.NIGHT_DECIDED: (
        "{person} decided that the frames of {night} with {readout} are of the {camera} camera "
        "({count} so far)."
    ),
    C.NIGHT_UNDECIDED: (
        "{person} withdrew the decision on the camera of the frames of {night} with {readout} "
        "({count} frames)."
    ),
    C.FILE_ADMITTED: lambda p: (
        f"{p['person']} accepted {p['file']}"
        + (f", stating {', '.join(p['cards'])}." if p["cards"] else ".")
    ),
    C.RECLASSIFIED: "{person} classified {file}: {before} → {after}.",
    C.SETTINGS_CHANGED: lambda p: f"{p['person']} changed the reduction settings ({_changes(p)}).",
    C.SETTINGS_RESTORED: (
        lambda p: f"{p['person']} restored older reduction settings ({_changes(p)})."
    ),
    C.PI_CHANGED: "{person} made {pi} the PI of {proposal}.",
    C.PROPOSALS_IMPORTED: (
        lambda p: (
            f"{p['person'] or 'The command line'} imported {p['proposals']} proposals of "
            f"{p['pis']} PIs."
        )
    ),
    C.ACCOUNT_CREATED: _account_created,
    C.ACCOUNT_DEACTIVATED: "{person} deactivated the account of {name}.",
    C.ACCOUNT_REACTIVATED: "{person} reactivated the account of {name}.",
    C.MAIL_FAILED: "A message to {recipient} could not be sent: {problem}",
}
