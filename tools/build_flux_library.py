"""Turn published standard stars, extinction curves and passbands into one compact file.

The sources are the wheels of aspired 0.5.1 (BSD 3-clause, M. Lam), which has the spectra that ESO,
STScI and NOAO distribute, of speclite 1.0.0 (BSD 3-clause, D. Kirkby) and of pyphot 2.1.1 (MIT, M.
Fouesneau), which have passbands, and the source distribution of PypeIt 1.16.0 (BSD 3-clause, the
PypeIt developers), which has CALSPEC of STScI; its wheel does not. Run::

    python -m tools.build_flux_library [folder with these files]

Without an argument the files are fetched with pip (190 MB). The result,
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
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tools.flux_library import extinction, passbands, stars

WHEELS = ("aspired==0.5.1", "speclite==1.0.0", "pyphot==2.1.1")
DISTRIBUTION = "pypeit==1.16.0"
NOTICE = Path(__file__).with_name("flux_library") / "NOTICE.txt"
OUTPUT = Path(__file__).resolve().parents[1] / "reduction" / "flux" / "references" / "data"


def fetched(requirement: str, folder: Path, ending: str, *options: str) -> Path:
    """Return a file of a package in `folder`; it is downloaded with pip if it is not there."""
    name, version = requirement.split("==")
    pattern = f"{name}-{version}{ending}"
    if not any(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", *options]
        subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    return next(folder.glob(pattern))


def templates() -> dict[str, Any]:
    """Return the arrays of the absorption by the atmosphere, named ``telluric_…``."""
    if importlib.util.find_spec("tools.flux_library.telluric") is None:
        return {}
    made: dict[str, Any] = importlib.import_module("tools.flux_library.telluric").arrays()
    return made


def build(folder: Path, output: Path) -> Path:
    """Write ``flux_references.npz`` and its NOTICE into `output`; return its path."""
    aspired, speclite, pyphot = (
        zipfile.ZipFile(fetched(wheel, folder, "-*.whl")) for wheel in WHEELS
    )
    distribution = fetched(DISTRIBUTION, folder, ".tar.gz", "--no-binary", "pypeit")
    with tarfile.open(distribution) as pypeit:
        rows, spectra = stars.arrays(stars.Archives(aspired, pypeit))
        licence = next(one for one in pypeit.getmembers() if one.name.count("/") == 1
                       and one.name.endswith("/LICENSE.rst"))  # fmt: skip
        content = pypeit.extractfile(licence)
        last = content.read().decode() if content else ""
    sources, curves = extinction.arrays(aspired)
    bands, responses = passbands.arrays(speclite, pyphot)
    facts: dict[str, Any] = {
        "stars": rows,
        "wavelength_step": stars.WAVELENGTH_STEP,
        "flux_step": stars.FLUX_STEP,
        "extinction": sources,
        "passbands": bands,
    }
    arrays = {"facts": np.array(json.dumps(facts)), **spectra, **curves, **responses, **templates()}
    path = output / "flux_references.npz"
    np.savez_compressed(path, **arrays)
    licences = (
        archive.read(licence_of(archive)).decode() for archive in (aspired, speclite, pyphot)
    )
    parts = [NOTICE.read_text(encoding="utf-8"), *licences, last]
    (output / "NOTICE").write_text("\n".join(parts), encoding="utf-8")
    return path


def licence_of(archive: zipfile.ZipFile) -> str:
    """Return the path of the licence in a wheel."""
    names = (name for name in archive.namelist() if ".dist-info/" in name)
    return next(name for name in names if Path(name).name.startswith("LICENSE"))


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, help=f"with {WHEELS} and {DISTRIBUTION}")
    folder: Path | None = parser.parse_args().folder
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        path = build(folder or Path(temporary), OUTPUT)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
