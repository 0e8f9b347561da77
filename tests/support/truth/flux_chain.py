"""The two blocks of the flux calibration, run on simulated spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reduction.blocks.flux import FluxRunSettings, flux
from reduction.blocks.sensitivity import SensitivityRunSettings, sensitivity
from reduction.frames import FrameKind, Product, Spectrum
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.truth.flux_nights import Observed
from tests.support.truth.nights import quiet


def spectrum_of(product: Product) -> Spectrum:
    """Return the spectrum of a product."""
    assert isinstance(product.data, Spectrum)
    return product.data


def sensitivity_of(observed: Observed, library: Sequence[Product] = (), **settings: Any) -> Product:
    """Make the sensitivity of a standard star's spectrum."""
    inputs = BlockInputs(
        frame=observed.spectrum,
        file_name=observed.product.file_name,
        kind=FrameKind.SPECTRUM,
        site_library=tuple(spectrum_of(one) for one in library),
    )
    [product] = sensitivity(inputs, SensitivityRunSettings(**settings), quiet)
    return product


def flux_of(observed: Observed, made: Product, **settings: Any) -> Product:
    """Calibrate a spectrum in flux with a sensitivity."""
    inputs = BlockInputs(
        frame=observed.spectrum,
        file_name=observed.product.file_name,
        kind=FrameKind.SPECTRUM,
        sensitivity=spectrum_of(made),
        names={CalibrationRole.SENSITIVITY: made.file_name},
    )
    [product] = flux(inputs, FluxRunSettings(**settings), quiet)
    return product
