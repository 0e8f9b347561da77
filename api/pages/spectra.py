"""The numbers of spectra, which the browser draws, smooths and compares.

The response depends on the address alone, so that a browser may keep it for as long as the same
person is signed in.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify
from flask_login import current_user
from pydantic import BaseModel, ConfigDict, Field

from api.contract.validation import MAX_ID, read_query, refuse_query
from db.models import File
from figures import arc as arc_figure
from figures.layout import title_lines
from figures.spectrum import power_of_ten, unit_name
from reduction.frames import DataType
from reduction.lines.spectral_lines import features
from services.errors import NotFound
from services.files import contents, lookup
from services.files.visualization import spectra

blueprint = Blueprint("spectra", __name__, url_prefix="/spectrum")

PLANES = {"systematic": "SYS", "uncorrected": "UNCORR"}
"""Further planes of a flux-calibrated spectrum by what they are: σ_sys, and the flux without
telluric correction. Extension by name."""
KEEP = "private, max-age=31536000, immutable"


class Version(BaseModel):
    """The version of the file that is requested."""

    model_config = ConfigDict(extra="forbid")

    v: str = Field("", max_length=64, description="The file's checksum: another one, another URL.")


class Text(BaseModel):
    """What is searched for."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field("", max_length=200, description="Part of a file's or object's name.")


@blueprint.get("/<int:file_id>")
def spectrum(file_id: int) -> Response:
    """Return a spectrum: float64 x, float32 flux, σ and further planes, a byte of flags each.

    Little-endian, one array after the other; NaN where a value is not known. ``X-Spectrum``
    describes them, and names the further planes (`PLANES`).
    """
    version = read_query(Version).v
    file = _file(file_id)
    facts, body = numbers(file)
    response = Response(body, mimetype="application/octet-stream")
    response.headers["X-Spectrum"] = json.dumps(facts, separators=(",", ":"))
    is_exact = version and file.checksum.startswith(version)
    response.headers["Cache-Control"] = KEEP if is_exact else "no-store"
    response.headers["Vary"] = "Cookie"
    return response


def numbers(file: File) -> tuple[dict[str, Any], bytes]:
    """Return the description of a spectrum, and its arrays."""
    data = contents.spectrum(current_user.row, file)
    calibrated = data.wavelength is not None
    x = data.wavelength if data.wavelength is not None else data.pixel
    planes = {name: data.planes[plane] for name, plane in PLANES.items() if plane in data.planes}
    arrays = [(x, "<f8"), (data.flux, "<f4"), (data.sigma, "<f4")]
    arrays += [(plane, "<f4") for plane in planes.values()] + [(data.mask, "u1")]
    body = b"".join(np.ascontiguousarray(values, dtype=kind).tobytes() for values, kind in arrays)
    facts = {
        **_identity(file),
        "heading": title_lines(
            file.obstype, file.object, file.proposal.soar_id if file.proposal else ""
        ),
        "n": int(data.flux.size),
        "axis": "wavelength" if calibrated else "pixel",
        "medium": data.medium,
        "unit": unit_name(data.unit),
        "exponent": power_of_ten(data.flux, data.sigma),
        "planes": list(planes),
    }
    return facts, body


@blueprint.get("/<int:file_id>/others")
def others(file_id: int) -> Response:
    """Return the spectra that can be drawn over this one."""
    query = read_query(Text)
    _file(file_id)
    files = spectra.comparable(current_user.row, file_id, query.text)
    return _not_kept(jsonify(files=[_identity(file) for file in files]))


@blueprint.get("/<int:file_id>/arc")
def arc(file_id: int) -> Response:
    """Return the arc of a wavelength calibration: a figure, and the numbers of the fit."""
    refuse_query()
    _file(file_id)
    report = spectra.arc_of(current_user.row, file_id)
    lines = report.lines
    figure = arc_figure.arc(
        report.wavelength,
        report.arcs,
        line=lines.wavelength,
        residual=lines.residual,
        used=lines.used,
        species=report.species,
        rms=report.rms,
    )
    facts = {
        "lamp": report.lamp,
        "function": report.function,
        "rms": report.rms,
        "used": int(lines.used.sum()),
        "rejected": int((~lines.used).sum()),
        "arcs": report.names,
        "drawn": len(report.arcs),
        "sky_offset": report.sky_offset,
        "sky_error": report.sky_error,
        "sky_corrected": report.sky_corrected,
    }
    return _not_kept(jsonify(figure=json.loads(figure.to_json()), facts=facts))


@blueprint.get("/features")
def known_features() -> Response:
    """Return the lines and bands that can be marked, each list with its source."""
    refuse_query()
    known = features()
    lists = [asdict(lines) for lines in (*known.lists, known.sky)]
    response = jsonify(lists=lists, telluric=known.telluric, telluric_source=known.telluric_source)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _file(file_id: int) -> File:
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    return lookup.get(current_user.row, file_id)


def _identity(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "checksum": file.checksum[:16],
        "name": file.file_name,
        "object": file.object,
        "date": file.date_obs.isoformat(),
        "type": DataType(file.data_type).label,
    }


def _not_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
