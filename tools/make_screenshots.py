"""Photograph the pages for the user's manual: ``make screenshots`` (docs/user/images).

Starts a server of its own with the demo night, signs in, and takes the pictures of `SHOTS` that the
manual shows, or those that the command line names, in a headless Chromium; what
`tools/provide_test_machine` installs is enough. A picture that fails is named at the end, the
others are written all the same.
"""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tests.support.browser.demo_frames import drop, raw_frames
from tests.support.browser_window import PAGE_MODULE, chromium_path, night_over
from tests.support.live_site import LiveSite, until

MANUAL = Path(__file__).resolve().parents[1] / "docs" / "user"
IMAGES = MANUAL / "images"
LAPTOP, PHONE = (1366, 768), (400, 800)
MOST_BYTES = 3_000_000
PATIENCE_S = 100.0
"""How long the demo night may take until there is something to photograph."""
STAFF = ("operator", "Quiet-Harbour-77")
WANTED = ("GAL.J000313", "AT", "WD")
"""Beginnings of the names of a galaxy, a transient and a white dwarf of the demo night."""
REDSHIFT = "0.0425"
"""Of that galaxy."""
FIGURES = {"flux-truth"}
"""Pictures of the manual that `tools.figures` makes."""


@dataclass(frozen=True, slots=True)
class Night:
    """What of the demo night is photographed: ids of products, by the begin of the object."""

    url: str
    calibrated: dict[str, int]
    reduced: int
    proposal: int
    flux: int
    sensitivity: int


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: address, who looks, and what is done before it is taken."""

    name: str
    path: Callable[[Night], str]
    prepare: Callable[[Any, Night], None] = lambda _page, _night: None
    staff: bool = False
    light: bool = False
    size: tuple[int, int] = LAPTOP


def spectrum(page: Any, *chips: str, lines: str = "", smooth: str = "") -> None:
    """Wait for the spectrum, then choose what the picture shows."""
    page.wait_for_selector("#spectrum-plot[data-file]")
    for chip in chips:
        page.locator(f'[data-chip="{chip}"]').click()
    if lines:
        page.get_by_label("Redshift, typed").fill(lines)
    if smooth:
        page.get_by_label("Smooth").select_option(smooth)


def compare(page: Any, night: Night) -> None:
    """Lay the two other spectra over the one on show."""
    spectrum(page, "normalise", smooth="gauss")
    for number in list(night.calibrated.values())[1:]:
        page.evaluate(
            "async (id) => (await pageModule('spectrum/spectrum.js')).addOther(id)", number
        )
    page.wait_for_selector("#laid-over .over")


def arc(page: Any, _night: Night) -> None:
    """Open the arc behind the wavelengths."""
    spectrum(page, "arc")
    page.wait_for_selector("#arc-plot .scatterlayer .point")
    page.locator("#arc-panel").evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")


def galaxy(page: Any, _night: Night) -> None:
    """Mark a galaxy's lines and the atmosphere's bands."""
    spectrum(page, "H", "neb", "telluric", lines=REDSHIFT, smooth="gauss")
    page.mouse.move(880, 400)


def flux(page: Any, _night: Night) -> None:
    """Show the flux without telluric correction, the bands, and the errors of a pixel."""
    spectrum(page, "uncorrected", "telluric")
    page.mouse.move(1010, 300)


def sensitivity(page: Any, _night: Night) -> None:
    """Wait for the figure of a sensitivity."""
    page.wait_for_selector("#sensitivity-plot[data-file] .point")


def painted(page: Any, _night: Night) -> None:
    """Wait for an image's pixels."""
    page.wait_for_function("async () => (await pageModule('viewer/state.js')).viewer.view !== null")


def windows(page: Any, night: Night) -> None:
    """Lay a narrower aperture on the profile than the automatic one."""
    painted(page, night)
    page.get_by_text("these windows, S/N").wait_for()
    for edge, least in (("Aperture from", -3), ("Aperture to", 2.5)):
        page.get_by_label(edge).fill(str(least))
        page.get_by_label(edge).press("Enter")
    page.locator("#advanced-windows").scroll_into_view_if_needed()


def extracted(page: Any, night: Night) -> None:
    """Save the spectrum of the windows."""
    windows(page, night)
    page.get_by_role("button", name="Extract", exact=True).click()
    page.locator("#advanced-windows .legend").get_by_text("saved as").wait_for(timeout=60_000)
    page.locator("#advanced-windows").scroll_into_view_if_needed()


