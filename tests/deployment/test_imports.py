"""What the web server imports before its first answer: not what only the reduction needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SCIENCE = ("scipy.signal", "scipy.stats", "scipy.optimize", "reduction.simulation.night")
PROGRAM = f"import sys, app; app.create_front(); print([m for m in {SCIENCE} if m in sys.modules])"


def test_the_web_server_starts_without_the_slowest_libraries(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GSP_")}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**kept, "GSP_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
