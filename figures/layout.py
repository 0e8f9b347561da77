"""Layout shared by all figures: axes, titles, and header text shown literally.

Colours are not set here. The style sheet of the page colours the lines and letters, so that the
theme changes without redrawing the figures.
"""

from __future__ import annotations

import html
from typing import Any


def plain(text: str) -> str:
    """Return `text` so that Plotly shows it literally (it reads ``<b>``, ``<a>`` and ``&…;``)."""
    return html.escape(text, quote=False)


def title_lines(obstype: str, target: str, proposal: str) -> list[str]:
    """Return the lines of a title: observation type and object, then the proposal."""
    first = " ".join(part for part in (obstype.strip(), target.strip()) if part)
    return [line for line in (first, proposal.strip()) if line]


def title(obstype: str, target: str, proposal: str) -> str:
    """Return the lines of `title_lines` as markup."""
    return "<br>".join(plain(line) for line in title_lines(obstype, target, proposal))


def axis(label: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its label, ticks outside and a frame around the plot."""
    return {
        "title": {"text": label, "standoff": 6},
        "ticks": "outside",
        "ticklen": 4,
        "showline": True,
        "mirror": True,
        "zeroline": False,
        "exponentformat": "power",
        "minexponent": 6,
        **more,
    }


def layout(heading: str | None, **more: Any) -> dict[str, Any]:
    """Return the layout of a figure; `heading` is ready markup (see `title`), None for none."""
    figure_layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "size": 12},
        "margin": {"l": 68, "r": 16, "t": 44 if heading else 12, "b": 46, "autoexpand": False},
        "showlegend": False,
        "dragmode": "zoom",
        "autosize": True,
    }
    if heading:
        # Plotly's own title is positioned by its first line, which is cut off at the edge.
        figure_layout["annotations"] = [
            {
                "text": heading,
                "font": {"size": 13},
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 1,
                "yanchor": "bottom",
                "yshift": 3,
            }
        ]
    return figure_layout | more
