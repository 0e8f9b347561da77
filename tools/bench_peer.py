"""Run goodman-pipeline on a simulated night and write down what it took; `make bench-peer`.

Usage: bench_peer.py BIN OUTPUT.json, where BIN is the folder of its programs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reduction.simulation import simulate_night

LONGEST_S = 900


def peak_and_wall(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a program; return seconds, the largest resident size in MB, and the end of its words."""
    began = time.perf_counter()
    surroundings = os.environ | {"MPLBACKEND": "Agg", "QT_QPA_PLATFORM": "offscreen"}
    log = folder / "log.txt"
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, cwd=folder, env=surroundings, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, resident_mb(child.pid))
            if time.perf_counter() - began > LONGEST_S:
                child.kill()
            time.sleep(0.05)
    words = log.read_text(errors="replace").strip()[-400:]
    return time.perf_counter() - began, peak, words if child.returncode else ""


def resident_mb(pid: int) -> float:
    """Return the resident size of a process now."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return float(kilobytes[0]) / 1024 if kilobytes else 0.0


def night(programs: Path, binning: tuple[int, int], cosmic: str, n_bias: int) -> dict[str, object]:
    """Simulate a night and let both programs reduce it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        raw, red, final = folder / "raw", folder / "red", folder / "final"
        n_frames = len(simulate_night(raw, seed=7, binning=binning, n_bias=n_bias))
        shutil.rmtree(raw / "truth")
        red.mkdir()
        final.mkdir()
        steps = {
            "redccd": ["--raw-path", raw, "--red-path", red, "--cosmic", cosmic],
            "redspec": ["--data-path", red, "--proc-path", final],
        }
        took: dict[str, object] = {"frames": n_frames, "cosmic": cosmic}
        for name, options in steps.items():
            command = [str(programs / name), *map(str, options)]
            wall, peak, complaint = peak_and_wall(command, folder)
            took[name] = {"wall": round(wall, 2), "peak_mb": round(peak), "complaint": complaint}
        took["spectra"] = len(list(final.glob("w*.fits")))
    return took


def main() -> None:
    """Measure both nights of the table."""
    programs, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    results = {
        "2x2": night(programs, (2, 2), "lacosmic", 11),
        "1x1": night(programs, (1, 1), "dcr", 10),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
