"""Examples of the OpenAPI document, composed from the models.

`of` makes an example of a model, field by field; `VALUES` says what stands in a field of a name
(the first that the field accepts). `FAILURES` are the ways to fail, said by the failures' classes.
"""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    PreconditionFailed,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
)

from api.contract import errors
from api.models.requests import Strict
from reduction.registry import BlockSettings
from services.errors import (
    AccessDenied,
    Conflict,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    ServiceError,
    TooManyAttempts,
    Unacceptable,
    Unavailable,
)

_TIME = "2022-07-05T03:12:44.120000+00:00"
_RAW = "0080_HZ44_400_M2.fits"

VALUES: dict[str, tuple[Any, ...]] = {
    "id": (80, "80"),
    "original_file": (_RAW,),
    "original_file_id": (80,),
    "parent_file": (_RAW,),
    "parent_file_id": (80,),
    "file_id": (80,),
    "run_id": (1742,),
    "file_name": (_RAW,),
    "directory_name": ("/data/goodman/2022-07-04",),
    "full_path": (f"/data/goodman/2022-07-04/{_RAW}",),
    "obstype": ("SPECTRUM", "COMP"),
    "camera": ("Red",),
    "binning": ("2 2",),
    "object": ("HZ 44",),
    "filter": ("NO_FILTER",),
    "filter_2": ("GG455",),
    "grating": ("400_SYZY",),
    "slit": ("1.0_LONG_SLIT",),
    "cam_targ": ("16.1",),
    "grt_targ": ("7.5",),
    "obsra": ("13:23:35.26",),
    "obsdec": ("36:07:59.5",),
    "gain": ("1.48",),
    "rdnoise": ("3.89",),
    "roi": ("Spectroscopic 2x2",),
    "wavmode": ("400_M2",),
    "proposal_id": ("SOAR2022A-001", 5),
    "observation_id": (None,),
    "configuration_id": (None,),
    "block_id": (None,),
    "image_id": (34304,),
    "date": ("2022-07-05",),
    "date_obs": (_TIME,),
    "night": ("2022-07-04",),
    "data_type": ("0",),
    "normalized": (False,),
    "technique": ("Spectroscopy",),
    "saturation_value": (49928,),
    "kind": ("spectrum",),
    "type": ("Observed Raw", "bias"),
    "exptime": (600.0,),
    "ra_deg": (200.896917,),
    "dec_deg": (36.133194,),
    "checksum": ("0b5dd79daa4a2a8e1ca0c2ee3b8e2bd6cbcd5f2b16e5a6ed3f1d2b5de77e9aa1",),
    "size": (7885440,),
    "state": ("current", "running"),
    "quality": ({},),
    "path": ("/data/raw/2022-07-05/0317_HZ44.fits",),
    "outcome": ("quarantined",),
    "seen": (_TIME,),
    "inputs": ([],),
    "warnings": ([],),
    "stale": (False,),
    "provisional": (False,),
    "provisional_until": (None,),
    "block": ("reduce",),
    "label": ("Reduce",),
    "live": (True,),
    "automatic": (True,),
    "step": ("Cosmic rays",),
    "progress": (0.4,),
    "message": ("",),
    "settings": ({"ignore_bias": False},),
    "attempt": (1,),
    "queued": (_TIME, 2),
    "created": (_TIME,),
    "last_modified": (_TIME,),
    "started": (_TIME,),
    "finished": (None,),
    "count": (1,),
    "next": (None,),
    "previous": (None,),
    "deleted": ([f"cfzst_{_RAW}", f"ecfzst_{_RAW}"], 7),
    "hdu": ("PRIMARY",),
    "keyword": ("OBJECT",),
    "value": ("HZ 44",),
    "comment": ("Name of the object",),
    "unit": ("electron",),
    "wavelength": ([4000.0, 4000.84],),
    "pixel": ([0, 1],),
    "flux": ([153.2, None],),
    "uncertainty": ([6.1, None],),
    "mask": ([0, 1],),
    "sky": ([12.0, 12.1],),
    "loss": ([0.081, 0.081],),
    "comment_id": (7,),
    "text": ("Thin clouds during this one.",),
    "user": ("observer",),
    "author": ("A. Observer",),
    "level": ("warning",),
    "sentence": ("0317_HZ44.fits: GAIN is missing: the frame cannot be reduced.",),
    "username": ("observer",),
    "last_login": (_TIME,),
    "first_name": ("A.",),
    "last_name": ("Observer",),
    "email": ("user@server.net",),
    "is_staff": (False,),
    "is_active": (True,),
    "is_superuser": (False,),
    "date_joined": (_TIME,),
    "partner": ("SOAR",),
    "visual": ({"theme": "dark"},),
    "token": ("BqPZ8m0nF1yq2v7dR4kX6tW9sL3hJ5cG-aUeVoYiNxE",),
    "observed": (31,),
    "calibrations": (2,),
    "soar_id": ("SOAR2022A-001",),
    "semester": ("2022A",),
    "title": ("White dwarfs",),
    "abstract": ("Spectra of white dwarfs.",),
    "name": ("GSP Live",),
    "version": ("0.1.0",),
    "time": (_TIME,),
    "action": ("add",),
    "data": ([{"type": "scatter", "x": [4000.0, 4000.84], "y": [153.2, 154.0]}],),
    "layout": ({"xaxis": {"title": {"text": "Wavelength in air (Å)"}}},),
}


