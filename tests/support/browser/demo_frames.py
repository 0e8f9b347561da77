"""Frames of the demo night, and others like them that arrive beside them."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from astropy.io import fits

from tests.support.browser_window import SLOW_MS
from tests.support.live_site import LiveSite, until

DROPPED = "09"
"""What the names of dropped frames begin with; the demo night has fewer than 900 frames."""


def raw_frames(site: LiveSite, kind: str) -> list[Path]:
    """Return the frames of the demo night, the oldest first, without those that tests `drop`."""
    query = (
        "SELECT full_path FROM file WHERE data_type = 0 AND kind = ? AND proposal_id = "
        "(SELECT proposal_id FROM file WHERE data_type = 4 ORDER BY id LIMIT 1) "
        f"AND file_name NOT GLOB '{DROPPED}*' ORDER BY date_obs"
    )
    what = f"a frame ({kind}) of a proposal that has a calibrated spectrum"
    rows = until(lambda: site.rows(query, kind), SLOW_MS / 1000, what)
    return [Path(path) for (path,) in rows]


def drop(site: LiveSite, like: Path, name: str, later_s: float = 0, **cards: Any) -> str:
    """Let a frame arrive that is like another but for some cards; its name begins as `DROPPED`."""
    assert name.startswith(DROPPED)
    part = site.home / f"{name}.part"
    shutil.copy(like, part)
    with fits.open(part, mode="update", do_not_scale_image_data=True) as hdus:
        taken = dt.datetime.fromisoformat(hdus[0].header["DATE-OBS"])
        taken += dt.timedelta(seconds=later_s)
        hdus[0].header["DATE-OBS"] = taken.isoformat(timespec="milliseconds")
        hdus[0].header.update(cards)
    part.rename(like.with_name(name))
    return name
