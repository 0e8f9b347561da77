"""Where the second order of the grating may overlie a spectrum.

A grating sends light of half the wavelength, in second order, to where the first order lies. Where
half the wavelength passes atmosphere, optics and filters, the spectrum can be contaminated; by how
much depends on the target and on the efficiency of the grating, which a single exposure does not
tell. The optics of Goodman transmit down to the atmospheric cutoff at 3200 Å (Clemens et al. 2004,
SPIE 5492, 331). The order-blocking filters are Schott glasses, named after the wavelength in nm
at which half of the light passes; 200 Å bluewards of that less than about a percent does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

OPTICS_CUTOFF: Final = 3200.0
"""Å, in air; no light of shorter wavelength reaches the detector."""
FILTER_EDGE: Final = 200.0
"""Å, between the wavelength of half transmission of a filter and that of about a percent."""

_LONG_PASS: Final = re.compile(r"(?:GG|OG|RG)(\d{3})")
_NO_FILTER: Final = frozenset({"NO_FILTER", "NONE", "OPEN", "CLEAR"})


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """The part of a spectrum that the second order may overlie.

    Parameters
    ----------
    first, last : float or None
        Air wavelengths, Å; None if no pixel is concerned, or if it is not known.
    filters : tuple of str
        The filters, without empty places.
    is_known : bool
        False if a filter is not known that decides it.
    """

    first: float | None
    last: float | None
    filters: tuple[str, ...]
    is_known: bool = True

    def flagged(self, air: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which pixels, by their air wavelengths (n,) in Å, may be contaminated."""
        if self.first is None:
            return np.zeros(air.shape, dtype=bool)
        return np.asarray(air >= self.first, dtype=bool)

    def notices(self) -> tuple[Notice, ...]:
        """Return what is to be said of it."""
        name = ", ".join(self.filters)
        if not self.is_known:
            return (notice(NoticeCode.SECOND_ORDER_UNKNOWN, filters=name),)
        if self.first is None:
            return ()
        facts = {"first": self.first, "last": self.last, "filters": name}
        return (notice(NoticeCode.SECOND_ORDER, **facts),)


def second_order(air: NDArray[np.float64], *filters: str) -> SecondOrder:
    """Return where the second order may overlie a spectrum.

    Parameters
    ----------
    air : (n,) float64
        Increasing air wavelengths of the first order, Å.
    *filters : str
        Normalised names of the filters in both wheels; "" if the header states none.

    Returns
    -------
    SecondOrder
        From twice the shortest wavelength that passes. A filter that is not known can only block
        more: without another one that does, nothing is known of what lies beyond twice the cutoff
        of the optics.
    """
    present = tuple(name or "?" for name in filters if name.upper() not in _NO_FILTER)
    edges = [_LONG_PASS.fullmatch(name.upper()) for name in present]
    cutoffs = [float(edge[1]) * 10 - FILTER_EDGE for edge in edges if edge]
    bluest = 2 * max([OPTICS_CUTOFF, *cutoffs])
    beyond = air[air >= bluest]
    if beyond.size == 0:
        return SecondOrder(None, None, present)
    if len(cutoffs) < len(present) and not cutoffs:
        return SecondOrder(None, None, present, is_known=False)
    return SecondOrder(float(beyond[0]), float(beyond[-1]), present)