def calibrations(page: Any, night: Night) -> None:
    """Open what could calibrate the frame."""
    painted(page, night)
    page.locator("#view-why summary").first.click()
    page.locator("#view-why").evaluate("(part) => part.scrollIntoView({ block: 'center' })")


def keys(page: Any, _night: Night) -> None:
    """Open the list of keys."""
    spectrum(page)
    page.keyboard.press("?")


def header(page: Any, _night: Night) -> None:
    """Open the header and look for what the wavelength calibration wrote."""
    spectrum(page)
    page.get_by_role("button", name="Header").click()
    page.get_by_label("Search the header").fill("gsp_w")


def first(night: Night) -> str:
    """Return the address of the first calibrated spectrum."""
    return f"/data/{next(iter(night.calibrated.values()))}"


def advanced(night: Night) -> str:
    """Return the address of a reduced frame's Advanced Visualization."""
    return f"/data/{night.reduced}/advanced"


SHOTS = (
    Shot("data", first, lambda page, _: spectrum(page)),
    Shot("data-light", first, lambda page, _: spectrum(page), light=True),
    Shot("data-phone", first, lambda page, _: spectrum(page), size=PHONE),
    Shot("header", first, header),
    Shot("keys", first, keys),
    Shot("image", lambda night: f"/data/{night.reduced}", painted),
    Shot("advanced", lambda night: f"{advanced(night)}?stretch=asinh", painted),
    Shot("advanced-windows", advanced, windows),
    Shot("calibrations", lambda night: f"/data/{night.reduced}", calibrations),
    Shot("spectrum-dark", first, galaxy),
    Shot("spectrum-compare", first, compare, light=True),
    Shot("spectrum-arc", first, arc),
    Shot("spectrum-flux", lambda night: f"/data/{night.flux}", flux),
    Shot("sensitivity", lambda night: f"/data/{night.sensitivity}", sensitivity),
    Shot("search", lambda _: "/search"),
    Shot("logs", lambda _: "/logs"),
    Shot("tonight", lambda _: "/night"),
    Shot("tonight-light", lambda _: "/night", light=True),
    Shot("home", lambda _: "/"),
    Shot("proposals", lambda _: "/proposals"),
    Shot("settings", lambda night: f"/proposals/{night.proposal}/settings"),
    Shot("collaborators", lambda night: f"/proposals/{night.proposal}/collaborators"),
    Shot("user", lambda _: "/user"),
    Shot("management", lambda _: "/management", staff=True),
    Shot("management-users", lambda _: "/management/users", staff=True),
    Shot("management-user-new", lambda _: "/management/users/new", staff=True),
    Shot("management-proposals", lambda _: "/management/proposals", staff=True),
    Shot("management-proposal-new", lambda _: "/management/proposals/new", staff=True),
    # The last one: it makes another version of a spectrum.
    Shot("advanced-extract", advanced, extracted, light=True),
)


