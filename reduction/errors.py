"""The expected failures of a reduction.

ReductionError
 ├─ HeaderError           a needed FITS keyword is missing, mistyped or contradicts the pixels
 ├─ UnusableFrame         the pixels cannot be reduced (all NaN, all saturated, empty)
 ├─ MissingCalibration    no master or arc fits; carries the nearest candidates
 ├─ TargetNotFound        no source above the threshold along the slit
 ├─ NoWavelengthSolution  the lamp lines do not determine a solution
 └─ NoSensitivity         the spectrum of a standard star gives no response
"""

from __future__ import annotations

from typing import Any

from reduction.notice_codes import NoticeCode
from reduction.notice_text import text
from reduction.notices import Notice, notice


class ReductionError(Exception):
    """Expected scientific failure: a notice for the observer, never suppressed.

    Parameters
    ----------
    code : NoticeCode or Notice
        The failure; a notice is kept as it is.
    **params
        Parameters of the code.
    """

    def __init__(self, code: NoticeCode | Notice, **params: Any) -> None:
        self.notice = code if isinstance(code, Notice) else notice(code, **params)
        super().__init__(self.notice)

    def __str__(self) -> str:
        """Return the sentence of the notice."""
        return text(self.notice)


class HeaderError(ReductionError):
    """A needed header card is missing, of another type, or contradicts the data."""

    @property
    def keyword(self) -> str:
        """The FITS keyword at fault."""
        return str(self.notice.params["keyword"])


class UnusableFrame(ReductionError):
    """The pixels themselves cannot be reduced."""


class MissingCalibration(ReductionError):
    """No calibration fits; the notice names the nearest candidate and what differs."""


class TargetNotFound(ReductionError):
    """No source above the detection threshold along the slit."""


class NoWavelengthSolution(ReductionError):
    """The lamp lines are too few, too close together or too scattered for a solution."""


class NoSensitivity(ReductionError):
    """The spectrum of a standard star does not determine the response of the instrument."""
