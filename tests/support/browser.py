"""Chromium, driven: what is on a page as people and their tools meet it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

_FLAGS = (
    *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "hide-scrollbars"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
)
PHONE, DESKTOP = (390, 844), (1280, 900)


def tool(name: str) -> str:
    """Return where a program is."""
    found = shutil.which(name)
    assert found, f"{name} is missing: on Debian, apt-get install chromium chromium-driver npm"
    return found


@contextmanager
def browser(folder: Path) -> Iterator[WebDriver]:
    """Start a browser with nothing of anybody's own, and end it."""
    from selenium import webdriver  # A browser's driver is for the tests that need a browser.

    options = webdriver.ChromeOptions()
    options.binary_location = tool("chromium")
    for flag in (*_FLAGS, f"user-data-dir={folder / 'profile'}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(tool("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def _log(driver: WebDriver, kind: str) -> list[dict[str, Any]]:
    """Return what was logged since this was last asked for."""
    log: Any = driver
    return list(log.get_log(kind))


def shown(
    driver: WebDriver, page: Path, size: tuple[int, int] = DESKTOP, *, dark: bool = False
) -> None:
    """Show a page on a screen of a size, by day or by night."""
    _log(driver, "browser")
    _log(driver, "performance")
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(page.as_uri())


def picture(driver: WebDriver) -> bytes:
    """Return what the whole page looks like, as a PNG."""
    found = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    return base64.b64decode(found["data"])


def unfold(driver: WebDriver) -> None:
    """Open everything that is folded."""
    driver.execute_script("document.querySelectorAll('details').forEach(e => { e.open = true })")


def messages(driver: WebDriver) -> list[dict[str, Any]]:
    """Return what the browser has to say of the page: errors, and what its policy forbids."""
    return _log(driver, "browser")


def requests(driver: WebDriver) -> list[str]:
    """Return the address of everything that was asked for since the page was shown."""
    events = (json.loads(each["message"])["message"] for each in _log(driver, "performance"))
    return [
        each["params"]["request"]["url"]
        for each in events
        if each["method"] == "Network.requestWillBeSent"
    ]


def violations(driver: WebDriver, axe: str) -> list[dict[str, Any]]:
    """Return what axe-core has against the page that is shown, with everything unfolded."""
    driver.execute_script(
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )
    driver.execute_script(axe)
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(r => done(r.violations))"
    )
    return [
        {"id": each["id"], "help": each["help"], "at": [one["html"] for one in each["nodes"]][:3]}
        for each in found
    ]
