"""A real Chromium, driven; whoever needs one is skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.process import KEY, Running

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), "")
DRIVER = shutil.which("chromedriver") or ""
WAIT = 20.0  # seconds
needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and chromedriver on the path")


class Browser:
    """A Chromium with a page of a service; sizes are in CSS pixels."""

    def __init__(self, chrome: Chrome, running: Running) -> None:
        self.chrome = chrome
        self.running = running

    def log_in(self, to: str = "stacks", key: str = KEY) -> None:
        """By the key, as a person called Anna."""
        self.chrome.get(f"{self.running.address}/login")
        self.type("#key", key)
        self.type("#person", "Anna")
        self.press("\n", "#person")
        self.until("!!document.querySelector('.side')")
        self.open(to)

    def open(self, path: str) -> None:
        self.chrome.get(f"{self.running.address}/{path.lstrip('/')}")

    def size(self, width: int, height: int = 844, *, dark: bool = False) -> None:
        """The size of the window, also a narrow one, and what the person prefers."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def js(self, script: str, *values: Any) -> Any:
        """What a JavaScript expression gives."""
        return self.chrome.execute_script(f"return ({script})", *values)

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.chrome, WAIT).until(lambda chrome: chrome.execute_script(f"return ({script})"))

    def type(self, place: str, text: str) -> None:
        """Write in a field."""
        field = self.chrome.find_element("css selector", place)
        field.clear()
        field.send_keys(text)

    def press(self, keys: str, place: str = "") -> None:
        """Press keys where the focus is, or in a field."""
        field = self.chrome.find_element("css selector", place) if place else self.chrome.switch_to.active_element
        field.send_keys(keys)

    def press_anywhere(self, keys: str) -> None:
        """Press keys as a keyboard does, whatever has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.chrome, duration=0).send_keys(keys).perform()

    def leave(self, keys: str, place: str = "") -> None:
        """Press keys that lead to another page, and wait for it."""
        self.js("window.stale = true")
        self.press(keys, place)
        self.until("!window.stale && document.readyState === 'complete'")

    def text(self, place: str = "main") -> str:
        return str(self.js("document.querySelector(arguments[0])?.innerText ?? ''", place))


@contextmanager
def browsing(running: Running, profile: Path) -> Iterator[Browser]:
    """A browser at a service; `profile` is a folder of its own. Skips the test without selenium."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"):
        options.add_argument(word)
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield Browser(chrome, running)
    finally:
        chrome.quit()
