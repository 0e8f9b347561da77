"""The published wavelength modes, and the file names of masters and sensitivities."""

from __future__ import annotations

import re

from reduction.frames import FrameDescription, Technique

# WAVMODE → grating (lines/mm), CAM_TARG, GRT_TARG in degrees (published table of modes).
MODES = {
    "400_M1": (400, 11.6, 5.8),
    "400_M2": (400, 16.1, 7.5),
    "600_UV": (600, 15.25, 7.0),
    "600_BLUE": (600, 17.0, 7.0),
    "600_MID": (600, 20.0, 10.0),
    "600_RED": (600, 27.0, 12.0),
    "930_M1": (930, 20.6, 10.3),
    "930_M2": (930, 25.2, 12.6),
    "930_M3": (930, 29.9, 15.0),
    "930_M4": (930, 34.6, 18.3),
    "930_M5": (930, 39.4, 19.7),
    "930_M6": (930, 44.2, 22.1),
    "1200_M0": (1200, 26.0, 16.3),
    "1200_M1": (1200, 29.5, 16.3),
    "1200_M2": (1200, 34.4, 18.7),
    "1200_M3": (1200, 39.4, 20.2),
    "1200_M4": (1200, 44.4, 22.2),
    "1200_M5": (1200, 49.6, 24.8),
    "1200_M6": (1200, 54.8, 27.4),
    "1200_M7": (1200, 60.2, 30.1),
}
_ANGLE_TOLERANCE = 0.2  # the modes' own angles are set to a tenth of a degree

# The default read-out of each camera: gain (electron/ADU), read noise (electron).
_DEFAULT_READOUT = {"Red": (1.48, 3.89), "Blue": (1.4, 4.74)}


def grating_lines(grating: str) -> int | None:
    """Return the groove density of ``400_SYZY``, lines per mm, None when the name has none."""
    match = re.search(r"\d{3,4}", grating)
    return int(match[0]) if match else None


def mode_of(frame: FrameDescription) -> str:
    """Return the wavelength mode of a grating and its angles; ``WAVMODE`` is not used.

    A setup that is not a published mode is named by its grating and angles: ``930_C24.0_G13.0``.
    """
    return mode_of_grating(frame.grating, frame.cam_targ, frame.grt_targ)


def mode_of_grating(grating: str, cam_targ: float | None, grt_targ: float | None) -> str:
    """Return the wavelength mode, as `mode_of`, of a grating's normalised name and its angles."""
    lines = grating_lines(grating)
    if cam_targ is None or grt_targ is None:
        return grating or "NO_GRATING"
    for name, (density, cam, grt) in MODES.items():
        near = max(abs(cam_targ - cam), abs(grt_targ - grt)) <= _ANGLE_TOLERANCE
        if density == lines and near:
            return name
    return f"{lines or _slug(grating)}_C{cam_targ:.1f}_G{grt_targ:.1f}"


def setup_name(frame: FrameDescription) -> str:
    """Return the mode and the filters of a frame as text: ``400_M2 GG455``."""
    return " ".join((mode_of(frame), *_filters(frame)))


def master_bias_name(frame: FrameDescription) -> str:
    """Return the file name of the master bias for frames like `frame`.

    ``master_bias_RED_SP_2x2_R03.89_G01.48_20220704.fits``; a region other than the standard
    ones is appended, since several may be used in a night.
    """
    technique = {Technique.SPECTROSCOPY: "SP", Technique.IMAGING: "IM"}.get(frame.technique, "UN")
    parts = ["master_bias", frame.camera.upper(), technique, _binning(frame), _readout(frame)]
    return _file_name([*parts, _region(frame), f"{frame.night:%Y%m%d}"])


def master_flat_name(frame: FrameDescription) -> str:
    """Return the file name of the master flat for frames like `frame`.

    ``norm_master_flat_400_M2_GG455_S1.0_2x2_20220704.fits``; camera, read-out and region are
    appended where they are not the default ones, so that no two masters of a night share a name.
    """
    parts = ["norm_master_flat"]
    if frame.technique is Technique.IMAGING:
        parts += ["IM", *_filters(frame)]
    else:
        slit = re.sub(r"_?LONG_SLIT", "", frame.slit)
        parts += [mode_of(frame), *_filters(frame), f"S{_slug(slit)}" if slit else ""]
    parts.append(_binning(frame))
    if frame.camera != "Red":
        parts.append(frame.camera.upper())
    if (frame.gain, frame.rdnoise) != _DEFAULT_READOUT.get(frame.camera):
        parts.append(_readout(frame))
    return _file_name([*parts, _region(frame), f"{frame.night:%Y%m%d}"])


def sensitivity_name(frame: FrameDescription, star: str) -> str:
    """Return the file name of the sensitivity measured with a spectrum of a standard star.

    ``sensitivity_400_M2_GG455_S1.0_LTT3218_20220704_031415.fits``, with night and UTC time; the
    camera is inserted where it is not the red one.
    """
    slit = re.sub(r"_?LONG_SLIT", "", frame.slit)
    parts = ["sensitivity", mode_of(frame), *_filters(frame), f"S{_slug(slit)}" if slit else ""]
    if frame.camera != "Red":
        parts.append(frame.camera.upper())
    return _file_name([*parts, _slug(star), f"{frame.night:%Y%m%d}", f"{frame.date_obs:%H%M%S}"])


def _file_name(parts: list[str]) -> str:
    return "_".join(part for part in parts if part) + ".fits"


def _slug(text: str) -> str:
    """Return text without the characters that are unsafe in a file name."""
    return re.sub(r"[^A-Za-z0-9.+-]+", "", text)


def _binning(frame: FrameDescription) -> str:
    return f"{frame.binning[0]}x{frame.binning[1]}"


def _readout(frame: FrameDescription) -> str:
    return f"R{frame.rdnoise or 0:05.2f}_G{frame.gain or 0:05.2f}"


def _filters(frame: FrameDescription) -> list[str]:
    return [_slug(f) for f in (frame.filter, frame.filter_2) if f not in {"", "NO_FILTER"}]


def _region(frame: FrameDescription) -> str:
    if re.fullmatch(r"(?:spectroscopic|imaging) \dx\d", frame.roi.lower()):
        return ""
    name = re.sub(r"^(?:spectroscopic|imaging|user-defined)\s*", "", frame.roi, flags=re.IGNORECASE)
    size = f"{frame.shape[1]}x{frame.shape[0]}"
    return f"{_slug(name).upper()}-{size}" if _slug(name) else size
