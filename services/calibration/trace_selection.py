"""Which brighter spectrum lends its trace to a target that is too faint for one of its own.

One of the same proposal, setup and night that is bright enough and was traced by itself; the
nearest in time, one at the same pointing counting as an hour nearer (flexure moves the trace). It
is looked for when the faint frame is extracted, and named among the product's inputs. A brighter
one that comes later changes nothing by itself: Extract on the reduced frame takes it up.
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
    """Lends the trace of a brighter spectrum to a reduced frame, and remembers whose it is.

    Parameters
    ----------
    file : File
        The reduced frame.

    Attributes
    ----------
    lent : File or None
        The spectrum that was lent, None while nothing was.
    """

    def __init__(self, file: File) -> None:
        self.file = file
        self.lent: File | None = None

    def __call__(self) -> tuple[str, fits.Header] | None:
        """Return name and header of the spectrum, None when there is none."""
        found = brighter_spectrum(self.file)
        if found is None:
            return None
        self.lent, header = found
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
    bright = [one for one in spectra.order_by(File.id) if _is_bright(one)]
    # The brightest target of a frame comes first, so that of equal ranks it is taken.
    bright.sort(key=lambda one: -float(one.quality["median_snr"]))
    for match in matching.rank_traces(describe(file), [describe(one) for one in bright]).matches:
        chosen = bright[match.index]
        try:
            spectrum = frame_io.read_product(Path(chosen.full_path))
        except (OSError, ReductionError):
            continue  # it was moved or damaged: the next does as well
        if isinstance(spectrum, Spectrum):
            return chosen, spectrum.header
    return None


def _is_bright(spectrum: File) -> bool:
    found = spectrum.quality.get("median_snr")
    bright = isinstance(found, int | float) and found >= BRIGHT_SNR
    return bright and "trace_from" not in spectrum.quality
