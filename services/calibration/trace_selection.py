"""Selection of the brighter spectrum whose trace a faint target uses.

It is of the same proposal, setup and night, bright enough, and has a trace of its own. The nearest
in time is selected, where one at the same pointing counts as an hour nearer (flexure moves the
trace). It is searched for when the faint frame is extracted, and is an input of the product. When
one that is nearer comes later, the frame is extracted again by itself
(`services.calibration.recalibration`). A frame that itself asked for a trace lends none.
"""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits

from db.models import File, Run, RunInput
from reduction import matching
from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.frames import DataType, FrameKind, Spectrum
from services.files.ingredients import Role
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
    asked : bool
        Whether a spectrum was asked for.
    """

    def __init__(self, file: File) -> None:
        self.file = file
        self.lent: File | None = None
        self.asked = False

    def __call__(self) -> tuple[str, fits.Header] | None:
        """Return name and header of the spectrum, None when there is none."""
        self.asked = True
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
    bright = [spectrum for spectrum in spectra if is_bright(spectrum)]
    borrowers = _borrowers(bright)
    bright = [spectrum for spectrum in bright if spectrum.run_id not in borrowers]
    # The brightest target of a frame comes first, so that of equal ranks it is taken.
    bright.sort(key=lambda s: (-float(s.quality["median_snr"]), s.date_obs, s.file_name))
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


def lent_now(run: Run) -> File | None:
    """Return the spectrum that an extraction would be lent now, if it was lent another, or none."""
    recorded = RunInput.get_or_none(RunInput.run == run, RunInput.role == Role.TRACE)
    found = None if recorded is None else brighter_spectrum(run.file)
    if found is None or (found[0].id, found[0].checksum) == (recorded.input_id, recorded.version):
        return None
    return found[0]


def _borrowers(spectra: list[File]) -> set[int]:
    """Return the runs of some spectra that asked for a trace themselves."""
    runs = [spectrum.run_id for spectrum in spectra]
    asked = RunInput.select(RunInput.run).where(RunInput.run.in_(runs), RunInput.role == Role.TRACE)
    return {number for (number,) in asked.tuples()} if runs else set()


def is_bright(spectrum: File) -> bool:
    """Return whether the trace of a spectrum is good enough for others."""
    snr = spectrum.quality.get("median_snr")
    has_own_trace = "trace_from" not in spectrum.quality
    return has_own_trace and isinstance(snr, int | float) and snr >= BRIGHT_SNR
