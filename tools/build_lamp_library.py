"""Turn the published Goodman reference lamps and strong-line lists into one compact file.

The source is the wheel of goodman-pipeline 3.1.0 (BSD 3-clause, copyright 2018 SOAR Telescope):
80 extracted lamp exposures (``data/ref_comp``) and the strong lines in air of six elements from
the NIST handbook (``data/nist_list``). Run::

    python tools/build_lamp_library.py [path/to/goodman_pipeline-3.1.0-py3-none-any.whl]

Without an argument the wheel is fetched with pip. The result, ``reduction/lines/data/lamps.npz``,
is the same bytes for the same wheel; the licence of the source is copied beside it.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from astropy.io import fits

SOURCE = "goodman-pipeline==3.1.0"
LAMP_FOLDER = "goodman_pipeline/data/ref_comp/"
LINE_FOLDER = "goodman_pipeline/data/nist_list/"
OUTPUT = Path(__file__).resolve().parents[1] / "reduction" / "lines" / "data"
NOTICE = """\
lamps.npz is made by tools/build_lamp_library.py from goodman-pipeline 3.1.0: the reference lamps
of goodman_pipeline/data/ref_comp (rounded to whole ADU) and the strong lines of
goodman_pipeline/data/nist_list (air wavelengths, from J. E. Sansonetti and W. C. Martin, Handbook
of Basic Atomic Spectroscopic Data, NIST), with four fainter lines of mercury pencil lamps from
C. J. Sansonetti et al. 1996, Appl. Opt. 35, 74. The lines seen in each lamp are our own
measurement. The licence of that package follows.

"""
PENCIL_LINES = (
    (3341.484, 2.0, "Hg I"),
    (4077.837, 20.0, "Hg I"),
    (4916.068, 2.0, "Hg I"),
    (6907.461, 1.0, "Hg I"),
)
"""Mercury lines of pencil lamps that the strong-line list lacks, in air (Å; C. J. Sansonetti, M. L.
Salit and J. Reader 1996, Appl. Opt. 35, 74), as strong beside the list's as in the lamps."""
SERIAL_ORIGIN = "PG5_11"
LAMP_NAMES = {"ArHg": "HgAr", "HgNeAr": "HgArNe"}
"""Spellings of the file names that differ from the instrument's own lamp names."""


def fetch_wheel(folder: Path) -> Path:
    """Download the source wheel with pip into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    subprocess.run([*command, "--dest", str(folder), SOURCE], check=True)
    return next(folder.glob("goodman_pipeline-*.whl"))


def first_column(header: fits.Header) -> float:
    """Return the raw unbinned column (0-based) of the lamp's pixel 0.

    The lamps of 600_RED were read in a window and not trimmed: the controller's card tells where
    the window begins.
    """
    found = re.match(r"\[(\d+):", str(header.get("GSP_TRIM", "")))
    return float(found.group(1)) - 1 if found else float(header[SERIAL_ORIGIN])


def normalised(value: Any) -> str:
    """Filter and mode names as the index spells them."""
    text = str(value).strip().strip("<>").replace(" ", "_")
    return text.upper() if text.lower().startswith("no") else text


def read_lamp(name: str, content: bytes) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Return the facts of one lamp exposure and its spectrum, rounded to whole ADU."""
    with fits.open(io.BytesIO(content)) as hdus:
        header, data = hdus[0].header, np.asarray(hdus[0].data, dtype=float)
    numbers = (key[5:] for key in header if re.fullmatch(r"GSP_P\d{3}", key))
    matched = [(float(header["GSP_P" + n]), float(header["GSP_A" + n])) for n in numbers]
    stem = PurePosixPath(name).stem
    lamp = stem.rsplit("_", 1)[1]
    lines = sorted((p, a) for p, a in matched if a > 0)
    facts = {
        "name": stem,
        "wavmode": normalised(header["WAVMODE"]),
        "filter_2": normalised(header["FILTER2"]),
        "lamp": LAMP_NAMES.get(lamp, lamp),
        "grating": str(header["GRATING"]).strip(),
        "camera": str(header["INSTCONF"]).strip(),
        "cam_targ": float(header["CAM_TARG"]),
        "grt_targ": float(header["GRT_TARG"]),
        "first_column": first_column(header),
        "coefficients": [header[f"GSP_C{i:03d}"] for i in range(header["GSP_ORDR"] + 1)],
        "lines": lines,
        "range": [float("nan")] * 2,
    }
    return facts, np.round(data).astype(np.int32)


