"""The sentences of all notices.

FITS cards, logs, pages and API call `text` when they write or show a notice. The sentences are in
the modules of `reduction.sentences`.
"""

from __future__ import annotations

from collections.abc import Sequence

from reduction.notices import Notice
from reduction.sentences import (
    calibrations,
    detector,
    extraction,
    files,
    flux,
    frames,
    headers,
    log_entries,
    runs,
    sensitivity,
    site,
    standards,
    wavelength,
)
from reduction.sentences.base import TABLE, text

__all__ = ["TABLE", "text", "texts"]

SUBJECTS = (
    *(files, headers, frames, detector, extraction, wavelength),
    *(standards, sensitivity, flux, calibrations, runs, log_entries, site),
)
for subject in SUBJECTS:
    TABLE.update(subject.SENTENCES)


def texts(notices: Sequence[Notice]) -> list[str]:
    """Return the sentences of notices."""
    return [text(notice) for notice in notices]
