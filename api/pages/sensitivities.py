"""The figures of a sensitivity: its points and fit, its residuals, and the months around it."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from flask import Blueprint, Response, jsonify
from flask_login import current_user
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from api.contract.validation import MAX_ID, read_query
from figures import sensitivity as sensitivity_figure
from figures.sensitivity import Curves, EarlierCurve
from figures.spectrum import scaled_unit, unit_name
from figures.trends import Panel, trends
from reduction.flux.response.throughput import throughput
from reduction.frames import night_of
from services.data_page import sensitivity_view
from services.data_page.sensitivity_view import EarlierNight, HistoryPoint, SensitivityView
from services.errors import NotFound

blueprint = Blueprint("sensitivities", __name__, url_prefix="/sensitivity")

Numbers = NDArray[np.float64]

UNIT = "electron cm2 / erg"
REASONS = {
    "outlier": "outlier",
    "bad pixel": "bad pixel",
    "telluric": "telluric band",
    "balmer": "Balmer line",
    "helium": "helium line",
    "second order": "second order",
    "edge": "outside of the reference",
}
"""Why a point is not used, as it is shown; of several reasons the first one is."""


class Scale(BaseModel):
    """What is drawn: the throughput in percent, or the sensitivity in its own unit."""

    model_config = ConfigDict(extra="forbid")

    show: Literal["throughput", "sensitivity"] = Field("throughput")


@blueprint.get("/<int:file_id>")
def sensitivity(file_id: int) -> Response:
    """Return the figure, that of the months around it, and the earlier nights that are drawn."""
    query = read_query(Scale)
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    view = sensitivity_view.read(current_user.row, file_id)
    figure = sensitivity_figure.sensitivity(curves(view, as_throughput=query.show == "throughput"))
    response = jsonify(
        figure=_json(figure),
        history=_json(history(view)) if len(view.history) > 1 else None,
        earlier=[{"id": one.file_id, "name": _name(one)} for one in view.earlier],
        setup=f"{view.setup}, {view.camera}, {view.slit}",
        n_used=view.n_used,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def curves(view: SensitivityView, *, as_throughput: bool) -> Curves:
    """Return what is drawn of a sensitivity."""
    power = 0 if as_throughput else _power(view.sensitivity)

    def from_throughput(x: Numbers, values: Numbers) -> Numbers:
        if as_throughput:
            return 100 * values
        return values / throughput(x, np.ones_like(x)) / 10.0**power

    def drawn(values: Numbers) -> Numbers:
        return from_throughput(x, throughput(x, values))

    x = view.wavelength
    return Curves(
        wavelength=x,
        used=drawn(view.sensitivity),
        own=drawn(view.own),
        points=drawn(view.points),
        systematic=view.systematic,
        label="Throughput" if as_throughput else "Sensitivity",
        unit="%" if as_throughput else scaled_unit(unit_name(UNIT), power),
        masked=_masked(view),
        library=drawn(view.library) if np.isfinite(view.library).any() else None,
        expected=from_throughput(x, view.expected) if np.isfinite(view.expected).any() else None,
        earlier=[
            EarlierCurve(
                one.file_id,
                _name(one),
                one.wavelength,
                from_throughput(one.wavelength, one.throughput),
            )
            for one in view.earlier
        ],
        medium=view.medium,
    )


def _masked(view: SensitivityView) -> dict[str, NDArray[np.bool_]]:
    """Return the pixels that the fit left out, by the reason; only reasons that occur."""
    x = view.wavelength
    masks: dict[str, NDArray[np.bool_]] = {}
    for reason, shown in REASONS.items():
        mask = np.zeros(x.size, dtype=bool)
        for band in view.masks:
            if band.reason == reason:
                mask |= (x >= band.first) & (x <= band.last)
        masks[shown] = mask
    return masks


def history(view: SensitivityView) -> go.Figure:
    """Return zero point and throughput of the setup over the months; this one is marked."""
    return trends(
        [
            _panel(view, "Zero point", "mag", [one.zero_point for one in view.history]),
            _panel(
                view,
                "Throughput at its peak",
                "%",
                [_percent(one.throughput_peak) for one in view.history],
            ),
            _panel(view, "Throughput", "of the expected", [one.ratio for one in view.history]),
        ],
        3,
        f"history of {view.file_id}",
    )


def _panel(view: SensitivityView, label: str, unit: str, values: list[float | None]) -> Panel:
    known = [
        (one, value) for one, value in zip(view.history, values, strict=True) if value is not None
    ]
    return Panel(
        label,
        unit,
        [one.time for one, _ in known],
        [value for _, value in known],
        [one.file_id == view.file_id for one, _ in known],
        [],
        [one.file_id for one, _ in known],
        [_name(one) for one, _ in known],
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _power(curve: Numbers) -> int:
    known = curve[np.isfinite(curve) & (curve > 0)]
    return math.floor(math.log10(float(known.max()))) if known.size else 0


def _name(one: EarlierNight | HistoryPoint) -> str:
    night = one.night if isinstance(one, EarlierNight) else night_of(one.time)
    return f"{night:%Y-%m-%d} {one.star}".strip()


def _json(figure: go.Figure) -> Any:
    return json.loads(figure.to_json(remove_uids=False))