def read_lines(text: str) -> Iterator[tuple[float, float, str]]:
    """Parse one strong-line list: wavelength in air (Å), NIST intensity, spectrum (``Ar II``)."""
    for row in text.splitlines():
        parts = [part.strip() for part in row.split(",")]
        if len(parts) < 3:
            continue
        intensity = re.match(r"\d+", parts[0])
        strength = float(intensity.group()) if intensity else 1.0
        yield float(parts[1]), strength, " ".join(parts[2].split())


def write(output: Path, facts: list[dict[str, Any]], arrays: dict[str, Any]) -> Path:
    """Write ``lamps.npz``."""
    path = output / "lamps.npz"
    np.savez_compressed(path, facts=np.array(json.dumps(facts)), **arrays)
    return path


def see(facts: list[dict[str, Any]], arrays: dict[str, Any]) -> None:
    """Add the lines seen in every lamp, on our own solution from the laboratory lines alone."""
    sys.path.insert(0, str(OUTPUT.parents[1]))
    from reduction.errors import NoWavelengthSolution  # noqa: PLC0415 - needs the first pass's file
    from reduction.lines.lamps import library  # noqa: PLC0415
    from reduction.wavelength.arc_solution import (  # noqa: PLC0415
        make_problem,
        solve,
    )
    from reduction.wavelength.line_problem import Setup  # noqa: PLC0415

    seen = []
    for fact, lamp in zip(facts, library().lamps, strict=True):
        setup = Setup(lamp.grating, lamp.cam_targ, lamp.grt_targ)
        column = lamp.first_column + np.arange(lamp.flux.size)
        lines = make_problem(lamp.flux, column, setup, lamp.lamp)
        try:
            scale = solve(lamp.flux, column, setup, lamp.lamp).function
        except NoWavelengthSolution as problem:
            print(f"{lamp.name}: {problem}")
            seen.append(np.empty((2, 0), dtype=np.float32))
            continue
        fact["range"] = [round(float(scale(x)), 2) for x in (column[0], column[-1])]
        seen.append(np.array([scale(lines.pixel), lines.height]).astype(np.float32))
    arrays["seen"] = np.concatenate(seen, axis=1)
    arrays["seen_lengths"] = np.array([one.shape[1] for one in seen])


def build(wheel: Path, output: Path) -> Path:
    """Write ``lamps.npz`` and its licence into `output`; return the library's path."""
    archive = zipfile.ZipFile(wheel)
    names = sorted(archive.namelist())
    lamps = [n for n in names if n.startswith(LAMP_FOLDER) and n.endswith(".fits")]
    read = [read_lamp(n, archive.read(n)) for n in lamps]
    facts, spectra = [one for one, _ in read], [flux for _, flux in read]
    arrays: dict[str, Any] = {
        "lengths": np.array([s.size for s in spectra]),
        # first differences compress to three quarters of the size
        "spectra": np.concatenate([np.diff(s, prepend=0) for s in spectra]).astype(np.int32),
        "seen": np.empty((2, 0), dtype=np.float32),
        "seen_lengths": np.zeros(len(spectra), dtype=int),
    }
    lists = [n for n in names if n.startswith(LINE_FOLDER) and n.endswith(".txt")]
    wavelengths, strengths, origins = zip(
        *(line for name in lists for line in read_lines(archive.read(name).decode())),
        *PENCIL_LINES,
        strict=True,
    )
    arrays["line_wavelength"] = np.array(wavelengths)
    arrays["line_strength"] = np.array(strengths)
    arrays["line_spectrum"] = np.array(origins)
    write(output, facts, arrays)
    see(facts, arrays)
    path = write(output, facts, arrays)
    licence = next(n for n in names if n.endswith("LICENSE"))
    (output / "NOTICE").write_text(NOTICE + archive.read(licence).decode(), encoding="utf-8")
    return path


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", nargs="?", type=Path, help=f"the wheel of {SOURCE}")
    wheel: Path | None = parser.parse_args().wheel
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = build(wheel or fetch_wheel(Path(folder)), OUTPUT)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
