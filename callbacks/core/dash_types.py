"""Types at Dash's border; nothing else in callbacks and pages is untyped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from dash.development.base_component import Component

CallbackValue: TypeAlias = Any
"""A property that Dash hands to a callback or takes from it: JSON, components, ``no_update``."""

CallbackFunction: TypeAlias = Callable[..., CallbackValue]

Child: TypeAlias = Component | str | int | float | None
Children: TypeAlias = Child | Sequence[Child]

Properties: TypeAlias = dict[str, CallbackValue]
"""Properties of a component by their names."""

__all__ = ["CallbackFunction", "CallbackValue", "Child", "Children", "Component", "Properties"]
