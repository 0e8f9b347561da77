"""The header cards of a shared calibration, which everybody sees: only what its users share.

The frames of a master, and the spectrum of a standard star, belong to proposals. What is not listed
here (target, observer, proposal, notes, comments and history, names of files) is left out, whatever
a raw header holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from astropy.io import fits

from reduction.fits import hdus, vocabulary
from reduction.fits.vocabulary import (
    BUNIT,
    CAM_TARG,
    CCDSUM,
    DATE_OBS,
    DISPAXIS,
    EXPTIME,
    FILTER,
    FILTER2,
    GAIN,
    GRATING,
    GRT_TARG,
    INSTCONF,
    INSTRUME,
    OBSTYPE,
    RDNOISE,
    ROI,
    SLIT,
    TIME,
    TRIMSEC,
    UT,
    WAVMODE,
)

_CONCEPTS: Final = (
    *(INSTRUME, INSTCONF, OBSTYPE, CCDSUM, TRIMSEC, ROI, GAIN, RDNOISE, EXPTIME),
    *(GRATING, SLIT, FILTER, FILTER2, CAM_TARG, GRT_TARG, WAVMODE),
    *(DATE_OBS, TIME, UT, DISPAXIS, BUNIT),
)
_PROVENANCE: Final = (
    *(vocabulary.GSP_VERS, vocabulary.GSP_FNAM, vocabulary.GSP_TECH, vocabulary.GSP_DATE),
    *(vocabulary.GSP_NCOM, vocabulary.GSP_NMIN, vocabulary.GSP_OVER, vocabulary.GSP_TRIM),
    *(vocabulary.GSP_BIAS, vocabulary.GSP_NORM, vocabulary.GSP_NORD, vocabulary.GSP_STHR),
    *(vocabulary.GSP_SLO, vocabulary.GSP_SHI, vocabulary.GSP_RNOI, vocabulary.MJD_OBS),
)
_ALLOWED: Final = frozenset(
    [*_PROVENANCE, *(keyword for card in _CONCEPTS for keyword in (card.keyword, *card.aliases))]
)
_STRUCTURE: Final = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d?|EXTEND|PCOUNT|GCOUNT|EXTNAME|UTYPE|BZERO|BSCALE|"
    r"LT[MV]\d(?:_\d)?|" + vocabulary.GSP_ISUM + r"\d\d"
)

_AXIS: Final = re.compile(
    r"WCSAXES|WCSDIM|C(?:TYPE|UNIT|RPIX|RVAL|DELT)1|CD1_1|AIRORVAC|DC-FLAG|"
    + "|".join((vocabulary.GSP_RESO, vocabulary.GSP_WMED, vocabulary.GSP_PROV))
)
"""The axis of a spectrum."""
_SENSITIVITY: Final = re.compile(
    r"GSP_(?:STAR|STR[FK]|AIR[MS]|EXTI|SSYS|GRAD|O2|H2O|TSHI|TWID|TGAS|NLIB|SF\w{1,2})"
)
"""What a sensitivity says of its standard star and of the atmosphere."""


def is_shared(keyword: str, *, of_spectrum: bool = False) -> bool:
    """Return whether a card may stand in the header of a master, or of a sensitivity."""
    if keyword in _ALLOWED or _STRUCTURE.fullmatch(keyword):
        return True
    more = _AXIS.fullmatch(keyword) or _SENSITIVITY.fullmatch(keyword)
    return of_spectrum and more is not None


def shared(header: fits.Header, *, of_spectrum: bool = False) -> fits.Header:
    """Return a copy of a header with the cards that everybody may read."""
    kept = [card for card in header.cards if is_shared(card.keyword, of_spectrum=of_spectrum)]
    return fits.Header(kept).copy()  # a header keeps the cards that it is made of


def write_shared(path: Path, target: Path, *, of_spectrum: bool = False) -> None:
    """Copy a calibration of an older release without the cards that are not everybody's.

    Raises
    ------
    UnusableFrame
        The file is damaged.
    """
    with path.open("rb") as stored, target.open("xb") as written:
        for unit in hdus.units(path):
            header = shared(unit.header, of_spectrum=of_spectrum)
            written.write(header.tostring(sep="", endcard=True, padding=True).encode("ascii"))
            stored.seek(unit.data_start)
            written.write(stored.read(hdus.padded(unit.data_size)))


def record_members(header: fits.Header, paths: Sequence[Path]) -> None:
    """Write the number of frames combined, and of each the begin of its SHA-256: no names."""
    header[vocabulary.GSP_NCOM] = (len(paths), "frames combined")
    for number, path in enumerate(paths[:99], start=1):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        header[f"{vocabulary.GSP_ISUM}{number:02d}"] = (digest[:32], "SHA-256 of a combined frame")
