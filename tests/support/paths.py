"""Where the project lies, and where the real frames are when a machine has them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
"""Real frames, not part of the project; tests that need them are skipped where it is absent."""
REAL_NIGHT = SHARED_DATA / "soar-blue-2018-02-04"
OLD_NIGHT = SHARED_DATA / "soar-blue-2014-12-18"
