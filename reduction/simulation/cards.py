"""The header cards of a raw frame, as the instrument writes them now and wrote them before 2019."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from reduction.simulation.atmosphere import Sight, Weather
from reduction.simulation.detector import FULL_ROWS, Detector
from reduction.simulation.modes import Setup
from reduction.site import LATITUDE, LONGITUDE

EPOCH = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
"""J2000."""

LAMP_CARDS = {
    "HgAr": ("LAMP_HGA",),
    "HgArNe": ("LAMP_HGA", "LAMP_NE"),
    "Ne": ("LAMP_NE",),
    "Ar": ("LAMP_AR",),
    "FeHeAr": ("LAMP_FE",),
    "CuHeAr": ("LAMP_CU",),
}

OBSTYPES = {
    # kind: (since 2019, before 2019)
    "bias": ("BIAS", "BIAS"),
    "flat": ("LAMPFLAT", "FLAT"),
    "arc": ("COMP", "COMP"),
    "science": ("OBJECT", "OBJECT"),
}

COMMENTS = {
    "DATE-OBS": "DATE-OBS Format: YYYY-MM-DDThh:mm:ss.sss",
    "TIME": "~ Start & Stop of Exposure",
    "RA": "right ascension [hh:mm:ss.sss]",
    "DEC": "declination [dd:mm:ss.sss]",
    "AIRMASS": "airmass at approx. start of exposure",
    "OBSRA": "target right ascension [hh:mm:ss.sss]",
    "OBSDEC": "target declination  [hh:mm:ss.sss]",
    "CAM_TARG": "camera target [deg]",
    "GRT_TARG": "grating target [deg]",
    "FILTER": "primary filter wheel",
    "FILTER2": "secondary filter wheel",
    "GRATING": "VPH grating [1/mm]",
    "SLIT": "slit [arcsec]",
    "WAVMODE": "Wavelength",
    "EXPTIME": "integration time",
    "RDNOISE": "CCD readnoise [e-]",
    "GAIN": "CCD gain [e-/ADU]",
    "OBSTYPE": "observation type",
    "POSANGLE": "position angle [deg. E of N]",
    "ADCSTAT": "ADC Status",
}


@dataclass(frozen=True, slots=True)
class Pointing:
    """Pointing of the telescope: right ascension and declination (J2000), degrees.

    `precessed` says whether the telescope really points there: its altitude then is that of the
    coordinates of date.
    """

    ra: float
    dec: float
    precessed: bool = False

    def of_date(self, when: dt.datetime) -> tuple[float, float]:
        """Return right ascension and declination, degrees (Meeus 1998, p. 132)."""
        if not self.precessed:
            return self.ra, self.dec
        years = (when - EPOCH).total_seconds() / 31557600
        ra, dec = np.radians((self.ra, self.dec))
        m, n = 46.1244 * years / 3600, 20.0431 * years / 3600
        return (
            float(self.ra + m + n * np.sin(ra) * np.tan(dec)),
            float(self.dec + n * np.cos(ra)),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Header values of an exposure besides those of the setup and the detector.

    `slit_angle` is the position angle of the slit, degrees, and `corrector` the state of the
    atmospheric dispersion corrector: the cards of plans with weather.
    """

    kind: str
    object_name: str
    opened: dt.datetime
    exptime: float
    pointing: Pointing
    slit: str
    lamp: str
    proposal: str
    number: int
    file_name: str
    old: bool
    slit_angle: float | None = None
    corrector: str = ""


def sidereal_time(when: dt.datetime) -> float:
    """Return the local mean sidereal time at the telescope, degrees (Meeus 1998, eq. 12.4)."""
    days = (when - EPOCH).total_seconds() / 86400
    return (280.46061837 + 360.98564736629 * days + LONGITUDE) % 360


def altitude(when: dt.datetime, pointing: Pointing) -> float:
    """Return the height of a pointing above the horizon, degrees."""
    ra, dec = pointing.of_date(when)
    hour_angle = np.radians(sidereal_time(when) - ra)
    dec, lat = np.radians(dec), np.radians(LATITUDE)
    sine = np.sin(lat) * np.sin(dec) + np.cos(lat) * np.cos(dec) * np.cos(hour_angle)
    return float(np.degrees(np.arcsin(sine)))


