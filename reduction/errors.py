"""What can go wrong in a reduction.

ReductionError
 ├─ HeaderError           a needed FITS keyword is missing, mistyped or contradicts the pixels
 ├─ UnusableFrame         the pixels can't be reduced (all NaN, all saturated, empty)
 ├─ MissingCalibration    no master or arc fits; carries the nearest candidates
 ├─ TargetNotFound        no source above the threshold along the slit
 └─ NoWavelengthSolution  the lamp lines do not pin down a solution
"""


class ReductionError(Exception):
    """Expected scientific failure: one sentence for the observer, never swallowed."""


class HeaderError(ReductionError):
    """A needed header card is missing, of another type, or contradicts the data.

    Parameters
    ----------
    keyword : str
        The FITS keyword at fault.
    message : str
        One sentence that names the keyword and what was expected.
    """

    def __init__(self, keyword: str, message: str) -> None:
        super().__init__(message)
        self.keyword = keyword


class UnusableFrame(ReductionError):
    """The pixels themselves can't be reduced."""


class MissingCalibration(ReductionError):
    """No calibration fits; the message names the nearest candidates and what differs."""


class TargetNotFound(ReductionError):
    """No source above the detection threshold along the slit."""


class NoWavelengthSolution(ReductionError):
    """Too few, too bunched or too scattered lamp lines: no solution is better than a wrong one."""
