"""Compare flux calibrations on the same simulated spectra; `make bench-flux`.

Usage: bench_flux.py ENVIRONMENTS OUTPUT.json, where ENVIRONMENTS holds one Python environment for
each of `PEERS`. Standard stars and a target without lines are simulated in every mode, reduced,
extracted and calibrated in wavelength by GSP Live. Then GSP Live and each peer calibrate the same
spectra in flux with the first star. What a peer can't do is printed instead of its figure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.references.library import star_of
from reduction.simulation import Weather
from reduction.simulation.sources import Source
from tests.support.truth.flux_accuracy import compare, pulls
from tests.support.truth.flux_chain import flux_of, sensitivity_of, spectrum_of
from tests.support.truth.flux_nights import NO_SLIT_LOSS, STARS, Observed, mode_of, night
from tests.support.truth.nights import masters_of
from tests.support.truth.setups import SETUPS
from tools.flux_peers import night as exchange

PEERS = {"pypeit": "PypeIt 2.0.1", "aspired": "ASPIRED 0.5.1", "specreduce": "specreduce 1.9.0"}
OURS = "GSP Live"
GROUPS = {
    "400_M1": ["400_M1"],
    "400_M2": ["400_M2"],
    "600": [name for name in SETUPS if name.startswith("600")],
    "930": [name for name in SETUPS if name.startswith("930")],
}
TARGETS = (Source("Blazar1", "blazar", 14.0, 10, 6.5), Source("Blazar2", "blazar", 17.0, -12, 6.5))
STAR, BRIGHT, FAINT, OTHER = range(4)
"""The spectra of a night: its first standard star, two targets, its second standard star."""
LEAST_SNR = 10.0
LONGEST_S = 600

Figures = dict[str, object]


def as_exchanged(observed: Observed, axis: np.ndarray) -> exchange.Spectrum:
    """Return a spectrum as the peers read it: without gaps, on an axis that the night shares."""
    spectrum = observed.spectrum
    good = (spectrum.mask == 0) & np.isfinite(spectrum.flux) & np.isfinite(spectrum.variance)
    good &= spectrum.variance > 0
    wavelength = observed.wavelength
    kept = 1 - (spectrum.loss if spectrum.loss is not None else np.zeros(wavelength.size))

    def filled(values: np.ndarray) -> np.ndarray:
        return np.interp(axis, wavelength[good], values[good])

    star = star_of(observed.source.name)
    reference = None if star is None else star.references[0]
    empty = np.empty(0)
    return exchange.Spectrum(
        name=observed.source.name,
        exptime=float(spectrum.header["EXPTIME"]),
        airmass=observed.truth.airmass,
        ra=0.0 if star is None else star.ra,
        dec=0.0 if star is None else star.dec,
        wavelength=axis,
        electrons=filled(spectrum.flux / kept),
        sigma=filled(np.sqrt(np.abs(spectrum.variance)) / kept),
        good=np.interp(axis, wavelength, good.astype(float)) > 0.5,
        reference=empty if reference is None else reference.wavelength,
        reference_flux=empty if reference is None else reference.flux,
        extinction=magnitudes_at(axis)[0],
    )


def lit(star: Observed) -> np.ndarray:
    """Return the wavelengths at which a star has light: an observer cuts off the others."""
    signal = np.nan_to_num(star.spectrum.flux / np.sqrt(star.spectrum.variance))
    pixels = np.flatnonzero(signal > LEAST_SNR)
    return star.wavelength[pixels[0] : pixels[-1] + 1]


def figures(observed: list[Observed], fluxes: list[np.ndarray], seconds: list[float]) -> Figures:
    """Return how far the fluxes of a night are from the truth."""
    seen = [compare(one, flux) for one, flux in zip(observed, fluxes, strict=True)]
    return {
        "seconds": [round(seconds[0], 4), round(float(np.median(seconds[1:])), 4)],
        "spectra": [asdict(one) for one in seen],
    }


def of_gsp_live(observed: list[Observed]) -> Figures:
    """Calibrate a night with GSP Live."""
    began = time.perf_counter()
    star = sensitivity_of(observed[STAR])
    seconds = [time.perf_counter() - began]
    products = []
    for one in observed:
        began = time.perf_counter()
        products.append(spectrum_of(flux_of(one, star)))
        seconds.append(time.perf_counter() - began)
    found = figures(observed, [one.flux for one in products], seconds)
    if len(products) <= FAINT:
        return found
    faint = products[FAINT]
    spread = np.percentile(pulls(observed[FAINT], faint.flux, faint.variance), [15.87, 84.13])
    found["pulls"] = float(np.diff(spread)[0] / 2)
    return found


def of_peer(name: str, environments: Path, observed: list[Observed]) -> Figures:
    """Calibrate a night with a peer, in its own environment."""
    python = environments / name / "bin" / "python"
    if not python.exists():
        return {"failed": "not installed"}
    program = Path(__file__).parent / "flux_peers" / f"{name}_peer.py"
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "night.npz", Path(folder) / "fluxes.npz"
        axis = lit(observed[STAR])
        exchange.save(given, [as_exchanged(one, axis) for one in observed])
        run = subprocess.run(
            [str(python), str(program), str(given), str(made)],
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
            cwd=folder,
            env=os.environ | {"MPLBACKEND": "Agg"},
        )
        if run.returncode:
            return {"failed": run.stderr.strip().splitlines()[-1][:200]}
        with np.load(made) as stored:
            fluxes = [
                np.interp(one.wavelength, axis, stored[f"{n}_flux"], left=np.nan, right=np.nan)
                for n, one in enumerate(observed)
            ]
            return figures(observed, fluxes, list(stored["seconds"]))


def measure(setup: str, environments: Path) -> dict[str, dict[str, Figures]]:
    """Observe a mode without and with losses at the slit; return the figures of every package."""
    mode = mode_of(setup)
    masters_of(mode)
    measured: dict[str, dict[str, Figures]] = {}
    nights = {
        "open": night(mode, TARGETS, weather=NO_SLIT_LOSS),
        "slit": night(mode, TARGETS[:1], stars=STARS[:1], weather=Weather()),
    }
    for case, observed in nights.items():
        measured[case] = {}
        calibrations: dict[str, Callable[[], Figures]] = {
            OURS: lambda observed=observed: of_gsp_live(observed),
            **{
                title: lambda name=name, observed=observed: of_peer(name, environments, observed)
                for name, title in PEERS.items()
            },
        }
        for title, calibrate in calibrations.items():
            try:
                measured[case][title] = calibrate()
            except Exception as error:  # noqa: BLE001 (a failure is a result of the comparison)
                measured[case][title] = {"failed": f"{type(error).__name__}: {error}"}
    return measured


ROWS = (
    # title, case, spectrum, figure, scale, goal
    ("shape, rms, %", "open", BRIGHT, "shape", 100, "1"),
    ("level, %", "open", BRIGHT, "level", 100, "1"),
    ("the other star, median, %", "open", OTHER, "median", 100, "1.5"),
    ("the star itself, median, %", "open", STAR, "median", 100, "0.5"),
    ("O2 A, rms, % of the continuum", "open", BRIGHT, "a_band", 100, "5"),
    ("O2 B, rms, % of the continuum", "open", BRIGHT, "b_band", 100, "3"),
    ("O2 A, largest", "open", BRIGHT, "a_worst", 100, ""),
    ("O2 B, largest", "open", BRIGHT, "b_worst", 100, ""),
    ("shape through a slit of 1.0 arcsec, %", "slit", BRIGHT, "shape", 100, "1"),
)


def cell(
    measured: dict[str, dict[str, dict[str, Figures]]],
    setups: list[str],
    title: str,
    row: tuple[str, str, int, str, int, str],
) -> str:
    """Return the figure of a package that is worst among some modes."""
    _, case, spectrum, figure, scale, _ = row
    values = []
    for setup in setups:
        found = measured[setup][case][title]
        if "failed" in found:
            return "failed"
        values.append(scale * found["spectra"][spectrum][figure])  # type: ignore[index]
    known = [value for value in values if np.isfinite(value)]
    return f"{max(known, key=abs):.2f}" if known else "–"


def print_table(measured: dict[str, dict[str, dict[str, Figures]]]) -> None:
    """Print one table: the worst mode of each group, for every package."""
    titles = [OURS, *PEERS.values()]
    print(f"{'':46s}" + "".join(f"{title:>18s}" for title in titles) + f"{'goal':>8s}")
    for group, setups in GROUPS.items():
        done = [setup for setup in setups if setup in measured]
        if not done:
            continue
        for row in ROWS:
            cells = [cell(measured, done, title, row) for title in titles]
            if set(cells) == {"–"}:
                continue
            print(f"{group + ': ' + row[0]:46s}" + "".join(f"{c:>18s}" for c in cells), end="")
            print(f"{row[5]:>8s}")
    every = [measured[setup]["open"] for setup in measured]
    for what, place in (("a sensitivity, s", 0), ("a spectrum, s", 1)):
        cells = []
        for title in titles:
            took = [one[title]["seconds"][place] for one in every if "failed" not in one[title]]  # type: ignore[index]
            cells.append(f"{np.median(took):.3f}" if took else "–")
        print(f"{what:46s}" + "".join(f"{c:>18s}" for c in cells) + f"{(0.3, 0.1)[place]:>8}")
    spread = [one[OURS]["pulls"] for one in every if "pulls" in one[OURS]]
    if spread:
        print(f"{'pulls, standard deviation':46s}{min(spread):>11.2f} to {max(spread):.2f}")
    failures = {
        f"{title}: {found['failed']}"
        for cases in measured.values()
        for packages in cases.values()
        for title, found in packages.items()
        if "failed" in found
    }
    print("\n".join(sorted(failures)))


def main() -> None:
    """Measure every mode; write the figures and print the table."""
    environments, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    setups = sys.argv[3:] or [setup for group in GROUPS.values() for setup in group]
    warnings.simplefilter("ignore")
    output.parent.mkdir(parents=True, exist_ok=True)
    measured = {}
    for setup in setups:
        measured[setup] = measure(setup, environments)
        output.write_text(json.dumps(measured, indent=1))
    print_table(measured)


if __name__ == "__main__":
    main()