def parallactic_angle(when: dt.datetime, pointing: Pointing) -> float:
    """Return the angle from north to the zenith, through east, degrees (Meeus 1998, eq. 14.1)."""
    ra, dec = pointing.of_date(when)
    hour_angle = np.radians(sidereal_time(when) - ra)
    dec, lat = np.radians(dec), np.radians(LATITUDE)
    return float(
        np.degrees(
            np.arctan2(
                np.sin(hour_angle), np.tan(lat) * np.cos(dec) - np.sin(dec) * np.cos(hour_angle)
            )
        )
    )


def sight_of(facts: Facts) -> Sight:
    """Return where the telescope looks at mid-exposure.

    Airmass: Young and Irvine 1967, AJ 72, 945.
    """
    middle = facts.opened + dt.timedelta(seconds=facts.exptime / 2)
    height = altitude(middle, facts.pointing)
    secant = 1 / max(np.sin(np.radians(height)), 0.2)
    value = secant * (1 - 0.0012 * (secant**2 - 1))
    return Sight(float(value), 90 - height, parallactic_angle(middle, facts.pointing))


def weather_cards(weather: Weather | None) -> tuple[float | None, str]:
    """Return the position angle of the slit and the state of the corrector, for `Facts`."""
    if weather is None:
        return None, ""
    return weather.position_angle, "PARK" if weather.refraction else "IN"


def rotator(when: dt.datetime, pointing: Pointing) -> float:
    """Return the rotator angle that keeps north up at a Nasmyth port, 0 to 360 degrees.

    Parallactic angle minus altitude.
    """
    return float((parallactic_angle(when, pointing) - altitude(when, pointing)) % 360)


def airmass(when: dt.datetime, pointing: Pointing) -> float:
    """Return the plane-parallel airmass of a pointing, at most 5."""
    return float(1 / max(np.sin(np.radians(altitude(when, pointing))), 0.2))


def sexagesimal(degrees: float, *, hours: bool = False) -> str:
    """Return an angle as ``hh:mm:ss.sss`` or ``-dd:mm:ss.sss``."""
    milli = round(abs(degrees) * 3600_000 / (15 if hours else 1))
    seconds, milli = divmod(milli, 1000)
    sign = "-" if degrees < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milli:03d}"


def header(facts: Facts, setup: Setup, detector: Detector) -> fits.Header:
    """Build the primary header of a raw frame, without the structural cards.

    Old headers have the spellings and the unbinned ``TRIMSEC`` of frames from before 2019, and no
    lamp and queue cards.
    """
    cards = _exposure_cards(facts, detector)
    cards |= _setup_cards(facts, setup)
    cards |= _detector_cards(facts, detector)
    if not facts.old:
        cards |= _queue_cards(facts)
    result = fits.Header()
    for keyword, value in cards.items():
        result[keyword] = (value, COMMENTS.get(keyword, ""))
    minutes, seconds = divmod(round(facts.exptime), 60)
    result["COMMENT"] = f"Light, Exp Time= {minutes:02d}:{seconds:02d}, Saved as: {facts.file_name}"
    return result


