"""Selection of the brighter spectrum whose trace a faint target uses.

It is of the same proposal, setup and night, bright enough, and has a trace of its own. The nearest
in time is selected, where one at the same pointing counts as an hour nearer (flexure moves the
trace). It is searched for when the faint frame is extracted, and is an input of the product. A
brighter spectrum that arrives later is used when Extract is requested again.
"""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits

from db.models import File
from reduction import matching
from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.frames import DataType, FrameKind, Spectrum
from services.files.rows import describe

BRIGHT_SNR = 10.0
"""Median signal over noise per pixel from which on a trace is good to some hundredths of a row."""


class TraceLender:
    """Provide the trace of a brighter spectrum for a reduced frame, and record which was used.

    Parameters
    ----------
    file : File
        The reduced frame.

    Attributes
    ----------
    lent : File or None
        The spectrum that was provided, None before.
    """

    def __init__(self, file: File) -> None:
        self.file = file
        self.lent: File | None = None

    def __call__(self) -> tuple[str, fits.Header] | None:
        """Return name and header of the spectrum, None when there is none."""
        brighter = brighter_spectrum(self.file)
        if brighter is None:
            return None
        self.lent, header = brighter
        return self.lent.file_name, header


def brighter_spectrum(file: File) -> tuple[File, fits.Header] | None:
    """Return the spectrum whose trace a reduced frame may borrow, and its header.

    Parameters
    ----------
    file : File
        The reduced frame.

    Returns
    -------
    (File, fits.Header) or None
        None when no spectrum of the night fits.
    """
    spectra = File.select().where(
        File.data_type == DataType.EXTRACTED,
        File.kind == str(FrameKind.SPECTRUM),
        File.state == "current",
        File.night == file.night,
        File.camera == file.camera,
        File.proposal == file.proposal_id,
        File.original != file.original_id,
    )
    bright = [spectrum for spectrum in spectra.order_by(File.id) if _is_bright(spectrum)]
    # The brightest target of a frame comes first, so that of equal ranks it is taken.
    bright.sort(key=lambda spectrum: -float(spectrum.quality["median_snr"]))
    described = [describe(spectrum) for spectrum in bright]
    for match in matching.rank_traces(describe(file), described).matches:
        chosen = bright[match.index]
        try:
            product = frame_io.read_product(Path(chosen.full_path))
        except (OSError, ReductionError):
            continue  # it was moved or damaged: try the next
        if isinstance(product, Spectrum):
            return chosen, product.header
    return None


def _is_bright(spectrum: File) -> bool:
    snr = spectrum.quality.get("median_snr")
    has_own_trace = "trace_from" not in spectrum.quality
    return has_own_trace and isinstance(snr, int | float) and snr >= BRIGHT_SNR
