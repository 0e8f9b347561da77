"""Calibrate spectra with ASPIRED: sensitivity function, extinction, telluric correction.

Version 0.5.1 can't read its own curve of Cerro Tololo (`location="ct"`), which has blanks where it
expects commas: it gets the values of the curve. And its library gives the spectrum of LTT 7987 for
``eg274`` (`load_standard`, ``esoxshooter``): it gets the reference spectrum of the other packages.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
from aspired.onedspec import OneDSpec
from night import Calibrate, Spectrum, run

warnings.simplefilter("ignore")


def prepare(standard: Spectrum) -> Calibrate:
    """Take the star; ASPIRED makes its sensitivity function with the target that it calibrates."""
    logging.disable(logging.CRITICAL)

    def calibrate(spectrum: Spectrum) -> np.ndarray:
        both = OneDSpec(verbose=False, log_level="CRITICAL", log_file_name=None)
        for kind, one in (("science", spectrum), ("standard", standard)):
            both.add_spec(one.electrons.copy(), one.sigma, 0 * one.sigma, stype=kind)
            both.add_wavelength(one.wavelength, stype=kind)
        both.science_spectrum_list[0].add_exptime(spectrum.exptime)
        both.standard_spectrum_list[0].add_exptime(standard.exptime)
        both.fluxcal.standard_wave_true = standard.reference
        both.fluxcal.standard_fluxmag_true = standard.reference_flux
        both.get_sensitivity()
        both.apply_flux_calibration()
        both.get_flux_continuum()
        both.get_telluric_profile()
        both.get_telluric_strength()
        both.apply_telluric_correction()
        both.set_atmospheric_extinction(
            extinction_func=lambda at: np.interp(at, spectrum.wavelength, spectrum.extinction)
        )
        both.apply_atmospheric_extinction_correction(
            science_airmass=spectrum.airmass, standard_airmass=standard.airmass
        )
        science = both.science_spectrum_list[0]
        return np.asarray(science.flux_atm_ext_telluric_corrected)

    return calibrate


run(prepare)
