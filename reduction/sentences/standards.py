"""Sentences about the recognition of standard stars, and about the airmass of an exposure."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence

_SOURCES = {
    "position": "position and time",
    "elevation": "the elevation of the telescope",
    "header": "the header",
}


def _airmass_differs(params: Params) -> str:
    stated = f"{params['keyword']} of the header is {params['stated']:g}"
    if params["stated"] != params["stated_airmass"]:
        stated += f", airmass {params['stated_airmass']:.2f}"
    source = _SOURCES.get(params["source"], params["source"])
    return f"{stated}; {params['airmass']:.2f} from {source} is used"


def _by_position(params: Params) -> str:
    name = f'The object is called "{params["object"]}"' if params["object"] else "Without a name"
    return f"{name}; its coordinates are {params['separation']:.0f}″ from {params['star']}"


def _elsewhere(params: Params) -> str:
    distance = params["separation"]
    text = f"{distance:.0f}″" if distance < 600 else f"{distance / 3600:.1f}°"
    return (
        f"The object has the name of {params['star']}, but its coordinates are {text} from that "
        "star. Name the star to make a sensitivity"
    )


SENTENCES: dict[C, Sentence] = {
    C.AIRMASS_DIFFERS: _airmass_differs,
    C.STANDARD_BY_POSITION: _by_position,
    C.STANDARD_BY_NAME: "{star} is recognised by its name only: the header has no coordinates",
    C.STANDARD_DISPUTED: (
        "The object has the name of {named}, but its coordinates are those of {star}. "
        "Name the star to make a sensitivity"
    ),
    C.STANDARD_ELSEWHERE: _elsewhere,
}
