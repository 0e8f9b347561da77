"""Conversion between the description of a frame (reduction) and its row (db), and file events."""

from __future__ import annotations

from typing import Any

from peewee import CharField

from db import clock
from db.models import Event, File, Run
from reduction.fits.plausible_dates import dated
from reduction.fits.vocabulary import INSTCONF, VOCABULARY
from reduction.frames import DataType, FrameDescription, FrameKind, Technique
from reduction.matching import group_key
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import events, notices

_SAME = (
    "obstype",
    "object",
    "filter",
    "filter_2",
    "grating",
    "slit",
    "cam_targ",
    "grt_targ",
    "roi",
    "wavmode",
    "camera",
    "gain",
    "rdnoise",
    "obsra",
    "obsdec",
    "ra_deg",
    "dec_deg",
    "exptime",
    "observation_id",
    "configuration_id",
    "block_id",
    "image_id",
    "airmass",
    "elevation",
    "rotator",
)
"""Fields that have the same name and type in both."""

_OF_TARGET = frozenset(
    {
        *("object", "obsra", "obsdec", "ra_deg", "dec_deg", "airmass", "elevation", "rotator"),
        *("observation_id", "configuration_id", "block_id", "image_id", "overrides"),
    }
)
"""What a frame tells of the observation of its proposal."""

_INHERITED = (
    *_SAME,
    "kind",
    "technique",
    "binning_x",
    "binning_y",
    "date_obs",
    "date",
    "night",
    "series",
    "lamps",
    "saturation_value",
    "overrides",
)


def _shortened(name: str, value: Any) -> Any:
    field = getattr(File, name)
    if isinstance(value, str) and isinstance(field, CharField):
        return value[: field.max_length]
    return value


def columns(frame: FrameDescription) -> dict[str, Any]:
    """Return the columns of a frame as its header describes it.

    Text is cut to the length of its column, a date in the future replaced (`plausible_dates`).
    """
    frame = dated(frame, clock.now())
    values = {name: getattr(frame, name) for name in _SAME}
    values |= {
        "kind": str(frame.kind),
        "technique": str(frame.technique),
        "binning_x": frame.binning[0],
        "binning_y": frame.binning[1],
        "n_x": frame.shape[1],
        "n_y": frame.shape[0],
        "date_obs": frame.date_obs,
        "date": frame.date_obs.date(),
        "night": frame.night,
        "series": group_key(frame),
        "lamps": list(frame.lamps),
        "saturation_value": frame.saturation_adu,
        "notices": notices.dump_all(frame.notices),
    }
    kept = {name: _shortened(name, value) for name, value in values.items()}
    cut = [name for name in _SAME if kept[name] != values[name]]
    kept["notices"] += notices.dump_all(_on_length(name) for name in cut)
    return kept


def _on_length(name: str) -> Notice:
    concept = name.upper().replace("FILTER_2", "FILTER2")
    keyword = VOCABULARY[concept].keyword if concept in VOCABULARY else concept
    length = getattr(File, name).max_length
    return notice(NoticeCode.CARD_SHORTENED, keyword=keyword, length=length)


def inherited(file: File) -> dict[str, Any]:
    """Return the columns that a product takes over from the file it was made from."""
    values = {name: getattr(file, name) for name in _INHERITED}
    return values | {
        "readout_x": file.readout_x or file.n_x,
        "readout_y": file.readout_y or file.n_y,
    }


def shared(file: File) -> dict[str, Any]:
    """Return the columns that a shared calibration takes over: nothing of the frame's target."""
    return {name: value for name, value in inherited(file).items() if name not in _OF_TARGET}


def describe(file: File) -> FrameDescription:
    """Return the description of a file, as `reduction` takes it."""
    same = {name: getattr(file, name) for name in _SAME}
    return FrameDescription(
        kind=FrameKind(file.kind),
        technique=Technique(file.technique),
        binning=(file.binning_x, file.binning_y),
        shape=(file.readout_y or file.n_y, file.readout_x or file.n_x),
        date_obs=file.date_obs,
        lamps=tuple(file.lamps),
        saturation_adu=file.saturation_value,
        notices=tuple(notices.load_all(file.notices)),
        **same,
    )


def decided(file: File) -> dict[str, Any]:
    """Return the header cards of a raw frame that the row knows better: keyword → value.

    These are the camera, which may have been decided by staff, and what staff stated of a frame
    that its header did not tell (`File.overrides`).
    """
    cards = dict(file.overrides.get("cards", {}))
    if file.camera and file.data_type == DataType.RAW:
        cards[INSTCONF.keyword] = file.camera
    return cards


def file_event(name: str, file: File) -> Event:
    """Record that a file was added, changed or deleted, inside the transaction that did it."""
    return events.record(
        name,
        proposal=file.proposal_id,
        file=file.id,
        original=file.original_id,
        data_type=str(file.data_type),
        kind=file.kind,
        file_name=file.file_name,
    )


def run_event(run: Run) -> Event:
    """Record the state of a run. A master's run is visible to everyone, so it names no frame."""
    has_owner = run.proposal_id is not None
    return events.record(
        "run-changed",
        proposal=run.proposal_id,
        run=run.id,
        file=run.file_id if has_owner else None,
        original=run.file.original_id if has_owner else None,
        block=run.block,
        state=run.state,
        step=run.step,
        progress=round(run.progress, 3),
    )
