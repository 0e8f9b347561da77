"""Sentences about the sensitivity and its standard star."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence


def _percent(fraction: float) -> str:
    percent = 100 * fraction
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.2g} %"


def _saturated(params: Params) -> str:
    return (
        f"{_percent(params['fraction'])} of the pixels of {params['star']} are saturated, too many "
        "to measure the sensitivity"
    )


def _partly(params: Params) -> str:
    return (
        f"{_percent(params['fraction'])} of the pixels of {params['star']} are saturated and were "
        "left out"
    )


def _not_the_star(params: Params) -> str:
    return (
        f"The counts divided by the reference spectrum of {params['star']} are not a response: "
        f"they scatter by {_percent(params['scatter'])} around a smooth curve, and differ from it "
        f"by {_percent(abs(params['lines']))} in the Balmer lines. Was another star observed?"
    )


def _colour(params: Params) -> str:
    side = "blue" if params["slope"] < 0 else "red"
    return (
        f"The response is far too large in the {side} if this is {params['star']}. "
        "Was another star observed?"
    )


def _damaged(params: Params) -> str:
    return (
        f"The response deviates by {_percent(params['bend'])} from the shape that the instrument "
        f"has: the spectrum of {params['star']} is damaged, or it is another star"
    )


def _absurd(params: Params) -> str:
    return (
        f"The throughput is {_percent(params['ratio'])} of what is expected if this is "
        f"{params['star']}. Was another star observed, or was the telescope closed?"
    )


def _shape(params: Params) -> str:
    side = "blue" if params["slope"] < 0 else "red"
    return (
        f"The shape of the throughput is unusual, too high in the {side}. Light was lost at the "
        f"slit, or the star is not {params['star']}"
    )


def _low(params: Params) -> str:
    return (
        f"The throughput is only {_percent(params['ratio'])} of what is expected: clouds, or "
        f"{params['star']} was beside the slit. The shape may be used, the level may not"
    )


def _high(params: Params) -> str:
    return (
        f"The throughput is {_percent(params['ratio'])} of what is expected. Check the exposure "
        f"time, and that the star is {params['star']}"
    )


SENTENCES: dict[C, Sentence] = {
    C.STANDARD_UNKNOWN: "{name} is not in the library of standard stars",
    C.STANDARD_NOT_BRIGHTEST: "This is target {number} of the frame, and {star} should be the "
    "brightest. Name the star if this is it",
    C.STANDARD_NO_OVERLAP: "The reference spectrum of {star} and the usable part of the spectrum "
    "have too little in common",
    C.STANDARD_TOO_FAINT: "The spectrum of {star} is too faint to measure the sensitivity: signal "
    "over noise is {signal} in the bins of the reference",
    C.STANDARD_SATURATED: _saturated,
    C.STANDARD_PARTLY_SATURATED: _partly,
    C.STANDARD_NOT_THE_STAR: _not_the_star,
    C.STANDARD_SHIFTED: "The lines of {star} are shifted by {shift:+.1f} Å against its reference "
    "spectrum, which was allowed for. Check the wavelengths",
    C.STANDARD_COLOUR: _colour,
    C.STANDARD_DAMAGED: _damaged,
    C.THROUGHPUT_ABSURD: _absurd,
    C.THROUGHPUT_SHAPE: _shape,
    C.THROUGHPUT_LOW: _low,
    C.THROUGHPUT_HIGH: _high,
}
