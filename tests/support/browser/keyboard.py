"""A person without a mouse: Tab, letters, space and Enter."""

from __future__ import annotations

import re
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect


def tab_to(page: Any, identity: str) -> None:
    """Press Tab until the control of this id has the focus; it is waited for."""
    page.locator(f"#{identity}").wait_for()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(id) => document.activeElement.closest('#' + id) !== null", identity):
            return
    pytest.fail(f"Tab does not reach {identity}")


def choose(page: Any, identity: str, word: str) -> None:
    """Choose an option of a menu as a keyboard does: by its first letters."""
    tab_to(page, identity)
    page.keyboard.type(word)
    expect(page.locator(f"#{identity} option:checked")).to_have_text(re.compile(f"^{word}"))


def write(page: Any, identity: str, text: str) -> None:
    """Write into a field, over what stands there."""
    tab_to(page, identity)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    expect(page.locator(f"#{identity}")).to_have_value(text)


def turn(page: Any, identity: str) -> None:
    """Turn a switch."""
    tab_to(page, identity)
    page.keyboard.press("Space")
