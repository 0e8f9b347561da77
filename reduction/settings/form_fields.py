"""A proposal's settings as the fields of a form: groups, labels, help, choices, bounds.

All of it is read from the settings models. Only the order of the manual's form, and the words for
its choices, are written down here; what the manual does not know follows in groups of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reduction.frames import DataType
from reduction.registry import all_blocks
from reduction.settings.proposal_settings import settings_model

MANUAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "General Settings",
        ("master_flat.saturation_threshold", "reduce.cosmic_rays", "reduce.technique"),
    ),
    (
        "Calibrations",
        (
            "reduce.ignore_bias",
            "reduce.ignore_flats",
            "master_bias.minimum",
            "master_flat.minimum",
        ),
    ),
    ("Flat Normalization", ("master_flat.normalization", "master_flat.order")),
    (
        "Spectroscopic Target",
        ("extract.extraction_type", "extract.target_model", "extract.max_targets"),
    ),
)
"""The groups of the manual's form, and their fields in its order."""

FURTHER = {
    "extract": "Extraction",
    "wavelength": "Wavelength Calibration",
    "general": "Newer Calibrations",
}
"""Headings of sections that the manual's form does not have; default: the label of the block."""

WORDS = {
    "dcr": "DCR",
    "lacosmic": "LaCosmic",
    "auto": "Judged from the header",
    "mean": "Mean",
    "simple": "Simple Fit",
    "full": "Full Fit",
    "fractional": "Fractional Extraction",
    "optimal": "Optimal Extraction",
}
"""Labels of choices that are not their capitalised value."""

Kind = Literal["switch", "whole", "number", "choice", "text"]
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting: `name` is ``section.setting``.

    `lower` and `upper` bound a number; `open_lower` and `open_upper` exclude the bound itself.
    `longest` is the largest length of a text.
    """

    name: str
    title: str
    help: str
    kind: Kind
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    lower: float | None = None
    upper: float | None = None
    open_lower: bool = False
    open_upper: bool = False
    longest: int | None = None

    def read(self, typed: Any) -> Any:
        """Return the value of a form's input.

        Raises
        ------
        ValueError
            The value is not allowed; the message states what is.
        """
        if self.kind == "switch":
            if not isinstance(typed, bool):
                raise ValueError(f"{self.title} is on or off.")
            return typed
        text = "" if typed is None else str(typed).strip()
        if self.kind == "choice":
            if text not in dict(self.choices):
                raise ValueError(f"Choose one of {', '.join(w for _, w in self.choices)}.")
            return text
        if self.kind == "text":
            if len(text) > (self.longest or math.inf) or not text.isprintable():
                raise ValueError(f"At most {self.longest} printable characters.")
            return text
        return self._number(text)

    def _number(self, text: str) -> float | int:
        whole = self.kind == "whole"
        noun = "whole number" if whole else "number"
        wrong = ValueError(f"This is a {noun} {self.bounds}.".replace("  ", " "))
        fits = re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII) if whole else None
        if not (fits if whole else _NUMBER.fullmatch(text) and text.isascii()):
            raise wrong
        value = int(text) if whole else float(text)
        low, high = self.lower, self.upper
        too_low = low is not None and (value <= low if self.open_lower else value < low)
        too_high = high is not None and (value >= high if self.open_upper else value > high)
        if too_low or too_high or not math.isfinite(value):
            raise wrong
        return value

    @property
    def bounds(self) -> str:
        """The range of a number in words, "" when it has none."""
        low, high = (None if b is None else f"{b:g}" for b in (self.lower, self.upper))
        parts = []
        if low is not None:
            parts.append(f"above {low}" if self.open_lower else f"from {low}")
        if high is not None:
            parts.append(f"below {high}" if self.open_upper else f"to {high}")
        return " ".join(parts).replace(f"above {low} to", f"above {low}, up to")

    def text_of(self, value: Any) -> str:
        """Return a value as it is told to a person."""
        if self.kind == "switch":
            return "on" if value else "off"
        if self.kind == "choice":
            return dict(self.choices).get(str(value), str(value))
        return f"{value:g}" if isinstance(value, float) else str(value) or "none"


Groups = tuple[tuple[str, tuple[SettingField, ...]], ...]


def groups() -> Groups:
    """Return the headings of the form with their fields: the manual's first, then the others."""
    return _groups(settings_model())


