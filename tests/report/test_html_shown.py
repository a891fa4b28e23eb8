"""HTML reports in a real browser: on a phone, on a desk, by night, on paper, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from stigmem_review import review
from stigmem_review.document.check import CheckReport
from stigmem_review.report import render
from support.browser import (
    DESKTOP,
    PHONE,
    browser,
    messages,
    picture,
    requests,
    shown,
    unfold,
    violations,
)
from support.listed import KINDS, from_npm
from support.plugins import plugin, write_wheel
from support.stories import CASES, report_of

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.viewers

SCREENS = {"phone": (PHONE, False), "desktop": (DESKTOP, False), "night": (DESKTOP, True)}
HOSTILE = (
    "<script>window.spoofed = 1</script>",
    "\"'><img src=https://evil.example/x onerror=window.spoofed=1>",
    "</code></title></style><svg onload=window.spoofed=1>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;\u202e\u2066evil\u2069",
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """One browser for all pages."""
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The accessibility checker, to be run on a page."""
    folder = tmp_path_factory.mktemp("axe")
    return from_npm("axe-core@4.10.3", "axe.min.js", folder).read_text("utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of every kind, with all that is drawn."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, make in KINDS.items():
        found[name] = make(folder / name)
    sides = [str(CASES / "quiet-gain" / side) for side in ("old", "new")]
    found["gain"] = review(*sides, code=True)
    (folder / "signers").mkdir()
    found["signers"] = report_of("signer-rotated", folder / "signers")
    assert isinstance(found["checked"], CheckReport)
    found["upcoming"] = replace(found["checked"], upcoming=(found["gain"],))
    for name, report in found.items():
        (folder / f"{name}.html").write_text(render(report, "html"), "ascii")
    return {name: folder / f"{name}.html" for name in found}


NAMES = (*KINDS, "gain", "signers", "upcoming")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("screen", SCREENS)
def test_it_is_accessible_fits_the_screen_and_asks_nobody(
    screen: str, name: str, driver: WebDriver, pages: dict[str, Path], axe: str
) -> None:
    size, dark = SCREENS[screen]
    shown(driver, pages[name], size, dark=dark)
    assert messages(driver) == []
    assert requests(driver) == [pages[name].as_uri()]
    unfold(driver)
    wide = "return document.documentElement.scrollWidth"
    assert driver.execute_script(wide) <= size[0]
    assert violations(driver, axe) == []
    assert picture(driver).startswith(b"\x89PNG")


def test_a_phone_shows_the_verdict_and_what_is_gained_first(
    driver: WebDriver, pages: dict[str, Path]
) -> None:
    shown(driver, pages["gain"], PHONE)
    bottom = "return document.querySelector('.first ul.items').getBoundingClientRect().bottom"
    assert driver.execute_script(bottom) < PHONE[1]
    asked = "return document.querySelector('.first dl.commands').getBoundingClientRect().top"
    assert driver.execute_script(asked) < PHONE[1]


def test_the_night_is_dark(driver: WebDriver, pages: dict[str, Path]) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    shown(driver, pages["gain"])
    assert driver.execute_script(colour) == "rgb(255, 255, 255)"
    shown(driver, pages["gain"], dark=True)
    assert driver.execute_script(colour) == "rgb(16, 20, 26)"


def test_it_can_be_read_by_keyboard_alone(driver: WebDriver, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    shown(driver, pages["gain"])
    driver.switch_to.active_element.send_keys(Keys.TAB)
    assert driver.switch_to.active_element.text == "Skip to the report"
    reached: dict[str, WebElement] = {}
    for _ in range(40):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        active = driver.switch_to.active_element
        reached.setdefault(" ".join(active.text.split()), active)
    is_open = "return arguments[0].parentElement.open"
    [second] = [each for text, each in reached.items() if text.startswith("error 2.")]
    assert not driver.execute_script(is_open, second)
    second.send_keys(Keys.ENTER)
    assert driver.execute_script(is_open, second)
    assert {"What was found", "What changed, field by field (3 fields)"} <= reached.keys()


def test_paper_has_what_is_folded(driver: WebDriver, pages: dict[str, Path]) -> None:
    shown(driver, pages["gain"])
    visible = (
        "return [...document.querySelectorAll('details:not([open]) > .inside')]"
        ".map(e => e.checkVisibility())"
    )
    folded = driver.execute_script(visible)
    assert len(folded) > 5
    assert not any(folded)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert driver.execute_script(visible) == [True] * len(folded)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_hostile_text_stays_text(driver: WebDriver, tmp_path: Path) -> None:
    more = dict.fromkeys(HOSTILE, "audit")
    handlers = "def audit(ctx, **_):\n" + "".join(f"    # {each}\n" for each in HOSTILE)
    new = plugin(
        version="1.1.0",
        capabilities=("facts.read", *HOSTILE),
        hooks={"recall_filter": "audit", **more},
        handlers=f"{handlers}    return None\n",
    )
    old = write_wheel(tmp_path / "old", plugin())
    wheel = write_wheel(tmp_path / "new", new, version="1.1.0")
    page = tmp_path / "page.html"
    page.write_text(render(review(str(old), str(wheel), code=True), "html"), "ascii")

    shown(driver, page)
    unfold(driver)

    assert messages(driver) == []
    assert requests(driver) == [page.as_uri()]
    assert driver.execute_script("return window.spoofed") is None
    strange = "script, img, iframe, object, embed, link, svg:not(.bars svg), [onload], [onerror]"
    count = "return document.querySelectorAll(arguments[0]).length"
    assert driver.execute_script(count, strange) == 0
    assert driver.execute_script(count, "main") == 1
    text = driver.execute_script("return document.body.textContent")
    for each in HOSTILE[:4]:
        assert text.count(each) >= 3, each
    assert "49{%" not in text
    assert "\\u{202e}" in text
    assert not set("\u202e\u2066\u2069") & set(text)
