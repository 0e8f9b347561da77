"""Sentences about the site, simulations, and earlier releases."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, reason


def _folder(params: Params) -> str:
    """Return the name of a folder, without its path where that is not shown."""
    folder = params["folder"]
    return f"The folder {folder} of raw frames" if folder else "A folder of raw frames"


SENTENCES: dict[C, Sentence] = {
    C.DISK_LOW: (
        "Little space is left on the disk of the products: {free}. When it is full, nothing is "
        "reduced."
    ),
    C.DISK_FULL: "The disk of the products is full: nothing is reduced until there is space.",
    C.HOME_READ_ONLY: (
        "The disk of the products and of the database can't be written to: nothing is reduced or "
        "saved."
    ),
    C.RAW_FOLDER_MISSING: (
        lambda p: f"{_folder(p)} is missing: frames are not found until it is back."
    ),
    C.RAW_FOLDER_UNREADABLE: (
        lambda p: f"{_folder(p)} can't be read: frames are not found until it is readable."
    ),
    C.RAW_FOLDER_SILENT: (
        lambda p: f"{_folder(p)} does not answer: frames are not found until it does."
    ),
    C.QUEUE_DOWN: "The queue does not answer: frames are indexed, and reduced when it is back.",
    C.NO_WORKERS: "No worker is running: frames are indexed, and reduced when one is back.",
    C.CONDITION_ENDED: lambda p: f"Ended, since {p['since']} UTC: {reason(p)}",
    C.SIMULATION_MODE_UNKNOWN: "No library lamp for setup {mode}; known setups are {known}.",
    C.SIMULATION_LAMP_UNKNOWN: "No {lamp} lamp in the library for {mode}; there are {known}.",
    C.SIMULATION_CAMERA_UNKNOWN: "There is no {camera} camera; choose Red or Blue.",
    C.SIMULATION_BINNING: "Binning {binning} is not offered; choose 1 to 4 on each axis.",
    C.SIMULATION_ROWS: "{rows} rows do not fit: {least} to {most} at binning {binning}.",
    C.SIMULATION_SLIT: "Slit {slit} is not a name such as 1.0_LONG_SLIT.",
    C.SIMULATION_STAR_UNKNOWN: "The library has no standard star {star}.",
    C.SIMULATION_STAR_LOW: (
        "{star} would be observed at an altitude of {altitude:.0f}°; "
        "the lowest allowed is {least:.0f}°."
    ),
    C.SIMULATION_NEGATIVE: "The {quantity} must be zero or more.",
    C.LEGACY_TEXT: "{text}",
    C.LEGACY_HEADER_TEXT: "{text}",
}