class NoExample(LookupError):
    """A field has no example; add one to `VALUES`."""


def of(model: type[BaseModel]) -> Any:
    """Return an example of a model, as JSON.

    A request shows what it needs and what its fields give as ``examples``; an answer shows all of
    its fields; settings show their defaults.

    Raises
    ------
    NoExample
        Nothing is known for a field.
    """
    return several(model)[0]


def several(model: type[BaseModel]) -> list[Any]:
    """Return the examples of a model: its own ``examples``, or one that is composed."""
    own = model.model_config.get("json_schema_extra")
    if isinstance(own, dict) and "examples" in own:
        return list(own["examples"])  # type: ignore[arg-type]
    if issubclass(model, BlockSettings):
        return [model().model_dump(mode="json")]
    fields = model.model_fields.items()
    if issubclass(model, Strict):
        fields = {n: f for n, f in fields if f.is_required() or f.examples or _settings(f)}.items()
    return [{name: _value(model, name, field) for name, field in fields}]


def _value(model: type[BaseModel], name: str, field: FieldInfo) -> Any:
    if field.examples:
        return field.examples[0]
    settings = _settings(field)
    if settings is not None and issubclass(model, Strict):
        first = list(settings.model_fields)[:1]
        return {name: settings().model_dump(mode="json")[name] for name in first}
    inner = _model_in(field.annotation)
    if inner is not None:
        return [of(inner)] if "list[" in str(field.annotation) else of(inner)
    accepts: TypeAdapter[Any] = TypeAdapter(field.annotation)  # type: ignore[arg-type]
    for value in VALUES.get(name, ()):
        try:
            accepts.validate_json(json.dumps(value), strict=isinstance(value, bool | int | float))
        except ValidationError:
            continue
        return value
    if not field.is_required():
        return json.loads(accepts.dump_json(field.get_default(call_default_factory=True)))
    raise NoExample(
        f"{model.__name__}.{name} has no example; give it one in api.document.examples.VALUES."
    )


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model in ``Model``, ``list[Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _settings(field: FieldInfo) -> type[BlockSettings] | None:
    """Return the settings of a process block that a field holds, if it does."""
    model = _model_in(field.annotation)
    return model if model is not None and issubclass(model, BlockSettings) else None


_SPECIMENS: dict[str, ServiceError | HTTPException] = {
    "parameter": InvalidRequest("Unknown query parameter 'gratng'.", field="gratng"),
    "body": InvalidRequest("The body is not valid JSON."),
    "anonymous": NotAuthenticated("Sign in first."),
    "token": NotAuthenticated("This API token is not valid. Create a new one on the user page."),
    "raw file": AccessDenied("Raw files can't be deleted."),
    "file": NotFound("No such file."),
    "run": NotFound("No such run."),
    "proposal": NotFound("No such proposal."),
    "file name": Conflict(
        "Several files have this name; use the id.", field="id", detail={"ids": [80, 1207]}
    ),
    "ended run": Conflict("The run has ended already: done."),
    "setting": Unacceptable("Unknown field 'settings.max_target'.", field="settings.max_target"),
    "missing": Unacceptable("The field 'id' is missing.", field="id"),
    "limit": TooManyAttempts("More than 30 requests per minute. Try again in 2 s.", retry_after=2),
    "database": Unavailable(
        "The database is busy or not available. Try again shortly.", retry_after=5
    ),
    "version": PreconditionFailed(),
    "method": MethodNotAllowed(["GET", "HEAD"]),
    "size": RequestEntityTooLarge(),
    "range": RequestedRangeNotSatisfiable(),
}


def failures() -> dict[int, dict[str, Any]]:
    """Return example bodies of errors, by status and title."""
    shown: dict[int, dict[str, Any]] = {}
    for name, error in _SPECIMENS.items():
        status, body = errors.body_of(error)
        shown.setdefault(status, {})[name] = body
    return shown
