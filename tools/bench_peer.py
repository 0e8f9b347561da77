"""Run goodman-pipeline on simulated nights and write down what it gave; `make bench-peer`.

Usage: bench_peer.py BIN OUTPUT.json, where BIN is the folder of its programs. The two nights are
those of the bench; then every setup of the instrument, one small night each, tells in which it
finds a wavelength solution.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reduction.simulation import simulate_night
from tests.support.truth.peer import PeerSpectrum, measure_spectrum
from tests.support.truth.setups import SETUPS

LONGEST_S = 900
NOWHERE = "http://127.0.0.1:9"
"""Its programs ask the network for a newer version first: here they are told "no" at once."""


def surroundings(programs: Path) -> dict[str, str]:
    """Return the environment of its programs: no window, no network, its ``dcr`` on the path."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    quiet = {"MPLBACKEND": "Agg", "QT_QPA_PLATFORM": "offscreen"}
    return os.environ | quiet | {"PATH": path, "https_proxy": NOWHERE, "HTTPS_PROXY": NOWHERE}


def watch(command: list[str], folder: Path) -> dict[str, object]:
    """Run a program; return seconds, CPU seconds, the largest resident size, and its complaint."""
    log = folder / "log.txt"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=surroundings(Path(command[0]).parent),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
        )
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, resident_mb(child.pid))
            if time.perf_counter() - began > LONGEST_S:
                child.kill()
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = log.read_text(errors="replace").strip()[-400:] if child.returncode else ""
    wall = time.perf_counter() - began
    return {
        "wall": round(wall, 2),
        "cpu": round(cpu, 2),
        "peak_mb": round(peak),
        "complaint": words,
    }


def resident_mb(pid: int) -> float:
    """Return the resident size of a process now."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return float(kilobytes[0]) / 1024 if kilobytes else 0.0


def night(programs: Path, cosmic: str, **choices: object) -> dict[str, object]:
    """Simulate a night, let both programs reduce it, and compare what they made with the truth."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        raw, red, final, truth = (folder / name for name in ("raw", "red", "final", "truth"))
        n_frames = len(simulate_night(raw, seed=7, **choices))  # type: ignore[arg-type]
        shutil.move(raw / "truth", truth)
        red.mkdir()
        final.mkdir()
        steps = {
            "redccd": ["--raw-path", raw, "--red-path", red, "--cosmic", cosmic],
            "redspec": ["--data-path", red, "--proc-path", final],
        }
        if cosmic == "none":
            steps["redspec"] += ["--search-pattern", "fzst"]
        load = round(os.getloadavg()[0], 1)  # of others, by which the seconds are to be judged
        took: dict[str, object] = {"frames": n_frames, "cosmic": cosmic, "load": load}
        for name, options in steps.items():
            took[name] = watch([str(programs / name), *map(str, options)], folder)
        measured = [measure_spectrum(path, truth) for path in sorted(final.glob("w*.fits"))]
        return took | summary([one for one in measured if one is not None])


def summary(spectra: list[PeerSpectrum]) -> dict[str, object]:
    """Return the accuracy of calibrated spectra, as the bench prints it."""
    told = [
        {
            "median_px": round(one.median, 3),
            "worst_px": round(one.worst, 2),
            "reported_over_true": round(one.reported_over_true, 3),
            "flux": None if one.flux is None else round(one.flux, 3),
        }
        for one in spectra
    ]
    return {"spectra": told}


def main() -> None:
    """Measure both nights of the table and every setup."""
    programs, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    output.parent.mkdir(parents=True, exist_ok=True)
    results: dict[str, object] = {
        "2x2": night(programs, "lacosmic", binning=(2, 2), n_bias=11),
        "1x1": night(programs, "dcr", binning=(1, 1), n_bias=10),
    }
    output.write_text(json.dumps(results, indent=1))
    setups: dict[str, object] = {}
    for setup in SETUPS:
        setups[setup] = night(
            programs, "none", setup=setup, n_bias=3, n_flat=3, n_science=1, rows=300
        )
        print(setup, json.dumps(setups[setup]), flush=True)
    output.write_text(json.dumps(results | {"setups": setups}, indent=1))
    print(output.read_text())


if __name__ == "__main__":
    main()