@cache
def _groups(model: type[BaseModel]) -> Groups:
    known = {field.name: field for field in _fields(model())}
    listed_groups = []
    for title, names in MANUAL:
        listed = tuple(known.pop(name) for name in names if name in known)
        if listed:
            listed_groups.append((title, listed))
    sections: dict[str, list[SettingField]] = {}
    for name, field in known.items():
        sections.setdefault(name.partition(".")[0], []).append(field)
    ordered = sorted(sections, key=lambda section: section == "general")
    return (*listed_groups, *((_heading(section), tuple(sections[section])) for section in ordered))


def concerns_masters(name: str) -> bool:
    """Return whether a setting, named ``section.setting``, is one of a block that makes masters."""
    block = all_blocks().get(name.partition(".")[0])
    return block is not None and block.produces is DataType.MASTER


def _heading(section: str) -> str:
    block = all_blocks().get(section)
    return FURTHER.get(section) or (block.label if block else section.capitalize())


def all_fields() -> Mapping[str, SettingField]:
    """Return every field by its name, in the order of the form."""
    return {field.name: field for _, fields in groups() for field in fields}


def values(settings: BaseModel) -> dict[str, Any]:
    """Return settings as a mapping of ``section.setting`` to value (JSON)."""
    return flat(settings.model_dump(mode="json"))


def flat(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings, possibly of an older release, in the form of `values`."""
    return {
        f"{section}.{name}": value
        for section, settings in sections.items()
        if isinstance(settings, Mapping)
        for name, value in settings.items()
    }


def compose(given: Mapping[str, Any]) -> BaseModel:
    """Return the settings of a mapping in the form of `values`; missing ones are the default."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        section, _, setting = name.partition(".")
        sections.setdefault(section, {})[setting] = value
    return settings_model().model_validate(sections)


def _fields(whole: BaseModel) -> list[SettingField]:
    return [
        _field(f"{section}.{name}", info, getattr(getattr(whole, section), name))
        for section in type(whole).model_fields
        for name, info in type(getattr(whole, section)).model_fields.items()
    ]


def _field(name: str, info: FieldInfo, default: Any) -> SettingField:
    kind, choices = _kind(info.annotation)
    limits: dict[str, Any] = {}
    for bound in info.metadata:
        for attribute, field, is_open in (
            ("ge", "lower", False),
            ("gt", "lower", True),
            ("le", "upper", False),
            ("lt", "upper", True),
        ):
            if getattr(bound, attribute, None) is not None:
                limits |= {field: getattr(bound, attribute), f"open_{field}": is_open}
        if getattr(bound, "max_length", None) is not None:
            limits["longest"] = bound.max_length
    setting = name.partition(".")[2]
    return SettingField(
        name=name,
        title=info.title or setting.replace("_", " ").capitalize(),
        help=info.description or "",
        kind=kind,
        default=default.value if isinstance(default, Enum) else default,
        choices=choices,
        **limits,
    )


def _kind(annotation: Any) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    if get_origin(annotation) is Literal:
        return "choice", tuple((str(choice), _word(str(choice))) for choice in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "choice", tuple(
            (str(choice.value), _word(str(choice.value))) for choice in annotation
        )
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number", str: "text"}
    if annotation not in kinds:
        raise TypeError(f"a form has no control for a setting of type {annotation}")
    return kinds[annotation], ()


def _word(value: str) -> str:
    return WORDS.get(value, value[:1].upper() + value[1:])
