"""Whether a product would be made of other inputs now than those that it was made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from db.models import File, Run
from reduction.frames import ArcSide
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.slits import ZeroPointEvidence
from services.calibration import selection
from services.calibration.outcomes import ArcCandidate, Inputs, Refusal
from services.calibration.zero_points import evidence
from services.files import ingredients
from services.files.ingredients import Given, Role, State

KNOWN = notice(NoticeCode.LAMP_NOT_IDENTIFIED)
"""Stands for the reason why an arc was refused, where only the fact matters."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a product would be made of now: files, and what other spectra say of its zero point."""

    given: list[Given]
    zero_points: tuple[ZeroPointEvidence, ...]
    siblings: tuple[File, ...]


def would_be_given(product: File, run: Run) -> Expected | None:
    """Return what a product would be made of now; None while there is no calibration for it.

    An arc that was refused for this product is refused again: its lines have not changed. The
    product's run is resolved as it was requested, with its settings and manual calibrations.
    """
    answer = selection.resolve(run)
    if not isinstance(answer, Inputs):
        return None
    given = ingredients.given_to(run, answer, _as_recorded(ingredients.states(product)))
    return Expected(given, answer.zero_points, answer.siblings)


def _as_recorded(states: set[State]) -> Refusal:
    refused = {(state.file, state.version) for state in states if state.refused}

    def refusal(_side: ArcSide, arc: ArcCandidate) -> Notice | None:
        return KNOWN if (arc.file.id, arc.file.checksum) in refused else None

    return refusal


def differs(product: File, expected: Expected) -> bool:
    """Return whether a product was made of other files, or of other versions of them.

    What an older release has not recorded (the version of a file) is not compared.
    """
    parent = product.parent
    if parent is not None and product.parent_version not in ("", parent.checksum):
        return True
    if evidence.differs(product, expected.zero_points):
        return True
    recorded = ingredients.states(product)
    before = {state for state in recorded if state.role not in (Role.TRACE, Role.ZERO_POINT)}
    now = {one.state for one in expected.given}
    if all(state.version for state in before):
        return before != now
    return {one._replace(version="") for one in before} != {one._replace(version="") for one in now}


def newest(expected: Expected, parent: File) -> dt.datetime:
    """Return when the last of the inputs of a product came, or was changed."""
    times = [
        # A sensitivity may have been replaced in place since.
        one.file.last_modified if one.role is Role.SENSITIVITY else one.file.created
        for one in expected.given
    ]
    times += [sibling.last_modified for sibling in expected.siblings]
    return max([*times, parent.last_modified], default=parent.last_modified)
