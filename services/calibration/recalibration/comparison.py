"""Whether a product would be made of other inputs now than those that it was made of."""

from __future__ import annotations

import datetime as dt

from db.models import File, Run
from reduction.frames import ArcSide
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services.calibration import selection
from services.calibration.outcomes import ArcCandidate, Inputs, Refusal
from services.files import ingredients
from services.files.ingredients import Given, Role, State

KNOWN = notice(NoticeCode.LAMP_NOT_IDENTIFIED)
"""Stands for the reason why an arc was refused, where only the fact matters."""


def would_be_given(product: File, run: Run) -> list[Given] | None:
    """Return what a product would be made of now; None while there is no calibration for it.

    An arc that was refused for this product is refused again: its lines have not changed. The
    product's run is resolved as it was requested, with its settings and manual calibrations.
    """
    answer = selection.resolve(run)
    if not isinstance(answer, Inputs):
        return None
    return ingredients.given_to(run, answer, _as_recorded(ingredients.states(product)))


def _as_recorded(states: set[State]) -> Refusal:
    refused = {(state.file, state.version) for state in states if state.refused}

    def refusal(_side: ArcSide, arc: ArcCandidate) -> Notice | None:
        return KNOWN if (arc.file.id, arc.file.checksum) in refused else None

    return refusal


def differs(product: File, given: list[Given]) -> bool:
    """Return whether a product was made of other files, or of other versions of them.

    What an older release has not recorded (the version of a file) is not compared.
    """
    if product.parent_version and product.parent_version != product.parent.checksum:
        return True
    before = {state for state in ingredients.states(product) if state.role != Role.TRACE}
    now = {one.state for one in given}
    if all(state.version for state in before):
        return before != now
    return {one._replace(version="") for one in before} != {one._replace(version="") for one in now}


def newest(given: list[Given], parent: File) -> dt.datetime:
    """Return when the last of the inputs of a product came, or was changed."""
    times = [one.file.created for one in given]
    return max([*times, parent.last_modified], default=parent.last_modified)
