"""The key numbers of a flux-calibrated spectrum and of a sensitivity, in place of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dash import html

from callbacks.core.dash_types import Component

Values = Mapping[str, object]
"""Measurements of a file by their names."""

_GRADES = {
    "absolute": ("badge good", "Level and shape hold within the errors that are given."),
    "relative": (
        "badge",
        "Ratios of fluxes hold within the errors that are given; the level does not.",
    ),
    "shape only": (
        "badge warn",
        "Only the shape over short ranges holds; the notices say why.",
    ),
}
_TELLURIC = {
    "science": "fitted to this spectrum",
    "standard": "from the standard star",
    "science and standard": "fitted to this spectrum and from the standard star",
    "none": "not corrected",
    "off": "not corrected: switched off",
}
_BAND = "magnitude_"


def draw(values: Values) -> tuple[list[Component], frozenset[str]]:
    """Return the key numbers, and the names of the measurements that they show.

    Nothing is drawn of other kinds of files.
    """
    if "grade" in values:
        shown = _of_flux(values)
    elif "zero_point_mag" in values or "throughput_peak" in values:
        shown = _of_sensitivity(values)
    else:
        return [], frozenset()
    names = {name for name in values if name in _NAMES or name.startswith(_BAND)}
    return shown, frozenset(names)


def grade_badge(grade: object) -> Component | None:
    """Return the badge of a grade, which says what the flux can be used for."""
    if not isinstance(grade, str) or grade not in _GRADES:
        return None
    look, meaning = _GRADES[grade]
    return html.Span(f"{grade} flux", className=look, title=meaning, **{"data-grade": grade})


def _of_flux(values: Values) -> list[Component]:
    badge = grade_badge(values.get("grade"))
    scaled = _number(values, "photometric_factor", lambda v: f"× {v:.3g}")
    pairs = [
        ("standard", _standard(values)),
        ("airmass", _number(values, "airmass", lambda v: f"{v:.3f}")),
        ("σ_sys", _number(values, "sigma_sys_percent", lambda v: f"{v:.2g} %")),
        ("telluric residual", _telluric(values)),
        *((_band_name(name), _magnitude(values, name)) for name in _bands(values)),
        ("scaled to photometry", scaled),
    ]
    return [*([badge] if badge else []), *_facts(pairs)]


def _of_sensitivity(values: Values) -> list[Component]:
    first, last = values.get("first_angstrom"), values.get("last_angstrom")
    known = isinstance(first, int | float) and isinstance(last, int | float)
    pairs = [
        ("standard", _standard(values)),
        ("airmass", _number(values, "airmass", lambda v: f"{v:.3f}")),
        ("zero point", _number(values, "zero_point_mag", lambda v: f"{v:.2f} mag")),
        ("throughput", _throughput(values)),
        ("scatter", _number(values, "response_rms_mag", lambda v: f"{v:.3f} mag")),
        ("points", _number(values, "points_used", lambda v: f"{v:.0f}")),
        ("range", f"{first:.0f} – {last:.0f} Å" if known else ""),
        ("site library", _number(values, "library_size", _nights)),
        ("O₂", _number(values, "telluric_o2", lambda v: f"{v:.2f}")),
        ("H₂O", _number(values, "telluric_h2o", lambda v: f"{v:.2f}")),
    ]
    return _facts(pairs)


def _nights(count: float) -> str:
    return f"{count:.0f} earlier standards" if count else "none yet"


def _standard(values: Values) -> str:
    star, reference = values.get("star"), values.get("reference")
    if not star:
        return ""
    return f"{star} ({reference})" if reference else str(star)


def _throughput(values: Values) -> str:
    peak = _number(values, "throughput_peak", lambda v: f"{100 * v:.1f} % at its peak")
    ratio = _number(values, "throughput_ratio", lambda v: f"{v:.2f} of the expected")
    return ", ".join(text for text in (peak, ratio) if text)


def _telluric(values: Values) -> str:
    source = _TELLURIC.get(str(values.get("telluric", "")), "")
    before = _number(values, "residual_before", lambda v: f"{100 * v:.2g} %")
    after = _number(values, "residual_after", lambda v: f"{100 * v:.2g} %")
    if not (before and after):
        return source
    return f"{before} → {after}, {source}" if source else f"{before} → {after}"


def _bands(values: Values) -> list[str]:
    return [name for name in values if name.startswith(_BAND)]


def _band_name(name: str) -> str:
    """Return the passband of a synthetic magnitude: ``SDSS r``."""
    return name.removeprefix(_BAND).replace("_", " ")


def _magnitude(values: Values, name: str) -> str:
    return _number(values, name, lambda v: f"{v:.2f} mag")


def _number(values: Values, name: str, text: Callable[[float], str]) -> str:
    value = values.get(name)
    return text(float(value)) if isinstance(value, int | float) else ""


def _facts(pairs: list[tuple[str, str]]) -> list[Component]:
    return [
        html.Span([html.Span(key, className="key"), " ", value]) for key, value in pairs if value
    ]


_NAMES = frozenset(
    {
        "grade",
        "star",
        "reference",
        "airmass",
        "sigma_sys_percent",
        "telluric",
        "residual_before",
        "residual_after",
        "photometric_factor",
        "zero_point_mag",
        "throughput_peak",
        "throughput_ratio",
        "response_rms_mag",
        "points_used",
        "library_size",
        "first_angstrom",
        "last_angstrom",
        "telluric_o2",
        "telluric_h2o",
    }
)
"""Measurements that the key numbers show."""
