"""The header vocabulary of Goodman: keyword, type, unit and older keywords of each concept.

No other module contains instrument keywords. Product keywords (``GSP_*``) are at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Card:
    """One concept of the header.

    Parameters
    ----------
    keyword : str
        The modern FITS keyword.
    type : type
        ``str``, ``float`` or ``int``.
    meaning : str
        Its meaning, for header comments and messages.
    unit : str
        Unit of the value, "" when it has none.
    aliases : tuple of str
        Keywords that are read, in this order, when the modern one is absent or blank.
    strict : bool
        A value of another type is an error instead of being converted to text.
    """

    keyword: str
    type: type[str] | type[float] | type[int]
    meaning: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    strict: bool = False


OBSTYPE: Final = Card("OBSTYPE", str, "kind of exposure", aliases=("IMAGETYP",), strict=True)
DATE_OBS: Final = Card("DATE-OBS", str, "UTC of the shutter opening", strict=True)
TIME: Final = Card("TIME", str, "start and stop of the exposure, UTC")
UT: Final = Card("UT", str, "approximate start of the exposure, UTC")
DATE: Final = Card("DATE", str, "date of the exposure, UTC")
OPEN_DATE: Final = Card("OPENDATE", str, "date of the shutter opening, UTC")
OPEN_TIME: Final = Card("OPENTIME", str, "time of the shutter opening, UTC")
CLOSE_TIME: Final = Card("CLOSETIM", str, "time of the shutter closing, UTC")
LST: Final = Card("LST", str, "local sidereal time at the start of the exposure")
MJD: Final = Card("MJD-OBS", float, "start of the exposure, MJD", "d")
INSTRUME: Final = Card("INSTRUME", str, "instrument", strict=True)
INSTCONF: Final = Card("INSTCONF", str, "camera, Red or Blue", strict=True)
CONTROLLER: Final = Card("CAMERA", str, "model and serial number of the camera")
CCDSUM: Final = Card("CCDSUM", str, "binning along x and y", strict=True)
TRIMSEC: Final = Card("TRIMSEC", str, "section to keep")
OBJECT: Final = Card("OBJECT", str, "object")
FILTER: Final = Card("FILTER", str, "primary filter wheel")
FILTER2: Final = Card("FILTER2", str, "secondary filter wheel")
GRATING: Final = Card("GRATING", str, "VPH grating")
SLIT: Final = Card("SLIT", str, "slit")
CAM_TARG: Final = Card("CAM_TARG", float, "camera target angle", "deg", ("CAM_ANG",))
GRT_TARG: Final = Card("GRT_TARG", float, "grating target angle", "deg", ("GRT_ANG",))
ROI: Final = Card("ROI", str, "read-out region")
WAVMODE: Final = Card("WAVMODE", str, "wavelength mode")
GAIN: Final = Card("GAIN", float, "gain", "electron/adu")
RDNOISE: Final = Card("RDNOISE", float, "read noise", "electron")
EXPTIME: Final = Card("EXPTIME", float, "exposure time", "s", ("EXPOSURE", "ITIME"))
AIRMASS: Final = Card("AIRMASS", float, "airmass at the start of the exposure")
ELEVATION: Final = Card("MOUNT_EL", float, "elevation of the telescope", "deg")
ROTATOR: Final = Card("ROTATOR", float, "angle of the instrument rotator", "deg")
POSITION_ANGLE: Final = Card("POSANGLE", float, "position angle of the slit, east of north", "deg")
ADC_STATE: Final = Card("ADCSTAT", str, "atmospheric dispersion corrector: IN, OUT or PARK")
OBSRA: Final = Card("OBSRA", str, "target right ascension", "hourangle", ("RA",))
OBSDEC: Final = Card("OBSDEC", str, "target declination", "deg", ("DEC",))
TELESCOPE_RA: Final = Card("RA", str, "right ascension the telescope points at", "hourangle")
TELESCOPE_DEC: Final = Card("DEC", str, "declination the telescope points at", "deg")
EQUINOX: Final = Card("EQUINOX", float, "equinox of the target's position", "a")
PROPOSAL: Final = Card("PROPID", str, "proposal", aliases=("PROPOSAL",))
OBSERVATION_ID: Final = Card("OBSID", str, "observation identifier")
CONFIGURATION_ID: Final = Card("CONFID", str, "configuration identifier")
BLOCK_ID: Final = Card("BLOCK_ID", str, "block identifier", aliases=("BLKUID",))
IMAGE_ID: Final = Card("IMAGEID", str, "image identifier")
DISPAXIS: Final = Card("DISPAXIS", int, "dispersion axis, 1 is x")
BUNIT: Final = Card("BUNIT", str, "unit of the pixel values")
BZERO: Final = Card("BZERO", float, "counts of a stored zero", "adu")
BSCALE: Final = Card("BSCALE", float, "counts of a stored unit", "adu")
BLANK: Final = Card("BLANK", int, "stored value of a pixel without counts")
CHECKSUM: Final = Card("CHECKSUM", str, "checksum of the HDU")
DATASUM: Final = Card("DATASUM", str, "checksum of the data unit")

LAMPS: Final = {
    "LAMP_HGA": "HgAr",
    "LAMP_NE": "Ne",
    "LAMP_AR": "Ar",
    "LAMP_FE": "Fe",
    "LAMP_CU": "Cu",
}
"""Lamp card → lamp. The hollow cathodes Fe and Cu are filled with helium and argon."""

FLAT_LAMPS: Final = {"LAMP_QUA": "quartz", "LAMP_DOM": "dome", "LAMP_BUL": "bulb"}
"""Card of a lamp with a continuous spectrum → lamp."""

VOCABULARY: Final[dict[str, Card]] = {
    name: card for name, card in list(globals().items()) if isinstance(card, Card)
}

# The origin of the read-out window is only in cards of the camera controller, whose keyword numbers
# differ between the cameras; their comments are the same.
ORIGIN_COMMENTS: Final = {"x": "Serial Origin", "y": "Parallel Origin"}
ROWS_COMMENT: Final = "Parallel Active Pix"
CONTROLLER_PREFIX: Final = ("PG", "PARAM")
CONTROLLER_COMMENTS: Final = {
    "model": "Instrument Model",
    "serial": "Instrument SN",
    "detector": "CCD Model",
    "x binning": "Serial Binning",
    "y binning": "Parallel Binning",
    "exposure": "Exposure Time",
}
"""What the controller states → begin of the comment of its card."""
FLIPPED_COMMENT: Final = "Image Transform: Flip Y"

MJD_OBS: Final = MJD.keyword  # days, of the shutter opening

BARYCORR: Final = "BARYCORR"  # velocity to add for the barycentre, km/s
DATE_AVG: Final = "DATE-AVG"  # middle of the exposure, UTC
MJD_AVG: Final = "MJD-AVG"  # the same, days

# --- product keywords -------------------------------------------------------------------------
GSP_VERS: Final = "GSP_VERS"  # version of this software
GSP_ONAM: Final = "GSP_ONAM"  # original (raw) file name
GSP_PNAM: Final = "GSP_PNAM"  # parent file name
GSP_FNAM: Final = "GSP_FNAM"  # this file's name
GSP_TECH: Final = "GSP_TECH"  # observing technique
GSP_DATE: Final = "GSP_DATE"  # processing date
GSP_OVER: Final = "GSP_OVER"  # overscan section
GSP_TRIM: Final = "GSP_TRIM"  # trim section
GSP_SLIT: Final = "GSP_SLIT"  # slit trim section
GSP_BIAS: Final = "GSP_BIAS"  # master bias
GSP_FLAT: Final = "GSP_FLAT"  # master flat
GSP_LAMP: Final = "GSP_LAMP"  # comparison lamp
GSP_NORM: Final = "GSP_NORM"  # flat normalisation
GSP_COSM: Final = "GSP_COSM"  # cosmic-ray rejection
GSP_TMOD: Final = "GSP_TMOD"  # trace model
GSP_TORD: Final = "GSP_TORD"  # trace degree
GSP_TC: Final = "GSP_TC"  # + two digits: trace coefficients
GSP_TERR: Final = "GSP_TERR"  # rms of the trace, pixel
GSP_EXTR: Final = "GSP_EXTR"  # extraction window at the first column
GSP_BKG1: Final = "GSP_BKG1"  # first background zone
GSP_BKG2: Final = "GSP_BKG2"  # second background zone
GSP_WRMS: Final = "GSP_WRMS"  # rms of the wavelength solution, angstrom
GSP_WPOI: Final = "GSP_WPOI"  # lines used
GSP_WREJ: Final = "GSP_WREJ"  # lines rejected
GSP_FUNC: Final = "GSP_FUNC"  # model of the wavelength solution
GSP_ORDR: Final = "GSP_ORDR"  # its order
GSP_NPIX: Final = "GSP_NPIX"  # pixels it covers
GSP_C: Final = "GSP_C"  # + three digits: its coefficients
GSP_IC: Final = "GSP_IC"  # + two digits: input frames of a master, in older releases
GSP_ISUM: Final = "GSP_IS"  # + two digits: begin of the SHA-256 of an input frame of a master
# Ours: the numbers a later block needs and the published set has no card for.
GSP_FWHM: Final = "GSP_FWHM"  # FWHM of the target along the slit, pixel
GSP_FWAS: Final = "GSP_FWAS"  # the same in arcseconds
GSP_FWLO: Final = "GSP_FWLO"  # the same at the first column
GSP_FWHI: Final = "GSP_FWHI"  # the same at the last column
GSP_TFRM: Final = "GSP_TFRM"  # what the trace was measured on: own, or another spectrum's name
GSP_TLO: Final = "GSP_TLO"  # lower edge of the aperture against the trace, pixel
GSP_THI: Final = "GSP_THI"  # upper edge of the aperture against the trace, pixel
GSP_LOSS: Final = "GSP_LOSS"  # share of the target's light outside the aperture
GSP_BETA: Final = "GSP_BETA"  # Moffat exponent of the target's profile
GSP_EXTY: Final = "GSP_EXTY"  # extraction type
GSP_EXTU: Final = "GSP_EXTU"  # extraction type that was used
GSP_SATC: Final = "GSP_SATC"  # part of the columns with saturated pixels in the aperture
GSP_SKYM: Final = "GSP_SKYM"  # model of the sky that was subtracted from a 2-D frame
GSP_PMOD: Final = "GSP_PMOD"  # model of the target's profile
GSP_APW: Final = "GSP_APW"  # aperture width, FWHM
GSP_BOFF: Final = "GSP_BOFF"  # distance of the background zones from the aperture, FWHM
GSP_BWID: Final = "GSP_BWID"  # width of each background zone, FWHM
GSP_THRE: Final = "GSP_THRE"  # detection threshold
GSP_TMAX: Final = "GSP_TMAX"  # most targets looked for
GSP_TDEG: Final = "GSP_TDEG"  # degree requested for the trace
GSP_SNR: Final = "GSP_SNR"  # median signal over noise per pixel
GSP_SKY: Final = "GSP_SKY"  # median sky, electron per pixel
GSP_TNUM: Final = "GSP_TNUM"  # number of the target
GSP_SLO: Final = "GSP_SLO"  # first illuminated row of a flat, 1-based, inclusive
GSP_SHI: Final = "GSP_SHI"  # last illuminated row of a flat, 1-based, inclusive
GSP_SORD: Final = "GSP_SORD"  # from where second order is possible, angstrom in air; none; unknown
GSP_WMED: Final = "GSP_WMED"  # medium requested for the wavelengths
GSP_SKYO: Final = "GSP_SKYO"  # sky minus arc scale, angstrom
GSP_SKYE: Final = "GSP_SKYE"  # its uncertainty, angstrom
GSP_ZSRC: Final = "GSP_ZSRC"  # what the zero point of the wavelengths rests on
GSP_ZOFF: Final = "GSP_ZOFF"  # offset subtracted from the scale of the arc, angstrom
GSP_ZERR: Final = "GSP_ZERR"  # uncertainty of the zero point, angstrom
GSP_ZNUM: Final = "GSP_ZNUM"  # other spectra that the zero point rests on
GSP_ZLIM: Final = "GSP_ZLIM"  # largest error to expect of a zero point that is not known, angstrom
GSP_RESO: Final = "GSP_RESO"  # resolution of the spectrum, FWHM, angstrom
GSP_LWID: Final = "GSP_LWID"  # width of the lines of the arc, FWHM, angstrom
GSP_ARC: Final = "GSP_ARC"  # + one digit: arcs that the wavelength scale comes from
GSP_BLEV: Final = "GSP_BLEV"  # bias level that was subtracted, ADU
GSP_RNOI: Final = "GSP_RNOI"  # read noise measured in the overscan or on biases, electron
GSP_RNUS: Final = "GSP_RNUS"  # read noise in the variance, electron
GSP_RNSO: Final = "GSP_RNSO"  # where it comes from: overscan, bias pairs or header
GSP_SATF: Final = "GSP_SATF"  # saturated part of the pixels
GSP_CRFR: Final = "GSP_CRFR"  # part of the pixels cleaned of cosmic rays
GSP_NMIN: Final = "GSP_NMIN"  # least number of frames of a master
GSP_IGNB: Final = "GSP_IGNB"  # whether the bias was to be ignored
GSP_IGNF: Final = "GSP_IGNF"  # whether the flats were to be ignored
GSP_CRSE: Final = "GSP_CRSE"  # cosmic ray rejection requested
GSP_WMIN: Final = "GSP_WMIN"  # least number of lines of a wavelength solution
GSP_WMAX: Final = "GSP_WMAX"  # largest scatter allowed, line widths
GSP_WSHI: Final = "GSP_WSHI"  # largest shift looked for, pixel
GSP_WSTE: Final = "GSP_WSTE"  # linear dispersion requested, angstrom
GSP_PROV: Final = "GSP_PROV"  # until when a better arc may replace the product
GSP_ARCC: Final = "GSP_ARCC"  # arc choice
GSP_ARCN: Final = "GSP_ARCN"  # arc named for the choice 'fixed'
GSP_SKYC: Final = "GSP_SKYC"  # treatment of the sky's offset
GSP_NORD: Final = "GSP_NORD"  # order of the flat normalisation
GSP_STHR: Final = "GSP_STHR"  # saturated pixels allowed in a flat, percent
GSP_NCOM: Final = "GSP_NCOM"  # frames combined
GSP_P: Final = "GSP_P"  # + three digits: pixel of a matched line, 0-based, before resampling
GSP_A: Final = "GSP_A"  # + three digits: its laboratory wavelength in air, angstrom
GSP_D: Final = "GSP_D"  # + three digits: fitted minus laboratory wavelength, angstrom
GSP_SENS: Final = "GSP_SENS"  # sensitivity that the flux was made with
GSP_STAR: Final = "GSP_STAR"  # standard star
GSP_STRF: Final = "GSP_STRF"  # reference spectrum of the standard star
GSP_AIRM: Final = "GSP_AIRM"  # airmass at the middle of the exposure that was used
GSP_AIRS: Final = "GSP_AIRS"  # where it comes from: position, elevation or header
GSP_EXTI: Final = "GSP_EXTI"  # extinction curve
GSP_GRAD: Final = "GSP_GRAD"  # grade of the flux: absolute, relative or shape only
GSP_SSYS: Final = "GSP_SSYS"  # median systematic error of the flux, percent
GSP_STRK: Final = "GSP_STRK"  # rank of the source, 1 is best
GSP_NLIB: Final = "GSP_NLIB"  # sensitivities of earlier nights in the site library
GSP_SFST: Final = "GSP_SFST"  # stiffness of the response's spline
GSP_SFLM: Final = "GSP_SFLM"  # whether the lines of the star were masked
GSP_SFRM: Final = "GSP_SFRM"  # scatter of the measured points around the response, magnitudes
GSP_SFNP: Final = "GSP_SFNP"  # points that the response rests on
GSP_SFTR: Final = "GSP_SFTR"  # throughput relative to the expected one
GSP_TELL: Final = "GSP_TELL"  # where the telluric absorption comes from: science, standard, none
GSP_TELC: Final = "GSP_TELC"  # telluric correction requested
GSP_O2: Final = "GSP_O2"  # oxygen at the zenith, in units of that of the standard atmosphere
GSP_H2O: Final = "GSP_H2O"  # precipitable water at the zenith, mm
GSP_TSHI: Final = "GSP_TSHI"  # shift of the telluric bands, angstrom
GSP_TWID: Final = "GSP_TWID"  # resolution in the telluric bands, FWHM, angstrom
GSP_TWNG: Final = "GSP_TWNG"  # share of the light in the wings of a line
GSP_TGAS: Final = "GSP_TGAS"  # gases whose columns were measured
GSP_TBEF: Final = "GSP_TBEF"  # largest residual of a telluric band before the correction
GSP_TAFT: Final = "GSP_TAFT"  # the same after it, fraction of the continuum
GSP_PHOT: Final = "GSP_PHOT"  # band of the magnitude that a flux was scaled to
GSP_PMAG: Final = "GSP_PMAG"  # that magnitude
GSP_PFAC: Final = "GSP_PFAC"  # the factor of this scaling
GSP_ZMED: Final = "GSP_ZMED"  # zero point of the standard star minus the median of its setup, mag
GSP_TRAT: Final = "GSP_TRAT"  # throughput relative to the expected one
