"""What a person can state before a step, as the page offers it and as it is sent."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from typing import Any

import pytest

from callbacks.core.button_actions import ButtonData
from callbacks.core.markup import html_of
from callbacks.data import button_actions
from callbacks.data.drawing import action_bar, run_forms
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services.data_page.file_view import FileActions, FileView, ShownFile
from services.errors import InvalidRequest
from services.files.actions import ActionState

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


class Fields(HTMLParser):
    """The forms of a text: attributes of each, and of their fields; options of the lists."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str | None]] = []
        self.fields: dict[str, dict[str, str | None]] = {}
        self.options: dict[str, list[str]] = {}
        self.selected: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append(values)
        elif tag in ("input", "select"):
            self.fields[str(values["name"])] = values
            self.options[str(values["name"])] = []
        elif tag == "option":
            list(self.options.values())[-1].append(str(values["value"]))
            if "selected" in values:
                self.selected.append(str(values["value"]))


def state(block: str, label: str, reason: Notice | None = None) -> ActionState:
    return ActionState(block, label, reason is None, reason)


def drawn(*states: ActionState) -> Fields:
    file = ShownFile(7, "w.fits", "", DataType.WAVELENGTH, (), (), NOW)
    view = FileView(file, "0001.fits", (), actions=FileActions(None, states, ()))
    return Fields(html_of(run_forms.draw(view)))


def test_a_magnitude_can_be_given_with_a_band() -> None:
    read = drawn(state("flux", "Calibrate Flux"))
    assert read.forms == [{"data-submits": "run", "data-block": "flux", "data-file": "7"}]
    assert {"V", "SDSS r", "Gaia G"} <= set(read.options["photometry.band"])
    assert read.selected == ["SDSS r"]
    assert read.fields["photometry.error"]["value"] == "0.03"
    magnitude = read.fields["photometry.magnitude"]
    assert (magnitude["type"], magnitude["min"], magnitude["max"]) == ("number", "-5", "35")
    assert "required" in magnitude


def test_the_standard_star_can_be_chosen_where_it_was_not_recognised() -> None:
    refused = notice(NoticeCode.RUN_FAILED, block="Sensitivity", reason="")
    read = drawn(state("sensitivity", "Sensitivity", refused))
    assert read.forms == [{"data-submits": "run", "data-block": "sensitivity", "data-file": "7"}]
    empty, *names = read.options["star"]
    assert (empty, read.selected) == ("", [""])
    assert "required" in read.fields["star"]
    assert {"LTT 3218", "EG 274", "HR 7596"} <= set(names)
    assert names == sorted(names, key=str.casefold)


def test_the_step_of_standard_stars_is_no_button_on_other_spectra() -> None:
    other = notice(NoticeCode.NOT_A_STANDARD_STAR, file="w.fits")
    file = ShownFile(7, "w.fits", "", DataType.WAVELENGTH, (), (), NOW)
    states = (state("flux", "Calibrate Flux"), state("sensitivity", "Sensitivity", other))
    view = FileView(file, "0001.fits", (), actions=FileActions(None, states, ()))
    html = html_of(action_bar.draw(view))
    assert 'data-block="flux"' in html
    assert 'data-command="run" data-block="sensitivity"' not in html
    assert "This is a standard star" in html
    assert 'class="reasons"' not in html


def test_who_may_not_process_or_has_no_sensitivity_is_offered_nothing() -> None:
    stranger = notice(NoticeCode.PROCESSING_NOT_ALLOWED)
    states = (state("sensitivity", "Sensitivity", stranger), state("flux", "Flux", stranger))
    assert drawn(*states).forms == []
    assert drawn(state("extract", "Extract Target")).forms == []


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr(button_actions.requests, "request", lambda *given: calls.append(given))
    return calls


def test_a_form_s_fields_are_the_settings_of_the_run(requested: list[Any]) -> None:
    data: ButtonData = {
        "block": "flux",
        "file": "7",
        "settings": '{"photometry": {"band": "SDSS r", "magnitude": 16.3}}',
    }
    button_actions.start(None, data)  # type: ignore[arg-type]
    settings = {"photometry": {"band": "SDSS r", "magnitude": 16.3}}
    assert requested == [(None, "flux", 7, settings)]
    button_actions.start(None, {"block": "flux", "file": "7"})  # type: ignore[arg-type]
    assert requested[-1] == (None, "flux", 7, None)


@pytest.mark.parametrize("settings", ["", "{", "[1]", "3", "null"])
def test_settings_that_no_form_sends_are_refused(settings: str, requested: list[Any]) -> None:
    with pytest.raises(InvalidRequest):
        button_actions.start(None, {"block": "flux", "file": "7", "settings": settings})  # type: ignore[arg-type]
    assert requested == []
