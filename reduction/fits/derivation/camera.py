"""Which camera took a frame: all evidence of its header, weighed.

Frames before about 2017 have no ``INSTCONF``. The camera is then known from the model and serial
number of its controller, the pair of gain and read noise, the rows of the read-out, and the date:
the Red Camera was new in October 2016 (goodman_pipeline, issue 8: "The new Goodman's red camera").
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from astropy.io import fits

from reduction.fits import vocabulary
from reduction.fits.derivation import controller
from reduction.fits.derivation.cards import usable_number, usable_text
from reduction.readouts import cameras_of

CAMERAS: Final = ("Blue", "Red")
RED_BEGINS: Final = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
"""No frame before this is of the Red Camera; the date is earlier than its first light."""
BLUE_ROWS: Final = 4096
"""Unbinned rows of the Blue detector (Fairchild 4096 x 4096); Red has 4112 (e2v 231-84)."""

_GOODMAN: Final = re.compile(r"ghts.*|goodman.*", re.IGNORECASE)
_MODELS: Final = {"1110": "Red", "620": "Blue", "699": "Blue", "600": "Blue"}
_SERIALS: Final = {"111": "Red", "658": "Blue"}
_DETECTORS: Final = (("e2v ccd231", "Red"), ("ccd 486", "Blue"))


@dataclass(frozen=True, slots=True)
class CameraFact:
    """One fact that speaks for a camera: what the header says, and how much it weighs."""

    camera: str
    statement: str
    weight: int


@dataclass(frozen=True, slots=True)
class CameraJudgement:
    """The camera, "" where it stays open, with the facts for it and those for the other one."""

    camera: str
    facts: tuple[CameraFact, ...]

    @property
    def evidence(self) -> list[str]:
        """What speaks for the camera."""
        return [fact.statement for fact in self.facts if fact.camera == self.camera]

    @property
    def against(self) -> list[str]:
        """What speaks for the other camera; of an open one, all that was found."""
        others = (fact for fact in self.facts if fact.camera != self.camera)
        return [f"{fact.statement} ({fact.camera})" for fact in others]


def is_goodman(instrument: str) -> bool:
    """Return whether an ``INSTRUME`` is one of the names of the spectrograph."""
    return _GOODMAN.fullmatch(instrument.strip()) is not None


def named_camera(instrument: str) -> str:
    """Return the camera that ``INSTRUME`` names, "" if it names none."""
    match = re.match(r"(?:ghts|goodman)[ _-]*(red|blue)", instrument.strip(), re.IGNORECASE)
    return match[1].capitalize() if match else ""


def judge_camera(
    header: fits.Header, rows: int | None = None, taken: dt.datetime | None = None
) -> CameraJudgement:
    """Weigh all facts on the camera of a frame.

    Parameters
    ----------
    header : fits.Header
        Repaired (`reduction.fits.card_repair`).
    rows : int, optional
        Unbinned rows of the read-out.
    taken : datetime, optional
        Start of the exposure, UTC.

    Returns
    -------
    CameraJudgement
        The camera for which the facts weigh more. It is open if there are none, or if they weigh
        the same: a statement of the header (4), the controller (6), the read-out (3), the date (3),
        the number of rows (2).
    """
    facts = [*_stated(header), *_of_readout(header), *_of_time(taken), *_of_rows(rows)]
    if len({fact.camera for fact in facts}) != 1 or len(facts) < 2:
        facts += _of_controller(header)  # its many cards are read only where they are needed
    weights = {
        camera: sum(fact.weight for fact in facts if fact.camera == camera) for camera in CAMERAS
    }
    best, other = sorted(CAMERAS, key=lambda camera: -weights[camera])
    return CameraJudgement(best if weights[best] > weights[other] else "", tuple(facts))


def _stated(header: fits.Header) -> list[CameraFact]:
    facts = []
    stated = usable_text(header, vocabulary.INSTCONF)
    if stated.capitalize() in CAMERAS:
        facts.append(CameraFact(stated.capitalize(), f"INSTCONF {stated}", 4))
    instrument = usable_text(header, vocabulary.INSTRUME)
    if named_camera(instrument):
        facts.append(CameraFact(named_camera(instrument), f"INSTRUME {instrument}", 4))
    name = usable_text(header, vocabulary.CONTROLLER)
    match = re.search(r"(\d{3,4})-(\d{3})\b", name)
    if match and _SERIALS.get(match[2]) == _MODELS.get(match[1], ""):
        facts.append(CameraFact(_SERIALS[match[2]], f"CAMERA {name}", 6))
    return facts


def _of_readout(header: fits.Header) -> list[CameraFact]:
    gain = usable_number(header, vocabulary.GAIN)
    rdnoise = usable_number(header, vocabulary.RDNOISE)
    cameras = cameras_of(gain, rdnoise)
    if len(cameras) != 1:
        return []
    parts = [f"GAIN {gain:g}" if gain else "", f"RDNOISE {rdnoise:g}" if rdnoise else ""]
    return [CameraFact(cameras[0], ", ".join(filter(None, parts)), 3)]


def _of_time(taken: dt.datetime | None) -> list[CameraFact]:
    if taken is None or taken >= RED_BEGINS or taken.year < 2004:
        return []
    return [CameraFact("Blue", f"DATE-OBS {taken:%Y-%m-%d}, before the Red Camera", 3)]


def _of_rows(rows: int | None) -> list[CameraFact]:
    if rows is None or rows <= BLUE_ROWS:
        return []
    return [CameraFact("Red", f"{rows} unbinned rows", 2)]


def _of_controller(header: fits.Header) -> list[CameraFact]:
    states = controller.values(header)
    facts = []
    model, serial = str(states.get("model", "")), str(states.get("serial", ""))
    for name, value, known in (("model", model, _MODELS), ("serial number", serial, _SERIALS)):
        if value in known:
            facts.append(CameraFact(known[value], f"controller {name} {value}", 6))
    detector = str(states.get("detector", ""))
    for begin, camera in _DETECTORS:
        if detector.lower().startswith(begin):
            facts.append(CameraFact(camera, f"detector {detector}", 6))
    return facts
