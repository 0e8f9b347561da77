"""Calibrate spectra with PypeIt: its UVIS sensitivity function, as it is set up for Goodman.

Its standard stars are downloaded when they are needed; here it gets the reference spectrum that the
other packages have. Its telluric correction needs a downloaded grid of models and is left out. It
works in vacuum.
"""

from __future__ import annotations

import logging

import astropy.units as u
import numpy as np
from night import Calibrate, Spectrum, run
from pypeit.core import flux_calib
from pypeit.core.atmextinction import AtmosphericExtinction
from pypeit.core.spectrum import Spectrum as PypeItSpectrum
from pypeit.core.wave import airtovac
from pypeit.par.pypeitpar import SensFuncPar

UNIT = 1e-17


def vacuum(air: np.ndarray) -> np.ndarray:
    """Return vacuum wavelengths by PypeIt's own formula."""
    return np.asarray(airtovac(air * u.AA).value)


def prepare(standard: Spectrum) -> Calibrate:
    """Fit the zero point."""
    logging.disable(logging.CRITICAL)
    options = SensFuncPar()
    air = AtmosphericExtinction.from_file("ctioextinct.dat")
    reference = PypeItSpectrum(
        vacuum(standard.reference),
        standard.reference_flux / UNIT,
        meta={"ra_deg": standard.ra, "dec_deg": standard.dec, "Name": standard.name, "File": ""},
    )
    _, table = flux_calib.sensfunc(
        vacuum(standard.wavelength),
        standard.electrons,
        1 / standard.sigma**2,
        standard.good,
        standard.exptime,
        standard.airmass,
        reference,
        air,
        polyorder=options["polyorder"],
        hydrogen_mask_wid=options["hydrogen_mask_wid"],
        mask_hydrogen_lines=options["mask_hydrogen_lines"],
        mask_helium_lines=options["mask_helium_lines"],
        nresln=options["UVIS"]["nresln"],
        resolution=options["UVIS"]["resolution"],
        trans_thresh=options["UVIS"]["trans_thresh"],
        polycorrect=options["UVIS"]["polycorrect"],
        polyfunc=options["UVIS"]["polyfunc"],
    )
    at, zero_point = (np.asarray(table[key][0]) for key in ("SENS_WAVE", "SENS_ZEROPOINT_FIT"))

    def calibrate(spectrum: Spectrum) -> np.ndarray:
        wavelength = vacuum(spectrum.wavelength)
        factor = flux_calib.get_sensfunc_factor(
            wavelength,
            at,
            zero_point,
            spectrum.exptime,
            atmext=air,
            airmass=spectrum.airmass,
            extrap_sens=True,
        )
        return np.asarray(spectrum.electrons * factor * UNIT)

    return calibrate


run(prepare)
