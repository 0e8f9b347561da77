"""A file as the API returns it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from db.models import File, User
from reduction.frames import DataType
from reduction.notice_text import texts
from services import notices
from services.calibration import provisional
from services.runs import member_reports


def _decimal(number: float | None) -> str | None:
    return None if number is None else str(round(number, 6))


def _identifier(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else text


def _moment(time: dt.datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _whole(number: float | None) -> int | float | None:
    return int(number) if number is not None and number == int(number) else number


def as_dict(file: File, user: User | None = None) -> dict[str, Any]:
    """Return a file as the API returns it; angles, gain and noise are text, as in the manual.

    The frames of a master are named to those who see them (`user`).
    """
    path = Path(file.full_path)
    data_type = DataType(file.data_type)
    same = (
        "id",
        "file_name",
        "full_path",
        "obstype",
        "object",
        "filter",
        "filter_2",
        "grating",
        "slit",
        "obsra",
        "obsdec",
        "roi",
        "wavmode",
        "normalized",
        "technique",
        "exptime",
        "ra_deg",
        "dec_deg",
        "checksum",
        "size",
        "state",
        "quality",
        "kind",
    )
    found = notices.gravest_first(file.notices)
    return {
        **{name: getattr(file, name) for name in same},
        "warnings": texts(found),
        "notices": [notices.as_dict(one) for one in found],
        "stale": file.out_of_date,
        "provisional": provisional.is_provisional(file),
        "provisional_until": _moment(file.provisional_until),
        "inputs": member_reports.names_of(file, user),
        "created": file.created.isoformat(),
        "last_modified": file.last_modified.isoformat(),
        "original_file": file.original.file_name if file.original else None,
        "original_file_id": file.original_id,
        "parent_file": file.parent.file_name if file.parent else None,
        "parent_file_id": file.parent_id,
        "directory_name": str(path.parent),
        "cam_targ": _decimal(file.cam_targ),
        "grt_targ": _decimal(file.grt_targ),
        "gain": _decimal(file.gain),
        "rdnoise": _decimal(file.rdnoise),
        "proposal_id": file.proposal.soar_id if file.proposal else None,
        "observation_id": _identifier(file.observation_id),
        "configuration_id": _identifier(file.configuration_id),
        "block_id": _identifier(file.block_id),
        "image_id": _identifier(file.image_id),
        "date": file.date.isoformat(),
        "date_obs": file.date_obs.isoformat(),
        "night": file.night.isoformat(),
        "data_type": str(data_type),
        "type": data_type.label,
        "saturation_value": _whole(file.saturation_value),
    }