def main() -> int:
    """Take the pictures that are wanted; return the exit status."""
    wanted = set(sys.argv[1:]) or in_the_manual()
    shots = [shot for shot in SHOTS if shot.name in wanted]
    unknown = wanted - {shot.name for shot in SHOTS}
    if unknown:
        print(f"No such picture: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    site = LiveSite(GSP_DEMO_INTERVAL="0.4")
    try:
        troubles = take_all(site.start(), shots)
    except (pytest.fail.Exception, AssertionError, Error, TimeoutError) as error:
        troubles = [f"the pictures could not be taken: {error}"]
    finally:
        site.clean_up()
    total = sum(path.stat().st_size for path in IMAGES.glob("*.webp"))
    if total > MOST_BYTES:
        troubles.append(f"the pictures take {total / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:g}")
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    print(f"{len(shots) - len(troubles)} of {len(shots)} pictures, {total / 1e6:.2f} MB in all")
    return 1 if troubles else 0


def in_the_manual() -> set[str]:
    """Return the names of the pictures that the chapters show."""
    text = "".join(path.read_text("utf-8") for path in MANUAL.glob("*.md"))
    return set(re.findall(r"\]\(images/([a-z-]+)\.webp\)", text)) - FIGURES


def take_all(site: LiveSite, shots: list[Shot]) -> list[str]:
    """Take every picture; return a sentence for each that failed."""
    site.add_user(*STAFF, "--staff")
    night_over(site)  # no notes of what arrives on the pictures, and the newest galaxy is known
    night = wait_for_night(site)
    fail_once(site)
    troubles = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        people = {
            False: sign_in(browser, site.url, "demo", site.demo_password),
            True: sign_in(browser, site.url, *STAFF),
        }
        for shot in shots:
            try:
                size = take(browser, people[shot.staff], night, shot)
                print(f"{shot.name:<26}{size / 1000:6.0f} kB")
            except (Error, OSError) as error:
                troubles.append(f"{shot.name}: {str(error).splitlines()[0]}")
        browser.close()
    return troubles


def wait_for_night(site: LiveSite) -> Night:
    """Wait until a galaxy, a transient and a white dwarf are calibrated, or take what there is."""
    end = time.monotonic() + PATIENCE_S
    found: dict[str, int] = {}
    while time.monotonic() < end and len(found) < len(WANTED):
        time.sleep(1)
        newest = site.rows(
            "SELECT object, id FROM file WHERE data_type = 4 AND kind = 'spectrum' ORDER BY id DESC"
        )
        for begin in WANTED:
            ids = [number for target, number in newest if target.startswith(begin)]
            if ids:
                found[begin] = ids[0]
    if not found:
        raise TimeoutError(f"no spectrum of the demo night was calibrated within {PATIENCE_S:g} s")
    ordered = {begin: found[begin] for begin in WANTED if begin in found}
    ((reduced, proposal),) = site.rows(
        "SELECT parent.parent_id, spectrum.proposal_id FROM file spectrum "
        "JOIN file parent ON parent.id = spectrum.parent_id WHERE spectrum.id = ?",
        next(iter(ordered.values())),
    )
    newest = "SELECT max(id) FROM file WHERE state = 'current' AND data_type = ?"
    ((of_flux,),) = site.rows(f"{newest} AND object LIKE 'AT%'", 5)
    ((of_star,),) = site.rows(newest, 7)
    return Night(site.url, ordered, reduced, proposal, of_flux, of_star)


def fail_once(site: LiveSite) -> None:
    """Let a frame come without gain and read noise: the Logs have something to say."""
    like = raw_frames(site, "spectrum")[0]
    drop(site, like, "0950_Gain_lost.fits", 7200, GAIN=0.0, RDNOISE=0.0)
    said = "SELECT count(*) FROM log_entry WHERE level = 'error'"
    until(lambda: site.rows(said)[0][0], PATIENCE_S, "a message of the Logs")


def sign_in(browser: Any, url: str, name: str, password: str) -> Any:
    """Return the state of a browser in which a person is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda address: "/login" not in address)
    state = context.storage_state()
    context.close()
    return state


def take(browser: Any, state: Any, night: Night, shot: Shot) -> int:
    """Take one picture and write it as WebP; return its size in bytes."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, storage_state=state, reduced_motion="reduce"
    )
    context.add_init_script(PAGE_MODULE)
    context.set_default_timeout(15_000)
    page = context.new_page()
    try:
        page.goto(night.url + shot.path(night))
        page.wait_for_selector("#page main, #page .sheet, #view")
        if page.get_by_role("heading", name="No such page").count():
            raise Error("there is no such page")
        theme = "light" if shot.light else "dark"
        page.evaluate(
            "async (theme) => (await pageModule('core/theme.js')).applyTheme(theme)", theme
        )
        shot.prepare(page, night)
        page.wait_for_timeout(900)
        page.evaluate("document.getElementById('toasts').replaceChildren()")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, bottom(page) + 24)}
        picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
    finally:
        context.close()
    path = IMAGES / f"{shot.name}.webp"
    picture.convert("RGB").save(path, "WEBP", quality=82, method=6)
    return path.stat().st_size


def bottom(page: Any) -> int:
    """Return where the page's content ends: what is empty below it is not photographed."""
    ends = page.evaluate(
        "Array.from(document.querySelectorAll('#page main > *, #page .data-page'),"
        " (part) => part.getBoundingClientRect().bottom)"
    )
    return round(max(ends, default=10_000))


if __name__ == "__main__":
    sys.exit(main())