def _exposure_cards(facts: Facts, detector: Detector) -> dict[str, str | float | int]:
    def clock(when: dt.datetime) -> str:
        return when.isoformat(timespec="milliseconds")[11:23]

    closed = facts.opened + dt.timedelta(seconds=facts.exptime)
    ra = sexagesimal(facts.pointing.ra, hours=True)
    dec = sexagesimal(facts.pointing.dec)
    lst = sidereal_time(facts.opened)
    hour_angle = (lst - facts.pointing.of_date(facts.opened)[0] + 180) % 360 - 180
    cards: dict[str, str | float | int] = {
        "DATE-OBS": facts.opened.isoformat(timespec="milliseconds")[:23],
        "DATE": facts.opened.date().isoformat(),
        "TIME": f"{clock(facts.opened)} to {clock(closed)}",
        "TELESCOP": "SOAR 4.1m",
        "INSTRUME": "Goodman Spectro" if facts.old else f"ghts_{detector.camera.name.lower()}",
        "OBJECT": facts.object_name,
        "NOTES": "",
        "INSTCONF": detector.camera.name,
        "CAMERA": detector.camera.controller,
        "RA": ra,
        "DEC": dec,
        "AIRMASS": round(airmass(facts.opened, facts.pointing), 2),
        "UT": clock(facts.opened),
        "MOUNT_EL": round(altitude(facts.opened, facts.pointing), 4),
        "ROTATOR": round(rotator(facts.opened, facts.pointing), 4),
        "SEEING": -1.0,
        "LST": sexagesimal(lst, hours=True),
        "OBSRA": ra,
        "OBSDEC": dec,
        "HA": sexagesimal(hour_angle, hours=True),
    }
    if facts.slit_angle is not None:
        cards |= {"POSANGLE": facts.slit_angle, "ADCSTAT": facts.corrector}
    return cards


def _setup_cards(facts: Facts, setup: Setup) -> dict[str, str | float | int]:
    cards: dict[str, str | float | int] = {}
    if not facts.old:
        on: tuple[str, ...] = LAMP_CARDS[facts.lamp] if facts.kind == "arc" else ()
        if facts.kind == "flat":
            on = ("LAMP_QUA",)
        for name in ("HGA", "NE", "AR", "FE", "CU", "QUA", "BUL", "DOM"):
            cards[f"LAMP_{name}"] = "TRUE" if f"LAMP_{name}" in on else "FALSE"
    grooves, maker = setup.grating.split("_", 1)
    width = facts.slit.split("_", 1)[0]
    filter_2 = "<NO FILTER>" if facts.old and setup.filter_2 == "NO_FILTER" else setup.filter_2
    cards |= {
        "CAM_ANG": round(setup.cam_targ + 0.0098, 6),
        "GRT_ANG": round(setup.grt_targ - 0.0004, 6),
        "CAM_TARG": setup.cam_targ,
        "GRT_TARG": setup.grt_targ,
        "FILTER": "<NO FILTER>" if facts.old else "NO_FILTER",
        "FILTER2": filter_2,
        "GRATING": f"{maker}_{grooves}" if facts.old else setup.grating,
        "SLIT": f'{width}" long slit' if facts.old else facts.slit,
        "WAVMODE": setup.wavmode.replace("_M", " m") if facts.old else setup.wavmode,
    }
    return cards


def _detector_cards(facts: Facts, detector: Detector) -> dict[str, str | float | int]:
    (ny, nx), (bx, by) = detector.shape, detector.binning
    full = ny == FULL_ROWS // by
    trim = f"[{50 // bx + 1}:{4110 // bx},2:{ny}]"
    return {
        "EXPTIME": facts.exptime,
        "RDNOISE": detector.camera.rdnoise,
        "GAIN": detector.camera.gain,
        "OBSTYPE": OBSTYPES[facts.kind][1 if facts.old else 0],
        "OBSERVER": "",
        "PROPOSAL": facts.proposal if facts.old else "",
        "EQUINOX": 2000.0,
        "ROI": f"Spectroscopic {bx}x{by}" if full else "user-defined",
        "DISPAXIS": 1,
        "DETSIZE": "[1:4096,1:4096]",
        "TRIMSEC": f"[1:{nx * bx},1:{ny * by}]" if facts.old else trim,
        "CCDSIZE": "[1:4096,1:4096]",
        "CCDSUM": f"{bx} {by}",
    }


def _queue_cards(facts: Facts) -> dict[str, str | float | int]:
    return {
        "BUNIT": "adu",
        "OBSID": 0,
        "CONFID": 0,
        "REQNUM": 0,
        "PROPID": facts.proposal,
        "SITEID": "SOAR",
        "TELID": "4M0A",
        "BLKUID": 0,
        "IMAGEID": str(53000 + facts.number),
        "HEADERVE": "1.0.1",
        "BLOCK_ID": 0,
        "OPENTIME": facts.opened.isoformat(timespec="microseconds")[11:26],
        "OPENDATE": facts.opened.date().isoformat(),
    }
