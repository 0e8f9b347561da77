"""The A, B and γ bands of oxygen above Cerro Pachón, line by line from molecular constants.

The transitions b¹Σg⁺(v′ = 0, 1, 2) ← X³Σg⁻(v″ = 0) are magnetic dipole transitions with four
branches (PP, PQ, RR, RQ), in ¹⁶O₂ from odd N″ only. The lines of ¹⁶O¹⁸O, which are not saturated,
add 6 % to the A band; its constants are those of ¹⁶O₂ scaled with the reduced mass.

Term values of the ground state: Schlapp (1937, Phys. Rev. 51, 342) with the constants of Rouillé et
al. (1992, J. Mol. Spectrosc. 154, 372). Upper state: Babcock & Herzberg (1948, ApJ 108, 167). Line
strengths: those of a transition from Ω″ = 1 to Ω′ = 0 (Hönl-London), scaled to the strengths of
the bands (HITRAN 2004: Rothman et al. 2005, JQSRT 96, 139). Widths: a smooth function of N″ through
the measurements of Robichaud et al. (2008, J. Mol. Spectrosc. 248, 1). The atmosphere is the US
Standard Atmosphere of 1976.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import wofz

Floats = NDArray[np.float64]

SPIN_SPIN = 1.984751
"""Ground state, cm⁻¹."""
HIGHEST_N = 51
SECOND_RADIATION = 1.438777
"""hc/k, cm K."""
T_REFERENCE = 296.0
WIDTH_EXPONENT = 0.72
MASS = 31.99
OXYGEN = 0.20946
"""By volume."""
SITE_KM = 2.738


@dataclass(frozen=True)
class Molecule:
    """An isotopologue: share of all oxygen, constants of the ground state, cm⁻¹, step of N″.

    `ratio` is that of the reduced mass of ¹⁶O₂ to its own; `origins` are the shifts of the bands.
    """

    share: float
    ratio: float
    step: int
    origins: tuple[float, float, float]

    @property
    def rotation(self) -> float:
        """Rotational constant, cm⁻¹."""
        return 1.437677 * self.ratio

    @property
    def distortion(self) -> float:
        """Centrifugal distortion, cm⁻¹."""
        return 4.8426e-6 * self.ratio**2

    @property
    def spin_rotation(self) -> float:
        """Coupling of spin and rotation, cm⁻¹."""
        return -0.00842537 * self.ratio


MOLECULES = (
    Molecule(0.99526, 1.0, 2, (0.0, 0.0, 0.0)),
    # Half a quantum of both states, and v′ quanta of the upper one (Herzberg 1950), with the root
    # of the ratio.
    Molecule(0.00399, 8 * 34 / (16 * 18), 1, (2.1, -37.5, -76.3)),
)


@dataclass(frozen=True)
class Band:
    """One band: origin and rotational constants of the upper state, cm⁻¹, and its strength.

    `strength` is in cm⁻¹/(molecule cm⁻²) at 296 K; `first` and `last` are vacuum wavenumbers.
    """

    origin: float
    rotation: float
    distortion: float
    strength: float
    first: float
    last: float


BANDS = (
    Band(13120.91, 1.391249, 5.369e-6, 2.23e-22, 12900.0, 13190.0),
    Band(14525.66, 1.372950, 5.377e-6, 1.50e-23, 14370.0, 14595.0),
    Band(15902.42, 1.354840, 5.50e-6, 9.4e-25, 15770.0, 15960.0),
)
"""A, B and γ."""


def _ground(n: Floats, component: int, molecule: Molecule) -> Floats:
    """Return term values of the ground state, cm⁻¹, for J = N + 1 (1), N (2) and N − 1 (3)."""
    b = molecule.rotation
    energy = b * n * (n + 1) - molecule.distortion * (n * (n + 1)) ** 2
    if component == 2:
        return energy
    k = 2 * n + 3 if component == 1 else 2 * n - 1
    root = np.sqrt((k * b) ** 2 + SPIN_SPIN**2 - 2 * SPIN_SPIN * b)
    if component == 1:
        return energy + k * b - SPIN_SPIN - root + molecule.spin_rotation * (n + 1)
    low = np.where(n == 1, energy - 2 * SPIN_SPIN, energy - k * b - SPIN_SPIN + root)
    return low - molecule.spin_rotation * n


def _widths(n: Floats) -> Floats:
    """Return half widths at half maximum in air of 1 atm at 296 K, cm⁻¹."""
    return 0.0330 + 0.0275 * np.exp(-n / 18.0)


def lines(number: int, molecule: Molecule, temperature: float) -> tuple[Floats, Floats, Floats]:
    """Return wavenumbers, strengths and widths (at 1 atm) of the lines of a band.

    Parameters
    ----------
    number : int
        Of the band in `BANDS`.
    molecule : Molecule
    temperature : float
        K.

    Returns
    -------
    (n,) float64 each
        cm⁻¹; cm⁻¹/(molecule cm⁻²) at `temperature`, of all oxygen; cm⁻¹ per atm at `temperature`.
    """
    band = BANDS[number]
    n = np.arange(1.0, HIGHEST_N + 1, molecule.step)
    parts = []
    for upper, component, weight in (
        (n + 1, 2, n),  # RR
        (n + 1, 1, n + 2),  # RQ
        (n - 1, 2, n + 1),  # PP
        (n - 1, 3, n - 1),  # PQ
    ):
        level = upper * (upper + 1)
        energy = _ground(n, component, molecule)
        excited = molecule.ratio * band.rotation * level
        excited = excited - molecule.ratio**2 * band.distortion * level**2
        position = band.origin + molecule.origins[number] + excited - energy
        parts.append((position, weight, energy, n))
    position, weight, energy, quantum = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )

    def populated(kelvin: float) -> Floats:
        share = weight * np.exp(-SECOND_RADIATION * energy / kelvin)
        of_n = np.exp(-SECOND_RADIATION * molecule.rotation * n * (n + 1) / kelvin)
        return share / ((2 * n + 1) * of_n).sum()

    scale = band.strength * molecule.share / populated(T_REFERENCE).sum()
    width = _widths(quantum) * (T_REFERENCE / temperature) ** WIDTH_EXPONENT
    return position, scale * populated(temperature), width


def layers() -> list[tuple[float, float, float]]:
    """Return temperature (K), pressure (atm) and oxygen column (cm⁻²) of layers above the site."""
    edges = np.array([SITE_KM, *np.arange(3.5, 12.1, 0.75), *np.arange(13.0, 60.0, 2.5)])

    def temperature(z: Floats) -> Floats:
        return np.interp(
            z, [0, 11, 20, 32, 47, 51, 71], [288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65]
        )

    fine = np.linspace(0.0, 70.0, 7001)
    slope = -34.163 / temperature(fine)
    step = 0.5 * (slope[1:] + slope[:-1]) * np.diff(fine)
    pressure = np.exp(np.concatenate([[0.0], np.cumsum(step)]))
    at_edge = np.interp(edges, fine, pressure)
    middle = 0.5 * (edges[1:] + edges[:-1])
    per_atm = 101325.0 / 9.80 / (28.9644e-3 / 6.02214e23) * 1e-4 * OXYGEN
    columns = per_atm * -np.diff(at_edge)
    mean = 0.5 * (at_edge[1:] + at_edge[:-1])
    return list(zip(temperature(middle), mean, columns, strict=True))


def optical_depth(number: int, step: float = 0.005) -> tuple[Floats, Floats]:
    """Return vacuum wavenumbers, cm⁻¹, and the optical depth at the zenith of a band of `BANDS`."""
    band = BANDS[number]
    wavenumber = np.arange(band.first, band.last, step)
    depth = np.zeros(wavenumber.size)
    for temperature, pressure, column in layers():
        doppler = band.origin * 7.1623e-7 / 2 * np.sqrt(temperature / MASS) / np.sqrt(np.log(2))
        for molecule in MOLECULES:
            for position, strength, width in zip(
                *lines(number, molecule, temperature), strict=True
            ):
                lorentz = width * pressure
                reach = slice(*np.searchsorted(wavenumber, [position - 40.0, position + 40.0]))
                z = (wavenumber[reach] - position + 1j * lorentz) / doppler
                depth[reach] += column * strength * wofz(z).real / (doppler * np.sqrt(np.pi))
    return wavenumber, depth
