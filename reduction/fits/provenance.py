"""Provenance cards and file names of products."""

from __future__ import annotations

import datetime as dt
import tomllib
import unicodedata
from functools import cache
from importlib import metadata
from pathlib import Path

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.frames import Technique

PACKAGE = "gsp-live"
NONE = "none"
MJD_ZERO = dt.datetime(1858, 11, 17, tzinfo=dt.UTC)


@cache
def version() -> str:
    """Return the version of this software, from the installed package or its source tree."""
    try:
        return f"{PACKAGE} {metadata.version(PACKAGE)}"
    except metadata.PackageNotFoundError:
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        with project.open("rb") as stream:
            return f"{PACKAGE} {tomllib.load(stream)['project']['version']}"


def stem(file_name: str) -> str:
    """Return a FITS file's name without its endings: ``0317_X.fits.fz`` → ``0317_X``."""
    name = file_name
    for ending in (".gz", ".fz", ".fits", ".fit", ".fts"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name


def product_name(letters: str, file_name: str, suffix: str = "") -> str:
    """Return the file name of a product: the letters of its steps precede the parent's name.

    Parameters
    ----------
    letters : str
        Steps in the order of execution, as ``"tszfc"``; the name begins with the last.
    file_name : str
        The parent's name; that of a raw frame is preceded by an underscore.
    suffix : str
        Appended to the stem, as ``"_target_1"``.
    """
    joint = "" if is_product(file_name) else "_"
    return f"{letters[::-1]}{joint}{stem(file_name)}{suffix}.fits"


def is_product(file_name: str) -> bool:
    """Return whether a name begins with the letters of steps."""
    letters = file_name.split("_", 1)[0]
    return "_" in file_name and letters != "" and set(letters) <= set("otszfcewxb")


def ascii_text(text: str) -> str:
    """Return text as FITS allows it: ``café`` → ``cafe``, other characters as ``?``."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(c if " " <= c <= "~" else "?" for c in bare)


def put(header: fits.Header, keyword: str, value: str | float, comment: str) -> None:
    """Write a card; a comment that does not fit beside a long value is omitted, not truncated."""
    value = ascii_text(value) if isinstance(value, str) else value
    fits_in = len(str(value)) + len(comment) <= 62
    header[keyword] = (value, comment if fits_in else None)


def stamp(
    header: fits.Header,
    *,
    parent: str | None,
    file_name: str,
    technique: Technique | None = None,
) -> None:
    """Write version, date, parent, original and own name; the original is written only once.

    A master has neither a parent nor an original: its frames are not everybody's.
    """
    put(header, vocabulary.GSP_VERS, version(), "software and version")
    if parent is not None and vocabulary.GSP_ONAM not in header:
        put(header, vocabulary.GSP_ONAM, parent, "original file name")
    if parent is not None:
        put(header, vocabulary.GSP_PNAM, parent, "parent file name")
    put(header, vocabulary.GSP_FNAM, file_name, "this file's name")
    if technique is not None:
        put(header, vocabulary.GSP_TECH, str(technique), "observing technique")
    now = dt.datetime.now(dt.UTC).replace(microsecond=0, tzinfo=None)
    put(header, vocabulary.GSP_DATE, now.isoformat(), "processing date, UTC")
    _put_mjd(header)


def _put_mjd(header: fits.Header) -> None:
    """Write ``MJD-OBS`` if it is missing, and complete a ``DATE-OBS`` without time.

    WCSLIB expects both, with the same time.
    """
    if vocabulary.MJD_OBS in header:
        return
    try:
        begin = headers.read_date(header)
    except HeaderError:
        return  # without the time of day there is no MJD
    days = (begin - MJD_ZERO) / dt.timedelta(days=1)
    put(header, vocabulary.MJD_OBS, round(days, 8), "[d] begin of the exposure, UTC")
    if "T" not in headers.text(header, vocabulary.DATE_OBS):
        put(header, vocabulary.DATE_OBS.keyword, begin.replace(tzinfo=None).isoformat(), "UTC")
