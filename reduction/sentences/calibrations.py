"""Sentences about the choice of calibrations."""

from __future__ import annotations

from reduction.difference_text import QUANTITIES, taken_with, value_text
from reduction.differences import Quantity
from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, differences, listed

ROLES = {
    "master bias": "bias",
    "master flat": "flat",
    "arc lamp": "arc",
    "second arc lamp": "second arc",
    "sensitivity": "sensitivity",
    "sensitivities of earlier nights": "site library",
}
"""Short names of `reduction.registry.CalibrationRole`."""


def _role(params: Params) -> str:
    return ROLES.get(params["role"], str(params["role"]))


def _degraded(params: Params) -> str:
    return f"{_role(params).capitalize()} taken {taken_with(differences(params))}"


def _no_calibration(params: Params) -> str:
    setup = params["setup"]
    shown = ", ".join(
        f"{QUANTITIES[Quantity(name)]} {value_text(Quantity(name), value)}"
        for name, value in setup.items()
    )
    what = "setup" if "grating" in setup or "filter" in setup else "read-out"
    words = f"No {_role(params)} with this {what} ({shown})."
    if params["nearest"] is None:
        return words
    return f"{words} Nearest: {params['nearest']}, {listed(params)}"


def _master_too_small(params: Params) -> str:
    return (
        f"No {params['role']} of {params['needed']} frames, as the proposal requires; "
        f"{params['file']} has {params['found']}"
    )


def _without(params: Params) -> str:
    consequences = {
        "master bias": "the overscan level was subtracted instead",
        "master flat": "the frame was not flat-fielded",
    }
    role = str(params["role"])
    return f"No {role}: {consequences[role]}" if role in consequences else f"Made without {role}"


SENTENCES: dict[C, Sentence] = {
    C.DEGRADED_MATCH: _degraded,
    C.NO_CALIBRATION: _no_calibration,
    C.MASTER_TOO_SMALL: _master_too_small,
    C.MADE_WITHOUT: _without,
    C.CALIBRATION_IGNORED: "The settings do not use a {role}.",
    C.MANUAL_CALIBRATION: "Manual calibration: {role} {file}.",
    C.MANUAL_CALIBRATION_DIFFERS: (
        lambda p: f"Manual calibration: {p['role']} {p['file']} differs: {listed(p)}."
    ),
    C.CALIBRATION_NOT_FOUND: "The selected {role} does not exist or is of another kind.",
    C.CALIBRATION_IMPOSSIBLE: lambda p: f"{p['file']} cannot be used: {listed(p)}.",
    C.CALIBRATION_NOT_REDUCED: "The {role} {file} could not be reduced.",
    C.ARC_ONE_SIDE: "No arc on the other side of the exposure: only {file} was used.",
    C.NO_STANDARD_STAR: (
        "No standard star has been observed with the setup {mode} ({camera} camera) within "
        "{days} days."
    ),
    C.NOT_A_STANDARD_STAR: (
        "{file} is not recognised as a standard star by position and name. Name the star to "
        "measure a sensitivity with it."
    ),
    C.FIXED_ARC_NOT_NAMED: "The arc choice is 'fixed', but no arc is named.",
    C.FIXED_ARC_DIFFERS: lambda p: f"{p['file']} does not fit this spectrum: {listed(p)}.",
    C.NOT_A_CALIBRATION_FRAME: "{file} is not a frame that masters are made of.",
}
