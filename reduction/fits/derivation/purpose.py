"""What a frame was taken for, where ``OBSTYPE`` does not state it or other cards contradict it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from astropy.io import fits

from reduction.fits import header_values, vocabulary
from reduction.fits.derivation import object_names
from reduction.fits.derivation.cards import stored, usable_text
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

_UNNAMED: Final = frozenset({"", "TEST", "ARC", "COMP", "LAMP", "FLAT", "OBJECT", "UNKNOWN"})
"""Names of an object that are no evidence."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """An exposure type, "" where it stays open, and what it was derived from."""

    obstype: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lamps:
    """The lamps of a header.

    Parameters
    ----------
    has_cards : bool
        Whether there are ``LAMP_*`` cards of comparison lamps.
    on : tuple of str
        Comparison lamps that these say were on.
    flat : tuple of str
        Lamps of flats that were on.
    named : tuple of str
        Comparison lamps that ``OBJECT`` is named after.
    """

    has_cards: bool
    on: tuple[str, ...]
    flat: tuple[str, ...]
    named: tuple[str, ...]

    @property
    def lit(self) -> tuple[str, ...]:
        """The comparison lamps that were on; without cards, those that the object names."""
        return self.on if self.has_cards else self.named


def lamps(header: fits.Header) -> Lamps:
    """Return what a header states about lamps."""
    return Lamps(
        any(keyword in header for keyword in vocabulary.LAMPS),
        tuple(lamp for keyword, lamp in vocabulary.LAMPS.items() if _is_on(header, keyword)),
        tuple(lamp for keyword, lamp in vocabulary.FLAT_LAMPS.items() if _is_on(header, keyword)),
        object_names.lamps_in(usable_text(header, vocabulary.OBJECT)),
    )


def _is_on(header: fits.Header, keyword: str) -> bool:
    return header_values.lamp_state(str(stored(header, keyword))) is True


def derive(header: fits.Header, exptime: float | None, file_name: str) -> Purpose:
    """Return the exposure type of a frame whose ``OBSTYPE`` is absent or unusable.

    Parameters
    ----------
    header : fits.Header
        Repaired.
    exptime : float or None
        Seconds.
    file_name : str

    Returns
    -------
    Purpose
        BIAS, FLAT, COMP or OBJECT; "" if the facts contradict each other or are absent.
    """
    name = usable_text(header, vocabulary.OBJECT)
    facts = _facts(header, exptime, {f"OBJECT {name}": name, f"file {file_name}": _stem(file_name)})
    told_by = [obstype for obstype, evidence in facts.items() if evidence]
    if len(told_by) > 1 or (told_by == ["BIAS"] and exptime):
        return Purpose("", tuple(said for evidence in facts.values() for said in evidence))
    if told_by:
        return Purpose(told_by[0], tuple(facts[told_by[0]]))
    if name and exptime:
        return Purpose("OBJECT", (f"OBJECT {name}", f"EXPTIME {exptime:g}"))
    return Purpose("")


def _facts(
    header: fits.Header, exptime: float | None, names: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return what speaks for each exposure type of a calibration."""
    found = lamps(header)
    facts: dict[str, list[str]] = {"BIAS": [], "FLAT": [], "COMP": []}
    if exptime == 0:
        facts["BIAS"].append("EXPTIME 0")
    for said, name in names.items():
        for obstype, is_named in _NAMED.items():
            if is_named(name):
                facts[obstype].append(said)
    if found.on:
        facts["COMP"].append(f"lamp {header_values.lamp_name(found.on)} on")
    if found.flat:
        facts["FLAT"].append(f"{', '.join(found.flat)} lamp on")
    return facts


_NAMED: Final[Mapping[str, Callable[[str], object]]] = {
    "BIAS": object_names.is_bias_name,
    "FLAT": object_names.is_flat_name,
    "COMP": object_names.lamps_in,
}


def _stem(file_name: str) -> str:
    """Return a file's name without number and suffix: ``0018_Fe_930.fits.gz`` → ``Fe_930``."""
    return file_name.partition(".fits")[0].lstrip("0123456789._-")


def judge(header: fits.Header, obstype: str, exptime: float | None) -> tuple[str, list[Notice]]:
    """Return the exposure type that other cards show, and what is to be said of it.

    An exposure of an object is one of a lamp if the lamp was on and the object is named after it,
    or has no name; without ``LAMP_*`` cards, if the name can be nothing else. Where the cards
    contradict each other the stated type stays, with a notice that asks for a decision.

    Parameters
    ----------
    header : fits.Header
        Repaired.
    obstype : str
        As stated or derived, in capitals.
    exptime : float or None
        Seconds.
    """
    if obstype in {"OBJECT", "SPECTRUM"}:
        return _of_object(header, obstype, exptime)
    found = lamps(header)
    doubts = []
    if obstype in {"BIAS", "ZERO"} and exptime:
        doubts.append(f"EXPTIME is {exptime:g} s")
    if obstype in {"COMP", "ARC"} and found.flat and not found.on:
        doubts.append(f"the {', '.join(found.flat)} lamp was on and no comparison lamp")
    if obstype in {"FLAT", "LAMPFLAT"} and found.on and not found.flat:
        doubts.append(f"the lamp {header_values.lamp_name(found.on)} was on")
    return obstype, _doubtful(obstype, doubts)


def _of_object(
    header: fits.Header, obstype: str, exptime: float | None
) -> tuple[str, list[Notice]]:
    found, name = lamps(header), usable_text(header, vocabulary.OBJECT)
    unnamed = name.upper() in _UNNAMED
    names_flat = object_names.is_flat_name(name)
    shows_arc = found.on and (found.named or unnamed) and not found.flat
    shows_flat = found.flat and (names_flat or unnamed) and not found.on
    if not found.has_cards:
        shows_arc = shows_arc or object_names.is_lamp_name(name)
        shows_flat = shows_flat or names_flat
    keyword = vocabulary.OBSTYPE.keyword
    if shows_arc:
        lamp = header_values.lamp_name(found.lit)
        return "COMP", [notice(NoticeCode.LAMP_AS_OBJECT, keyword=keyword, lamp=lamp)]
    if shows_flat:
        lamp = ", ".join(found.flat) or name
        return "FLAT", [notice(NoticeCode.FLAT_AS_OBJECT, keyword=keyword, lamp=lamp)]
    doubts = []
    lit = [header_values.lamp_name(found.on)] if found.on else []
    lit += list(found.flat)
    if lit:
        doubts.append(f"the lamp {', '.join(lit)} was on")
    if found.named or names_flat:
        doubts.append(f"OBJECT is {name}")
    if exptime == 0:
        doubts.append("EXPTIME is 0 s")
    return obstype, _doubtful(obstype, doubts)


def _doubtful(obstype: str, doubts: list[str]) -> list[Notice]:
    if not doubts:
        return []
    return [notice(NoticeCode.OBSTYPE_DOUBTFUL, keyword="OBSTYPE", stored=obstype, facts=doubts)]
