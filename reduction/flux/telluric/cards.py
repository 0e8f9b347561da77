"""The absorption in a spectrum, in the header of a product."""

from __future__ import annotations

from typing import Final

from astropy.io import fits

from reduction.fits import vocabulary
from reduction.fits.derivation.cards import usable_number, usable_text
from reduction.fits.provenance import put
from reduction.flux.telluric.bands import Gas
from reduction.flux.telluric.fit import Telluric

_NUMBERS: Final = (
    (vocabulary.GSP_O2, "o2", 4, "oxygen at the zenith, standard atmosphere 1"),
    (vocabulary.GSP_H2O, "h2o", 3, "water at the zenith, mm"),
    (vocabulary.GSP_TSHI, "shift", 3, "shift of the telluric bands, Angstrom"),
    (vocabulary.GSP_TWID, "width", 3, "resolution in the telluric bands, Angstrom"),
    (vocabulary.GSP_TWNG, "wings", 3, "share of the light in the wings of a line"),
)
_MEASURED: Final = "gases whose columns were measured"


def write(header: fits.Header, telluric: Telluric) -> None:
    """Write an absorption to a header."""
    for keyword, name, digits, comment in _NUMBERS:
        put(header, keyword, round(float(getattr(telluric, name)), digits), comment)
    gases = " ".join(gas for gas in Gas if gas in telluric.measured)
    put(header, vocabulary.GSP_TGAS, gases, _MEASURED)


def read(header: fits.Header) -> Telluric | None:
    """Return the absorption of a header; None if it has none, or one that cannot be."""
    values = {}
    for keyword, name, _, comment in _NUMBERS:
        value = usable_number(header, vocabulary.Card(keyword, float, comment))
        if value is None:
            return None
        values[name] = value
    if values["width"] <= 0 or values["o2"] < 0 or values["h2o"] < 0:
        return None
    if not 0 <= values["wings"] < 1:
        return None
    stated = usable_text(header, vocabulary.Card(vocabulary.GSP_TGAS, str, _MEASURED)).split()
    measured = frozenset(gas for gas in Gas if gas in stated)
    o2, h2o, shift, width, wings = (values[name] for _, name, _, _ in _NUMBERS)
    return Telluric(o2, h2o, shift, width, airmass=1.0, wings=wings, measured=measured)
